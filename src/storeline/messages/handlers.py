"""Reactions: an erased person's messages lose their words, and are part of what a person is handed."""

from collections.abc import Sequence

from storeline.customers.api import register_export
from storeline.kernel.api import Envelope, consumer
from storeline.messages.outbox import forget_person
from storeline.messages.queries import messages_of


@consumer("messages.erasures", types=("customers.erased",))
def erase(events: Sequence[Envelope]) -> None:
    forget_person([event.subject_id for event in events])


register_export("messages", messages_of)
