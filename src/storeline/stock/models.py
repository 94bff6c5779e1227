"""Tables of stock. Quantities are thousandths of the product's unit.

A balance caches the sum of its movements and of its held reservations, because it is what must not be promised
twice. Its row is also the lock of the reservations and exceptions of that place and product.
The tables are hot, so references are checked when rows are gathered, and by the audit, not by constraints.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual

from storeline.stock.domain.goods import DEEDS, LONGEST_NOTE, REASONS, Kind, Shortfall, State
from storeline.stock.domain.lots import LONGEST_LOT
from storeline.stock.domain.transfers import TransferState


def _reference(to: str) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(to, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)


class Balance(models.Model):
    """What a place has of a product. `on_hand` may be below zero: a sale that happened is never refused.

    Beside it stand what its policies keep back (`safety`, and `buffers` by channel), and of what is on hand how much
    is in lots (`lotted`) and in lots past their day (`expired`): a promise reads this one row.
    """

    pk = models.CompositePrimaryKey("place_id", "product_id")
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    on_hand = models.BigIntegerField(db_default=0)
    reserved = models.BigIntegerField(db_default=0)
    safety = models.BigIntegerField(db_default=0)
    lotted = models.BigIntegerField(db_default=0)
    expired = models.BigIntegerField(db_default=0)
    buffers = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_balance_reserved", condition=Q(reserved__gte=0)),
            models.CheckConstraint(name="stock_balance_safety", condition=Q(safety__gte=0)),
            models.CheckConstraint(name="stock_balance_lots", condition=Q(expired__gte=0, lotted__gte=F("expired"))),
        )
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
    """Goods promised to somebody. `asked` is there where a client asked for it directly, under its own id: how much."""

    pk = models.CompositePrimaryKey("source_id", "line_no")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    quantity = models.BigIntegerField()
    state = models.TextField(db_default=State.HELD.value)
    expires_at = models.DateTimeField(null=True, blank=True)
    asked = models.BigIntegerField(null=True, blank=True)

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
    lot = models.TextField(null=True, blank=True)
    """Null where all of the product was counted."""

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


class Policy(models.Model):
    """How much of a product is kept back from online channels, at a place or (place null) everywhere; the place's own wins.

    The channel "" is safety stock, kept back from all of them; another is a buffer against that one.
    """

    id = models.UUIDField(primary_key=True, db_default=models.Func(function="uuidv7"))
    product = _reference("catalog.Product")
    place = models.ForeignKey(
        "places.Place", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False, null=True, blank=True
    )
    channel = models.TextField(db_default="", blank=True)
    quantity = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="stock_policy_key", fields=("product", "channel", "place"), nulls_distinct=False
            ),
            models.CheckConstraint(name="stock_policy_quantity", condition=Q(quantity__gte=0)),
            models.CheckConstraint(name="stock_policy_channel", condition=Q(channel__regex=r"^[a-z0-9_.-]{0,40}$")),
        )

    def __str__(self) -> str:
        return f"{self.channel or 'safety'} {self.quantity}"


class Ownership(models.Model):
    """Whose goods a product at a place are, from when to when, where a partner owns them under an agreement.

    Without a row they are the retailer's. `value` is what one unit is worth to its owner where it is missing, in the
    smallest unit of the currency; `until` null: still.
    """

    id = models.UUIDField(primary_key=True, db_default=models.Func(function="uuidv7"))
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    organisation = _reference("partners.Organisation")
    agreement = _reference("partners.Agreement")
    value = models.BigIntegerField(null=True, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="stock_ownership_now", fields=("place", "product"), condition=Q(until__isnull=True)
            ),
            models.CheckConstraint(
                name="stock_ownership_period", condition=Q(until__isnull=True) | Q(until__gte=F("since"))
            ),
            models.CheckConstraint(name="stock_ownership_value", condition=Q(value__isnull=True) | Q(value__gte=0)),
        )
        indexes = (
            models.Index(name="stock_ownership_goods", fields=("place", "product", "since")),
            models.Index(name="stock_ownership_of", fields=("organisation", "id")),
        )

    def __str__(self) -> str:
        return f"of {self.organisation_id}"


class Lot(models.Model):
    """What a place has of a lot: part of its balance. The rest of the balance is in no lot."""

    pk = models.CompositePrimaryKey("place_id", "product_id", "lot")
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    lot = models.TextField()
    expires_on = models.DateField(null=True, blank=True)
    on_hand = models.BigIntegerField()
    expired = models.BooleanField(db_default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_lot_on_hand", condition=Q(on_hand__gte=0)),
            models.CheckConstraint(
                name="stock_lot_lot", condition=~Q(lot="") & Q(LessThanOrEqual(Length("lot"), LONGEST_LOT))
            ),
            models.CheckConstraint(name="stock_lot_expired", condition=Q(expired=False) | Q(expires_on__isnull=False)),
        )
        indexes = (
            models.Index(name="stock_lot_place", fields=("place", "expires_on")),
            models.Index(name="stock_lot_due", fields=("expires_on",), condition=Q(expired=False)),
            models.Index(name="stock_lot_recall", fields=("product", "lot")),
        )

    def __str__(self) -> str:
        return f"{self.lot}: {self.on_hand}"


class LotMove(models.Model):
    """How much of a lot a movement brought or took, beside the movement itself. Rows are only ever added."""

    pk = models.CompositePrimaryKey("source_id", "line_no", "kind", "lot")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    kind = models.TextField()
    lot = models.TextField()
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    quantity = models.BigIntegerField()

    class Meta:
        db_table = "stock_lot_move"
        constraints = (models.CheckConstraint(name="stock_lot_move_quantity", condition=~Q(quantity=0)),)
        indexes = (models.Index(name="stock_lot_move_recall", fields=("product", "lot")),)

    def __str__(self) -> str:
        return f"{self.lot}: {self.quantity}"


class Adjustment(models.Model):
    """Why stock was corrected, and by whom; `actor_id` null where a program did it."""

    pk = models.CompositePrimaryKey("source_id", "line_no")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    kind = models.TextField()
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    quantity = models.BigIntegerField()
    reason = models.TextField()
    note = models.TextField(db_default="", blank=True)
    lot = models.TextField(null=True, blank=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_adjustment_kind", condition=Q(kind__in=["adjustment", "waste"])),
            models.CheckConstraint(name="stock_adjustment_quantity", condition=~Q(quantity=0)),
            models.CheckConstraint(name="stock_adjustment_reason", condition=Q(reason__in=REASONS)),
            models.CheckConstraint(name="stock_adjustment_other", condition=~Q(reason="other", note="")),
            models.CheckConstraint(
                name="stock_adjustment_note", condition=Q(LessThanOrEqual(Length("note"), LONGEST_NOTE))
            ),
        )
        indexes = (models.Index(name="stock_adjustment_place", fields=("place", "at")),)

    def __str__(self) -> str:
        return f"{self.reason} {self.quantity}"


class Transfer(models.Model):
    """Goods that one place sends to another."""

    id = models.UUIDField(primary_key=True)
    from_place = _reference("places.Place")
    to_place = _reference("places.Place")
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
    product = _reference("catalog.Product")
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
    product = _reference("catalog.Product")
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
