"""Parcels that wait at a place, and those given to a carrier."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from storeline.fulfilment.domain.parcels import CLOSED, ParcelState
from storeline.fulfilment.models.references import reference


class Parcel(models.Model):
    """A parcel that waits for somebody at a place, or is on its way there: of our own order, or of a partner.

    How to tell whoever it is for is personal data, and goes when the parcel is closed.
    """

    id = models.UUIDField(primary_key=True)
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+", db_index=False)
    order = reference("orders.Order", null=True)
    client_id = models.UUIDField(null=True)
    reference = models.TextField()
    label = models.TextField()
    temperature = models.TextField()
    compartment = models.TextField(db_default="")
    state = models.TextField()
    announced_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True)
    keep_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    email = models.TextField(db_default="")
    phone = models.TextField(db_default="")
    language = models.TextField(db_default="en")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["place", "state", "id"], name="fulfilment_parcel_place"),
            models.Index(fields=["place", "label"], name="fulfilment_parcel_label", condition=Q(closed_at=None)),
            models.Index(fields=["keep_until"], name="fulfilment_parcel_due", condition=Q(state="arrived")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client_id", "reference"], name="fulfilment_parcel_key", condition=Q(client_id__isnull=False)
            ),
            models.UniqueConstraint(fields=["order"], name="fulfilment_parcel_order", condition=Q(order__isnull=False)),
            models.CheckConstraint(
                condition=Q(order__isnull=True, client_id__isnull=False) | Q(order__isnull=False, client_id=None),
                name="fulfilment_parcel_whose",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in ParcelState]), name="fulfilment_parcel_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(CLOSED), closed_at__isnull=False, email="", phone="")
                | ~Q(state__in=sorted(CLOSED)) & Q(closed_at=None),
                name="fulfilment_parcel_closed",
            ),
            models.CheckConstraint(
                condition=~Q(state="arrived") | Q(arrived_at__isnull=False, keep_until__isnull=False),
                name="fulfilment_parcel_arrived",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Shipment(models.Model):
    """The parcel that an order was sent in: its carrier, and the number that the carrier knows it by."""

    order = models.OneToOneField(
        "orders.Order", on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    carrier = models.TextField()
    tracking = models.TextField()
    shipped_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(carrier="") & ~Q(tracking=""), name="fulfilment_shipment_told"),
        ]

    def __str__(self) -> str:
        return self.tracking
