"""Bulk upserts: each item is read by itself and gets its own verdict, so that a wrong field refuses one item only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from ninja import Body, Field, Schema
from pydantic import ConfigDict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from storeline.kernel.api import MAX_BULK, Verdict

T = TypeVar("T")
S = TypeVar("S", bound=Schema)
Errors = Iterable[tuple[str, str]]


class Item(Schema):
    """What an item may have, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class FieldError(Schema):
    """What is wrong with one field."""

    field: str
    detail: str


class VerdictOut(Schema):
    """What became of one item."""

    ref: str
    outcome: str = Field(json_schema_extra={"enum": ["created", "updated", "unchanged", "refused"]})
    errors: list[FieldError]


class VerdictsOut(Schema):
    """The verdicts, in the order of the items."""

    items: list[VerdictOut]


@dataclass(frozen=True, slots=True)
class Misfit:
    """An item that is not of the shape asked for."""

    given: Any
    errors: tuple[tuple[str, str], ...]

    def word(self, name: str) -> str:
        """One of its texts, as far as it has it."""
        value = self.given.get(name) if isinstance(self.given, Mapping) else None
        return value[:200] if isinstance(value, str) else ""


def _read(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        return Misfit(value, tuple((_path(one["loc"]), one["msg"]) for one in error.errors()))


def _path(location: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")


Bulk = Annotated[list[Annotated[T, WrapValidator(_read)]], Body(max_length=MAX_BULK)]
"""A body of up to 1,000 items; those of another shape come as `Misfit`."""


def sift(items: Sequence[S]) -> tuple[dict[int, S], dict[int, Misfit]]:
    """The items to take, and those that are of another shape, by their index."""
    read: Sequence[S | Misfit] = items
    good = {index: item for index, item in enumerate(read) if not isinstance(item, Misfit)}
    return good, {index: item for index, item in enumerate(read) if isinstance(item, Misfit)}


def upsert(
    items: Sequence[S],
    deed: Callable[[list[dict[str, Any]]], Sequence[Verdict]],
    *,
    row: Callable[[S], dict[str, Any]] = lambda item: item.dict(exclude_unset=True),
) -> VerdictsOut:
    """Hand the items, each as a `row` of the fields that it has, to `deed`; the verdicts of all."""
    good, misfits = sift(items)
    verdicts = dict(zip(good, deed([row(item) for item in good.values()]), strict=True))
    verdicts |= {index: Verdict(one.word("ref"), "refused", one.errors) for index, one in misfits.items()}
    return VerdictsOut(items=[_verdict(verdicts[index]) for index in range(len(items))])


def _verdict(verdict: Verdict) -> VerdictOut:
    return VerdictOut(ref=verdict.ref, outcome=verdict.outcome, errors=field_errors(verdict.errors))


def field_errors(errors: Errors) -> list[FieldError]:
    """Pairs of a field and what is wrong with it, as they are shown."""
    return [FieldError(field=field, detail=detail) for field, detail in errors]
