"""Tables of loyalty."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from storeline.kernel.api import new_id
from storeline.loyalty.domain import KINDS
from storeline.pricing.api import FUNDERS, MILLION


class Coupon(models.Model):
    """A coupon; `ref` is the code that the shopper gives. `everything`: it has no list of goods that it is for."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(unique=True)
    name = models.TextField()
    names = models.JSONField(default=dict, blank=True)
    kind = models.TextField()
    funder = models.TextField(default="retailer")
    currency = models.TextField(null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    base = models.BigIntegerField(default=1000)
    rate_ppm = models.IntegerField(null=True, blank=True)
    min_spend = models.BigIntegerField(default=0)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    total_limit = models.IntegerField(null=True, blank=True)
    per_member_limit = models.IntegerField(null=True, blank=True)
    stackable = models.BooleanField(default=True)
    everything = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints: ClassVar = [
            models.CheckConstraint(name="loyalty_coupon_ref", condition=~Q(ref="")),
            models.CheckConstraint(name="loyalty_coupon_kind", condition=Q(kind__in=KINDS)),
            models.CheckConstraint(name="loyalty_coupon_funder", condition=Q(funder__in=FUNDERS)),
            models.CheckConstraint(
                name="loyalty_coupon_value",
                condition=(Q(kind="percentage", amount__isnull=True) | ~Q(kind="percentage") & Q(rate_ppm__isnull=True))
                & Q(base__gt=0),
            ),
            models.CheckConstraint(name="loyalty_coupon_amount", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="loyalty_coupon_rate", condition=Q(rate_ppm__range=(1, MILLION))),
            models.CheckConstraint(
                name="loyalty_coupon_currency",
                condition=Q(amount__isnull=True, min_spend=0)
                | Q(currency__regex=r"^[A-Z]{3}$", currency__isnull=False),
            ),
            models.CheckConstraint(name="loyalty_coupon_spend", condition=Q(min_spend__gte=0)),
            models.CheckConstraint(name="loyalty_coupon_window", condition=Q(valid_to__gt=F("valid_from"))),
            models.CheckConstraint(name="loyalty_coupon_total", condition=Q(total_limit__gte=0)),
            models.CheckConstraint(name="loyalty_coupon_member", condition=Q(per_member_limit__gte=1)),
        ]

    def __str__(self) -> str:
        return self.name


class CouponTarget(models.Model):
    """One thing that a coupon is for: a product, or a category with all below it.

    What it points at is resolved by the load, and proved by the audit.
    """

    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    product = models.ForeignKey("catalog.Product", models.PROTECT, related_name="+", null=True, db_constraint=False)
    category = models.ForeignKey(
        "catalog.Category", models.PROTECT, related_name="+", null=True, db_index=False, db_constraint=False
    )

    class Meta:
        db_table = "loyalty_coupon_target"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="loyalty_coupon_target_key",
                fields=("coupon", "product", "category"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="loyalty_coupon_target_one",
                condition=Q(product__isnull=False, category__isnull=True)
                | Q(product__isnull=True, category__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} for {self.product_id or self.category_id}"


class CouponCount(models.Model):
    """A spendable row: uses of a coupon with a limit, by everybody (`id` is the coupon's) or by one member.

    `redeemed` is the number of its redemption rows that stand. `overrun` is how far history, or a limit lowered
    later, went beyond `at_most`; live uses never add to it.
    """

    id = models.UUIDField(primary_key=True)
    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="+", db_index=False)
    member_id = models.UUIDField(null=True)
    redeemed = models.IntegerField(default=0)
    at_most = models.IntegerField()
    overrun = models.IntegerField(default=0)

    class Meta:
        db_table = "loyalty_coupon_count"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="loyalty_coupon_count_key", fields=("coupon", "member_id"), nulls_distinct=False
            ),
            models.CheckConstraint(
                name="loyalty_coupon_count_limit",
                condition=Q(redeemed__gte=0, overrun__gte=0, redeemed__lte=F("at_most") + F("overrun")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.redeemed} of {self.at_most}"


class Redemption(models.Model):
    """One use of a coupon. `order_id` is the order's, where it is known; `released_at` is set when that was cancelled."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(null=True, unique=True)
    order_id = models.UUIDField(null=True)
    seq = models.SmallIntegerField(default=1)
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="+", db_index=False)
    member_id = models.UUIDField(null=True)
    amount = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="loyalty_redemption_amount", condition=Q(amount__gte=0)),
            models.UniqueConstraint(
                name="loyalty_redemption_order",
                fields=("order_id", "seq"),
                condition=Q(ref__isnull=True),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="loyalty_redemption_coupon", fields=("coupon", "-at", "-id")),
            models.Index(name="loyalty_redemption_of_order", fields=("order_id",), condition=Q(order_id__isnull=False)),
            models.Index(
                name="loyalty_redemption_of_member", fields=("member_id",), condition=Q(member_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} at {self.at}"
