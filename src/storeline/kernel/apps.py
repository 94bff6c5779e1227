"""Django's entry to the kernel: loads every module's permissions, handlers, what it holds of people, and checks."""

import orjson
from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from psycopg.types.json import set_json_loads


class KernelConfig(AppConfig):
    name = "storeline.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        set_json_loads(orjson.loads)
        autodiscover_modules("permissions", "handlers", "personal", "audit")
