"""Tables of capacity. A slot caches what is booked of it, because it must not be booked twice."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from storeline.capacity.domain import MAX_RADIUS_KM, Bring, Method, State
from storeline.kernel.api import new_id

_METHODS = [method.value for method in Method]


class Rule(models.Model):
    """How slots of a place are made for a method; a place without a rule has the default."""

    pk = models.CompositePrimaryKey("place_id", "method")
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+")
    method = models.TextField()
    minutes = models.IntegerField()
    capacity = models.IntegerField()
    lead_minutes = models.IntegerField()
    peaks = models.JSONField(db_default=models.Value([], models.JSONField()))

    class Meta:
        constraints = (
            models.CheckConstraint(name="capacity_rule_method", condition=Q(method__in=_METHODS)),
            models.CheckConstraint(name="capacity_rule_minutes", condition=Q(minutes__range=(15, 24 * 60))),
            models.CheckConstraint(name="capacity_rule_capacity", condition=Q(capacity__gte=0)),
            models.CheckConstraint(name="capacity_rule_lead", condition=Q(lead_minutes__gte=0)),
        )

    def __str__(self) -> str:
        return f"{self.capacity} in {self.minutes} minutes"


class Slot(models.Model):
    """A span in which a place hands over at most `capacity` orders."""

    id = models.UUIDField(primary_key=True, default=new_id)
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+", db_index=False)
    method = models.TextField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    cutoff_at = models.DateTimeField()
    capacity = models.IntegerField()
    held = models.IntegerField(db_default=0)
    fee = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(name="capacity_slot_fee", condition=Q(fee__gte=0)),
            models.UniqueConstraint(name="capacity_slot_key", fields=("place", "method", "starts_at")),
            models.CheckConstraint(name="capacity_slot_method", condition=Q(method__in=_METHODS)),
            models.CheckConstraint(name="capacity_slot_held", condition=Q(held__gte=0, held__lte=F("capacity"))),
            models.CheckConstraint(
                name="capacity_slot_times", condition=Q(starts_at__lt=F("ends_at"), cutoff_at__lte=F("ends_at"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.starts_at:%F %H:%M} {self.method}"


class Booking(models.Model):
    """A source's units of a slot. Released bookings stay: they tell why a slot was not full."""

    source_id = models.UUIDField(primary_key=True)
    slot = models.ForeignKey(Slot, models.DO_NOTHING, related_name="+", db_constraint=False)
    units = models.IntegerField()
    state = models.TextField(db_default=State.HELD.value)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(name="capacity_booking_units", condition=Q(units__gt=0)),
            models.CheckConstraint(
                name="capacity_booking_state", condition=Q(state__in=[state.value for state in State])
            ),
        )
        indexes = (
            models.Index(
                name="capacity_booking_due",
                fields=("expires_at",),
                condition=Q(state="held", expires_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.units}"


class Area(models.Model):
    """Where a place brings goods to, for how much, and as which product the fee is sold.

    Fees are minor units of the place's currency; postal codes are beginnings of them, capitals and digits alone.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+")
    method = models.TextField()
    name = models.TextField()
    country = models.TextField()
    postal_codes = ArrayField(models.TextField(), default=list, blank=True)
    radius_km = models.FloatField(null=True, blank=True)
    fee = models.BigIntegerField()
    free_from = models.BigIntegerField(null=True, blank=True)
    days = models.IntegerField(db_default=0)
    product = models.ForeignKey("catalog.Product", models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="capacity_area_key", fields=("place", "method", "name")),
            models.CheckConstraint(
                name="capacity_area_method", condition=Q(method__in=[method.value for method in Bring])
            ),
            models.CheckConstraint(name="capacity_area_country", condition=Q(country__regex=r"^[A-Z]{2}$")),
            models.CheckConstraint(
                name="capacity_area_radius",
                condition=Q(radius_km__isnull=True) | Q(radius_km__gt=0, radius_km__lte=MAX_RADIUS_KM),
            ),
            models.CheckConstraint(
                name="capacity_area_fee",
                condition=Q(fee__gte=0) & (Q(free_from__isnull=True) | Q(free_from__gt=0)) & Q(days__range=(0, 60)),
            ),
        )

    def __str__(self) -> str:
        return self.name
