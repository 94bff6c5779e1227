"""Django's entry to identity."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "storeline.identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"
