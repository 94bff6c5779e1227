"""What aftersales do when something happened elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storeline.aftersales.commands.recall import tell_affected
from storeline.aftersales.commands.settle import settle
from storeline.kernel.api import Envelope, consumer
from storeline.payments import api as payments

_PREFIX = "return:"


@consumer("aftersales.refunds", types=(payments.REFUNDED, payments.FAILED))
def refunds_answered(events: Sequence[Envelope]) -> None:
    """A partner answered to a refund, perhaps long after it was asked."""
    keys = [str(event.payload.get("key", "")) for event in events]
    settle({UUID(key.removeprefix(_PREFIX)) for key in keys if key.startswith(_PREFIX)})


@consumer("aftersales.recalls", types=("stock.recall_started",))
def recall_started(events: Sequence[Envelope]) -> None:
    """A lot is recalled: whoever bought some of it is told."""
    for event in events:
        tell_affected(event.subject_id)
