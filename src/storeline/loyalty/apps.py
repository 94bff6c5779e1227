"""Django's entry to loyalty."""

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    name = "storeline.loyalty"
    label = "loyalty"
    default_auto_field = "django.db.models.BigAutoField"
