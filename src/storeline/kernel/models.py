"""Tables of the kernel: events and their readers, timers, the audit trail, idempotency keys, the stored clock."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from storeline.kernel.ids import new_id


class TransactionId(models.BigIntegerField):  # type: ignore[type-arg]  # cannot be subscripted while running
    """PostgreSQL's 64-bit transaction id: events are read only below the oldest one still running."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002  # Django's signature
        return "xid8"


class Event(models.Model):
    """One fact, written in the transaction that it tells of."""

    id = models.BigAutoField(primary_key=True)
    xid = TransactionId(db_default=models.Func(function="pg_current_xact_id"))
    type = models.TextField()
    entity_id = models.UUIDField(null=True)
    place_id = models.UUIDField(null=True)
    subject_id = models.UUIDField()
    at = models.DateTimeField()
    payload = models.JSONField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["xid", "id"], name="kernel_event_order"),
        ]


class Checkpoint(models.Model):
    """How far a consumer has read."""

    name = models.TextField(primary_key=True)
    xid = TransactionId()
    event_id = models.BigIntegerField()


class Parked(models.Model):
    """An event that a consumer could not take; the stream goes on, the audit points here."""

    consumer = models.TextField()
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    error = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["consumer", "event"], name="kernel_parked_once"),
        ]


class Job(models.Model):
    """When a job is due again, by the system's clock, and how its last run went. Much later than `next_at`: nobody runs it."""

    name = models.TextField(primary_key=True)
    next_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    failures = models.IntegerField(db_default=0)
    error = models.TextField(db_default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(failures=0, error="") | (models.Q(failures__gt=0) & ~models.Q(error="")),
                name="kernel_job_failures_have_an_error",
            ),
        ]


class Trail(models.Model):
    """Who did what, to what, when: written in the same transaction as the deed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    at = models.DateTimeField()
    actor_kind = models.TextField()
    actor_id = models.UUIDField(null=True)
    action = models.TextField()
    subject_id = models.UUIDField()
    place_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject_id", "at"], name="kernel_trail_subject"),
            models.Index(fields=["actor_id", "at"], name="kernel_trail_actor"),
            models.Index(fields=["place_id", "at"], name="kernel_trail_place"),
            models.Index(fields=["action", "at"], name="kernel_trail_action"),
            models.Index(fields=["at", "id"], name="kernel_trail_at"),
        ]


class IdempotencyKey(models.Model):
    """The answer that was given to a write under its Idempotency-Key."""

    pk = models.CompositePrimaryKey("scope", "key")
    scope = models.TextField()
    key = models.TextField()
    body_hash = models.BinaryField()
    status = models.SmallIntegerField()
    body = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], name="kernel_idempotency_at")]


class StoredClock(models.Model):
    """The demo's business time: it stood at `business_at` when the system's clock said `system_at`."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    business_at = models.DateTimeField()
    system_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="kernel_one_clock"),
        ]
