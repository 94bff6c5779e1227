"""Goods that go from one place to another."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from storeline.stock.domain.transfers import TransferState
from storeline.stock.models.references import reference


class Transfer(models.Model):
    """Goods that one place sends to another."""

    id = models.UUIDField(primary_key=True)
    from_place = reference("places.Place")
    to_place = reference("places.Place")
    state = models.TextField(db_default=TransferState.OPEN.value)
    due_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(db_default="", blank=True)
    created_at = models.DateTimeField()
    shipped_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    forced = models.TextField(db_default="", blank=True)
    """Why it was shipped although promises hold the goods."""

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_transfer_places", condition=~Q(from_place=F("to_place"))),
            models.CheckConstraint(
                name="stock_transfer_state", condition=Q(state__in=[state.value for state in TransferState])
            ),
            models.CheckConstraint(
                name="stock_transfer_moments",
                condition=Q(state="open", shipped_at__isnull=True, ended_at__isnull=True)
                | Q(state="cancelled", shipped_at__isnull=True, ended_at__isnull=False)
                | Q(state="shipped", shipped_at__isnull=False, ended_at__isnull=True)
                | Q(state="received", shipped_at__isnull=False, ended_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(name="stock_transfer_from", fields=("from_place", "id")),
            models.Index(name="stock_transfer_to", fields=("to_place", "id")),
            models.Index(name="stock_transfer_coming", fields=("to_place",), condition=Q(state="shipped")),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class TransferLine(models.Model):
    """A product of a transfer. What became of it is the sum of its arrivals' lines."""

    pk = models.CompositePrimaryKey("transfer_id", "product_id")
    transfer_id = models.UUIDField()
    product = reference("catalog.Product")
    line_no = models.IntegerField()
    quantity = models.BigIntegerField()
    shipped = models.BigIntegerField(db_default=0)
    received = models.BigIntegerField(db_default=0)
    lost = models.BigIntegerField(db_default=0)
    damaged = models.BigIntegerField(db_default=0)
    found = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "stock_transfer_line"
        constraints = (
            models.UniqueConstraint(name="stock_transfer_line_no", fields=("transfer_id", "line_no")),
            models.CheckConstraint(name="stock_transfer_line_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="stock_transfer_line_parts",
                condition=Q(received__gte=0, lost__gte=0, damaged__gte=0, found__gte=0)
                & Q(shipped__in=[0, F("quantity")]),
            ),
            models.CheckConstraint(
                name="stock_transfer_line_transit",
                condition=Q(received__lte=F("shipped") + F("found") - F("lost") - F("damaged")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity}"


class TransferArrival(models.Model):
    """What became of one product of a transfer at one arrival; the arrival's id was made by its client."""

    pk = models.CompositePrimaryKey("arrival_id", "product_id")
    arrival_id = models.UUIDField()
    transfer_id = models.UUIDField()
    product = reference("catalog.Product")
    received = models.BigIntegerField()
    lost = models.BigIntegerField()
    damaged = models.BigIntegerField()
    found = models.BigIntegerField()
    note = models.TextField(db_default="", blank=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, blank=True)

    class Meta:
        db_table = "stock_transfer_arrival"
        constraints = (
            models.CheckConstraint(
                name="stock_transfer_arrival_parts",
                condition=Q(received__gte=0, lost__gte=0, damaged__gte=0, found__gte=0)
                & ~Q(received=0, lost=0, damaged=0),
            ),
        )
        indexes = (models.Index(name="stock_transfer_arrival_of", fields=("transfer_id",)),)

    def __str__(self) -> str:
        return f"{self.received} received"
