from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "storeline.web"
    label = "web"
