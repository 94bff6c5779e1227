"""Django's entry to pricing."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "storeline.pricing"
    label = "pricing"
    default_auto_field = "django.db.models.BigAutoField"
