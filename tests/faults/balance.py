"""What one balance must answer if it is asked one thing at a time: the specification that histories are held against.

It is written from what `stock.api` promises, and shares no code with it. Quantities are thousandths; moments are minutes. A hold is known by its id for ever, whatever became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple


class Held(NamedTuple):
    """One id: what was asked under it, how much of that is still held, until which minute, and its state."""

    asked: int
    quantity: int
    until: int
    state: str = "held"


class Balance:
    """Stock of one product at one place. Never changed: each call makes another."""

    __slots__ = ("_hash", "holds", "on_hand", "reserved")

    def __init__(self, on_hand: int, reserved: int = 0, holds: dict[str, Held] | None = None) -> None:
        self.on_hand = on_hand
        self.reserved = reserved
        self.holds = holds or {}
        self._hash = hash((on_hand, reserved, len(self.holds)))  # equal states have equal ones; the rest is compared

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Balance)
            and (self.on_hand, self.reserved) == (other.on_hand, other.reserved)
            and self.holds == other.holds
        )

    def __repr__(self) -> str:
        return f"{self.on_hand} on hand, {self.reserved} reserved"

    @property
    def left(self) -> int:
        """What can still be promised."""
        return self.on_hand - self.reserved

    def moved(self, quantity: int) -> Balance:
        """With so much more, or less, on hand."""
        return Balance(self.on_hand + quantity, self.reserved, self.holds)

    def with_hold(self, key: str, held: Held) -> Balance:
        """With that hold as it is now."""
        before = self.holds.get(key)
        freed = before.quantity if before and before.state == "held" else 0
        taken = held.quantity if held.state == "held" else 0
        return Balance(self.on_hand, self.reserved - freed + taken, self.holds | {key: held})


def answer(balance: Balance, asked: tuple[Any, ...]) -> tuple[Balance, Hashable]:
    """The specification: `asked` is a verb and its arguments."""
    return _VERBS[asked[0]](balance, *asked[1:])


def _reserve(balance: Balance, *wanted: tuple[str, int, int]) -> tuple[Balance, Hashable]:
    """Each (id, quantity, until) is answered by a word, the hold's state and what is left after it, in this order."""
    answers = []
    for key, quantity, until in wanted:
        known = balance.holds.get(key)
        if known is not None:
            same = known.asked == quantity
            word, state = ("repeated", known.state) if same else ("mismatch", None)
        elif quantity > balance.left:
            word, state = "sold_out", None
        else:
            balance = balance.with_hold(key, Held(quantity, quantity, until))
            word, state = "held", "held"
        answers.append((word, state, balance.left))
    return balance, tuple(answers)


def _change(balance: Balance, key: str, new: Callable[[Held], Held | None]) -> tuple[Balance, int]:
    """1 where the hold is held and the change is taken, else 0."""
    held = balance.holds.get(key)
    changed = new(held) if held is not None and held.state == "held" else None
    return (balance, 0) if changed is None else (balance.with_hold(key, changed), 1)


def _extend(balance: Balance, key: str, until: int, at: int) -> tuple[Balance, Hashable]:
    """Whoever comes when the time is over comes too late, whether or not the hold was freed."""
    return _change(
        balance,
        key,
        lambda held: held._replace(until=until) if held.until > at else None,
    )


def _shrink(balance: Balance, key: str, quantity: int) -> tuple[Balance, Hashable]:
    """To what was found; never to more. Nothing found frees it."""

    def shrunk(held: Held) -> Held | None:
        if not 0 <= quantity <= held.quantity:
            return None
        return held._replace(quantity=quantity) if quantity else held._replace(state="released")

    return _change(balance, key, shrunk)


def _release(balance: Balance, key: str) -> tuple[Balance, Hashable]:
    return _change(balance, key, lambda held: held._replace(state="released"))


def _post(balance: Balance, key: str, quantity: int) -> tuple[Balance, Hashable]:
    """The goods leave, so many of them: all or nothing with the hold's end."""
    after, done = _change(balance, key, lambda held: held._replace(state="posted"))
    return (after.moved(-quantity), done) if done else (balance, done)


def _receive(balance: Balance, quantity: int) -> tuple[Balance, Hashable]:
    after = balance.moved(quantity)
    return after, (after.on_hand, after.reserved)


def _sell(balance: Balance, quantity: int) -> tuple[Balance, Hashable]:
    """A till's sale is never refused, even below what was promised."""
    return balance.moved(-quantity), None


def _read(balance: Balance) -> tuple[Balance, Hashable]:
    return balance, (balance.on_hand, balance.reserved)


def _look(balance: Balance) -> tuple[Balance, Hashable]:
    """Everything, as it is found when all is over."""
    holds = sorted((key, held.quantity, held.state) for key, held in balance.holds.items())
    return balance, (balance.on_hand, balance.reserved, tuple(holds))


_VERBS: dict[str, Callable[..., tuple[Balance, Any]]] = {
    "reserve": _reserve,
    "extend": _extend,
    "shrink": _shrink,
    "release": _release,
    "post": _post,
    "receive": _receive,
    "sell": _sell,
    "read": _read,
    "look": _look,
}
