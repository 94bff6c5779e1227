"""The frame of all pages: parts, preferences, errors in words."""

from __future__ import annotations

import json
import re

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import translation

from storeline.kernel.api import UnitPrice
from storeline.web import formats
from storeline.web.icons import ICONS
from storeline.web.pictures import OTHER, PICTURES, picture_for
from storeline.web.styleguide import Shelf
from storeline.web.templatetags.ui import points
from storeline.web.vendoring import MANIFEST, PACKAGES, TOWNS, VENDOR

HTML = {"Accept": "text/html"}


def test_the_style_guide_shows_every_part(client: Client) -> None:
    page = client.get("/styleguide").content.decode()
    for part in ("button-primary", "stepper", "segmented", "price-before", "pill-good", "timeline-now", "figure-up"):
        assert part in page
    assert '<svg role="img" aria-label="Collection code"' in page


def test_no_page_writes_scripts_or_styles_into_itself(client: Client) -> None:
    page = client.get("/styleguide").content.decode()
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page) == []


def test_a_wrong_field_names_its_error(client: Client) -> None:
    page = client.get("/styleguide").content.decode()
    assert 'aria-describedby="id_name_error"' in page
    assert 'aria-describedby="id_email_hint id_email_error"' in page


@pytest.mark.parametrize(
    ("language", "wanted"),
    [("en", "$1,234.50"), ("fr", "1\u202f234,50\xa0$US"), ("es", "1.234,50\xa0US$"), ("zh-hans", "US$1,234.50")],
)
def test_money_in_each_language(language: str, wanted: str) -> None:
    with translation.override(language):
        assert formats.money(123450, "USD") == wanted


def test_money_has_its_currency_digits() -> None:
    assert formats.money(500, "JPY") == "¥500"
    assert formats.money(-1, "EUR") == "-€0.01"
    fine = {3_000: "$0.03", 300: "$0.003", -1_230: "-$0.0123", 5_551_000: "$55.51", 12_345: "$0.12", 9_999: "$0.09999"}
    assert {one: formats.fine_money(one, "USD") for one in fine} == fine
    assert formats.fine_money(500, "JPY") == "¥0.5"
    with translation.override("fr"):
        assert formats.fine_money(300, "USD") == "0,003\xa0$US"


@pytest.mark.parametrize("language", ["en", "fr", "es", "zh-hans"])
@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD", "CHF", "RSD", "CLF"])
def test_money_is_what_babel_writes(language: str, currency: str) -> None:
    for amount in (0, 7, 77, 999, 1000, -1, -12345, 777777, 1234567, -98765432):
        assert formats._money(amount, currency, language) == formats._babel_money(amount, currency, language)


@pytest.mark.parametrize(
    ("language", "wanted"), [("en", "12.5%"), ("zh-hans", "12.5%"), ("fr", "12,5\xa0%"), ("es", "12,5\xa0%")]
)
def test_a_share_is_written_as_each_language_does(language: str, wanted: str) -> None:
    with translation.override(language):
        assert formats.percent(1, 8, 1) == wanted


def test_quantities_keep_their_thousandths() -> None:
    assert [formats.quantity(3000), formats.quantity(250, "kg"), formats.quantity(1_500_000)] == [
        "3",
        "0.25 kg",
        "1,500",
    ]


def test_a_reduced_price_shows_what_it_was() -> None:
    shelf = Shelf(UnitPrice(299, 1000, "USD"), UnitPrice(399, 1000, "USD"))
    shown = Template("{% load ui %}{% price shelf %}").render(Context({"shelf": shelf}))
    assert "$2.99" in shown
    assert "<s>$3.99</s>" in shown


def test_a_line_through_values_stays_in_its_box() -> None:
    assert points([1, 3, 2]) == "0,30 60,2 120,16"
    assert points([5]) == ""


@pytest.mark.parametrize(
    ("words", "picture"),
    [
        ("GROCERY/FRZN VEGETABLE/VEG DSH", "pea-pod"),
        ("PRODUCE/APPLES", "red-apple"),
        ("DELI/CHICKEN/POULTRY", "poultry-leg"),
        ("DRUG GM/BABY FOODS", "baby-bottle"),
        ("Zzz", OTHER),
        ("receipt", "receipt"),
    ],
)
def test_a_category_has_a_picture(words: str, picture: str) -> None:
    assert picture_for(words) == picture


def test_what_is_vendored_is_there_with_its_licence() -> None:
    packages = json.loads(MANIFEST.read_text())["packages"]
    assert [one["name"] for one in packages] == [*(package.name for package in PACKAGES), TOWNS]
    files = {name for one in packages for name in one["files"]}
    assert files == {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()} - {MANIFEST.name}
    assert all(one["version"] and one["licence"] for one in packages)
    assert "CC-BY" in packages[-1]["licence"]
    assert {f"pictures/{name}.svg" for name in PICTURES} <= files
    sprite = (VENDOR / "icons.svg").read_text()
    assert re.findall(r'symbol id="([^"]+)"', sprite) == list(ICONS)


def test_a_language_is_kept_and_the_visitor_goes_back(client: Client) -> None:
    answer = client.post("/preferences", {"language": "fr", "next": "/styleguide"})
    assert (answer.status_code, answer["Location"]) == (303, "/styleguide")
    assert client.get("/styleguide").content.decode().startswith('<!doctype html>\n<html lang="fr"')


def test_a_theme_is_kept(client: Client) -> None:
    client.post("/preferences", {"theme": "dark", "next": "//elsewhere.example/"})
    assert 'data-theme="dark"' in client.get("/styleguide").content.decode()


def test_nobody_is_sent_to_another_site(client: Client) -> None:
    assert client.post("/preferences", {"theme": "dark", "next": "//elsewhere.example/"})["Location"] == "/"


def test_people_get_a_page_and_programs_a_problem(client: Client) -> None:
    page = client.get("/no/such/page", headers=HTML)
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "We cannot find that page" in page.content.decode()
    assert "Sign in" not in page.content.decode(), "it does not know who asks: they may be signed in"
    assert client.get("/no/such/page")["Content-Type"] == "application/problem+json"
    assert client.get("/api/v1/nope", headers=HTML)["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("/styleguide/?a=1&b=%20", "/styleguide?a=1&b=%20"), ("/admin", "/admin/"), ("/desk/", "/desk")],
)
def test_a_slash_too_many_or_too_few_finds_its_page(client: Client, typed: str, meant: str) -> None:
    answer = client.get(typed, headers=HTML)
    assert (answer.status_code, answer["Location"]) == (302, meant)
    assert client.post(typed, headers=HTML).status_code == 404
    assert client.get(typed).status_code == 404, "a program is told"


@pytest.mark.parametrize("typed", ["//styleguide/", "//admin", "/no/such/page/", "/api/v1/products/"])
def test_what_is_nowhere_stays_so(client: Client, typed: str) -> None:
    assert client.get("/", headers=HTML, PATH_INFO=typed).status_code == 404


def test_a_stale_form_is_refused_in_words() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/preferences", {"theme": "dark"}, headers=HTML)
    assert answer.status_code == 403
    assert "out of date" in answer.content.decode()
