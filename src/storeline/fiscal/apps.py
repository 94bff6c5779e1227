"""Django's entry to fiscal documents."""

from django.apps import AppConfig


class FiscalConfig(AppConfig):
    name = "storeline.fiscal"
    label = "fiscal"
