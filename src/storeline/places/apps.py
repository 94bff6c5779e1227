"""Django's entry to places."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "storeline.places"
    label = "places"
    default_auto_field = "django.db.models.BigAutoField"
