"""Acknowledged means there, exactly once: the workers' logs against the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from storeline.kernel.api import run
from tests.faults.logbook import Entry
from tests.faults.shop import NOT_RIVALS, history

if TYPE_CHECKING:
    from tests.faults.judge import Verdict

_FOLLOWS = {
    "pending": {"pending", "confirmed", "completed", "cancelled"},
    "confirmed": {"confirmed", "completed", "cancelled"},
    "completed": {"completed"},
    "cancelled": {"cancelled"},
}
"""The states in which an order may be found later that was once told to be in the first."""
_LATER = {
    "open": {"open", "shipped", "received", "cancelled"},
    "shipped": {"shipped", "received"},
    "received": {"received"},
    "cancelled": {"cancelled"},
}
"""The same of transfers."""
_AGREED = """
SELECT id, state, total - coalesce((
    SELECT sum(a.amount + CASE WHEN o.tax_included THEN 0 ELSE a.tax END) FROM orders_amendment a
    WHERE a.order_id = o.id AND a.kind = 'moved'
), 0) FROM orders_order o WHERE source <> 'import'
"""
"""What moved to another line is in an order's total twice, and in its amendments once."""
_TWICE = {
    "an order's event": """SELECT type || ' of ' || subject_id FROM kernel_event
        WHERE type IN ('orders.placed', 'orders.confirmed', 'orders.completed', 'orders.cancelled',
            'fulfilment.handed_over', 'fulfilment.cancelled', 'aftersales.returned')
        GROUP BY type, subject_id HAVING count(*) > 1""",
    "a document's event": """SELECT type || ' of ' || subject_id FROM kernel_event
        WHERE type IN ('stock.receipt', 'stock.adjustment', 'stock.count', 'stock.transfer_out')
        GROUP BY type, subject_id, place_id HAVING count(*) > 1""",
    "a sale in the books": """SELECT kind || ' of ' || source_id FROM ledger_posting WHERE kind = 'sale'
        GROUP BY kind, source_id HAVING count(DISTINCT transaction_id) > 1""",
    "the use of a coupon": """SELECT coupon_id || ' by ' || order_id FROM loyalty_redemption
        GROUP BY coupon_id, order_id HAVING count(*) > 1""",
    "money from a partner": """SELECT i.source_id::text FROM payments_intent i JOIN orders_order o ON o.id = i.source_id
        GROUP BY i.source_id, o.payable, o.state
        HAVING o.state <> 'cancelled' AND sum(i.captured) > o.payable""",
    "a code to collect": """SELECT subject_id::text FROM messages_code WHERE used_at IS NOT NULL
        GROUP BY subject_id HAVING count(*) > 1""",
}


def compare(entries: Iterable[Entry], verdict: Verdict) -> None:
    """Fill in how much was acknowledged, what of it is not there, and what is there that should not be."""
    known = list(entries)
    answered = [entry for entry in known if entry.answer is not None]
    verdict.operations = len(answered)
    verdict.lost += [
        f"{entry.spec['do']} without an answer"
        for entry in known
        if entry.answer is None and not _redone(entry, answered)
    ]
    _orders(known, verdict)
    _goods(known, verdict)
    _holds(known, verdict)
    _transfers(known, verdict)
    _returns(known, verdict)
    _rejections(known, verdict)
    _imports(answered, verdict)
    for what, sql in _TWICE.items():
        verdict.doubled += [f"{what}: {row[0]}" for row in run(sql).fetchall()]


def _redone(entry: Entry, answered: list[Entry]) -> bool:
    return any(other.spec == entry.spec for other in answered)


def _claims(entries: Iterable[Entry], key: str) -> Iterable[Any]:
    return (one for entry in entries for one in (entry.answer or {}).get(key, ()))


# --- orders ---


def _orders(entries: list[Entry], verdict: Verdict) -> None:
    found = {str(order): (state, total) for order, state, total in run(_AGREED)}
    told: dict[str, list[tuple[str | None, int]]] = {}
    for order, state, total, _ in _claims(entries, "orders"):
        told.setdefault(order, []).append((state, total))
    for order, answers in told.items():
        _order(order, answers, found.get(order), verdict)
    for state in ("cancelled", "completed"):
        for order in _claims(entries, state):
            if found.get(order, ("gone",))[0] != state:
                verdict.lost.append(f"order {order} was {state}, and is {found.get(order, ('gone',))[0]}")
    for order in found.keys() - told.keys():
        verdict.doubled.append(f"order {order} is there, and nobody was told of it")


def _order(order: str, answers: list[tuple[str | None, int]], found: tuple[str, int] | None, verdict: Verdict) -> None:
    yes = [(state, total) for state, total in answers if state is not None]
    verdict.objects += bool(yes)
    if found is None:
        if yes:
            verdict.lost.append(f"order {order} was {yes[-1][0]}, and is not there")
        return
    if not yes:
        verdict.doubled.append(f"order {order} was refused, and is {found[0]}")
    for state, total in yes:
        if found[0] not in _FOLLOWS[state]:
            verdict.lost.append(f"order {order} was {state}, and is {found[0]}")
        if found[1] != total:
            verdict.lost.append(f"order {order} came to {total}, and is {found[1]}")


# --- stock by hand ---


def _goods(entries: list[Entry], verdict: Verdict) -> None:
    for key, sql in (
        (
            "moved",
            f"""SELECT source_id, line_no, place_id, product_id, quantity FROM stock_movement
                WHERE kind IN ('receipt', 'adjustment') AND {NOT_RIVALS}""",
        ),
        ("counted", "SELECT source_id, line_no, place_id, product_id, counted FROM stock_count"),
    ):
        found = {tuple(map(str, row)) for row in run(sql)}
        told = {tuple(map(str, row)) for row in _claims(entries, key)}
        verdict.objects += len(told)
        verdict.lost += [f"{key}: {row}" for row in told - found]
        verdict.doubled += [f"{key}, and nobody was told: {row}" for row in found - told]


def _holds(entries: list[Entry], verdict: Verdict) -> None:
    found = {
        str(key): state
        for key, state in run(
            f"SELECT source_id, state FROM stock_reservation WHERE asked IS NOT NULL AND {NOT_RIVALS}"
        )
    }
    granted: dict[str, bool] = {}
    for key, yes in _claims(entries, "holds"):
        granted[key] = granted.get(key, False) or yes
    verdict.objects += sum(granted.values())
    verdict.lost += [f"hold {key}" for key, yes in granted.items() if yes and key not in found]
    verdict.doubled += [f"hold {key} was not granted" for key in found if not granted.get(key)]
    verdict.lost += [f"hold {key} was let go" for key in _claims(entries, "let_go") if found.get(key) == "held"]


def _transfers(entries: list[Entry], verdict: Verdict) -> None:
    """A shipped one may have been received since, an open one shipped or called off; arrivals are as they were told."""
    states = {str(key): state for key, state in run("SELECT id, state FROM stock_transfer")}
    told = [entry.answer["transfer"] for entry in entries if entry.answer and "transfer" in entry.answer]
    verdict.objects += len({key for key, _ in told})
    verdict.lost += [f"transfer {key} was {said}" for key, said in told if states.get(key) not in _LATER[said]]
    asked = {entry.spec["id"] for entry in entries if entry.spec["do"] in {"send", "supply"}}
    verdict.doubled += [f"transfer {key}, and nobody asked for it" for key in states.keys() - asked]
    columns = "arrival_id, product_id, received, lost, damaged"
    found = {tuple(map(str, row)) for row in run(f"SELECT {columns} FROM stock_transfer_arrival")}
    arrived = {tuple(map(str, row)) for row in _claims(entries, "arrived")}
    verdict.objects += len(arrived)
    verdict.lost += [f"arrived: {row}" for row in arrived - found]
    verdict.doubled += [f"arrived, and nobody was told: {row}" for row in found - arrived]


def _returns(entries: list[Entry], verdict: Verdict) -> None:
    found = {
        str(key): refunded for key, refunded in run("SELECT id, refunded FROM aftersales_return WHERE ref IS NULL")
    }
    told = {
        entry.answer["return"]: entry.answer["refunded"]
        for entry in entries
        if entry.answer and "return" in entry.answer
    }
    verdict.objects += len(told)
    verdict.lost += [f"return {key} gave {amount}" for key, amount in told.items() if found.get(key) != amount]
    verdict.doubled += [f"return {key}, and nobody was told" for key in found.keys() - told.keys()]


def _rejections(entries: list[Entry], verdict: Verdict) -> None:
    """What is lost on the way is rejected by a job, and told to nobody."""
    found = {str(row[0]) for row in run("SELECT id FROM fulfilment_rejection WHERE reason <> 'lost'").fetchall()}
    told = set(_claims(entries, "rejected"))
    verdict.objects += len(told)
    verdict.lost += [f"rejection {key}" for key in told - found]
    verdict.doubled += [f"rejection {key}, and nobody was told" for key in found - told]


# --- imports ---


def _imports(answered: list[Entry], verdict: Verdict) -> None:
    orders: dict[str, int] = dict(run("SELECT ref, total FROM orders_order WHERE source = 'import'").fetchall())
    returns: dict[str, int] = dict(run("SELECT ref, total FROM aftersales_return WHERE ref IS NOT NULL").fetchall())
    receipts = run("SELECT count(*) FROM fiscal_receipt WHERE imported_number IS NOT NULL").fetchall()[0][0]
    expected: dict[str, int] = {}
    back: dict[str, int] = {}
    for folder in {entry.answer["imported"] for entry in answered if entry.answer and "imported" in entry.answer}:
        made = history(folder)
        expected |= made.orders
        back |= made.returns
    verdict.objects += len(expected) + len(back)
    for what, told, found in (("order", expected, orders), ("return", back, returns)):
        verdict.lost += [f"imported {what} {ref}" for ref, total in told.items() if found.get(ref) != total]
        verdict.doubled += [f"imported {what} {ref} was refused, or of no folder" for ref in found.keys() - told.keys()]
    if receipts != len(expected):
        verdict.lost.append(f"{len(expected)} receipts were imported, {receipts} are there")
