"""What is there, what moved it, what is promised and kept back of it, and whose it is."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from storeline.stock.domain.goods import DEEDS, Kind, Shortfall, State
from storeline.stock.models.references import reference


class Balance(models.Model):
    """What a place has of a product. `on_hand` may be below zero: a sale that happened is never refused.

    Beside it stand what its policies keep back (`safety`, and `buffers` by channel), and of what is on hand how much
    is in lots (`lotted`), in lots past their day or recalled (`expired`), and in recalled ones (`recalled`): a promise
    reads this one row.
    """

    pk = models.CompositePrimaryKey("place_id", "product_id")
    place = reference("places.Place")
    product = reference("catalog.Product")
    on_hand = models.BigIntegerField(db_default=0)
    reserved = models.BigIntegerField(db_default=0)
    safety = models.BigIntegerField(db_default=0)
    lotted = models.BigIntegerField(db_default=0)
    expired = models.BigIntegerField(db_default=0)
    recalled = models.BigIntegerField(db_default=0)
    buffers = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_balance_reserved", condition=Q(reserved__gte=0)),
            models.CheckConstraint(name="stock_balance_safety", condition=Q(safety__gte=0)),
            models.CheckConstraint(name="stock_balance_lots", condition=Q(expired__gte=0, lotted__gte=F("expired"))),
            models.CheckConstraint(
                name="stock_balance_recalled", condition=Q(recalled__gte=0, expired__gte=F("recalled"))
            ),
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
    place = reference("places.Place")
    product = reference("catalog.Product")
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
    """Goods promised to somebody. `asked` is there where a client asked for it directly, under its own id: how much; `made_by` is who
    did, null for the system.
    """

    pk = models.CompositePrimaryKey("source_id", "line_no")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    place = reference("places.Place")
    product = reference("catalog.Product")
    quantity = models.BigIntegerField()
    state = models.TextField(db_default=State.HELD.value)
    expires_at = models.DateTimeField(null=True, blank=True)
    asked = models.BigIntegerField(null=True, blank=True)
    made_by = models.UUIDField(null=True, blank=True)

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
    place = reference("places.Place")
    product = reference("catalog.Product")
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
    place = reference("places.Place")
    product = reference("catalog.Product")
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
    product = reference("catalog.Product")
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
    place = reference("places.Place")
    product = reference("catalog.Product")
    organisation = reference("partners.Organisation")
    agreement = reference("partners.Agreement")
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
