"""Tables of daily figures. Every row is made of orders and returns, and can be made again of them (`commands.rebuild`).

Amounts are minor units of `currency`, kept apart by legal entity and currency. A row of `ALL_PLACES` is the sum of
the places' rows of its entity; a month's row is the sum of its days. Ids are those of the orders themselves, which the
audit of orders proves, so nothing is checked again here.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

ALL_PLACES = UUID(int=0)
"""Stands for every place of the entity."""
NO_CATEGORY = UUID(int=0)
"""Where a product has no category."""
_KEY = ("place_id", "day", "channel", "entity_id", "currency")
_CATEGORY_KEY = ("place_id", "day", "category_id", "channel", "entity_id", "currency")


class Cell(models.Model):
    """Whose figures, of what day or month (its first day), through which channel."""

    place_id = models.UUIDField()
    day = models.DateField()
    channel = models.TextField()
    entity_id = models.UUIDField()
    currency = models.CharField(max_length=3)

    class Meta:
        abstract = True


class Sold(Cell):
    """What was sold and what came back, without tax.

    `net` is after every discount and after what was not found; `promoted` the part of it on lines that had a
    discount; `costed` the part of it whose cost is known, and `cost` that cost.
    """

    items = models.BigIntegerField()
    net = models.BigIntegerField()
    promoted = models.BigIntegerField()
    costed = models.BigIntegerField()
    cost = models.BigIntegerField()
    returned_items = models.BigIntegerField()
    returned_net = models.BigIntegerField()

    class Meta:
        abstract = True


class Trade(Sold):
    """The same with all that is known of a place's day.

    `discount_*` are what was agreed to be taken off, by who pays for it. `baskets` are orders, `waiting` those of them
    that are not handed over yet.
    """

    lines = models.BigIntegerField()
    tax = models.BigIntegerField()
    discount_retailer = models.BigIntegerField()
    discount_manufacturer = models.BigIntegerField()
    discount_partner = models.BigIntegerField()
    returned_tax = models.BigIntegerField()
    baskets = models.BigIntegerField()
    waiting = models.BigIntegerField()
    returns = models.BigIntegerField()

    class Meta:
        abstract = True


class TradeDay(Trade):
    """A place's business day, by channel."""

    pk = models.CompositePrimaryKey(*_KEY)

    class Meta:
        db_table = "insight_trade_day"
        indexes: ClassVar = [models.Index(fields=["day", "place_id"], name="insight_trade_day_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.net} {self.currency}"


class TradeMonth(Trade):
    """A place's month, by channel."""

    pk = models.CompositePrimaryKey(*_KEY)

    class Meta:
        db_table = "insight_trade_month"
        indexes: ClassVar = [models.Index(fields=["day", "place_id"], name="insight_trade_month_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.net} {self.currency}"


class CategoryDay(Sold):
    """A place's business day by category, of the tree's second level (or a root, where there is none)."""

    pk = models.CompositePrimaryKey(*_CATEGORY_KEY)
    category_id = models.UUIDField()

    class Meta:
        db_table = "insight_category_day"

    def __str__(self) -> str:
        return f"{self.day} {self.net} {self.currency}"


class CategoryMonth(Sold):
    """A place's month by category."""

    pk = models.CompositePrimaryKey(*_CATEGORY_KEY)
    category_id = models.UUIDField()

    class Meta:
        db_table = "insight_category_month"

    def __str__(self) -> str:
        return f"{self.day} {self.net} {self.currency}"


class TradeHour(Cell):
    """An hour of a place's business day, by its own clock."""

    pk = models.CompositePrimaryKey("place_id", "day", "hour", "channel", "entity_id", "currency")
    hour = models.SmallIntegerField()
    baskets = models.BigIntegerField()
    net = models.BigIntegerField()
    returned_net = models.BigIntegerField()

    class Meta:
        db_table = "insight_trade_hour"
        indexes: ClassVar = [models.Index(fields=["day", "place_id"], name="insight_trade_hour_day")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(hour__range=(0, 23)), name="insight_trade_hour_hour")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.hour}: {self.net} {self.currency}"


class Touched(models.Model):
    """A place's day whose figures are to be made again. Rows are only added, and taken by the next fold."""

    place_id = models.UUIDField()
    day = models.DateField()

    class Meta:
        db_table = "insight_touched"
        indexes: ClassVar = [models.Index(fields=["day", "place_id"], name="insight_touched_day")]

    def __str__(self) -> str:
        return f"{self.place_id} {self.day}"


class State(models.Model):
    """How often figures changed, and when last: whoever kept a page of them knows whether it still holds."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "insight_state"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="insight_one_state")]

    def __str__(self) -> str:
        return str(self.version)


class Availability(models.Model):
    """How many products a place's range held, and how many of them it had to sell, when last looked on `day`."""

    pk = models.CompositePrimaryKey("place_id", "day")
    place_id = models.UUIDField()
    day = models.DateField()
    listed = models.IntegerField()
    available = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "insight_availability"
        indexes: ClassVar = [models.Index(fields=["day"], name="insight_availability_day")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(available__gte=0, available__lte=F("listed")), name="insight_availability_part"
            )
        ]

    def __str__(self) -> str:
        return f"{self.available} of {self.listed}"


class Cost(models.Model):
    """What `base` thousandths of a product cost the entity from a day on, in minor units of `currency`, without tax."""

    pk = models.CompositePrimaryKey("product_id", "entity_id", "currency", "valid_from")
    product_id = models.UUIDField()
    entity_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    valid_from = models.DateField()
    amount = models.BigIntegerField()
    base = models.BigIntegerField(default=1000)

    class Meta:
        db_table = "insight_cost"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gte=0, base__gt=0), name="insight_cost_amount"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="insight_cost_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.amount}/{self.base} {self.currency} from {self.valid_from}"
