"""What aftersales do when something happened elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storeline.aftersales.commands.settle import settle
from storeline.kernel.api import Envelope, consumer
from storeline.payments import api as payments

_PREFIX = "return:"


@consumer("aftersales.refunds", types=(payments.REFUNDED, payments.FAILED))
def refunds_answered(events: Sequence[Envelope]) -> None:
    """A partner answered to a refund, perhaps long after it was asked."""
    keys = [str(event.payload.get("key", "")) for event in events]
    settle({UUID(key.removeprefix(_PREFIX)) for key in keys if key.startswith(_PREFIX)})
