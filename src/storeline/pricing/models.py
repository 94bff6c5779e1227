"""Tables of pricing."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from storeline.kernel.api import new_id
from storeline.pricing.domain import FUNDERS, MILLION, PROMOTION_KINDS

_CURRENCY = r"^[A-Z]{3}$"


class Price(models.Model):
    """What `base` thousandths of a product cost from `valid_from` on.

    Of the rows valid at a moment the most specific counts (place, then zone, then all; own channel,
    then all), and of those the newest: windows may overlap, so a week's price lies over the one that goes on.
    Loads resolve products and places by a join; the database's own check of each row took longer than the load, so
    the audit looks instead.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    product = models.ForeignKey(
        "catalog.Product", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    place = models.ForeignKey(
        "places.Place", models.PROTECT, related_name="+", null=True, blank=True, db_index=False, db_constraint=False
    )
    price_zone = models.TextField(null=True, blank=True)
    channel = models.TextField(null=True, blank=True)
    member = models.BooleanField(default=False)
    amount = models.BigIntegerField()
    base = models.BigIntegerField(default=1000)
    currency = models.TextField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="pricing_price_key",
                fields=(
                    "product",
                    "place",
                    "valid_from",
                    "member",
                    "price_zone",
                    "channel",
                    "currency",
                ),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="pricing_price_amount", condition=Q(amount__gte=0, base__gt=0)),
            models.CheckConstraint(name="pricing_price_currency", condition=Q(currency__regex=_CURRENCY)),
            models.CheckConstraint(name="pricing_price_window", condition=Q(valid_to__gt=F("valid_from"))),
            models.CheckConstraint(
                name="pricing_price_where",
                condition=Q(place__isnull=True) | Q(price_zone__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}/{self.base} {self.currency} from {self.valid_from}"


class TaxRate(models.Model):
    """The rate of a class of products in a tax regime from the local day `valid_from` on; `region` "" is all of it.

    `inclusive` says how the regime quotes prices; a document follows its legal entity, which audit compares.
    """

    regime = models.TextField()
    region = models.TextField(default="", blank=True)
    tax_class = models.TextField(db_column="class")
    rate_ppm = models.IntegerField()
    inclusive = models.BooleanField()
    valid_from = models.DateField()

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        db_table = "pricing_tax_rate"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="pricing_tax_rate_key", fields=("regime", "region", "tax_class", "valid_from")
            ),
            models.CheckConstraint(name="pricing_tax_rate_rate", condition=Q(rate_ppm__range=(0, 10 * MILLION))),
            models.CheckConstraint(name="pricing_tax_rate_named", condition=~Q(regime="") & ~Q(tax_class="")),
        ]

    def __str__(self) -> str:
        return f"{self.regime} {self.tax_class} {self.rate_ppm}"


class Promotion(models.Model):
    """A promotion. Its own `amount`, `base` and `rate_ppm` hold for targets that state none.

    `everything` and `everywhere` say that it has no list of targets or places, so that an empty list
    never widens it. A draft is not given to anybody.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(unique=True)
    name = models.TextField()
    names = models.JSONField(default=dict, blank=True)
    kind = models.TextField()
    state = models.TextField(default="draft")
    currency = models.TextField(null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    base = models.BigIntegerField(default=1000)
    rate_ppm = models.IntegerField(null=True, blank=True)
    group_size = models.IntegerField(null=True, blank=True)
    funder = models.TextField(default="retailer")
    channels = ArrayField(models.TextField(), null=True, blank=True)
    member_only = models.BooleanField(default=False)
    priority = models.IntegerField(default=0)
    stackable = models.BooleanField(default=False)
    exclusive = models.BooleanField(default=False)
    max_uses = models.IntegerField(null=True, blank=True)
    weekdays = ArrayField(models.SmallIntegerField(), null=True, blank=True)
    from_minute = models.SmallIntegerField(null=True, blank=True)
    to_minute = models.SmallIntegerField(null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    everything = models.BooleanField(default=True)
    everywhere = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        constraints: ClassVar = [
            models.CheckConstraint(name="pricing_promotion_ref", condition=~Q(ref="")),
            models.CheckConstraint(name="pricing_promotion_kind", condition=Q(kind__in=PROMOTION_KINDS)),
            models.CheckConstraint(
                name="pricing_promotion_state", condition=Q(state__in=("draft", "scheduled", "cancelled"))
            ),
            models.CheckConstraint(name="pricing_promotion_funder", condition=Q(funder__in=FUNDERS)),
            models.CheckConstraint(
                name="pricing_promotion_values",
                condition=Q(amount__gte=0, base__gt=0) | Q(amount__isnull=True, base__gt=0),
            ),
            models.CheckConstraint(name="pricing_promotion_rate", condition=Q(rate_ppm__range=(1, MILLION))),
            models.CheckConstraint(
                name="pricing_promotion_currency",
                condition=Q(kind="percentage") | Q(currency__regex=_CURRENCY, currency__isnull=False),
            ),
            models.CheckConstraint(
                name="pricing_promotion_group",
                condition=~Q(kind="n_for_price")
                | Q(
                    group_size__gte=1,
                    group_size__isnull=False,
                    amount__gt=0,
                    amount__isnull=False,
                    stackable=False,
                ),
            ),
            models.CheckConstraint(
                name="pricing_promotion_stack",
                condition=Q(stackable=False) | Q(exclusive=False, max_uses__isnull=True),
            ),
            models.CheckConstraint(name="pricing_promotion_uses", condition=Q(max_uses__gte=1)),
            models.CheckConstraint(name="pricing_promotion_window", condition=Q(ends_at__gte=F("starts_at"))),
            models.CheckConstraint(
                name="pricing_promotion_hours",
                condition=Q(from_minute__isnull=True, to_minute__isnull=True)
                | Q(
                    from_minute__isnull=False,
                    to_minute__isnull=False,
                    from_minute__range=(0, 1439),
                    to_minute__range=(1, 1440),
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="pricing_promotion_everything",
                fields=("starts_at",),
                condition=Q(everything=True, state="scheduled"),
            ),
            models.Index(name="pricing_promotion_list", fields=("-starts_at", "id")),
        ]

    def __str__(self) -> str:
        return self.name


class PromotionTarget(models.Model):
    """One thing that a promotion is about: a product, or a category with all below it; maybe at one place only.

    Values that it states go before the promotion's own. Promotions come with targets by the hundred thousand: what
    they point at is resolved by the load, and proved by the audit.
    """

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    product = models.ForeignKey(
        "catalog.Product", models.PROTECT, related_name="+", null=True, db_index=False, db_constraint=False
    )
    category = models.ForeignKey(
        "catalog.Category", models.PROTECT, related_name="+", null=True, db_index=False, db_constraint=False
    )
    place = models.ForeignKey(
        "places.Place", models.PROTECT, related_name="+", null=True, db_index=False, db_constraint=False
    )
    amount = models.BigIntegerField(null=True)
    base = models.BigIntegerField(null=True)
    rate_ppm = models.IntegerField(null=True)

    class Meta:
        db_table = "pricing_promotion_target"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="pricing_promotion_target_key",
                fields=("promotion", "product", "category", "place"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="pricing_promotion_target_one",
                condition=Q(product__isnull=False, category__isnull=True)
                | Q(product__isnull=True, category__isnull=False),
            ),
            models.CheckConstraint(
                name="pricing_promotion_target_values",
                condition=Q(amount__gte=0, base__gt=0, base__isnull=False, rate_ppm__isnull=True)
                | Q(amount__isnull=True, base__isnull=True),
            ),
            models.CheckConstraint(name="pricing_promotion_target_rate", condition=Q(rate_ppm__range=(1, MILLION))),
        ]
        indexes: ClassVar = [
            models.Index(
                name="pricing_promotion_target_prod",
                fields=("product", "place"),
                condition=Q(product__isnull=False),
            ),
            models.Index(
                name="pricing_promotion_target_cat",
                fields=("category",),
                condition=Q(category__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.product_id or self.category_id}"


class PromotionPlace(models.Model):
    """A place where a promotion runs that does not run everywhere."""

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="+", db_index=False)
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "pricing_promotion_place"
        constraints: ClassVar = [
            models.UniqueConstraint(name="pricing_promotion_place_key", fields=("promotion", "place")),
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id} at {self.place_id}"
