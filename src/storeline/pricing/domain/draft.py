"""A promotion as a marketer writes it down, and what must be true of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from storeline.kernel.api import Invalid, exponent
from storeline.pricing.domain.terms import (
    FUNDERS,
    MILLION,
    PROMOTION_KINDS,
    Funder,
    PromotionKind,
)

_TAG = re.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_WEEK = frozenset(range(1, 8))
_LAST_MINUTE = 1439


@dataclass(frozen=True, slots=True)
class TargetDraft:
    """A product, or a category with all below it, maybe at one place; values go before the promotion's own."""

    product_id: UUID | None = None
    category_id: UUID | None = None
    place_id: UUID | None = None
    amount: int | None = None
    base: int = 1000
    rate_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class PromotionDraft:
    """Terms as in `Promotion`; `targets` None: everything, `place_ids` None: everywhere. Amounts in minor units."""

    ref: str
    name: str
    kind: PromotionKind
    starts_at: datetime
    ends_at: datetime | None = None
    currency: str | None = None
    amount: int | None = None
    base: int = 1000
    rate_ppm: int | None = None
    group_size: int | None = None
    funder: Funder = "retailer"
    channels: tuple[str, ...] | None = None
    member_only: bool = False
    priority: int = 0
    stackable: bool = False
    exclusive: bool = False
    max_uses: int | None = None
    weekdays: tuple[int, ...] | None = None
    from_minute: int | None = None
    to_minute: int | None = None
    targets: tuple[TargetDraft, ...] | None = ()
    place_ids: tuple[UUID, ...] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    """The name in other languages, by BCP 47 tag."""


def check_draft(draft: PromotionDraft) -> None:
    """Raise Invalid, naming the field, for terms that make no sense together."""
    _refuse("ref", not draft.ref.strip(), "A promotion needs a ref.")
    _refuse("name", not draft.name.strip(), "A promotion needs a name that shoppers read.")
    _check_names(draft.names)
    _refuse("kind", draft.kind not in PROMOTION_KINDS, f"Kinds are {', '.join(PROMOTION_KINDS)}.")
    _refuse("funder", draft.funder not in FUNDERS, f"Funders are {', '.join(FUNDERS)}.")
    _check_values(draft)
    _check_window(draft)
    uses = draft.max_uses
    _refuse("max_uses", uses is not None and uses < 1, "A limit of uses is 1 or more.")
    alone = draft.kind == "n_for_price" or draft.exclusive or draft.max_uses is not None
    _refuse("stackable", draft.stackable and alone, "Not for groups, nor with exclusive or max_uses.")


def _check_names(names: Mapping[str, str]) -> None:
    for tag, name in names.items():
        _refuse("names", _TAG.fullmatch(tag) is None, f"{tag[:40]!r} is not a BCP 47 tag.")
        _refuse("names", not name.strip(), f"The name in {tag} is empty: leave it out.")


def _check_values(draft: PromotionDraft) -> None:
    if draft.kind == "percentage":
        _refuse("amount", draft.amount is not None, "A percentage has no amount.")
    else:
        _refuse("currency", draft.currency is None, "An amount needs its currency.")
        _refuse("rate_ppm", draft.rate_ppm is not None, "Only a percentage has a rate.")
    if draft.currency is not None:
        exponent(draft.currency)
    grouped = draft.kind == "n_for_price"
    _refuse("group_size", grouped and (draft.group_size or 0) < 1, "A group has 1 unit or more.")
    _refuse("group_size", not grouped and draft.group_size is not None, "Only groups have a size.")
    _refuse("amount", grouped and not draft.amount, "A group needs its price.")
    _check_value("", draft.amount, draft.base, draft.rate_ppm)
    for index, target in enumerate(draft.targets or ()):
        where = f"targets[{index}]."
        _check_value(where, target.amount, target.base, target.rate_ppm)
        both = (target.product_id is None) == (target.category_id is None)
        _refuse(f"{where}product", both, "Name either a product or a category.")
        wrong = target.rate_ppm is not None and draft.kind != "percentage"
        _refuse(f"{where}rate_ppm", wrong, "Only a percentage has a rate.")
        wrong = target.amount is not None and draft.kind == "percentage"
        _refuse(f"{where}amount", wrong, "A percentage has no amount.")
        _refuse(f"{where}amount", grouped and target.amount == 0, "A group's price is above zero.")
    _check_valued(draft)


def _check_valued(draft: PromotionDraft) -> None:
    """Every target must have a value, its own or the promotion's."""
    if draft.amount is not None or draft.rate_ppm is not None:
        return
    field = "rate_ppm" if draft.kind == "percentage" else "amount"
    _refuse(field, draft.targets is None, "A promotion on everything needs a value.")
    for index, target in enumerate(draft.targets or ()):
        missing = target.amount is None and target.rate_ppm is None
        _refuse(f"targets[{index}].{field}", missing, "The promotion has no value of its own.")


def _check_value(where: str, amount: int | None, base: int, rate_ppm: int | None) -> None:
    _refuse(f"{where}amount", amount is not None and amount < 0, "An amount is not negative.")
    _refuse(f"{where}base", base <= 0, "A base is above zero.")
    rate = rate_ppm is not None and not 1 <= rate_ppm <= MILLION
    _refuse(f"{where}rate_ppm", rate, "A percentage lies above 0 and up to 100.")


def _check_window(draft: PromotionDraft) -> None:
    ends = draft.ends_at is not None and draft.ends_at <= draft.starts_at
    _refuse("ends_at", ends, "A promotion ends after it starts.")
    days = draft.weekdays is not None and not (draft.weekdays and set(draft.weekdays) <= _WEEK)
    _refuse("weekdays", days, "Weekdays are 1 (Monday) to 7.")
    start, end = draft.from_minute, draft.to_minute
    _refuse("to_minute", (start is None) != (end is None), "Hours have a start and an end.")
    if start is not None and end is not None:
        _refuse("from_minute", not 0 <= start <= _LAST_MINUTE, "A day has the minutes 0 to 1439.")
        _refuse("to_minute", not 1 <= end <= _LAST_MINUTE + 1 or start == end, "1 to 1440, not the start.")


def _refuse(field: str, wrong: bool, words: str) -> None:  # noqa: FBT001
    if wrong:
        raise Invalid(words, field=field)
