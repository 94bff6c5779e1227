"""Reactions: an erased person's messages lose their words."""

from collections.abc import Sequence

from storeline.kernel.api import Envelope, consumer
from storeline.messages.outbox import forget_person


@consumer("messages.erasures", types=("customers.erased",))
def erase(events: Sequence[Envelope]) -> None:
    forget_person([event.subject_id for event in events])
