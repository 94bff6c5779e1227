"""Vans, their turns, and the proofs that goods changed hands."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from storeline.fulfilment.domain.runs import LIVE_DROPS, DropState, How, RunState
from storeline.fulfilment.models.references import reference


class Van(models.Model):
    """A van of a place."""

    id = models.UUIDField(primary_key=True)
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+")
    name = models.TextField()
    active = models.BooleanField(db_default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place", "name"], name="fulfilment_van_key"),
            models.CheckConstraint(condition=~Q(name=""), name="fulfilment_van_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One turn of a van: loaded at its place, out, back. A van has one at a time."""

    id = models.UUIDField(primary_key=True)
    van = models.ForeignKey(Van, models.PROTECT, related_name="+", db_index=False)
    place = reference("places.Place")
    day = models.DateField()
    state = models.TextField()
    created_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    back_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["place", "day"], name="fulfilment_run_day")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["van"], name="fulfilment_run_one", condition=~Q(state="back")),
            models.CheckConstraint(
                condition=Q(state="loading", left_at=None, back_at=None)
                | Q(state="out", left_at__isnull=False, back_at=None)
                | Q(state="back", back_at__isnull=False),
                name="fulfilment_run_state",
            ),
        ]

    def __str__(self) -> str:
        return RunState(self.state)


class Drop(models.Model):
    """One order of a turn, in the order in which the van goes."""

    pk = models.CompositePrimaryKey("run_id", "order_id")
    run = models.ForeignKey(Run, models.PROTECT, related_name="+", db_index=False)
    order = reference("orders.Order")
    position = models.IntegerField()
    state = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order"], name="fulfilment_drop_one", condition=Q(state__in=list(LIVE_DROPS))
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in DropState]), name="fulfilment_drop_state"
            ),
        ]

    def __str__(self) -> str:
        return self.state


class Proof(models.Model):
    """That goods changed hands: a code that was right, or a signature. About a turn, an order or a parcel."""

    id = models.UUIDField(primary_key=True)
    subject_id = models.UUIDField()
    kind = models.TextField()
    how = models.TextField()
    name = models.TextField()
    drawing = models.TextField()
    place = reference("places.Place")
    actor_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject_id"], name="fulfilment_proof_subject")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["van", "shopper", "point"]), name="fulfilment_proof_kind"),
            models.CheckConstraint(
                condition=Q(how=How.CODE.value, drawing="")
                | Q(how=How.SIGNATURE.value) & ~Q(name="") & ~Q(drawing="")
                | Q(how="forgotten", name="", drawing=""),
                name="fulfilment_proof_how",
            ),
        ]

    def __str__(self) -> str:
        return self.how
