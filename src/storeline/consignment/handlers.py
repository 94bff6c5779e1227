"""What happened to partners' goods becomes what they are owed, once, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.consignment.commands import take_in
from storeline.kernel.api import Envelope, consumer

_DEEDS = frozenset({"stock.count", "stock.adjustment", "stock.waste"})
_SOLD, _RETURNED, _ARRIVED = "orders.completed", "aftersales.returned", "stock.transfer_in"


@consumer("consignment.lines", types=(_SOLD, _RETURNED, _ARRIVED, *sorted(_DEEDS)))
def something_happened(events: Sequence[Envelope]) -> None:
    """Goods were sold, came back, or are missing."""
    take_in(
        orders=[event.subject_id for event in events if event.type == _SOLD],
        returns=[event.subject_id for event in events if event.type == _RETURNED],
        deeds=[event.subject_id for event in events if event.type in _DEEDS],
        transfers=[event.subject_id for event in events if event.type == _ARRIVED],
    )
