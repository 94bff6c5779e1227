"""What is picked, handed over, and offered for what is missing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from storeline.fulfilment.domain.picking import OPEN, State
from storeline.fulfilment.models.references import reference


class Task(models.Model):
    """Pick an order at `place` by `due_at`, take its money, hand it over.

    `owed` is what the picked goods come to, in minor units of the order's currency, once that is known; `attempt`
    counts the times it was asked for, and is part of the key under which the partner knows it. Where it was due at
    `promised_at` before, what comes from another place is late.
    """

    order = models.OneToOneField(
        "orders.Order", on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    place = reference("places.Place")
    method = models.TextField()
    state = models.TextField()
    due_at = models.DateTimeField()
    promised_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    owed = models.BigIntegerField(null=True)
    attempt = models.IntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["place", "due_at", "order"], name="fulfilment_task_open", condition=Q(state__in=sorted(OPEN))
            ),
            models.Index(fields=["asked_at"], name="fulfilment_task_capturing", condition=Q(state="capturing")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="fulfilment_task_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(OPEN), closed_at__isnull=True)
                | Q(~Q(state__in=sorted(OPEN)), closed_at__isnull=False),
                name="fulfilment_task_closed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["capturing", "unpaid", "ready", "handed_over"])
                | Q(owed__isnull=False, asked_at__isnull=False, attempt__gte=1),
                name="fulfilment_task_owed",
            ),
            models.CheckConstraint(
                condition=Q(promised_at=None) | Q(promised_at__lt=F("due_at")), name="fulfilment_task_promised"
            ),
        ]

    def __str__(self) -> str:
        return self.state


class TaskLine(models.Model):
    """Goods to pick; `picked` is null until somebody looked. Quantities are thousandths of the product's unit.

    `moved` comes from elsewhere and is a line of its own; `rejected` is not there, and nobody else has it.
    """

    pk = models.CompositePrimaryKey("order_id", "line_no")
    order = reference("orders.Order")
    line_no = models.IntegerField()
    product = reference("catalog.Product")
    ordered = models.BigIntegerField()
    picked = models.BigIntegerField(null=True)
    moved = models.BigIntegerField(db_default=0)
    rejected = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "fulfilment_task_line"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ordered__gte=0), name="fulfilment_line_ordered"),
            models.CheckConstraint(
                condition=Q(picked__isnull=True) | Q(picked__gte=0, picked__lte=F("ordered") - F("moved")),
                name="fulfilment_line_picked",
            ),
            models.CheckConstraint(
                condition=Q(moved__gte=0, rejected__gte=0, ordered__gte=F("moved") + F("rejected")),
                name="fulfilment_line_gone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.picked} of {self.ordered}"


class Offer(models.Model):
    """Other goods offered to the shopper instead of what is `missing` of the line `replaces`.

    Where they agree it becomes the order's line `line_no`, under which the goods are held meanwhile; `line` is that
    line, priced. Of one missing unit there is one offer at a time: the task's lock sees to it, the audit proves it.
    """

    id = models.UUIDField(primary_key=True)
    order = reference("orders.Order")
    line_no = models.IntegerField()
    replaces = models.IntegerField()
    product = reference("catalog.Product")
    missing = models.BigIntegerField()
    quantity = models.BigIntegerField()
    price = models.BigIntegerField()
    payable = models.BigIntegerField()
    line = models.JSONField()
    state = models.TextField()
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], name="fulfilment_offer_due", condition=Q(state="offered")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "line_no"], name="fulfilment_offer_line"),
            models.CheckConstraint(condition=Q(line_no__gt=F("replaces")), name="fulfilment_offer_after"),
            models.CheckConstraint(
                condition=Q(missing__gt=0, quantity__gt=0, price__gte=0, payable__gte=F("price")),
                name="fulfilment_offer_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", answered_at__isnull=True)
                | Q(state__in=["accepted", "declined", "expired", "withdrawn"], answered_at__isnull=False),
                name="fulfilment_offer_state",
            ),
        ]

    def __str__(self) -> str:
        return self.state
