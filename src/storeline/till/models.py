"""Tables of the till: which tills a place has, and sales on their way to becoming orders.

A sale holds no price: what it comes to is asked anew each time that it is shown. Once it is paid it is an order; its
lines and its shopper are forgotten here.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

STATES = ("open", "parked", "paying", "done", "cancelled")


def _reference(to: str, **options: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(to, on_delete=models.PROTECT, related_name="+", db_index=False, **options)


class Till(models.Model):
    """A till of a place. Its number names the series of its receipts."""

    pk = models.CompositePrimaryKey("place", "number")
    place = _reference("places.Place")
    number = models.IntegerField()
    opened_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=99), name="till_till_number")
        ]


class Sale(models.Model):
    """A sale at a till. One at a time is under way there (open or paying), any number are parked.

    `version` counts its changes; `order_id` is the order that it is being paid as, or was; `age` the years that
    the associate has made sure of. `quantity` and `total` say what a parked one was when it was put aside.
    """

    id = models.UUIDField(primary_key=True)
    place = _reference("places.Place")
    till = models.IntegerField()
    state = models.TextField()
    version = models.IntegerField(default=1)
    customer = _reference("customers.Customer", null=True)
    coupons = ArrayField(models.TextField(), default=list)
    age = models.IntegerField(default=0)
    order_id = models.UUIDField(null=True)
    pieces = models.IntegerField(default=0)
    total = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["place", "changed_at"], name="till_sale_parked", condition=Q(state="parked")),
            models.Index(fields=["place", "till", "changed_at"], name="till_sale_done", condition=Q(state="done")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["place", "till"], name="till_sale_current", condition=Q(state__in=["open", "paying"])
            ),
            models.UniqueConstraint(fields=["order_id"], name="till_sale_order", condition=Q(order_id__isnull=False)),
            models.CheckConstraint(condition=Q(state__in=STATES), name="till_sale_state"),
            models.CheckConstraint(
                condition=Q(state__in=["paying", "done"], order_id__isnull=False)
                | Q(state__in=["open", "parked", "cancelled"], order_id__isnull=True),
                name="till_sale_paid",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "parked", "paying"]) | Q(customer__isnull=True),
                name="till_sale_forgets",
            ),
        ]


class Line(models.Model):
    """So many thousandths of a product. The one that was `touched` last is shown first."""

    pk = models.CompositePrimaryKey("sale", "line_no")
    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="+", db_index=False)
    line_no = models.IntegerField()
    product = _reference("catalog.Product")
    quantity = models.BigIntegerField()
    touched = models.IntegerField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(quantity__gt=0), name="till_line_quantity")]
