"""What a page follows, and the token by which a stream knows that the page was shown to whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

from storeline.kernel.api import Position

_SALT = "storeline.web.live"
AGE_S = 12 * 60 * 60
"""How long a token is good for; every new answer of the page brings a new one."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Events about `id` or at the place `id` (None: about anything), of these types (none named: of any).

    A type may be cut short after its dot: ``fulfilment.`` is every type of that module.
    """

    id: UUID | None
    types: tuple[str, ...] = ()

    def matches(self, kind: str, subject_id: UUID, place_id: UUID | None) -> bool:
        """Whether an event is of this topic."""
        if self.id is not None and self.id not in (subject_id, place_id):
            return False
        return not self.types or any(kind == one or (one.endswith(".") and kind.startswith(one)) for one in self.types)

    def token(self) -> str:
        """The topic as a page carries it: signed, and good for AGE_S seconds."""
        return _signer().sign(f"{'' if self.id is None else self.id.hex},{','.join(self.types)}")

    @classmethod
    def read(cls, token: str) -> Self:
        """The topic of a token. Raises BadSignature where we did not write it or it is too old."""
        text = _signer().unsign(token, max_age=AGE_S)
        key, *types = text.split(",")
        try:
            return cls(UUID(key) if key else None, tuple(one for one in types if one))
        except ValueError:
            raise BadSignature("not a topic") from None


def about(thing: UUID | None, *types: str) -> Topic:
    """``about(order_id)``, ``about(place_id, "fulfilment.", "orders.cancelled")``, ``about(None, "orders.")``."""
    return Topic(thing, types)


def _signer() -> TimestampSigner:
    return TimestampSigner(salt=_SALT)


def position_of(text: str) -> Position | None:
    """What `text_of` wrote; None where it did not."""
    xid, _, event_id = text.partition(".")
    whole = xid.isascii() and xid.isdigit() and event_id.isascii() and event_id.isdigit()
    return Position(int(xid), int(event_id)) if whole else None


def text_of(position: Position | None) -> str:
    """A position as it travels; empty where there is none."""
    return "" if position is None else f"{position.xid}.{position.event_id}"
