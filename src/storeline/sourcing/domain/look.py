"""One basket, looked at from many places: who could serve it, and why others cannot."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from storeline.places import api as places
from storeline.sourcing.domain.options import Code, ProductNeed, Reason, keeps
from storeline.sourcing.domain.spread import Spread, is_open
from storeline.sourcing.domain.sure import sure_of
from storeline.sourcing.domain.values import all_of
from storeline.sourcing.domain.ways import Answer, Asked, Draft, Found, Given, Offer, Source, Sure, Way

SHOWN, SPREAD = 5, 2
"""Places named for each way, and where others have to send what they lack."""
_WHY = 8
"""Places that are asked why they cannot, where nobody can."""
WALK = timedelta(hours=1)
"""How long a shopper takes to the shelf; goods carried out are not held until then."""
SHUT = Reason(Code.CLOSED, "This place does not open in the next days.")
ALL_FULL = Reason(Code.SLOTS_FULL, "Every slot is full.")
OUTSIDE = Reason(Code.TOO_FAR, "Nobody brings goods from there to this address.")
GONE = Reason(Code.NOT_TRADING, "This place has not opened yet, or has closed for good.")
NO_ONLINE = Reason(Code.CLOSED_ONLINE, "This place takes no online orders now.")
FULL = Reason(Code.NO_ROOM, "This place has as many online orders as it can pick in this hour.")


class Look:
    """One basket, looked at from many places: what was found out of a place is kept while the ways ask for it.

    Whether a place has everything is asked of all of them; reasons are put into words only where nobody can.
    """

    def __init__(self, needs: Sequence[ProductNeed], asked: Asked, spread: Spread | None = None) -> None:
        self.needs = needs
        self.asked = asked
        self.spread = spread
        self.unfit = {kind: [unfit_for(need, online=kind) for need in needs] for kind in (True, False)}
        self.sold = {kind: not any(reasons) for kind, reasons in self.unfit.items()}
        self.wanted = [need.quantity for need in needs]
        self.classes = {need.temperature for need in needs if need.temperature in places.TEMPERATURES}
        self._sure: dict[int, Sure] = {}
        self._keeping: dict[tuple[str, ...], bool] = {}

    def fits(self, source: Source, *, online: bool = True) -> bool:
        """Whether nothing keeps a place from the whole basket, apart from its hours."""
        has = source.has if online else source.shelf
        return not any(map(operator.lt, has, self.wanted)) and self.serves(source, online=online)

    def serves(self, source: Source, *, online: bool = True) -> bool:
        """Whether only goods that are not there may keep a place from the basket, apart from its hours."""
        if not self.sold[online] or not (is_open(source) if online else source.trading):
            return False
        return (source.listed is None or all(source.listed)) and self._keeps(source)

    def _keeps(self, source: Source) -> bool:
        key = (source.format, *source.keeps)
        if (known := self._keeping.get(key)) is None:
            known = self._keeping[key] = self.classes <= places.kept_by(source.format, source.keeps)
        return known

    def obstacles(self, source: Source, *, online: bool = True) -> list[Reason]:
        """Everything that keeps a place from the whole basket, apart from its hours."""
        if self.fits(source, online=online):
            return []
        found = [] if source.trading else [GONE]
        if online and source.closed:
            found.append(NO_ONLINE)
        if online and source.room is not None and source.room <= 0:
            found.append(FULL)
        has = source.has if online else source.shelf
        for number, need in enumerate(self.needs):
            if reason := self.unfit[online][number] or _lacks(source, number, need, has[number]):
                found.append(reason)
        return found

    def way(
        self,
        way: Way,
        sources: Sequence[Source],
        judge: Callable[[Source], Found],
        together: Callable[[Source], Found] | None = None,
        *,
        online: bool = True,
    ) -> Answer:
        """A way by those who have everything, the nearest of them; where none of them is near, also by those near who have the rest
        of it sent to them; else by why each cannot.
        """
        found: list[Draft] = []
        for one in sources:
            if len(found) == SHOWN:
                break
            if one.rate is not None and self.fits(one, online=online) and isinstance(answer := judge(one), Draft):
                found.append(answer)
        spread = self.spread
        if (
            together is not None
            and spread is not None
            and not any(one.source.place_id.int in spread.near for one in found)
        ):
            drafts = (answer for one in sources if isinstance(answer := together(one), Draft))
            found += list(islice(drafts, SPREAD))
        return self.answer(way, found or [judge(one) for one in sources[:_WHY]])

    def answer(self, way: Way, found: Sequence[Found]) -> Answer:
        """What was found, as an answer."""
        able = sorted([one for one in found if not isinstance(one, list)], key=_nearest)[:SHOWN]
        if not able:
            return Answer(way, False, None, None, None, (), _why(found))
        offers = tuple([self._offer(one) if isinstance(one, Draft) else one for one in able])
        first = min(offers, key=lambda one: one.at)
        return Answer(way, True, first.at, offers[0].fee, offers[0].sure, offers, ())

    def _offer(self, draft: Draft) -> Offer:
        """What is told of a place. Goods that are carried out are held by nobody until somebody is there."""
        one, at = draft.source, self.asked.at
        if draft.given:
            sure = self.sure_together(draft.given)
        else:
            sure = (
                sure_of(one, one.shelf, self.needs, self.wanted, at, draft.at - at + WALK)
                if draft.shelf
                else self.sure(one)
            )
        windows = draft.slots.windows() if draft.slots else ()
        givers = tuple([given.giver for given in draft.given])
        return Offer(one.place_id, one.ref, one.name, one.km, draft.at, windows, sure, givers, draft.fee)

    def sure_together(self, given: Sequence[Given]) -> Sure:
        """How sure it is that each finds what it gives."""
        each = [sure_of(one, one.has, self.needs, taken, self.asked.at, timedelta(0)) for one, taken in given]
        words = f"It is put together from {len(given)} places."
        return Sure(all_of([one.chance for one in each]), (Reason(Code.SPLIT, words), *each[0].reasons))

    def sure(self, source: Source) -> Sure:
        """How sure it is that what was ordered is found here: it is held."""
        if (known := self._sure.get(source.place_id.int)) is None:
            known = self._sure[source.place_id.int] = sure_of(
                source, source.has, self.needs, self.wanted, self.asked.at, timedelta(0)
            )
        return known


def _nearest(found: Offer | Draft) -> tuple[float, datetime, str]:
    one = found.source if isinstance(found, Draft) else found
    return (one.km if one.km is not None else float("inf"), found.at, one.ref)


def _why(found: Sequence[Found]) -> tuple[Reason, ...]:
    """Why nobody can: what keeps the nearest places from it, each reason once."""
    reasons: dict[tuple[Code, UUID | None], Reason] = {}
    for one in found:
        for reason in one if isinstance(one, list) else ():
            reasons.setdefault((reason.code, reason.product_id), reason)
    return tuple(reasons.values()) or (Reason(Code.NO_PLACE, "No place near here does this."),)


def too_warm(need: ProductNeed) -> Reason:
    words = f"This place cannot keep {need.temperature} goods."
    return Reason(Code.NOT_KEPT_COLD, words, need.product_id, need.quantity)


def _lacks(source: Source, number: int, need: ProductNeed, has: int) -> Reason | None:
    if not keeps(source.format, need.temperature, source.keeps):
        return too_warm(need)
    if source.listed is not None and not source.listed[number]:
        return Reason(Code.NOT_LISTED, "This place does not carry the product.", need.product_id, need.quantity)
    if has < need.quantity:
        missing = need.quantity - max(has, 0)
        return Reason(Code.SHORT, "Not enough is there.", need.product_id, missing)
    return None


def unfit_for(need: ProductNeed, *, online: bool) -> Reason | None:
    """Why no place at all could."""
    product = need.product_id
    if not need.known:
        return Reason(Code.UNKNOWN_PRODUCT, "There is no such product.", product, need.quantity)
    if not need.sellable:
        return Reason(Code.NOT_SOLD, "This product is not sold any more.", product, need.quantity)
    if online and not need.online:
        return Reason(Code.NOT_ONLINE, "This product is sold at tills only.", product, need.quantity)
    return None


def missing_of(sources: Sequence[Source], needs: Sequence[ProductNeed]) -> list[Reason]:
    """What all of these places together do not have."""
    found = []
    for number, need in enumerate(needs):
        together = sum(max(source.has[number], 0) for source in sources)
        if together < need.quantity:
            found.append(Reason(Code.SHORT, "Not enough is there.", need.product_id, need.quantity - together))
    return found
