"""The basket: a member's in a row, a guest's in a signed cookie. It holds products and how many, nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from uuid import UUID

import orjson
from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Invalid, Pending, Row, later, run
from storeline.orders import api as orders

COOKIE = "basket"
_SALT = "shop.basket"
_AGE_S = 60 * 60 * 24 * 60
MAX_LINES = 100
"""As many as a cookie can hold."""
MOST = 99 * QUANTITY_ONE
_ID_BYTES = 16
CARDS = ("tok_approve", "tok_decline", "tok_late")
"""The sandbox's cards that a shopper may choose among."""
Lines = dict[UUID, int]
"""Products and how many thousandths of each, in the order in which they were put in."""

_READ = "SELECT lines, place, card FROM shop_basket WHERE user_id = %s"
_WRITE = """
INSERT INTO shop_basket (user_id, lines, changed_at) VALUES (%s, %s::jsonb, now())
ON CONFLICT (user_id) DO UPDATE SET lines = excluded.lines, changed_at = excluded.changed_at
"""


def read(request: Request) -> Lines:
    """The visitor's basket. What cannot be read is an empty one."""
    user_id = _user_id(request)
    if user_id is not None:
        kept = {UUID(product): quantity for product, quantity in _row(request, user_id)[0]}
        return _joined(kept, _of_cookie(request)) if COOKIE in request.COOKIES else kept
    return _of_cookie(request)


def _joined(kept: Lines, brought: Lines) -> Lines:
    """A member's basket with what they had put into it before they signed in: the more of each."""
    both = kept | {product: max(quantity, kept.get(product, 0)) for product, quantity in brought.items()}
    return dict(list(both.items())[:MAX_LINES])


def put(lines: Mapping[UUID, int], product_id: UUID, quantity: int) -> Lines:
    """The basket with so much of a product; 0 takes it out. Raises Invalid."""
    changed = dict(lines) | {product_id: min(quantity, MOST)}
    if quantity <= 0:
        del changed[product_id]
    if len(changed) > MAX_LINES:
        raise Invalid(f"A basket holds up to {MAX_LINES} products.", field="product")
    return changed


def write(request: Request, response: HttpResponse, lines: Mapping[UUID, int]) -> None:
    """Keep the basket where the visitor's is kept."""
    user_id = _user_id(request)
    if user_id is not None:
        run(_WRITE, [user_id, orjson.dumps([[str(product), quantity] for product, quantity in lines.items()]).decode()])
        if COOKIE in request.COOKIES:
            response.delete_cookie(COOKIE)
        return
    response.set_signed_cookie(
        COOKIE, pack(lines), _SALT, max_age=_AGE_S, samesite="Lax", httponly=True, secure=settings.PRODUCTION
    )


_KEEP_PLACE = """
INSERT INTO shop_basket (user_id, lines, place, changed_at) VALUES (%s, '[]', %s, now())
ON CONFLICT (user_id) DO UPDATE SET place = excluded.place
"""
_KEEP_CARD = "UPDATE shop_basket SET card = %s WHERE user_id = %s"


def habits(request: Request) -> tuple[str, str]:
    """The shop and the card of a member's last choice, each perhaps empty."""
    user_id = _user_id(request)
    if user_id is None:
        return "", ""
    _, place, card = _row(request, user_id)
    return place or "", card or ""


def _row(request: Request, user_id: UUID) -> Row:
    """A member's row: read once for a request."""
    row: Row | None = getattr(request, "basket_row", None)
    return _keep(request, _gather(user_id).result()) if row is None else row


def gather(request: Request) -> Callable[[], object]:
    """Queue the reading of a member's row in the caller's pipeline; call what comes back after it."""
    user_id = _user_id(request)
    if user_id is None or hasattr(request, "basket_row"):
        return lambda: None
    pending = _gather(user_id)
    return lambda: _keep(request, pending.result())


def _gather(user_id: UUID) -> Pending[Row]:
    return later(_READ, [user_id], lambda rows: rows[0] if rows else ([], None, None))


def _keep(request: Request, row: Row) -> Row:
    request.basket_row = row  # type: ignore[attr-defined]  # kept with the request alone
    return row


def keep_place(request: Request, ref: str) -> None:
    """Have a member's other devices know the shop that they chose."""
    if (user_id := _user_id(request)) is not None:
        run(_KEEP_PLACE, [user_id, ref])


def keep_card(request: Request, token: str) -> None:
    """Have the next checkout begin with the card that this one was paid by."""
    if (user_id := _user_id(request)) is not None and token in CARDS:
        run(_KEEP_CARD, [token, user_id])


def draft_lines(lines: Mapping[UUID, int]) -> tuple[orders.DraftLine, ...]:
    """As the order takes it."""
    return tuple(orders.DraftLine(product, quantity) for product, quantity in lines.items())


def pack(lines: Mapping[UUID, int]) -> str:
    """The lines as a short text: a hundred of them fit in a cookie."""
    return ".".join(f"{_short(product)}{quantity}" for product, quantity in lines.items())


def unpack(text: str) -> Lines:
    """What `pack` wrote; raises ValueError."""
    parts = (part for part in text.split(".") if part)
    return {UUID(bytes=base64.urlsafe_b64decode(part[:22] + "==")): int(part[22:]) for part in parts}


def _short(product: UUID) -> str:
    return base64.urlsafe_b64encode(product.bytes).decode().rstrip("=")


def _of_cookie(request: Request) -> Lines:
    try:
        text = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=_AGE_S)
        return unpack(text or "")
    except (BadSignature, ValueError):
        return {}


def _user_id(request: Request) -> UUID | None:
    return request.actor.id if request.actor.kind == "user" else None
