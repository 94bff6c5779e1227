"""Tax rates and promotions, to look at in the staff admin: promotions have their own life, over HTTP."""

from __future__ import annotations

from storeline.pricing.models import Promotion, TaxRate
from storeline.pricing.permissions import READ
from storeline.web.admin import Reference, site


class TaxRateAdmin(Reference):
    read = READ
    list_display = ("regime", "tax_class", "region", "rate_ppm", "inclusive", "valid_from")
    list_filter = ("regime", "tax_class")
    ordering = ("regime", "tax_class", "region", "-valid_from")


class PromotionAdmin(Reference):
    read = READ
    list_display = ("ref", "name", "kind", "state", "starts_at", "ends_at")
    list_filter = ("state", "kind")
    search_fields = ("ref", "name")
    ordering = ("ref",)


site.register(TaxRate, TaxRateAdmin)
site.register(Promotion, PromotionAdmin)
