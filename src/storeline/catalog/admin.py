"""Categories and what describes a product in the staff admin."""

from __future__ import annotations

from storeline.catalog.loading import upsert_categories, upsert_products
from storeline.catalog.models import Category, Product
from storeline.catalog.permissions import READ, WRITE
from storeline.web.admin import Reference, site


class CategoryAdmin(Reference):
    read, write, upsert = READ, WRITE, staticmethod(upsert_categories)
    editable = ("name", "names", "position")
    list_display = ("ref", "name", "parent", "position")
    list_select_related = ("parent",)
    search_fields = ("ref", "name")
    ordering = ("ref",)


class ProductAdmin(Reference):
    read, write, upsert = READ, WRITE, staticmethod(upsert_products)
    editable = (
        "name",
        "names",
        "description",
        "descriptions",
        "brand",
        "manufacturer",
        "shelf_life_days",
        "allergens",
        "tax_class",
        "status",
        "age_limit",
    )
    list_display = ("ref", "name", "brand", "category", "unit", "status")
    list_filter = ("status", "temperature", "tax_class")
    list_select_related = ("category",)
    search_fields = ("ref", "name", "brand")
    ordering = ("ref",)


site.register(Category, CategoryAdmin)
site.register(Product, ProductAdmin)
