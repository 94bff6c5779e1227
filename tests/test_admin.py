"""The staff admin: reference data alone, to administrators alone, and edited through commands that leave a trail."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import reverse

from storeline.identity.tests.factories import browser_of, make_token, make_user
from storeline.kernel.api import run
from storeline.orders.tests.factories import make, shop
from storeline.partners.tests.factories import make_partner
from storeline.web.admin import site

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db
PAGES = sorted(site._registry, key=lambda model: model._meta.label)
SHOWN = {
    "catalog.Category",
    "catalog.Product",
    "identity.Client",
    "identity.Grant",
    "identity.User",
    "loyalty.Coupon",
    "partners.Agreement",
    "partners.Organisation",
    "places.Entity",
    "places.Hours",
    "places.HoursException",
    "places.Place",
    "pricing.Promotion",
    "pricing.TaxRate",
}
START = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def administrator() -> Client:
    return browser_of(make_user("root", "administrator"))


@pytest.fixture
def ground(administrator: Client) -> dict[str, Any]:
    """One row of each table that is shown, beside the administrator."""
    made = shop(products=1)
    make("places.Hours", place_id=made.place, weekday=1, opens=480, closes=1200)
    make("places.HoursException", place_id=made.place, day="2030-01-01", opens=None, closes=None)
    make("catalog.Category", ref="dairy", name="Dairy", path="a")
    make("partners.Agreement", organisation_id=make_partner(), starts_at=START)
    make("pricing.Promotion", ref="spring", name="Spring", kind="percentage", rate_ppm=100_000, starts_at=START)
    make("loyalty.Coupon", ref="SAVE", name="Save", kind="percentage", rate_ppm=100_000, valid_from=START)
    make_token("partner")
    return {"place": made.place, "product": made.products[0]}


def addresses() -> Iterator[str]:
    """Every page: of each table its list and one row."""
    for model in PAGES:
        label = model._meta
        yield reverse(f"admin:{label.app_label}_{label.model_name}_changelist")
        yield change(model)


def change(model: type[models.Model], key: object = None) -> str:
    key = key or model._default_manager.values_list("pk", flat=True)[0]
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])


def trail_of(subject: UUID) -> list[tuple[Any, ...]]:
    return run(
        "SELECT action, actor_kind, detail FROM kernel_trail WHERE subject_id = %s ORDER BY id", [subject]
    ).fetchall()


def form(browser: Client, address: str, **changes: str) -> dict[str, str]:
    """What a browser would send from the page, with these changes."""
    shown = browser.get(address).context["adminform"].form
    values = {name: shown[name].value() for name in shown.fields}
    texts = {name: "" if value is None else str(value) for name, value in values.items()}
    return texts | {f"initial-{name}": text for name, text in texts.items()} | changes


def test_reference_data_alone_is_shown() -> None:
    assert {model._meta.label for model in PAGES} == SHOWN


def test_every_page_opens_to_administrators_alone(ground: dict[str, Any], administrator: Client) -> None:
    planner = browser_of(make_user("planner", "planner"))
    pages = ["/admin/", *addresses()]
    answers = {page: administrator.get(page) for page in pages}
    assert [(page, answer.status_code) for page, answer in answers.items() if answer.status_code != 200] == []
    assert [page for page, answer in answers.items() if re.search("scrypt|sha256", answer.content.decode())] == []
    french = administrator.get("/admin/", headers={"Accept-Language": "fr"}).content.decode()
    assert [name for name in ("Lieux", "Produits", "Taux de taxe", "Rôles attribués") if name not in french] == []
    for page in pages:
        answer = Client().get(page)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/admin/login/")
        assert planner.get(page).status_code == 302
    assert [b'href="/admin/"' in one.get("/office").content for one in (administrator, planner)] == [True, False]


def test_the_sign_in_is_the_one_with_a_second_factor() -> None:
    answer = Client().get("/admin/login/?next=/admin/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")
    assert Client().post("/admin/login/", {"username": "root", "password": "x"}).status_code == 302
    assert browser_of(make_user("planner", "planner")).get("/admin/login/").status_code == 403


@pytest.mark.parametrize(
    ("label", "changes", "fields"),
    [
        ("places.Entity", {"name": "New name"}, ["name"]),
        ("places.Place", {"name": "New name", "city": "Lyon"}, ["city", "name"]),
        ("catalog.Category", {"name": "New name"}, ["name"]),
        (
            "catalog.Product",
            {"name": "New name", "tax_class": "food", "allergens": "milk"},
            ["allergens", "name", "tax_class"],
        ),
    ],
)
def test_an_edit_goes_through_the_command_and_leaves_a_trail(
    ground: dict[str, Any], administrator: Client, label: str, changes: dict[str, str], fields: list[str]
) -> None:
    model = apps.get_model(label)
    key = model._default_manager.values_list("pk", flat=True)[0]
    answer = administrator.post(change(model, key), form(administrator, change(model, key), **changes))
    assert answer.status_code == 302, answer.context["errors"]
    assert model._default_manager.get(pk=key).name == "New name"
    assert trail_of(key) == [(f"{model._meta.app_label}.edit", "user", {"fields": fields})]


def test_what_the_command_refuses_changes_nothing(ground: dict[str, Any], administrator: Client) -> None:
    model = apps.get_model("places.Place")
    address = change(model, ground["place"])
    before = list(model._default_manager.values())
    for changes, field in (
        ({"gln": "4012345000001"}, "gln"),
        ({"opens_on": "2030-02-01", "closes_on": "2030-01-01"}, None),
    ):
        answer = administrator.post(address, form(administrator, address, name="Other", **changes))
        assert answer.status_code == 200
        assert field is None or field in answer.context["adminform"].form.errors
    assert list(model._default_manager.values()) == before
    assert trail_of(ground["place"]) == []


def test_a_user_is_shut_out_by_the_command(administrator: Client) -> None:
    user = make_user("jo", "associate")
    address = change(apps.get_model("identity.User"), user)
    assert administrator.post(address, {}).status_code == 302
    assert run("SELECT is_active FROM identity_user WHERE id = %s", [user]).fetchall() == [(False,)]
    assert trail_of(user)[-1] == ("identity.set_active", "user", {"active": False})


def test_what_is_only_shown_takes_nothing(ground: dict[str, Any], administrator: Client) -> None:
    rows = {model: list(model._default_manager.values()) for model in PAGES}
    for model in PAGES:
        app, name = model._meta.app_label, model._meta.model_name
        assert administrator.get(reverse(f"admin:{app}_{name}_add")).status_code == 403
        key = model._default_manager.values_list("pk", flat=True)[0]
        assert administrator.post(reverse(f"admin:{app}_{name}_delete", args=[key]), {"post": "yes"}).status_code == 403
        if not site._registry[model].editable:
            assert administrator.post(change(model), {"name": "x"}).status_code == 403
    assert {model: list(model._default_manager.values()) for model in PAGES} == rows
