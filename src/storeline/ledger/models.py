"""Tables of the ledger. Postings are append-only: a trigger refuses to change or delete one.

References out of `ledger_posting` are not foreign keys: they were checked when the posting was decided,
and the audit checks them again.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

KINDS = ("asset", "liability", "income", "expense")


class Account(models.Model):
    """One line of the chart of accounts."""

    code = models.TextField(primary_key=True)
    name = models.TextField()
    kind = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="ledger_account_kind"),
            models.CheckConstraint(condition=Q(code__regex=r"^[a-z][a-z0-9_]*$"), name="ledger_account_code"),
        ]


class Posting(models.Model):
    """One line of a transaction: a signed amount on an account of an entity. Debits are positive."""

    pk = models.CompositePrimaryKey("transaction_id", "line_no")
    transaction_id = models.UUIDField()
    line_no = models.IntegerField()
    entity_id = models.UUIDField()
    place_id = models.UUIDField(null=True)
    account = models.TextField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    business_date = models.DateField()
    at = models.DateTimeField()
    kind = models.TextField()
    source_id = models.UUIDField()
    holding_id = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_posting_amount"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="ledger_posting_currency"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["source_id"], name="ledger_posting_source"),
            models.Index(
                fields=["holding_id", "at"], name="ledger_posting_holding", condition=Q(holding_id__isnull=False)
            ),
        ]


class Holding(models.Model):
    """Value held for someone, spendable down to zero: its balance is the sum of its postings, cached.

    The balance is cached because it must not go negative; it changes only under its own lock.
    """

    id = models.UUIDField(primary_key=True)
    entity_id = models.UUIDField()
    account = models.ForeignKey(Account, models.PROTECT, db_column="account", related_name="+")
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(balance__gte=0), name="ledger_holding_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="ledger_holding_currency"),
        ]
