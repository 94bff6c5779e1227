"""Baskets of those who signed in, so that they have them on each of their devices (a guest's is in a cookie); each shop's best
offers; and the line that forms for what many want at once.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

MOST_RANKED = 96


class Basket(models.Model):
    """What somebody means to buy: `lines` is a list of [product id, thousandths]. No price is kept, nothing is held.

    Beside it where and with which test card they bought last, so that the next order takes three taps.
    """

    user = models.OneToOneField("identity.User", models.CASCADE, primary_key=True, related_name="+")
    lines = models.JSONField(default=list)
    place = models.TextField(null=True)
    card = models.TextField(null=True)
    changed_at = models.DateTimeField(auto_now=True)


class Ranking(models.Model):
    """The offers of a shop, the best first, for members or for others: made by a job while people look at the shop.

    Made of prices, promotions and sales, and made again at any time; prices are never read from here.
    """

    pk = models.CompositePrimaryKey("place_id", "member")
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+")
    member = models.BooleanField()
    products = ArrayField(models.UUIDField(), default=list)
    wanted_at = models.DateTimeField()
    ranked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(products__len__lte=MOST_RANKED), name="shop_ranking_short"),
            models.CheckConstraint(
                condition=Q(ranked_at__isnull=False) | Q(products__len=0), name="shop_ranking_ranked"
            ),
        )


class Hot(models.Model):
    """A product that more people want at once than there is of it: in the shop they wait in line for it, `at_once` of them pay at a time."""

    product = models.OneToOneField("catalog.Product", models.CASCADE, primary_key=True, related_name="+")
    at_once = models.IntegerField(default=50)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(at_once__range=(1, 1000)), name="shop_hot_at_once"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=models.F("starts_at")), name="shop_hot_ends"
            ),
        )


class Queue(models.Model):
    """The line for a hot product at a shop; `given` is the last number given out. Whoever gives numbers or lets in locks it."""

    pk = models.CompositePrimaryKey("product_id", "place_id")
    product = models.ForeignKey("catalog.Product", models.CASCADE, related_name="+")
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+")
    given = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(given__gte=0), name="shop_queue_given"),)


class Ticket(models.Model):
    """Somebody's turn in a line: lower numbers came first. `holder` is a user, or what a guest's device was given.

    waiting → in (until `ends_at`) → done, with the order; or sold_out, left (they said so), lapsed (they went away).
    """

    STATES = ("waiting", "in", "done", "sold_out", "left", "lapsed")

    id = models.UUIDField(primary_key=True)
    product = models.ForeignKey("catalog.Product", models.CASCADE, related_name="+")
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+")
    number = models.BigIntegerField()
    holder = models.UUIDField()
    quantity = models.BigIntegerField()
    state = models.TextField(default="waiting")
    taken_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    order = models.ForeignKey("orders.Order", models.CASCADE, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = (
            models.UniqueConstraint("product", "place", "number", name="shop_ticket_number"),
            models.UniqueConstraint(
                fields=["product", "place", "holder"], condition=Q(state__in=("waiting", "in")), name="shop_ticket_one"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "in", "done", "sold_out", "left", "lapsed")), name="shop_ticket_state"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shop_ticket_quantity"),
            models.CheckConstraint(
                condition=Q(state="in", ends_at__isnull=False) | ~Q(state="in"), name="shop_ticket_ends"
            ),
            models.CheckConstraint(
                condition=Q(state="done", order__isnull=False) | (~Q(state="done") & Q(order__isnull=True)),
                name="shop_ticket_done",
            ),
        )
        indexes = (
            models.Index(
                fields=["product", "place", "number"], condition=Q(state="waiting"), name="shop_ticket_waiting"
            ),
            models.Index(fields=["holder"], name="shop_ticket_holder"),
            models.Index(fields=["taken_at"], name="shop_ticket_taken"),
        )
