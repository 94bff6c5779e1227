"""One-time codes as keyed hashes, and messages to people whose words are made only when they leave."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from storeline.kernel.api import new_id
from storeline.messages.domain import CHANNELS

STATES = ("pending", "sent", "failed")


class Code(models.Model):
    """A one-time code for one subject and purpose: its keyed hash and the nonce it is derived from, never itself."""

    id = models.UUIDField(primary_key=True, default=new_id)
    purpose = models.TextField()
    subject_id = models.UUIDField()
    nonce = models.BinaryField()
    hash = models.BinaryField()
    destination = models.BinaryField(null=True)
    attempts = models.IntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["purpose", "subject_id"],
                condition=models.Q(used_at=None, replaced_at=None),
                name="messages_code_one_live",
            ),
            models.CheckConstraint(condition=models.Q(attempts__gte=0), name="messages_code_attempts"),
            models.CheckConstraint(
                condition=models.Q(used_at=None) | models.Q(replaced_at=None), name="messages_code_one_end"
            ),
            models.CheckConstraint(
                condition=models.Q(used_at=None) | models.Q(attempts__gt=0), name="messages_code_tried_first"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["destination", "created_at"], name="messages_code_destination"),
            models.Index(fields=["subject_id", "created_at"], name="messages_code_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class Message(models.Model):
    """Something to tell a person. Destination and words' values are kept only until it has left or failed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    subject_id = models.UUIDField()
    channel = models.TextField()
    destination = models.TextField(null=True)
    template = models.TextField()
    language = models.TextField()
    values = models.JSONField(null=True)
    code_id = models.UUIDField(null=True)  # of a Code, which may be gone long before this row
    state = models.TextField(db_default="pending")
    attempts = models.IntegerField(db_default=0)
    error = models.TextField(db_default="")
    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(channel__in=CHANNELS), name="messages_message_channel"),
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="messages_message_state"),
            models.CheckConstraint(
                condition=models.Q(state="pending", destination__isnull=False, next_at__isnull=False)
                | (~models.Q(state="pending") & models.Q(destination=None, values=None, next_at=None)),
                name="messages_message_words_leave",
            ),
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | (~models.Q(state="sent") & models.Q(sent_at=None)),
                name="messages_message_sent",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=models.Q(state="pending"), name="messages_message_due"),
            models.Index(fields=["subject_id", "created_at"], name="messages_message_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.id}"
