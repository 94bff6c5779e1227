"""What many want at once: its buyers wait in line, come in first come, first served, and are told when it is sold out.

A ticket is a row, so that a reload, another tab or a restart loses nobody's turn. Whoever is inside has their quantity kept from
those behind them: as many come in as there is for, and at most so many at a time as orders can be decided. Nobody runs the line:
whoever looks whether it is their turn lets in those whose turn it is. What is not hot is known without asking the database.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import Actor, Invalid, ids_array, new_id, now, run, trail, transaction
from storeline.shop import shelf
from storeline.shop.domain import Waiting, let_in
from storeline.shop.locks import lock_queue, lock_queue_if_free
from storeline.shop.where import Here
from storeline.stock import api as stock

COOKIE = "turn"
_SALT = "shop.turn"
_AGE_S = 60 * 60 * 24
INSIDE_FOR = timedelta(minutes=10)
"""So long may somebody choose a time and pay."""
AWAY_FOR = timedelta(minutes=3)
"""Who does not look for so long has gone."""
TICKETS, TICKETS_PER_ADDRESS = "shop.ticket", 60
"""So many devices at one network address may join lines in a quarter of an hour: a household, a small office."""
MOST_WAITING = 5_000
MOST_AT_ONCE = 1_000
_TOLD_FOR = timedelta(minutes=1)
_KEPT_S = 2.0
_READ_AT_ONCE = 1_000
_HOT = "SELECT product_id, at_once FROM shop_hot WHERE starts_at <= %s AND coalesce(ends_at > %s, true)"
_MINE = """
SELECT id, number, quantity, state, ends_at, seen_at FROM shop_ticket
WHERE product_id = %(product)s AND place_id = %(place)s AND holder = ANY(%(holders)s::uuid[])
    AND (state IN ('waiting', 'in') OR (state = 'sold_out' AND seen_at > %(told)s))
ORDER BY state IN ('waiting', 'in') DESC, number DESC LIMIT 1
"""
_AHEAD = """
SELECT count(*) FROM shop_ticket WHERE product_id = %s AND place_id = %s AND state = 'waiting' AND number < %s
"""
_TAKE = """
WITH next AS (
    UPDATE shop_queue SET given = given + 1 WHERE product_id = %(product)s AND place_id = %(place)s
        AND (SELECT count(*) FROM shop_ticket WHERE product_id = %(product)s AND place_id = %(place)s AND state = 'waiting') < %(most)s
    RETURNING given
)
INSERT INTO shop_ticket (id, product_id, place_id, number, holder, quantity, state, taken_at, seen_at)
SELECT %(id)s, %(product)s, %(place)s, given, %(holder)s, %(quantity)s, 'waiting', %(now)s, %(now)s FROM next
"""
_LAPSE = """
UPDATE shop_ticket SET state = 'lapsed' WHERE product_id = %s AND place_id = %s
    AND ((state = 'in' AND ends_at <= %s) OR (state = 'waiting' AND seen_at < %s))
"""
_INSIDE = """
SELECT count(*), coalesce(sum(quantity), 0)::bigint FROM shop_ticket WHERE product_id = %s AND place_id = %s AND state = 'in'
"""
_WAITING = """
SELECT id, quantity FROM shop_ticket WHERE product_id = %s AND place_id = %s AND state = 'waiting' ORDER BY number LIMIT %s
"""
_LET_IN = "UPDATE shop_ticket SET state = 'in', ends_at = %s WHERE id = ANY(%s::uuid[]) AND state = 'waiting'"
_REFUSE = "UPDATE shop_ticket SET state = 'sold_out', seen_at = %s WHERE id = ANY(%s::uuid[]) AND state = 'waiting'"
_SEEN = "UPDATE shop_ticket SET seen_at = %s WHERE id = %s AND state = 'waiting'"
_LESS = "UPDATE shop_ticket SET quantity = %s WHERE id = %s AND state IN ('waiting', 'in') AND quantity > %s"
_GIVE_UP = "UPDATE shop_ticket SET state = 'left' WHERE id = %s AND state IN ('waiting', 'in')"
_LEAVE = """
UPDATE shop_ticket SET state = 'left' WHERE holder = ANY(%s::uuid[]) AND place_id = %s AND state IN ('waiting', 'in')
"""
_DONE = """
UPDATE shop_ticket SET state = 'done', order_id = %s
WHERE holder = ANY(%s::uuid[]) AND place_id = %s AND product_id = ANY(%s::uuid[]) AND state = 'in'
"""
_MARK = """
INSERT INTO shop_hot (product_id, at_once, starts_at, ends_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (product_id) DO UPDATE SET at_once = excluded.at_once, starts_at = excluded.starts_at, ends_at = excluded.ends_at
"""
_UNMARK = "DELETE FROM shop_hot WHERE product_id = %s"
_FORGET = "DELETE FROM shop_ticket WHERE taken_at < %s"
_FORGET_OF = "DELETE FROM shop_ticket WHERE holder = ANY(%s::uuid[])"
_kept: tuple[float, dict[UUID, int]] | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Where somebody stands: `waiting` with so many `ahead`, `in` until `ends_at`, `sold_out`, or `full` where too many wait."""

    product_id: UUID
    state: str
    ahead: int = 0
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heat:
    """From when on a product's buyers wait in line, and how many pay at a time."""

    starts_at: datetime
    ends_at: datetime | None = None
    at_once: int = 50


def hot(lines: Collection[UUID]) -> list[UUID]:
    """Which of these products are hot now: what this process knew two seconds ago at most."""
    known = _marked()
    return [product for product in lines if product in known] if known else []


def _marked() -> dict[UUID, int]:
    global _kept  # noqa: PLW0603  # what is hot changes by the day
    if _kept is None or time.monotonic() - _kept[0] > _KEPT_S:
        moment = now()
        _kept = time.monotonic(), dict(run(_HOT, [moment, moment]).fetchall())
    return _kept[1]


def forget() -> None:
    """Read anew what is hot."""
    global _kept  # noqa: PLW0603  # see `_marked`
    _kept = None


def holders(request: Request) -> list[UUID]:
    """Under what this visitor may have a ticket: their own name first, then what their device was given."""
    own = [request.actor.id] if request.actor.kind == "user" and request.actor.id else []
    return own + [one for one in [_of_cookie(request)] if one is not None]


def _of_cookie(request: Request) -> UUID | None:
    try:
        text = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=_AGE_S)
        return UUID(text) if text else None
    except (BadSignature, ValueError):
        return None


def keep_holder(response: HttpResponse, holder: UUID) -> None:
    """Have this device find its ticket again."""
    response.set_signed_cookie(
        COOKIE, holder.hex, _SALT, max_age=_AGE_S, samesite="Lax", httponly=True, secure=settings.PRODUCTION
    )


def turn_of(known: Sequence[UUID], at: Here, lines: Mapping[UUID, int], products: Sequence[UUID]) -> Turn:
    """Where they stand for these hot products of their basket: the first that is not theirs yet, else `in`. A ticket is taken where there is
    none. Lower than before a ticket's quantity may be; for more one joins anew, at the end.
    """
    turn = Turn(products[0], "in")
    for product in products:
        turn = _turn(known, at.place.id, product, lines[product])
        if turn.state != "in":
            break
    return turn


def _turn(known: Sequence[UUID], place_id: UUID, product_id: UUID, quantity: int) -> Turn:
    asked = {"product": product_id, "place": place_id, "holders": ids_array(known), "told": now() - _TOLD_FOR}
    ticket = _ticket(asked)
    if ticket is None or not ticket.stands(quantity, now()):
        _take(known, place_id, product_id, quantity)
    elif ticket.quantity > quantity:
        run(_LESS, [quantity, ticket.id, quantity])
    elif ticket.state == "waiting" and ticket.seen_at < now() - AWAY_FOR / 6:
        run(_SEEN, [now(), ticket.id])
    if ticket is None or ticket.state != "in" or not ticket.stands(quantity, now()):
        admit(place_id, product_id)
        ticket = _ticket(asked)
    if ticket is None:
        return Turn(product_id, "full")
    rows = run(_AHEAD, [product_id, place_id, ticket.number]).fetchall() if ticket.state == "waiting" else [(0,)]
    return Turn(product_id, ticket.state, rows[0][0], ticket.ends_at)


@dataclass(frozen=True, slots=True)
class _Ticket:
    id: UUID
    number: int
    quantity: int
    state: str
    ends_at: datetime | None
    seen_at: datetime

    def stands(self, quantity: int, moment: datetime) -> bool:
        """Whether it is still good for so much; who was told that it is sold out may ask again for less."""
        if self.state == "sold_out":
            return self.quantity == quantity
        return self.quantity >= quantity and (self.ends_at is None or self.ends_at > moment)


def _ticket(asked: Mapping[str, Any]) -> _Ticket | None:
    row = run(_MINE, asked).fetchone()
    return None if row is None else _Ticket(*row)


def _take(known: Sequence[UUID], place_id: UUID, product_id: UUID, quantity: int) -> None:
    """The next number, unless a request beside this one took it; none where too many wait."""
    moment = now()
    asked = {"product": product_id, "place": place_id, "holders": ids_array(known), "told": moment}
    with transaction():
        lock_queue(product_id, place_id)
        run(_LAPSE, [product_id, place_id, moment, moment - AWAY_FOR])
        ticket = _ticket(asked)
        if ticket is not None and ticket.stands(quantity, moment):
            return
        if ticket is not None:
            run(_GIVE_UP, [ticket.id])
        new = {"id": new_id(), "holder": known[0], "quantity": quantity, "now": moment, "most": MOST_WAITING}
        run(_TAKE, asked | new)


def admit(place_id: UUID, product_id: UUID) -> int:
    """Let in whose turn it is; how many. Somebody at it already: nothing to do."""
    moment = now()
    with transaction():
        if not lock_queue_if_free(product_id, place_id):
            return 0
        run(_LAPSE, [product_id, place_id, moment, moment - AWAY_FOR])
        inside, kept = run(_INSIDE, [product_id, place_id]).fetchall()[0]
        waiting = [Waiting(*row) for row in run(_WAITING, [product_id, place_id, _READ_AT_ONCE]).fetchall()]
        if not waiting:
            return 0
        level = stock.levels(place_id, [product_id]).get(product_id)
        there = 0 if level is None else max(0, level.promisable_on(shelf.CHANNEL))
        chosen = let_in(waiting, there - kept, inside, _marked().get(product_id, 1))
        if chosen.admitted:
            run(_LET_IN, [moment + INSIDE_FOR, ids_array(chosen.admitted)])
        if chosen.refused:
            run(_REFUSE, [moment, ids_array(chosen.refused)])
    return len(chosen.admitted)


def done(known: Sequence[UUID], at: Here, products: Sequence[UUID], order_id: UUID) -> None:
    """Their order is placed: who is behind them may come in."""
    run(_DONE, [order_id, ids_array(known), at.place.id, ids_array(products)])


def leave(known: Sequence[UUID], at: Here) -> None:
    """They do not want to wait any more; a repeat changes nothing."""
    run(_LEAVE, [ids_array(known), at.place.id])


def mark(product_id: UUID, heat: Heat, *, actor: Actor) -> None:
    """Have a product's buyers wait in line; again with other values changes them. Raises Invalid, ProductNotFound, Forbidden."""
    actor.require(catalog.WRITE)
    if not 1 <= heat.at_once <= MOST_AT_ONCE:
        raise Invalid(f"From 1 to {MOST_AT_ONCE} may pay at a time.", field="at_once")
    if heat.ends_at is not None and heat.ends_at <= heat.starts_at:
        raise Invalid("It ends after it begins.", field="ends_at")
    if not catalog.gather([product_id]).result():
        raise catalog.ProductNotFound("There is no such product.", field="product")
    with transaction():
        run(_MARK, [product_id, heat.at_once, heat.starts_at, heat.ends_at])
        trail(actor, "shop.mark_hot", product_id, detail={"at_once": heat.at_once})
    forget()


def heat_of(product_id: UUID) -> Heat | None:
    """From when on a product's buyers wait in line; None where they do not."""
    row = run("SELECT starts_at, ends_at, at_once FROM shop_hot WHERE product_id = %s", [product_id]).fetchone()
    return None if row is None else Heat(*row)


def unmark(product_id: UUID, *, actor: Actor) -> None:
    """Let everybody buy it as anything else; a repeat changes nothing."""
    actor.require(catalog.WRITE)
    with transaction():
        if run(_UNMARK, [product_id]).rowcount:
            trail(actor, "shop.unmark_hot", product_id)
    forget()


def forget_old() -> int:
    """Delete the tickets of days before; how many."""
    return run(_FORGET, [now() - timedelta(days=1)]).rowcount


def forget_of(user_ids: Collection[UUID]) -> None:
    """Delete the tickets of these people."""
    run(_FORGET_OF, [ids_array(user_ids)])
