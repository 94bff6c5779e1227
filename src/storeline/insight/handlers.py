"""What insight does when trade happened: the days that it touched are made anew soon, by the job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from storeline.insight.commands import touch_imported, touch_orders, touch_returns
from storeline.kernel.api import Envelope, consumer

_RETURNED = "aftersales.returned"
_RECORDED = frozenset({"orders.recorded", "aftersales.recorded"})


@consumer("insight.days", types=("orders.*", _RETURNED, "aftersales.recorded"))
def trade_happened(events: Sequence[Envelope]) -> None:
    """Note whose days changed, by the orders and returns as they stand; noting one twice does no harm."""
    recorded = [event for event in events if event.type in _RECORDED]
    returns = {event.subject_id for event in events if event.type == _RETURNED}
    orders = {event.subject_id for event in events if event.type.startswith("orders.") and event.type not in _RECORDED}
    if orders:
        touch_orders(orders)
    if returns:
        touch_returns(returns)
    if recorded:
        spans = [(_day(event, "since"), _day(event, "until")) for event in recorded]
        firsts, lasts = {first for first, _ in spans}, {last for _, last in spans}
        touch_imported(
            None if None in firsts else min(day for day in firsts if day),
            None if None in lasts else max(day for day in lasts if day),
        )


def _day(event: Envelope, name: str) -> date | None:
    """A day that the event names; none in what was written before events did so: then all of history is meant."""
    text = event.payload.get(name)
    return None if text is None else date.fromisoformat(str(text))
