"""Customers, contact points, cards, consent records and links between records of one person.

Consent records keep what ISO/IEC TS 27560:2023 asks for: who, for which purpose, on which legal
ground, with which words, when, how, and until when. They are appended, never changed.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from storeline.customers.domain import CONTACT_KINDS, E164, KINDS
from storeline.kernel.api import new_id


class Customer(models.Model):
    """A member or a guest. `ref` is the retailer's own code; all else personal goes when erased."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(unique=True)
    kind = models.TextField(db_default="member")
    name = models.TextField(db_default="")
    language = models.TextField(db_default="")
    country = models.TextField(db_default="")
    joined_at = models.DateTimeField(null=True)
    user = models.OneToOneField("identity.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="customers_customer_kind"),
            models.CheckConstraint(condition=~models.Q(ref=""), name="customers_customer_ref"),
            models.CheckConstraint(
                condition=models.Q(erased_at=None) | models.Q(name="", country="", language="", user=None),
                name="customers_erased_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ContactPoint(models.Model):
    """An address or number, in its one normal form. Once proved, it is one customer's only."""

    id = models.UUIDField(primary_key=True, default=new_id)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.TextField()
    value = models.TextField()
    verified_at = models.DateTimeField(null=True)
    preferred = models.BooleanField(db_default=False)

    class Meta:
        db_table = "customers_contact_point"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(kind__in=CONTACT_KINDS), name="customers_contact_kind"),
            models.CheckConstraint(condition=~models.Q(value=""), name="customers_contact_value"),
            models.CheckConstraint(
                condition=~models.Q(kind="phone") | models.Q(value__regex=E164), name="customers_contact_e164"
            ),
            models.UniqueConstraint(fields=["customer", "kind", "value"], name="customers_contact_once"),
            models.UniqueConstraint(
                fields=["kind", "value"],
                condition=models.Q(verified_at__isnull=False),
                name="customers_contact_proved_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "value"], name="customers_contact_lookup")]

    def __str__(self) -> str:
        return str(self.id)


class Card(models.Model):
    """A membership card."""

    number = models.TextField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    issued_at = models.DateTimeField()
    blocked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "card"


class Purpose(models.Model):
    """What consent is asked for: the ground, the data, who receives it, and how long a consent holds."""

    code = models.TextField(primary_key=True)
    label = models.TextField()
    basis = models.TextField(db_default="consent")
    data = ArrayField(models.TextField(), default=list)
    recipients = ArrayField(models.TextField(), default=list)
    valid_days = models.IntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(valid_days=None) | models.Q(valid_days__gt=0), name="customers_purpose_valid"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Consent(models.Model):
    """One statement of one person: appended, never changed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    purpose = models.ForeignKey(
        Purpose, on_delete=models.PROTECT, related_name="+", db_column="purpose", db_index=False
    )
    granted = models.BooleanField()
    at = models.DateTimeField()
    source = models.TextField(db_default="")
    text = models.TextField(db_default="")
    text_version = models.TextField(db_default="")
    language = models.TextField(db_default="")
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "purpose", "at"], name="customers_consent_once"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Merge(models.Model):
    """Says that two records are one person's. Nothing else is rewritten, so it can be undone."""

    id = models.UUIDField(primary_key=True, default=new_id)
    merged = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    survivor = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(db_default="")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merged"], condition=models.Q(undone_at=None), name="customers_merge_once"),
            models.CheckConstraint(condition=~models.Q(merged=models.F("survivor")), name="customers_merge_two"),
            models.CheckConstraint(
                condition=models.Q(undone_at=None) | models.Q(undone_at__gte=models.F("at")),
                name="customers_merge_times",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
