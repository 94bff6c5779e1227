"""What partners are owed, line by line, and their settlements. Amounts are minor units."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from storeline.consignment.domain import KINDS


def _reference(to: str) -> models.ForeignKey[Any, Any]:
    """A key whose constraint the audit checks instead of a trigger on every row."""
    return models.ForeignKey(to, models.PROTECT, related_name="+", db_constraint=False, db_index=False)


class Settlement(models.Model):
    """What a partner was paid by one entity: all of its lines until a day that no settlement had yet."""

    id = models.UUIDField(primary_key=True)
    organisation = models.ForeignKey("partners.Organisation", models.PROTECT, related_name="+", db_index=False)
    entity = models.ForeignKey("places.Entity", models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    until = models.DateField()
    lines = models.IntegerField()
    sales = models.BigIntegerField()
    returns = models.BigIntegerField()
    commission = models.BigIntegerField()
    losses = models.BigIntegerField()
    owed = models.BigIntegerField()
    at = models.DateTimeField()
    business_date = models.DateField()
    actor_id = models.UUIDField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(name="consignment_settlement_of", fields=("organisation", "id"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="consignment_settlement_owed",
                condition=Q(owed=F("sales") - F("returns") - F("commission") + F("losses"), owed__gt=0),
            ),
            models.CheckConstraint(name="consignment_settlement_lines", condition=Q(lines__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.owed} {self.currency}"


class Line(models.Model):
    """One change of what a partner is owed: a line of a sale, of a return, or goods that are missing. Only ever added."""

    pk = models.CompositePrimaryKey("kind", "source_id", "line_no")
    kind = models.TextField()
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    organisation = _reference("partners.Organisation")
    ownership_id = models.UUIDField()
    entity = _reference("places.Entity")
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    currency = models.CharField(max_length=3)
    quantity = models.BigIntegerField()
    net = models.BigIntegerField()
    commission = models.BigIntegerField()
    owed = models.BigIntegerField()
    business_date = models.DateField()
    at = models.DateTimeField()
    sale_id = models.UUIDField(null=True)
    sale_line = models.IntegerField(null=True)
    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="+", null=True, db_index=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                name="consignment_line_open",
                fields=("organisation", "entity", "business_date"),
                condition=Q(settlement__isnull=True),
            ),
            models.Index(name="consignment_line_of", fields=("organisation", "at", "source_id", "line_no")),
            models.Index(
                name="consignment_line_settled",
                fields=("settlement", "at", "source_id", "line_no"),
                condition=Q(settlement__isnull=False),
            ),
            models.Index(
                name="consignment_line_sale", fields=("sale_id", "sale_line"), condition=Q(sale_id__isnull=False)
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="consignment_line_kind", condition=Q(kind__in=KINDS)),
            models.CheckConstraint(name="consignment_line_owed", condition=Q(owed=F("net") - F("commission"))),
            models.CheckConstraint(
                name="consignment_line_signs",
                condition=Q(kind="sale", net__gte=0, commission__gte=0)
                | Q(kind="return", net__lte=0, commission__lte=0)
                | Q(kind="loss", commission=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owed} {self.currency}"
