"""Writes of the ledger. All of them only add postings, and all can be repeated without doubling any."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.ledger import errors, locks
from storeline.ledger.domain import (
    CHART,
    Account,
    Entry,
    Holding,
    KnownTransfer,
    Line,
    Transfer,
    TransferVerdict,
    decide_transfers,
    lines_of,
)
from storeline.ledger.permissions import MANAGE_ACCOUNTS, TRANSFER

# A repeat finds its own row and changes nothing; the same key with other contents runs into the
# trigger that refuses every update, so a wrong repeat can never pass for a right one.
_ON_REPEAT = """
ON CONFLICT (transaction_id, line_no) DO UPDATE SET amount = excluded.amount
WHERE (ledger_posting.entity_id, ledger_posting.account, ledger_posting.currency, ledger_posting.amount,
       ledger_posting.kind, ledger_posting.source_id, ledger_posting.business_date)
   <> (excluded.entity_id, excluded.account, excluded.currency, excluded.amount,
       excluded.kind, excluded.source_id, excluded.business_date)
"""
_COLUMNS = """(transaction_id, line_no, entity_id, place_id, account, currency, amount,
 business_date, at, kind, source_id, holding_id)"""
_POST = f"""
INSERT INTO ledger_posting {_COLUMNS}
SELECT * FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bigint[],
 %s::date[], %s::timestamptz[], %s::text[], %s::uuid[], %s::uuid[])
{_ON_REPEAT}
"""


def post(entries: Sequence[Entry]) -> None:
    """Add balanced entries to the books, in one statement that is queued in the caller's pipeline.

    Idempotent by (transaction_id, line_no). Raises Unbalanced, UnknownAccount or AmountOutOfRange before
    any SQL is sent. It belongs inside the transaction of the deed that it records.
    """
    _insert(lines_of(entries, _known_for(entries)))


def _insert(lines: Sequence[Line]) -> None:
    if not lines:
        return
    entries = [line.entry for line in lines]
    kernel.run(
        _POST,
        [
            kernel.ids_array(entry.transaction_id for entry in entries),
            kernel.ints_array(line.line_no for line in lines),
            kernel.ids_array(entry.entity_id for entry in entries),
            kernel.ids_array(entry.place_id for entry in entries),
            kernel.texts_array(line.account for line in lines),
            kernel.texts_array(entry.currency for entry in entries),
            kernel.ints_array(line.amount for line in lines),
            kernel.dates_array(entry.business_date for entry in entries),
            kernel.times_array(entry.at for entry in entries),
            kernel.texts_array(entry.kind for entry in entries),
            kernel.ids_array(entry.source_id for entry in entries),
            kernel.ids_array(line.holding_id for line in lines),
        ],
    )


# --- the chart of accounts ---------------------------------------------------------------------------

_WRITE_ACCOUNTS = """
INSERT INTO ledger_account (code, name, kind) SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
ON CONFLICT (code) DO UPDATE SET name = excluded.name
WHERE ledger_account.kind = excluded.kind AND ledger_account.name <> excluded.name
"""


def write_chart() -> None:
    """Bring the built-in chart of accounts into `ledger_account`; runs after every migration, also one of others."""
    if kernel.run("SELECT to_regclass('ledger_account') IS NULL").fetchone() == (True,):
        return
    _write_accounts(list(CHART.values()))


def _write_accounts(accounts: Sequence[Account]) -> None:
    columns = ([a.code for a in accounts], [a.name for a in accounts], [a.kind for a in accounts])
    kernel.run(_WRITE_ACCOUNTS, columns)


def add_accounts(accounts: Sequence[Account], *, actor: kernel.Actor) -> None:
    """Add a retailer's own accounts to the chart, or rename them; an account's kind never changes."""
    actor.require(MANAGE_ACCOUNTS)
    with kernel.transaction():
        for account in accounts:
            kernel.trail(
                actor, "ledger.add_account", kernel.source_id("account", account.code), detail={"code": account.code}
            )
        _write_accounts(accounts)


def _known_for(entries: Sequence[Entry]) -> Collection[str]:
    """The built-in chart, which needs no look at the database; only another account makes us read it."""
    if all(account in CHART for entry in entries for account, _ in entry.postings):
        return CHART.keys()
    return {code for (code,) in kernel.run("SELECT code FROM ledger_account").fetchall()}


# --- imports -----------------------------------------------------------------------------------------

POSTINGS_IN = """transaction_id uuid, line_no int, entity_id uuid, place_id uuid, account text, currency text,
amount bigint, business_date date, at timestamptz, kind text, source_id uuid"""
"""Columns of ``pg_temp.rec_postings``."""

_UNBALANCED = """
SELECT transaction_id, entity_id, currency, sum(amount), count(*) OVER () FROM pg_temp.rec_postings
GROUP BY transaction_id, entity_id, currency HAVING sum(amount) <> 0 ORDER BY transaction_id LIMIT 1
"""
_UNKNOWN_ACCOUNT = """
SELECT DISTINCT account FROM pg_temp.rec_postings
WHERE account NOT IN (SELECT code FROM ledger_account) ORDER BY account LIMIT 1
"""
_RECORD = f"""
INSERT INTO ledger_posting {_COLUMNS}
SELECT transaction_id, line_no, entity_id, place_id, account, currency, amount,
 business_date, at, kind, source_id, NULL FROM pg_temp.rec_postings WHERE amount <> 0
{_ON_REPEAT}
"""


def record_from_temp() -> int:
    """Add the rows of ``pg_temp.rec_postings`` to the books; how many were new.

    The whole set is refused (Unbalanced, UnknownAccount) when any transaction in it does not balance.
    Idempotent by (transaction_id, line_no).
    """
    if row := kernel.run(_UNBALANCED).fetchone():
        raise errors.Unbalanced(
            f"{row[4]} transactions do not balance; the first, {row[0]}, is off by {row[3]} {row[2]} minor units.",
            field="postings",
        )
    if row := kernel.run(_UNKNOWN_ACCOUNT).fetchone():
        raise errors.UnknownAccount(f"There is no account {row[0]!r}.", field="account")
    return kernel.run(_RECORD).rowcount


# --- value held --------------------------------------------------------------------------------------

_OPEN = """
INSERT INTO ledger_holding (id, entity_id, account, currency, balance, opened_at)
SELECT id, entity_id, account, currency, 0, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[]) AS h(id, entity_id, account, currency)
ON CONFLICT (id) DO NOTHING
"""
_KNOWN = """
SELECT transaction_id, holding_id, account, amount FROM ledger_posting
WHERE transaction_id = ANY(%s::uuid[]) ORDER BY transaction_id, line_no
"""
_CHANGE = """
UPDATE ledger_holding h SET balance = h.balance + c.change
FROM unnest(%s::uuid[], %s::bigint[]) AS c(id, change) WHERE h.id = c.id
"""


def open_holdings(holdings: Sequence[Holding], *, at: datetime) -> None:
    """Open empty holdings (a `balance` given is not taken up), queued; one that is open already stays as it is."""
    if not holdings:
        return
    kernel.run(
        _OPEN,
        [
            at,
            kernel.ids_array(h.id for h in holdings),
            kernel.ids_array(h.entity_id for h in holdings),
            [h.account for h in holdings],
            [h.currency for h in holdings],
        ],
    )


def transfer(transfers: Sequence[Transfer], *, actor: kernel.Actor) -> list[TransferVerdict]:
    """Move value between holdings and accounts, many at once in arrival order, each with its own verdict.

    One transaction of three moves and two waits: lock the holdings in the order of their ids, decide, write.
    Joins the caller's transaction where one is open. A refused transfer changes nothing; the others stand.
    """
    actor.require(TRANSFER)
    if not transfers:
        return []
    if kernel.in_transaction():
        return _transfer(transfers)
    with kernel.transaction():
        return _transfer(transfers)


def _transfer(transfers: Sequence[Transfer]) -> list[TransferVerdict]:
    ids = [side for t in transfers for side in (t.source, t.target) if isinstance(side, UUID)]
    with kernel.pipeline():
        locked = locks.lock_holdings(ids)
        # Read after the locks, so that a repeat that waited for them sees what the first one wrote.
        known = kernel.later(_KNOWN, [kernel.ids_array(t.id for t in transfers)], _known_transfers)
    verdicts, lines, change = decide_transfers(transfers, locked.result(), known.result())
    with kernel.pipeline():
        _insert(lines)
        if change:
            kernel.run(_CHANGE, [kernel.ids_array(change), kernel.ints_array(change.values())])
    return verdicts


def _known_transfers(rows: list[kernel.Row]) -> dict[UUID, KnownTransfer]:
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return {first[0]: (first[1] or first[2], second[1] or second[2], first[3]) for first, second in pairs}
