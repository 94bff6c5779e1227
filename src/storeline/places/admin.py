"""Legal entities, places and their hours in the staff admin."""

from __future__ import annotations

from storeline.places.loading import upsert_entities, upsert_places
from storeline.places.models import Entity, Hours, HoursException, Place
from storeline.places.permissions import READ, WRITE
from storeline.web.admin import Reference, site


class EntityAdmin(Reference):
    read, write, upsert = READ, WRITE, staticmethod(upsert_entities)
    editable = ("name", "tax_number", "gln", "receipt_series")
    list_display = ("ref", "name", "country", "currency", "tax_regime")
    search_fields = ("ref", "name")
    ordering = ("ref",)


class PlaceAdmin(Reference):
    read, write, upsert = READ, WRITE, staticmethod(upsert_places)
    editable = (
        "name",
        "names",
        "gln",
        "region",
        "city",
        "postal_code",
        "address",
        "phone",
        "price_zone",
        "tax_region",
        "opens_on",
        "closes_on",
    )
    list_display = ("ref", "name", "format", "city", "country", "entity")
    list_filter = ("format", "country")
    list_select_related = ("entity",)
    search_fields = ("ref", "name", "city")
    ordering = ("ref",)


class HoursAdmin(Reference):
    read = READ
    list_display = ("place", "weekday", "opens", "closes")
    list_select_related = ("place",)
    ordering = ("place__ref", "weekday", "opens")


class HoursExceptionAdmin(Reference):
    read = READ
    list_display = ("place", "day", "opens", "closes")
    list_select_related = ("place",)
    ordering = ("-day", "place__ref")


site.register(Entity, EntityAdmin)
site.register(Place, PlaceAdmin)
site.register(Hours, HoursAdmin)
site.register(HoursException, HoursExceptionAdmin)
