"""Tables of fiscal documents. Receipts are append-only: a trigger refuses to change or delete one."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

_OWN = Q(series_id__isnull=False, number__isnull=False, number__gte=1, hash__isnull=False, imported_number__isnull=True)
_IMPORTED = Q(series_id__isnull=True, number__isnull=True, hash__isnull=True, imported_number__isnull=False)


class Series(models.Model):
    """A number series of one till, or of one place's channel: 1, 2, 3 … without gaps.

    Its id follows from entity, place and name. The row is locked only while receipts are numbered, never by an order.
    """

    id = models.UUIDField(primary_key=True)
    entity_id = models.UUIDField()
    place_id = models.UUIDField()
    name = models.TextField()
    last_number = models.BigIntegerField(default=0)
    last_hash = models.BinaryField(default=b"")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entity_id", "place_id", "name"], name="fiscal_series_once"),
            models.CheckConstraint(condition=Q(last_number__gte=0), name="fiscal_series_number"),
        ]


class Receipt(models.Model):
    """The receipt of one sale or return: in a series of ours, or with the number it brought along."""

    pk = models.CompositePrimaryKey("source_id", "kind")
    source_id = models.UUIDField()
    kind = models.TextField()
    series_id = models.UUIDField(null=True)
    number = models.BigIntegerField(null=True)
    imported_series = models.TextField(null=True)
    imported_number = models.TextField(null=True)
    entity_id = models.UUIDField()
    place_id = models.UUIDField()
    business_date = models.DateField()
    at = models.DateTimeField()
    issued_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    tax_rates = ArrayField(models.BigIntegerField())
    taxable = ArrayField(models.BigIntegerField())
    taxes = ArrayField(models.BigIntegerField())
    hash = models.BinaryField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series_id", "number"], name="fiscal_receipt_number"),
            models.CheckConstraint(condition=_OWN | _IMPORTED, name="fiscal_receipt_origin"),
            models.CheckConstraint(
                condition=Q(kind="sale", total__gte=0) | Q(kind="return", total__lte=0), name="fiscal_receipt_sign"
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="fiscal_receipt_currency"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["imported_number"], name="fiscal_receipt_imported", condition=Q(imported_number__isnull=False)
            ),
        ]
