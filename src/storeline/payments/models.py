"""Tables of payments. References out of them are checked when an order is decided, and again by the audit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

INTENT_STATES = ("pending", "unknown", "authorised", "captured", "declined", "voided")
OPERATION_STATES = ("pending", "succeeded", "failed", "unknown")
KINDS = ("authorise", "capture", "void", "refund", "settle")


class Intent(models.Model):
    """One payment of an order or a return: what it is to bring in, and what became of that.

    A negative amount was given out at once: cash handed back, rounding, a return without its sale.
    """

    id = models.UUIDField(primary_key=True)
    source_id = models.UUIDField()
    entity_id = models.UUIDField()
    place_id = models.UUIDField(null=True)
    tender = models.TextField()
    provider = models.TextField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    authorised = models.BigIntegerField(default=0)
    captured = models.BigIntegerField(default=0)
    voided = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    tendered = models.BigIntegerField(null=True)
    state = models.TextField()
    reference = models.TextField(default="")
    token_hint = models.TextField(default="")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=INTENT_STATES), name="payments_intent_state"),
            models.CheckConstraint(condition=~Q(amount=0), name="payments_intent_amount"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="payments_intent_currency"),
            models.CheckConstraint(
                condition=Q(tendered__isnull=True) | Q(tendered__gte=F("amount")), name="payments_intent_tendered"
            ),
            models.CheckConstraint(
                condition=(
                    Q(amount__gt=0, captured__gte=0, voided__gte=0, refunded__gte=0)
                    & Q(captured__lte=F("authorised") - F("voided"), refunded__lte=F("captured"))
                )
                | Q(amount__lt=0, authorised=F("amount"), captured=F("amount"), voided=0, refunded=0),
                name="payments_intent_sums",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("pending", "unknown", "declined")) | Q(authorised=0),
                name="payments_intent_unauthorised",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["source_id"], name="payments_intent_source"),
            models.Index(
                fields=["cancelled_at"], name="payments_intent_released", condition=Q(cancelled_at__isnull=False)
            ),
        ]


class Operation(models.Model):
    """One thing done with an intent, once for its key; the key with the intent's id is what the partner knows it by."""

    pk = models.CompositePrimaryKey("intent_id", "key")
    intent_id = models.UUIDField()
    key = models.TextField()
    kind = models.TextField()
    amount = models.BigIntegerField()
    state = models.TextField()
    provider_reference = models.TextField(default="")
    error_code = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="payments_operation_kind"),
            models.CheckConstraint(condition=Q(state__in=OPERATION_STATES), name="payments_operation_state"),
            models.CheckConstraint(
                condition=Q(amount__gt=0) | (Q(kind="settle") & ~Q(amount=0)), name="payments_operation_amount"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["at"], name="payments_operation_open", condition=Q(state__in=("pending", "unknown"))),
            models.Index(
                fields=["intent_id", "key"],
                name="payments_operation_refused",
                condition=Q(kind="refund", state="failed"),
            ),
        ]


class Repayment(models.Model):
    """A refund that its partner refused, paid another way: its key is the refund's, so that it is paid once.

    `paid_by` is the payment that the money went out by.
    """

    pk = models.CompositePrimaryKey("intent_id", "key")
    intent_id = models.UUIDField()
    key = models.TextField()
    paid_by = models.UUIDField(unique=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(paid_by=F("intent_id")), name="payments_repayment_by_another"),
        ]
