"""Django's entry to payments."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "storeline.payments"
    label = "payments"
