"""Django's entry to catalog."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "storeline.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
