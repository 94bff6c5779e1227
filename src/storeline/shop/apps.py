from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "storeline.shop"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"
