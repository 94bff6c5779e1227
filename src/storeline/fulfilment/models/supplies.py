"""What another place sends for an order, and what a place could not give."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from storeline.fulfilment.domain.supplies import Late, SupplyState, Why
from storeline.fulfilment.models.references import reference


class Supply(models.Model):
    """What `place` picks of an order that another place serves, and sends there: its `id` is that of the transfer.

    ``sent``: under way; ``received``: all of it is accounted for; ``moved``: its place could not give it, and others
    were asked; ``cancelled``: the order is, and what is under way belongs to whoever takes it in.

    It has to leave `way` before it is due; where it was due at `promised_at` at first, `late` says why it is not.
    """

    id = models.UUIDField(primary_key=True)
    order = reference("orders.Order")
    place = reference("places.Place")
    to_place = reference("places.Place")
    state = models.TextField()
    due_at = models.DateTimeField()
    promised_at = models.DateTimeField()
    way = models.DurationField()
    late = models.TextField(db_default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "fulfilment_supply"
        indexes: ClassVar = [
            models.Index(fields=["order"], name="fulfilment_supply_order"),
            models.Index(fields=["place", "due_at"], name="fulfilment_supply_open", condition=Q(state="to_pick")),
            models.Index(fields=["due_at"], name="fulfilment_supply_live", condition=Q(state__in=["to_pick", "sent"])),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "place"], name="fulfilment_supply_one", condition=Q(state="to_pick")
            ),
            models.CheckConstraint(
                condition=Q(state="to_pick", sent_at=None, closed_at=None)
                | Q(state="sent", sent_at__isnull=False, closed_at=None)
                | Q(state="received", sent_at__isnull=False, closed_at__isnull=False)
                | Q(state=SupplyState.MOVED.value, sent_at=None, closed_at__isnull=False)
                | Q(state="cancelled", closed_at__isnull=False),
                name="fulfilment_supply_state",
            ),
            models.CheckConstraint(
                condition=Q(late="", due_at=F("promised_at"))
                | Q(late__in=[late.value for late in Late], due_at__gt=F("promised_at")),
                name="fulfilment_supply_late",
            ),
            models.CheckConstraint(condition=Q(way__gt=timedelta(0)), name="fulfilment_supply_way"),
            models.CheckConstraint(condition=~Q(place=F("to_place")), name="fulfilment_supply_between"),
        ]

    def __str__(self) -> str:
        return self.state


class SupplyLine(models.Model):
    """A line of the order that its supply brings: `ordered` is to come, of that `arrived` is here and `gone` never will be."""

    pk = models.CompositePrimaryKey("supply_id", "line_no")
    supply = models.ForeignKey(Supply, models.PROTECT, related_name="+", db_index=False)
    line_no = models.IntegerField()
    product = reference("catalog.Product")
    ordered = models.BigIntegerField()
    picked = models.BigIntegerField(db_default=0)
    arrived = models.BigIntegerField(db_default=0)
    gone = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "fulfilment_supply_line"
        indexes: ClassVar = [
            models.Index(fields=["supply"], name="fulfilment_supply_line_gone", condition=Q(gone__gt=0)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(picked__gte=0, picked__lte=F("ordered"), arrived__gte=0, gone__gte=0)
                & Q(ordered__gte=F("arrived") + F("gone")),
                name="fulfilment_supply_line_parts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.picked} of {self.ordered}"


class Rejection(models.Model):
    """A place cannot give `quantity` of a line: why, how much of its stock that corrected, and how much comes from elsewhere.

    Its `id` is that of the correction, and of the plan by which the rest was sourced.
    """

    id = models.UUIDField(primary_key=True)
    order = reference("orders.Order")
    line_no = models.IntegerField()
    place = reference("places.Place")
    product = reference("catalog.Product")
    reason = models.TextField()
    quantity = models.BigIntegerField()
    corrected = models.BigIntegerField()
    moved = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["order", "at"], name="fulfilment_rejection_order")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(reason__in=[reason.value for reason in Why]), name="fulfilment_rejection_reason"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, corrected__gte=0, moved__gte=0)
                & Q(corrected__lte=F("quantity"), moved__lte=F("quantity")),
                name="fulfilment_rejection_parts",
            ),
        ]

    def __str__(self) -> str:
        return self.reason
