"""Tables of what comes after the sale. References are checked when a return is decided or taken in, and by the
audit; all amounts are positive and in minor units, and mirror the sale that they take back.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

REQUEST_STATES = ("requested", "accepted", "withdrawn", "lapsed")
REFUND_STATES = ("pending", "settled", "failed")


def _reference(to: str | type[models.Model], **options: Any) -> models.ForeignKey[Any, Any]:
    """A key whose constraint the audit checks instead of a trigger on every row."""
    return models.ForeignKey(
        to, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, **options
    )


class Return(models.Model):
    """Goods that came back to `place`, of one sale or of none that we know.

    ``entity`` is whose sale it was: its books lose the sale. ``total`` is what the goods cost, ``funded`` the part
    that a manufacturer had paid, ``refunded`` what the shopper gets back. ``ref`` is the name that it came from
    elsewhere with; one that was made here is known by the number of its receipt.
    """

    id = models.UUIDField(primary_key=True)
    ref = models.TextField(null=True)
    source = models.TextField()
    entity = _reference("places.Entity")
    place = _reference("places.Place")
    order = _reference("orders.Order", null=True)
    original_reference = models.TextField(null=True)
    channel = models.TextField()
    customer = _reference("customers.Customer", null=True)
    currency = models.CharField(max_length=3)
    tax_included = models.BooleanField()
    amount = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    funded = models.BigIntegerField()
    refunded = models.BigIntegerField()
    reason = models.TextField(default="")
    returned_at = models.DateTimeField()
    business_date = models.DateField()
    digest = models.BinaryField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["order"], name="aftersales_return_order", condition=Q(order__isnull=False)),
            models.Index(fields=["place", "business_date"], name="aftersales_return_day"),
            models.Index(fields=["customer"], name="aftersales_return_person", condition=Q(customer__isnull=False)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ref"], name="aftersales_return_ref", condition=Q(ref__isnull=False)),
            models.CheckConstraint(
                condition=Q(tax_included=True, total=F("amount")) | Q(tax_included=False, total=F("amount") + F("tax")),
                name="aftersales_return_total",
            ),
            models.CheckConstraint(condition=Q(refunded=F("total") - F("funded")), name="aftersales_return_refunded"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="aftersales_return_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.refunded} {self.currency}"


class Line(models.Model):
    """One product that came back; `order_line` is the line of the sale, `restock` whether it is on sale again."""

    pk = models.CompositePrimaryKey("return_id", "line_no")
    return_id = models.UUIDField()
    line_no = models.IntegerField()
    order_line = models.IntegerField(null=True)
    product = _reference("catalog.Product")
    quantity = models.BigIntegerField()
    amount = models.BigIntegerField()
    funded = models.BigIntegerField()
    tax = models.BigIntegerField()
    tax_rate = models.IntegerField()
    restock = models.BooleanField()
    reason = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quantity__gte=0, amount__gte=0, funded__gte=0), name="aftersales_line_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for {self.amount}"


class Refund(models.Model):
    """Money that goes back by one tender; `payment` is the payment it is taken from or paid out by.

    ``pending`` until the partner has answered. Imported refunds may be negative, as the payments they mirror.
    """

    pk = models.CompositePrimaryKey("return_id", "seq")
    return_id = models.UUIDField()
    seq = models.IntegerField()
    tender = models.TextField()
    amount = models.BigIntegerField()
    payment_id = models.UUIDField()
    state = models.TextField()
    reference = models.TextField(default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["return_id"], name="aftersales_refund_open", condition=~Q(state="settled")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount=0), name="aftersales_refund_amount"),
            models.CheckConstraint(condition=Q(state__in=REFUND_STATES), name="aftersales_refund_state"),
            models.CheckConstraint(
                condition=Q(state="settled", settled_at__isnull=False) | ~Q(state="settled"),
                name="aftersales_refund_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} by {self.tender}"


class Request(models.Model):
    """What a shopper asked to bring back of one order, under a code that a till or a desk reads.

    ``requested`` until the goods are there (``accepted``: it became the return `return_id`), the shopper thought
    better of it (``withdrawn``) or `lapses_at` passed (``lapsed``). `place` is where the goods were sold.
    """

    id = models.UUIDField(primary_key=True)
    order = _reference("orders.Order")
    place = _reference("places.Place")
    customer = _reference("customers.Customer", null=True)
    code = models.TextField()
    state = models.TextField()
    requested_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    return_id = models.UUIDField(null=True)
    digest = models.BinaryField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["order"], name="aftersales_request_order"),
            models.Index(fields=["customer"], name="aftersales_request_person", condition=Q(customer__isnull=False)),
            models.Index(fields=["lapses_at"], name="aftersales_request_open", condition=Q(state="requested")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], name="aftersales_request_code"),
            models.CheckConstraint(condition=Q(state__in=REQUEST_STATES), name="aftersales_request_state"),
            models.CheckConstraint(
                condition=Q(state="requested", closed_at__isnull=True)
                | (~Q(state="requested") & Q(closed_at__isnull=False)),
                name="aftersales_request_closed",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", return_id__isnull=False)
                | (~Q(state="accepted") & Q(return_id__isnull=True)),
                name="aftersales_request_accepted",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class RequestLine(models.Model):
    """So much of one line of the order, and why."""

    pk = models.CompositePrimaryKey("request_id", "order_line")
    request_id = models.UUIDField()
    order_line = models.IntegerField()
    quantity = models.BigIntegerField()
    reason = models.TextField()

    class Meta:
        db_table = "aftersales_request_line"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="aftersales_request_line_some"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.order_line}"


class RecallNotice(models.Model):
    """That whoever placed an order of a recalled lot was told, and how; or that nobody knows how to (``cannot``).

    One message is sent to a person for each recall; their further orders are marked told with it.
    """

    pk = models.CompositePrimaryKey("recall_id", "order_id")
    recall_id = models.UUIDField()
    order = _reference("orders.Order")
    state = models.TextField()
    how = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "aftersales_recall_notice"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="told", how__in=["member", "order"]) | Q(state="cannot", how=""),
                name="aftersales_recall_notice_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.how}"
