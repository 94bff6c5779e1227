"""Coupons, to look at in the staff admin."""

from __future__ import annotations

from storeline.loyalty.models import Coupon
from storeline.loyalty.permissions import READ
from storeline.web.admin import Reference, site


class CouponAdmin(Reference):
    read = READ
    list_display = ("ref", "name", "kind", "valid_from", "valid_to")
    list_filter = ("kind",)
    search_fields = ("ref", "name")
    ordering = ("ref",)


site.register(Coupon, CouponAdmin)
