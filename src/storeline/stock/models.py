"""Tables of stock. Quantities are thousandths of the product's unit.

A balance caches the sum of its movements and of its held reservations, because it is what must not be promised
twice. Its row is also the lock of the reservations and exceptions of that place and product.
The tables are hot, so references are checked when rows are gathered, and by the audit, not by constraints.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from storeline.stock.domain import DEEDS, Kind, Shortfall, State


def _reference(to: str) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(to, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)


class Balance(models.Model):
    """What a place has of a product. `on_hand` may be below zero: a sale that happened is never refused."""

    pk = models.CompositePrimaryKey("place_id", "product_id")
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    on_hand = models.BigIntegerField(db_default=0)
    reserved = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = (models.CheckConstraint(name="stock_balance_reserved", condition=Q(reserved__gte=0)),)
        indexes = (models.Index(name="stock_balance_product", fields=("product_id", "place_id")),)

    def __str__(self) -> str:
        return f"{self.on_hand} on hand, {self.reserved} reserved"


class Movement(models.Model):
    """One line of goods that came (positive) or went (negative). Rows are only ever added."""

    pk = models.CompositePrimaryKey("source_id", "line_no", "kind")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    kind = models.TextField()
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    quantity = models.BigIntegerField()
    at = models.DateTimeField()
    business_date = models.DateField()
    reason = models.TextField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_movement_kind", condition=Q(kind__in=[kind.value for kind in Kind])),
            models.CheckConstraint(name="stock_movement_quantity", condition=~Q(quantity=0) | Q(kind="opening")),
            models.CheckConstraint(
                name="stock_movement_sign",
                condition=~Q(kind__in=["sale", "transfer_out", "waste"], quantity__gt=0)
                & ~Q(kind__in=["receipt", "return", "transfer_in"], quantity__lt=0),
            ),
            models.UniqueConstraint(
                name="stock_movement_opening",
                fields=("place", "product"),
                include=("at",),
                condition=Q(kind="opening"),
            ),
        )
        # Sales are most of the rows and are found by their orders: what people did is a small part.
        indexes = (
            models.Index(name="stock_movement_deed", fields=("place", "product", "at"), condition=Q(kind__in=DEEDS)),
            models.Index(name="stock_movement_receipt", fields=("place", "at"), condition=Q(kind="receipt")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"


class Reservation(models.Model):
    """Goods promised to somebody. `digest` is there where a client asked for it directly, under its own id."""

    pk = models.CompositePrimaryKey("source_id", "line_no")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    quantity = models.BigIntegerField()
    state = models.TextField(db_default=State.HELD.value)
    expires_at = models.DateTimeField(null=True, blank=True)
    digest = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_reservation_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="stock_reservation_state", condition=Q(state__in=[state.value for state in State])
            ),
        )
        indexes = (
            models.Index(name="stock_reservation_held", fields=("place", "product"), condition=Q(state="held")),
            models.Index(
                name="stock_reservation_due",
                fields=("expires_at",),
                condition=Q(state="held", expires_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.quantity}"


class Count(models.Model):
    """What somebody counted, and what the books said at that moment; `actor_id` null where a program did it."""

    pk = models.CompositePrimaryKey("source_id", "line_no")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    counted = models.BigIntegerField()
    expected = models.BigIntegerField()
    at = models.DateTimeField()
    reason = models.TextField(null=True, blank=True)
    actor_id = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(name="stock_count_place", fields=("place", "at")),)
        constraints = (models.CheckConstraint(name="stock_count_counted", condition=Q(counted__gte=0)),)

    def __str__(self) -> str:
        return f"{self.counted} counted, {self.expected} expected"


class StockException(models.Model):
    """A shortfall that people must solve: open until the balance is healthy again.

    `reservations` names what is at risk, newest promise first; null for the moment until they are named.
    """

    id = models.UUIDField(primary_key=True, db_default=models.Func(function="uuidv7"))
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    kind = models.TextField()
    quantity = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    reservations = models.JSONField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(null=True, blank=True)

    class Meta:
        db_table = "stock_exception"
        constraints = (
            models.CheckConstraint(name="stock_exception_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="stock_exception_kind", condition=Q(kind__in=[kind.value for kind in Shortfall])
            ),
            models.UniqueConstraint(
                name="stock_exception_open", fields=("place", "product", "kind"), condition=Q(closed_at__isnull=True)
            ),
        )
        indexes = (
            models.Index(
                name="stock_exception_unnamed",
                fields=("id",),
                condition=Q(closed_at__isnull=True, reservations__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"
