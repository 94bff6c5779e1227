"""Tables of the order. They are hot: ids of other modules are checked when an order is gathered,
not by foreign-key triggers on each row, and the audit proves that each one resolves.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Right

STATES = ("pending", "confirmed", "completed", "cancelled")
METHODS = ("carry_out", "collect", "deliver", "ship")
FUNDERS = ("retailer", "manufacturer", "partner")
IN_SHOPS = ("store", "till")
"""The channels that most orders of a shop come by."""


def _reference(to: str | type[models.Model], **options: Any) -> models.ForeignKey[Any, Any]:
    """A key whose constraint the audit checks instead of a trigger on every row."""
    return models.ForeignKey(
        to, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, **options
    )


class Order(models.Model):
    """What one customer agreed to buy, in one place's name.

    ``amount`` is what the retailer earns, ``funded`` the part of it that a manufacturer pays,
    ``payable`` what the shopper's payments must come to.
    """

    id = models.UUIDField(primary_key=True)
    ref = models.TextField(null=True)
    source = models.TextField()
    entity = _reference("places.Entity")
    place = _reference("places.Place")
    served_by = _reference("places.Place")
    channel = models.TextField()
    till = models.TextField(null=True)
    customer = _reference("customers.Customer", null=True)
    method = models.TextField()
    slot_id = models.UUIDField(null=True)
    currency = models.CharField(max_length=3)
    tax_included = models.BooleanField()
    amount = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    funded = models.BigIntegerField()
    payable = models.BigIntegerField()
    state = models.TextField()
    reason = models.TextField(null=True)
    placed_at = models.DateTimeField()
    business_date = models.DateField()
    expires_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    body_hash = models.BinaryField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["place", "business_date"], name="orders_place_day"),
            models.Index(fields=["customer", "placed_at"], name="orders_customer", condition=Q(customer__isnull=False)),
            models.Index(fields=["expires_at"], name="orders_expiring", condition=Q(state="pending")),
            models.Index(fields=["served_by", "placed_at"], name="orders_open", condition=Q(state="confirmed")),
            models.Index(fields=["id"], name="orders_cancelled", condition=Q(state="cancelled")),
            # Sales in a shop go by their receipt's number, and are most of all orders: these two leave them out.
            models.Index(
                Right(Cast("id", models.TextField()), 6), name="orders_number", condition=~Q(method="carry_out")
            ),
            models.Index(fields=["channel", "id"], name="orders_channel", condition=~Q(channel__in=IN_SHOPS)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ref"], name="orders_ref_once", condition=Q(ref__isnull=False)),
            models.CheckConstraint(condition=Q(state__in=STATES), name="orders_state"),
            models.CheckConstraint(condition=Q(method__in=METHODS), name="orders_method"),
            models.CheckConstraint(
                condition=Q(tax_included=True, total=F("amount")) | Q(total=F("amount") + F("tax")),
                name="orders_total",
            ),
            models.CheckConstraint(condition=Q(payable=F("total") - F("funded")), name="orders_payable"),
        ]


class Line(models.Model):
    """One product of an order. ``amount = gross - discount``; ``quantity`` in thousandths, 0 is real.

    ``from_place`` is where its goods stand that still have to come to the serving place; null: they are there, or on
    their way. A line that ``continues`` another is what moved off it, since its goods come from elsewhere.
    """

    pk = models.CompositePrimaryKey("order_id", "line_no")
    order = _reference(Order)
    line_no = models.IntegerField()
    product = _reference("catalog.Product")
    quantity = models.BigIntegerField()
    unit_amount = models.BigIntegerField(null=True)
    unit_base = models.BigIntegerField(null=True)
    gross = models.BigIntegerField()
    discount = models.BigIntegerField()
    amount = models.BigIntegerField()
    funded = models.BigIntegerField()
    tax = models.BigIntegerField()
    tax_rate = models.IntegerField()
    goods = models.BooleanField(default=True)
    from_place = _reference("places.Place", null=True)
    continues = models.IntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount=F("gross") - F("discount")), name="orders_line_amount"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, gross__gte=0, discount__gte=0, amount__gte=0, funded__gte=0),
                name="orders_line_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(continues=None) | Q(goods=True, line_no__gt=F("continues")), name="orders_line_continues"
            ),
        ]


class Discount(models.Model):
    """One reduction of one line: why, and who pays for it."""

    pk = models.CompositePrimaryKey("order_id", "line_no", "seq")
    order = _reference(Order)
    line_no = models.IntegerField()
    seq = models.IntegerField()
    kind = models.TextField()
    funder = models.TextField()
    amount = models.BigIntegerField()
    source_id = models.UUIDField(null=True)
    label = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(funder__in=FUNDERS), name="orders_discount_funder"),
        ]


class Amendment(models.Model):
    """What was taken off a line after it was agreed: ``short``, ``substituted``, or ``moved`` to a line that continues it."""

    pk = models.CompositePrimaryKey("order_id", "line_no", "seq")
    order = _reference(Order)
    line_no = models.IntegerField()
    seq = models.IntegerField()
    kind = models.TextField()
    quantity = models.BigIntegerField()
    amount = models.BigIntegerField()
    funded = models.BigIntegerField()
    tax = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, amount__gte=0, funded__gte=0, tax__gte=0),
                name="orders_amendment_not_negative",
            ),
        ]


class Wish(models.Model):
    """What the shopper wants where something is missing; an order without a row is to be asked."""

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    substitutes = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(substitutes__in=["never", "accept"]), name="orders_wish_known"),
        ]


class Destination(models.Model):
    """Where an order goes that is not collected where it is picked: to an address, or to a collection point.

    An address is personal data, kept to bring the goods and to answer questions about it: it is forgotten some weeks after
    the order has ended, or at once where its customer is erased (`forget`, while goods are still to be brought).
    """

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    place = _reference("places.Place", null=True)
    area_id = models.UUIDField(null=True)
    fee_line = models.IntegerField(null=True)
    country = models.TextField()
    postal_code = models.TextField()
    name = models.TextField()
    lines = models.TextField()
    city = models.TextField()
    region = models.TextField()
    phone = models.TextField()
    note = models.TextField()
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    forget = models.BooleanField(db_default=False)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["order"], name="orders_destination_kept", condition=Q(forgotten_at=None, place=None)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(place__isnull=False, country="", name="", fee_line=None)
                | Q(place=None, country__regex=r"^[A-Z]{2}$"),
                name="orders_destination_one",
            ),
            models.CheckConstraint(
                condition=Q(place__isnull=False)
                | Q(forgotten_at=None) & ~Q(name="") & ~Q(lines="") & ~Q(postal_code="")
                | Q(name="", lines="", postal_code="", city="", phone="", note="", latitude=None, longitude=None),
                name="orders_destination_forgotten",
            ),
        ]


class Contact(models.Model):
    """How to tell whoever ordered about it, and in which language: their account's addresses come first, where there are any.

    Personal data. Once the order is completed (`ended_at`) it is kept for recalls alone, and for a stated time; of an order that was
    cancelled, or whose customer is erased, it is deleted at once.
    """

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    email = models.TextField()
    phone = models.TextField()
    language = models.TextField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ended_at"], name="orders_contact_ended")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=r"^\+[0-9]{4,15}$"), name="orders_contact_phone"
            ),
            models.CheckConstraint(condition=Q(email="") | Q(email__contains="@"), name="orders_contact_email"),
            models.CheckConstraint(
                condition=Q(language__regex=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"), name="orders_contact_language"
            ),
        ]


class Substitute(models.Model):
    """The line `line_no` came into the order instead of what was missing of the line `replaces`."""

    pk = models.CompositePrimaryKey("order_id", "line_no")
    order = _reference(Order)
    line_no = models.IntegerField()
    replaces = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(line_no__gt=F("replaces")), name="orders_substitute_after"),
        ]
