"""The stock app."""

from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "storeline.stock"
    label = "stock"
    default_auto_field = "django.db.models.BigAutoField"
