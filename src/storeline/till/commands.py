"""What is done to a sale at a till. Each is one transaction; a refusal changes nothing."""

from __future__ import annotations

from uuid import UUID

from storeline.kernel.api import (
    MAX_QUANTITY,
    Actor,
    Forbidden,
    Invalid,
    new_id,
    pipeline,
    run,
    texts_array,
    trail,
    transaction,
)
from storeline.orders.api import SELL
from storeline.till.errors import SaleBusy, SaleClosed, SaleMoved
from storeline.till.locks import lock_current, lock_sale
from storeline.till.queries import Sale, SaleLine, TillAt, current, get_sale, has_till

MOST_COUPONS = 20
MOST_TILLS = 99

_OPEN_TILL = """
INSERT INTO till_till (place_id, number, opened_at) VALUES (%s, %s, now()) ON CONFLICT DO NOTHING
"""
_START = """
INSERT INTO till_sale (id, place_id, till, state, version, coupons, age, pieces, opened_at, changed_at)
VALUES (%s, %s, %s, 'open', 1, '{}', 0, 0, now(), now())
ON CONFLICT (place_id, till) WHERE state IN ('open', 'paying') DO NOTHING
"""
_MORE = """
UPDATE till_line SET quantity = quantity + %s, touched = %s
WHERE sale_id = %s AND product_id = %s AND quantity + %s < %s RETURNING line_no
"""
_ADD = """
INSERT INTO till_line (sale_id, line_no, product_id, quantity, touched)
SELECT %s, coalesce(max(line_no), 0) + 1, %s, %s, %s FROM till_line WHERE sale_id = %s RETURNING line_no
"""
_MOVED = "UPDATE till_sale SET version = version + 1, changed_at = now(), age = greatest(age, %s) WHERE id = %s"
_REOPEN = """
UPDATE till_sale SET state = 'open', order_id = NULL, changed_at = now()
WHERE id = %s AND changed_at <= now() - make_interval(secs => %s)
"""
_STATE = """
UPDATE till_sale SET state = %s, order_id = %s, version = version + 1, changed_at = now(),
 customer_id = CASE WHEN %s IN ('done', 'cancelled') THEN NULL ELSE customer_id END,
 coupons = CASE WHEN %s IN ('done', 'cancelled') THEN '{}' ELSE coupons END
WHERE id = %s
"""


def open_till(at: TillAt, *, actor: Actor) -> None:
    """Make sure of a till of this number at the place. Its receipts have a series of their own."""
    actor.require(SELL, at.place_id)
    if not 1 <= at.number <= MOST_TILLS:
        raise Invalid(f"Tills have the numbers 1 to {MOST_TILLS}.", field="number")
    with transaction():
        if run(_OPEN_TILL, [at.place_id, at.number]).rowcount:
            trail(actor, "till.open", at.place_id, place_id=at.place_id, detail={"till": at.number})


def add_line(at: TillAt, product_id: UUID, quantity: int, *, apart: bool, age: int = 0, actor: Actor) -> int:
    """Add so many thousandths of a product to the sale under way, or begin one; the number of the line.

    More of the same goes onto its line, unless each stays `apart` (what is weighed). `age` is what the associate
    has just made sure of. Raises SaleBusy while the sale is being paid.
    """
    actor.require(SELL, at.place_id)
    if not 0 < quantity < MAX_QUANTITY:
        raise Invalid("The quantity must be more than 0.", field="quantity")
    with transaction():
        sale = _open_current(at)
        touched = sale.version + 1
        found = None
        if not apart:
            found = run(_MORE, [quantity, touched, sale.id, product_id, quantity, MAX_QUANTITY]).fetchone()
        if found is None:
            found = run(_ADD, [sale.id, product_id, quantity, touched, sale.id]).fetchone()
        assert found is not None  # an aggregate always has a row
        run(_MOVED, [age, sale.id])
    line_no: int = found[0]
    return line_no


def _open_current(at: TillAt) -> Sale:
    """The sale under way, locked, begun if there is none."""
    sale = _locked_current(at)
    if sale is None:
        if not has_till(at):
            raise Forbidden("Choose a till first.", field="till")
        run(_START, [new_id(), at.place_id, at.number])
        sale = _locked_current(at)  # somebody else's, where two began at once
        assert sale is not None  # one of the two has written it
    if sale.state == "paying":
        raise SaleBusy("This sale is being paid: wait for its end.")
    return sale


def _locked_current(at: TillAt) -> Sale | None:
    while True:
        with pipeline():
            locked = lock_current(at)
            found = current(at)
        sale = found.result()
        if sale is None or sale.id == locked.result():
            return sale
        # Somebody began it between the two statements: it is seen, and not locked yet.


def _changing(sale_id: UUID, actor: Actor) -> Sale:
    """The sale, locked, if it can be changed; refuses otherwise."""
    lock_sale(sale_id)
    sale = get_sale(sale_id)
    if sale is None or not actor.may(SELL, sale.at.place_id):
        raise SaleClosed("There is no such sale.")
    if sale.state == "paying":
        raise SaleBusy("This sale is being paid: wait for its end.")
    if sale.state != "open":
        raise SaleClosed("This sale was finished or put aside meanwhile.")
    return sale


def set_line(sale_id: UUID, line_no: int, quantity: int, was: int, *, actor: Actor) -> None:
    """Change a line from `was` thousandths to `quantity`; 0 takes it off. The same again changes nothing.

    Raises SaleMoved where the line says something else by now.
    """
    if not 0 <= quantity < MAX_QUANTITY:
        raise Invalid("The quantity must not be negative.", field="quantity")
    with transaction():
        sale = _changing(sale_id, actor)
        line = sale.line(line_no)
        if (0 if line is None else line.quantity) == quantity:
            return
        if line is None or line.quantity != was:
            raise SaleMoved("This line has changed meanwhile: look at it again.")
        _set(sale, line, quantity, actor)


def _set(sale: Sale, line: SaleLine, quantity: int, actor: Actor) -> None:
    where = [sale.id, line.line_no]
    if quantity:
        run("UPDATE till_line SET quantity = %s WHERE sale_id = %s AND line_no = %s", [quantity, *where])
    else:
        run("DELETE FROM till_line WHERE sale_id = %s AND line_no = %s", where)
    if quantity < line.quantity:
        less = {"product": str(line.product_id), "from": line.quantity, "to": quantity}
        trail(actor, "till.take_off", sale.id, place_id=sale.at.place_id, detail=less)
    run(_MOVED, [0, sale.id])


def set_member(at: TillAt, customer_id: UUID | None, *, actor: Actor) -> None:
    """Sell to this member, or to nobody known."""
    actor.require(SELL, at.place_id)
    with transaction():
        sale = _open_current(at)
        if sale.customer_id != customer_id:
            run("UPDATE till_sale SET customer_id = %s WHERE id = %s", [customer_id, sale.id])
            run(_MOVED, [0, sale.id])


def set_coupon(at: TillAt, code: str, *, on: bool, actor: Actor) -> None:
    """Put a coupon on the sale, or take it off. Whether it fits is decided whenever the sale is priced."""
    actor.require(SELL, at.place_id)
    with transaction():
        sale = _open_current(at)
        kept = [*(one for one in sale.coupons if one != code), *([code] if on else [])]
        if code in sale.coupons and on:
            kept = list(sale.coupons)
        if len(kept) > MOST_COUPONS:
            raise Invalid(f"A sale takes up to {MOST_COUPONS} coupons.", field="coupon")
        if tuple(kept) != sale.coupons:
            run("UPDATE till_sale SET coupons = %s::text[] WHERE id = %s", [texts_array(kept), sale.id])
            run(_MOVED, [0, sale.id])


def park(sale_id: UUID, *, pieces: int, total: int | None, actor: Actor) -> None:
    """Put the sale aside; `pieces` and `total` tell people which one it was. Parked already is fine."""
    with transaction():
        lock_sale(sale_id)
        sale = get_sale(sale_id)
        if sale is not None and sale.state == "parked":
            return
        sale = _changing(sale_id, actor)
        if not sale.lines:
            raise Invalid("There is nothing to put aside.")
        _to_state(sale_id, "parked", None)
        run("UPDATE till_sale SET pieces = %s, total = %s WHERE id = %s", [pieces, total, sale_id])


def resume(sale_id: UUID, at: TillAt, *, pieces: int = 0, total: int | None = None, actor: Actor) -> None:
    """Go on with a parked sale of this place at this till. One that is under way here is put aside instead.

    `pieces` and `total` are of that one. Raises SaleClosed where somebody else took it, SaleBusy while one is being paid.
    """
    actor.require(SELL, at.place_id)
    with transaction():
        lock_current(at).result()
        here = current(at).result()
        if here is not None and here.id == sale_id:
            return
        if here is not None:
            _changing(here.id, actor)
            _to_state(here.id, "parked" if here.lines else "cancelled", None)
            run("UPDATE till_sale SET pieces = %s, total = %s WHERE id = %s", [pieces, total, here.id])
        lock_sale(sale_id)
        sale = get_sale(sale_id)
        if sale is None or sale.at.place_id != at.place_id or sale.state != "parked":
            raise SaleClosed("Somebody else went on with that sale.")
        run("UPDATE till_sale SET till = %s WHERE id = %s", [at.number, sale_id])
        _to_state(sale_id, "open", None)


def cancel_sale(sale_id: UUID, version: int, *, actor: Actor) -> None:
    """Give the sale up as it was shown. Given up already is fine; raises SaleMoved where it has changed."""
    with transaction():
        lock_sale(sale_id)
        sale = get_sale(sale_id)
        if sale is not None and sale.state == "cancelled":
            return
        sale = _changing(sale_id, actor)
        if sale.version != version:
            raise SaleMoved("The sale has changed meanwhile: look at it again.")
        _to_state(sale_id, "cancelled", None)
        detail = {"till": sale.at.number, "lines": len(sale.lines)}
        trail(actor, "till.cancel", sale_id, place_id=sale.at.place_id, detail=detail)


def _to_state(sale_id: UUID, state: str, order_id: UUID | None) -> None:
    run(_STATE, [state, order_id, state, state, sale_id])
    if state in {"done", "cancelled"}:
        run("DELETE FROM till_line WHERE sale_id = %s", [sale_id])


def begin_payment(sale_id: UUID, version: int, order_id: UUID, *, actor: Actor) -> Sale:
    """Fix the sale as it was shown and say as which order it is paid; nothing in it changes until that is settled.

    A sale that is being paid or was paid already is given as it stands. Raises SaleMoved, SaleClosed.
    """
    with transaction():
        lock_sale(sale_id)
        sale = get_sale(sale_id)
        if sale is not None and sale.state in {"paying", "done"} and actor.may(SELL, sale.at.place_id):
            return sale
        sale = _changing(sale_id, actor)
        if sale.version != version:
            raise SaleMoved("The sale has changed meanwhile: look at the new total.")
        if not sale.lines:
            raise Invalid("There is nothing to pay.")
        run(
            "UPDATE till_sale SET state = 'paying', order_id = %s, changed_at = now() WHERE id = %s",
            [order_id, sale_id],
        )
        return sale


def end_payment(sale_id: UUID, order_id: UUID, state: str, *, after_s: int = 0) -> bool:
    """What became of a payment: `done`, or `open` again, that long after it began; whether it is so now.

    Nothing changes where somebody else has settled it already.
    """
    with transaction():
        lock_sale(sale_id)
        sale = get_sale(sale_id)
        if sale is None or sale.state != "paying" or sale.order_id != order_id:
            return sale is not None and sale.state == state
        if state == "done":
            _to_state(sale_id, "done", order_id)
            return True
        return run(_REOPEN, [sale_id, after_s]).rowcount == 1
