"""Django's entry to identity."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentityConfig(AppConfig):
    name = "storeline.identity"
    label = "identity"
    verbose_name = _("Users and programs")
    default_auto_field = "django.db.models.BigAutoField"
