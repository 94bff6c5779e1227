from django.apps import AppConfig


class ConsignmentConfig(AppConfig):
    name = "storeline.consignment"
    label = "consignment"
    default_auto_field = "django.db.models.BigAutoField"
