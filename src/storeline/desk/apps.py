from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "storeline.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"
