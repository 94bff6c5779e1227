"""Foreign keys point down the rows only, and put no name on what they point at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from storeline.config.modules import MODULES
from tests.architecture.test_imports import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def violations(found: Iterable[type[models.Model]]) -> Iterator[str]:
    """Foreign keys of these models that the rule does not allow."""
    for model in found:
        owner = model._meta.app_label
        for field in model._meta.get_fields():
            if owner not in MODULES or not isinstance(field, models.ForeignKey):
                continue
            target: Any = field.related_model
            other = target._meta.app_label if not isinstance(target, str) else target.partition(".")[0]
            where = f"{owner}.{model.__name__}.{field.name}"
            if other in MODULES and other != owner and HEIGHT[other] >= HEIGHT[owner]:
                yield f"{where} points at {other}, which is not on a row below"
            if other in MODULES and field.remote_field.related_name != "+":
                yield f'{where} has no related_name="+"'


def test_the_project_keeps_the_rule() -> None:
    assert list(violations(apps.get_models())) == []


@isolate_apps()
def test_planted_keys_are_found() -> None:
    class Order(models.Model):
        class Meta:
            app_label = "orders"

    class Balance(models.Model):
        order = models.ForeignKey(Order, models.CASCADE, related_name="+")
        next = models.ForeignKey("self", models.CASCADE)

        class Meta:
            app_label = "stock"

    assert list(violations([Order, Balance])) == [
        "stock.Balance.order points at orders, which is not on a row below",
        'stock.Balance.next has no related_name="+"',
    ]
