"""Lots, what moved them, recalls of them, and why stock was corrected."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from storeline.stock.domain.goods import LONGEST_NOTE, REASONS
from storeline.stock.domain.lots import LONGEST_LOT
from storeline.stock.domain.recalls import LONGEST_WHY, RecallState
from storeline.stock.models.references import reference


class Lot(models.Model):
    """What a place has of a lot: part of its balance. The rest of the balance is in no lot.

    `expired` is what is promised to nobody online: it is past its day, or `recalled`.
    """

    pk = models.CompositePrimaryKey("place_id", "product_id", "lot")
    place = reference("places.Place")
    product = reference("catalog.Product")
    lot = models.TextField()
    expires_on = models.DateField(null=True, blank=True)
    on_hand = models.BigIntegerField()
    expired = models.BooleanField(db_default=False)
    recalled = models.BooleanField(db_default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_lot_on_hand", condition=Q(on_hand__gte=0)),
            models.CheckConstraint(
                name="stock_lot_lot", condition=~Q(lot="") & Q(LessThanOrEqual(Length("lot"), LONGEST_LOT))
            ),
            models.CheckConstraint(
                name="stock_lot_kept_back",
                condition=Q(expired=False, recalled=False)
                | Q(expired=True, expires_on__isnull=False)
                | Q(expired=True, recalled=True),
            ),
        )
        indexes = (
            models.Index(name="stock_lot_place", fields=("place", "expires_on")),
            models.Index(name="stock_lot_due", fields=("expires_on",), condition=Q(expired=False)),
            models.Index(name="stock_lot_recall", fields=("product", "lot")),
            models.Index(name="stock_lot_recalled", fields=("place",), condition=Q(recalled=True)),
        )

    def __str__(self) -> str:
        return f"{self.lot}: {self.on_hand}"


class LotMove(models.Model):
    """How much of a lot a movement brought or took, beside the movement itself. Rows are only ever added."""

    pk = models.CompositePrimaryKey("source_id", "line_no", "kind", "lot")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    kind = models.TextField()
    lot = models.TextField()
    place = reference("places.Place")
    product = reference("catalog.Product")
    quantity = models.BigIntegerField()

    class Meta:
        db_table = "stock_lot_move"
        constraints = (models.CheckConstraint(name="stock_lot_move_quantity", condition=~Q(quantity=0)),)
        indexes = (models.Index(name="stock_lot_move_recall", fields=("product", "lot")),)

    def __str__(self) -> str:
        return f"{self.lot}: {self.quantity}"


class Recall(models.Model):
    """A lot that must not be sold any more, and why; the id was made by its client.

    ``open`` while it is taken off the shelves, then ``closed``: it stays blocked. ``lifted`` where it was a mistake.
    """

    id = models.UUIDField(primary_key=True)
    product = reference("catalog.Product")
    lot = models.TextField()
    reason = models.TextField()
    state = models.TextField(db_default=RecallState.OPEN.value)
    started_at = models.DateTimeField()
    started_by = models.UUIDField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="stock_recall_state", condition=Q(state__in=[state.value for state in RecallState])
            ),
            models.CheckConstraint(
                name="stock_recall_ended",
                condition=Q(state="open", ended_at__isnull=True) | (~Q(state="open") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="stock_recall_reason", condition=~Q(reason="") & Q(LessThanOrEqual(Length("reason"), LONGEST_WHY))
            ),
            models.UniqueConstraint(name="stock_recall_once", fields=("product", "lot"), condition=~Q(state="lifted")),
        )
        indexes = (models.Index(name="stock_recall_open", fields=("id",), condition=Q(state="open")),)

    def __str__(self) -> str:
        return f"{self.state} {self.lot}"


class TakeOff(models.Model):
    """What a place took off its shelf for a recall: `found` and thrown away, and of the books' lot what was `missing`.

    All of it may be 0, where its books had none (`expected`) and nothing was there: with `all_of_it` it has looked. The id was made by its client, and is the source of its movements.
    """

    id = models.UUIDField(primary_key=True)
    recall_id = models.UUIDField()
    place = reference("places.Place")
    expected = models.BigIntegerField()
    found = models.BigIntegerField()
    missing = models.BigIntegerField()
    all_of_it = models.BooleanField(db_default=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, blank=True)

    class Meta:
        db_table = "stock_take_off"
        constraints = (
            models.CheckConstraint(
                name="stock_take_off_parts",
                condition=Q(expected__gte=0, found__gte=0, missing__gte=0)
                & (Q(all_of_it=True) | Q(found__gt=0))
                & (Q(expected=0, missing=0) | ~Q(expected=0) & ~Q(found=0, missing=0)),
            ),
        )
        indexes = (models.Index(name="stock_take_off_of", fields=("recall_id", "place")),)

    def __str__(self) -> str:
        return f"{self.found} taken off"


class Adjustment(models.Model):
    """Why stock was corrected, and by whom; `actor_id` null where a program did it."""

    pk = models.CompositePrimaryKey("source_id", "line_no")
    source_id = models.UUIDField()
    line_no = models.IntegerField()
    kind = models.TextField()
    place = reference("places.Place")
    product = reference("catalog.Product")
    quantity = models.BigIntegerField()
    reason = models.TextField()
    note = models.TextField(db_default="", blank=True)
    lot = models.TextField(null=True, blank=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="stock_adjustment_kind", condition=Q(kind__in=["adjustment", "waste"])),
            models.CheckConstraint(name="stock_adjustment_quantity", condition=~Q(quantity=0)),
            models.CheckConstraint(name="stock_adjustment_reason", condition=Q(reason__in=REASONS)),
            models.CheckConstraint(name="stock_adjustment_other", condition=~Q(reason="other", note="")),
            models.CheckConstraint(
                name="stock_adjustment_note", condition=Q(LessThanOrEqual(Length("note"), LONGEST_NOTE))
            ),
        )
        indexes = (models.Index(name="stock_adjustment_place", fields=("place", "at")),)

    def __str__(self) -> str:
        return f"{self.reason} {self.quantity}"
