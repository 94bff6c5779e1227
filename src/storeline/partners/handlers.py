"""Reactions: every event may go to a partner as a webhook."""

from collections.abc import Sequence

from storeline.kernel.api import Envelope, consumer
from storeline.partners.deliveries import plan


@consumer("partners.webhooks", types=("*",))
def webhooks(events: Sequence[Envelope]) -> None:
    plan(events)
