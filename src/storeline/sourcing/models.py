"""Tables of sourcing. Costs are thousandths of a minor unit, as in `domain/costs.py`; they are weighed, never charged.

A plan keeps what it was chosen from (`facts`), so that the same orders can be weighed under another policy. It keeps distances
and no position: where a shopper lives is not known from it.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from storeline.kernel.api import new_id
from storeline.sourcing.domain.costs import MOST_PLACES

_NOT_NEGATIVE = (
    "visit",
    "line",
    "parcel",
    "parcel_km",
    "kg",
    "split",
    "keep_share",
    "waste_share",
    "reach_km",
    "margin_share",
    "fee_collect",
    "fee_point",
    "point_hours",
)


class Policy(models.Model):
    """How a channel's orders are weighed and what receiving costs; the row without a channel is everybody else's."""

    ref = models.TextField(primary_key=True)
    channel = models.TextField(null=True, blank=True)
    live = models.BooleanField(default=False)
    visit = models.BigIntegerField()
    line = models.BigIntegerField()
    parcel = models.BigIntegerField()
    parcel_km = models.BigIntegerField()
    kg = models.BigIntegerField()
    parcel_grams = models.BigIntegerField()
    split = models.BigIntegerField()
    most_places = models.SmallIntegerField()
    keep_share = models.IntegerField()
    waste_share = models.IntegerField()
    reach_km = models.IntegerField()
    margin_share = models.IntegerField()
    fee_collect = models.BigIntegerField()
    fee_point = models.BigIntegerField()
    point_hours = models.IntegerField()

    class Meta:
        verbose_name_plural = "policies"
        constraints: ClassVar = [
            models.CheckConstraint(name="sourcing_policy_ref", condition=~Q(ref="") & ~Q(channel="")),
            models.CheckConstraint(
                name="sourcing_policy_not_negative", condition=Q(**{f"{name}__gte": 0 for name in _NOT_NEGATIVE})
            ),
            models.CheckConstraint(name="sourcing_policy_parcel", condition=Q(parcel_grams__gt=0)),
            models.CheckConstraint(name="sourcing_policy_places", condition=Q(most_places__range=(1, MOST_PLACES))),
            models.UniqueConstraint(
                name="sourcing_policy_live", fields=("channel",), condition=Q(live=True), nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.ref


class Group(models.Model):
    """Places that a channel may sell from together."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(unique=True)
    name = models.TextField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="sourcing_group_ref", condition=~Q(ref="") & ~Q(name=""))]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A place of a group. Its position is copied beside it, so that one index finds a group's nearest."""

    pk = models.CompositePrimaryKey("group_id", "place_id")
    group = models.ForeignKey(Group, models.CASCADE, related_name="+", db_index=False)
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+")


class Channel(models.Model):
    """A channel sells from a group; lower numbers first. A channel without rows sells from every place."""

    pk = models.CompositePrimaryKey("channel", "group_id")
    channel = models.TextField()
    group = models.ForeignKey(Group, models.PROTECT, related_name="+")
    priority = models.SmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="sourcing_channel_name", condition=~Q(channel="") & Q(priority__gte=0))
        ]


class Site(models.Model):
    """What is particular to a place: the most online orders in an hour, its own costs of picking; null: none of its own."""

    place = models.OneToOneField("places.Place", models.CASCADE, primary_key=True, related_name="+")
    per_hour = models.IntegerField(null=True, blank=True)
    visit = models.BigIntegerField(null=True, blank=True)
    line = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sourcing_site_not_negative",
                condition=(Q(per_hour__isnull=True) | Q(per_hour__gte=0))
                & (Q(visit__isnull=True) | Q(visit__gte=0))
                & (Q(line__isnull=True) | Q(line__gte=0)),
            )
        ]


class Closure(models.Model):
    """A place takes no online orders from `starts_at` until `ends_at` (null: until it is opened); of one channel, or of all."""

    id = models.UUIDField(primary_key=True, default=new_id)
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+", db_index=False)
    channel = models.TextField(null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sourcing_closure_times", condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at"))
            ),
            models.CheckConstraint(name="sourcing_closure_reason", condition=~Q(reason="") & ~Q(channel="")),
        ]
        indexes: ClassVar = [models.Index(name="sourcing_closure_place", fields=("place", "starts_at"))]


class Load(models.Model):
    """How many orders and kept plans ask a place to pick in an hour; what a cap is held against."""

    pk = models.CompositePrimaryKey("place_id", "hour")
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    hour = models.DateTimeField()
    orders = models.IntegerField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="sourcing_load_orders", condition=Q(orders__gte=0))]


class Ask(models.Model):
    """That an order asks a place which has a cap: it counts in that hour, and no more once it is cancelled."""

    pk = models.CompositePrimaryKey("order_id", "place_id")
    order_id = models.UUIDField()
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    hour = models.DateTimeField()


class Value(models.Model):
    """What sourcing knows of a product at a place: millionths of a unit sold a day, hours until it is filled up, what a unit
    costs that somebody does not find (`loss`) or that spoils (`spoilt`); `fixed`: a unit's value set from above instead. `counted_at`: when somebody last counted it there; `wrong`: thousandths of the place's counts
    that found another figure than the books.
    """

    pk = models.CompositePrimaryKey("place_id", "product_id")
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    rate = models.BigIntegerField(db_default=0)
    cover_hours = models.IntegerField(db_default=168)
    loss = models.BigIntegerField(db_default=0)
    spoilt = models.BigIntegerField(db_default=0)
    fixed = models.BigIntegerField(null=True, blank=True)
    fixed_until = models.DateTimeField(null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)
    wrong = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sourcing_value_wrong", condition=Q(wrong__isnull=True) | Q(wrong__range=(0, 1000))
            ),
            models.CheckConstraint(
                name="sourcing_value_not_negative",
                condition=Q(rate__gte=0, cover_hours__gt=0, loss__gte=0) & (Q(fixed__isnull=True) | Q(fixed__gte=0)),
            ),
            models.CheckConstraint(
                name="sourcing_value_until", condition=Q(fixed__isnull=False) | Q(fixed_until__isnull=True)
            ),
        ]


class Plan(models.Model):
    """The plan that an order is served by: what it costs, what the next best would have, and from what it was chosen."""

    order_id = models.UUIDField(primary_key=True)
    channel = models.TextField()
    method = models.TextField()
    policy = models.TextField()
    digest = models.UUIDField()
    made_at = models.DateTimeField()
    kept_at = models.DateTimeField(db_default=Now())
    cost = models.BigIntegerField()
    split = models.BigIntegerField()
    refused = models.BigIntegerField()
    next_cost = models.BigIntegerField(null=True, blank=True)
    next_places = ArrayField(models.UUIDField(), default=list)
    facts = models.JSONField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="sourcing_plan_parts", condition=Q(split__gte=0, refused__gte=0)),
            models.CheckConstraint(
                name="sourcing_plan_next", condition=Q(next_cost__isnull=True) | Q(next_cost__gte=F("cost"))
            ),
        ]
        indexes: ClassVar = [models.Index(name="sourcing_plan_made", fields=("made_at",))]


class Part(models.Model):
    """What one place does in a plan, and what that costs. `hour`: in which it counts; null where its order counts itself, or was cancelled."""

    pk = models.CompositePrimaryKey("order_id", "place_id")
    order = models.ForeignKey(Plan, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    hour = models.DateTimeField(null=True, blank=True)
    metres = models.BigIntegerField()
    grams = models.BigIntegerField()
    parcels = models.IntegerField()
    visit = models.BigIntegerField()
    lines = models.BigIntegerField()
    shipping = models.BigIntegerField()
    weight = models.BigIntegerField()
    keep = models.BigIntegerField()
    waste = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sourcing_part_signs",
                condition=Q(metres__gte=0, grams__gte=0, parcels__gt=0, visit__gte=0, lines__gte=0, shipping__gte=0)
                & Q(weight__gte=0, keep__gte=0, waste__lte=0),
            )
        ]
        indexes: ClassVar = [models.Index(name="sourcing_part_hour", fields=("place", "hour"))]


class Pick(models.Model):
    """So much of a product that a place gives to a plan."""

    pk = models.CompositePrimaryKey("order_id", "place_id", "product_id")
    order = models.ForeignKey(Plan, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    quantity = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="sourcing_pick_quantity", condition=Q(quantity__gt=0))]
