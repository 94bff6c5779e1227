"""What is remembered of imports: each run, and what an independent reader found each document to be worth."""

from __future__ import annotations

from django.db import models


class Import(models.Model):
    """One run of the importer over a folder."""

    id = models.UUIDField(primary_key=True)
    folder = models.TextField()
    hashes = models.JSONField()  # SHA-256 by file name
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)  # null: it runs, or was killed
    result = models.JSONField(null=True)  # counts by file

    class Meta:
        db_table = "exchange_import"
        indexes = [models.Index(fields=["-started_at"], name="exchange_import_started")]


class Document(models.Model):
    """An order or return of a source file, as the second reader understood it. The audit compares it with the books."""

    pk = models.CompositePrimaryKey("kind", "ref")
    kind = models.TextField()
    ref = models.TextField()
    place = models.TextField()  # the place's ref in the file
    week = models.TextField()  # ISO week of the business date, such as 2017-W05
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=38, decimal_places=6)  # sum of the lines' amounts, main units

    class Meta:
        db_table = "exchange_document"
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=("order", "return")), name="exchange_document_kind")
        ]
