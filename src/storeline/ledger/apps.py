"""Django's entry to the ledger: keeps the chart of accounts in the database the same as in the code."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    name = "storeline.ledger"
    label = "ledger"

    def ready(self) -> None:
        post_migrate.connect(_write_chart, sender=self)


def _write_chart(**_: Any) -> None:
    from storeline.ledger.commands import write_chart  # noqa: PLC0415 - models are not loaded before ready()

    write_chart()
