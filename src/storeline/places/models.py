"""Tables of places."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from storeline.kernel.api import new_id
from storeline.places.domain import CAPABILITIES, DAY, FORMATS, TEMPERATURES


class Entity(models.Model):
    """A legal entity: whose books, currency, tax regime and receipts."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(unique=True)
    name = models.TextField()
    country = models.TextField()
    currency = models.TextField()
    tax_regime = models.TextField()
    inclusive = models.BooleanField()
    zone = models.TextField(default="UTC")
    tax_number = models.TextField(default="", blank=True)
    gln = models.TextField(null=True, blank=True, unique=True)
    receipt_series = models.TextField(default="", blank=True)

    class Meta:
        verbose_name = _("legal entity")
        verbose_name_plural = _("legal entities")
        constraints = (
            models.CheckConstraint(name="places_entity_ref", condition=~Q(ref="")),
            models.CheckConstraint(name="places_entity_country", condition=Q(country__regex=r"^[A-Z]{2}$")),
            models.CheckConstraint(name="places_entity_currency", condition=Q(currency__regex=r"^[A-Z]{3}$")),
            models.CheckConstraint(name="places_entity_gln", condition=Q(gln__regex=r"^[0-9]{13}$")),
        )

    def __str__(self) -> str:
        return self.name


class Place(models.Model):
    """A place of any format, where something is sold, kept, collected or repaired.

    `keeps` are the temperature classes that goods can wait there in; empty where its format says it.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(unique=True)
    entity = models.ForeignKey(Entity, models.PROTECT, related_name="+")
    name = models.TextField()
    names = models.JSONField(default=dict, blank=True)
    format = models.TextField()
    gln = models.TextField(null=True, blank=True, unique=True)
    zone = models.TextField()
    country = models.TextField()
    region = models.TextField(default="", blank=True)
    city = models.TextField(default="", blank=True)
    postal_code = models.TextField(default="", blank=True)
    address = models.TextField(default="", blank=True)
    phone = models.TextField(default="", blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    price_zone = models.TextField(default="", blank=True)
    tax_region = models.TextField(default="", blank=True)
    capabilities = ArrayField(models.TextField(), default=list, blank=True)
    keeps = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    opens_on = models.DateField(null=True, blank=True)
    closes_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = (
            models.CheckConstraint(name="places_place_ref", condition=~Q(ref="")),
            models.CheckConstraint(name="places_place_format", condition=Q(format__in=FORMATS)),
            models.CheckConstraint(name="places_place_country", condition=Q(country__regex=r"^[A-Z]{2}$")),
            models.CheckConstraint(name="places_place_gln", condition=Q(gln__regex=r"^[0-9]{13}$")),
            models.CheckConstraint(
                name="places_place_capabilities", condition=Q(capabilities__contained_by=list(CAPABILITIES))
            ),
            models.CheckConstraint(name="places_place_keeps", condition=Q(keeps__contained_by=list(TEMPERATURES))),
            models.CheckConstraint(
                name="places_place_position",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
            models.CheckConstraint(name="places_place_days", condition=Q(closes_on__gte=F("opens_on"))),
        )
        indexes = (models.Index(name="places_place_entity", fields=("entity", "ref")),)

    def __str__(self) -> str:
        return self.name


class Hours(models.Model):
    """One opening on a weekday (ISO: 1 is Monday), in minutes after local midnight."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="+")
    weekday = models.SmallIntegerField()
    opens = models.SmallIntegerField()
    closes = models.SmallIntegerField()

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        constraints = (
            models.UniqueConstraint(name="places_hours_key", fields=("place", "weekday", "opens")),
            models.CheckConstraint(name="places_hours_weekday", condition=Q(weekday__range=(1, 7))),
            models.CheckConstraint(
                name="places_hours_span",
                condition=Q(opens__range=(0, DAY - 1), closes__gt=F("opens"), closes__lte=F("opens") + DAY),
            ),
        )

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}-{self.closes}"


class HoursException(models.Model):
    """The openings of one date instead of its weekday's; a row without times closes the day."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="+")
    day = models.DateField()
    opens = models.SmallIntegerField(null=True, blank=True)
    closes = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("other hours on a day")
        verbose_name_plural = _("other hours on days")
        db_table = "places_hours_exception"
        constraints = (
            models.UniqueConstraint(
                name="places_hours_exception_key", fields=("place", "day", "opens"), nulls_distinct=False
            ),
            models.CheckConstraint(
                name="places_hours_exception_span",
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__range=(0, DAY - 1), closes__gt=F("opens"), closes__lte=F("opens") + DAY),
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.opens}-{self.closes}"
