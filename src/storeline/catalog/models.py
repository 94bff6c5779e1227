"""Tables of the catalogue. The `catalog_search_*` tables are derived from the names, kept by `search/index.py`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from storeline.catalog.domain import ALLERGENS, MAX_NAME, STATUSES, TEMPERATURES, UNITS
from storeline.kernel.api import new_id


class Path(models.Field[str, str]):
    """An ltree: the labels from a root category down, so that a subtree is one index range."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 (Django gives it)
        return "ltree"


class Category(models.Model):
    """A node of the category tree."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(unique=True)
    name = models.TextField()
    names = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    position = models.IntegerField(default=0)
    path = Path(default="", editable=False)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints: ClassVar = [
            models.CheckConstraint(name="catalog_category_ref", condition=~Q(ref="")),
            models.CheckConstraint(name="catalog_category_parent", condition=~Q(parent=F("id"))),
        ]
        indexes: ClassVar = [GistIndex(name="catalog_category_path", fields=["path"])]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What is sold, in one unit. Quantities count thousandths of the unit."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField()
    name = models.TextField()
    names = models.JSONField(default=dict, blank=True)
    description = models.TextField(default="", blank=True)
    descriptions = models.JSONField(default=dict, blank=True)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )  # the index below begins with it
    brand = models.TextField(default="", blank=True)
    manufacturer = models.TextField(default="", blank=True)
    unit = models.TextField(default="each")
    by_weight = models.BooleanField(default=False)
    catch_weight = models.BooleanField(default=False)
    temperature = models.TextField(default="ambient")
    shelf_life_days = models.IntegerField(null=True, blank=True)
    allergens = ArrayField(models.TextField(), default=list, blank=True)
    tax_class = models.TextField(default="standard")
    deposit_product = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    content_quantity = models.BigIntegerField(null=True, blank=True)
    content_unit = models.TextField(null=True, blank=True)
    pictures = models.JSONField(default=list, blank=True)
    service = models.BooleanField(default=False)
    status = models.TextField(default="active")
    sellable = models.GeneratedField(
        expression=models.Case(models.When(status="active", then=True), default=False),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    online = models.BooleanField(default=True)
    age_limit = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints: ClassVar = [
            models.UniqueConstraint(name="catalog_product_key", fields=["ref"]),
            models.CheckConstraint(name="catalog_product_ref", condition=~Q(ref="")),
            models.CheckConstraint(
                name="catalog_product_name", condition=~Q(name="") & Q(LessThanOrEqual(Length("name"), MAX_NAME))
            ),
            models.CheckConstraint(name="catalog_product_unit", condition=Q(unit__in=UNITS)),
            models.CheckConstraint(name="catalog_product_weight", condition=Q(by_weight=False) | ~Q(unit="each")),
            models.CheckConstraint(name="catalog_product_catch", condition=Q(catch_weight=False) | Q(by_weight=True)),
            models.CheckConstraint(name="catalog_product_temperature", condition=Q(temperature__in=TEMPERATURES)),
            models.CheckConstraint(name="catalog_product_shelf_life", condition=Q(shelf_life_days__gte=0)),
            models.CheckConstraint(
                name="catalog_product_allergens", condition=Q(allergens__contained_by=list(ALLERGENS))
            ),
            models.CheckConstraint(name="catalog_product_status", condition=Q(status__in=STATUSES)),
            models.CheckConstraint(name="catalog_product_age", condition=Q(age_limit__range=(1, 99))),
            models.CheckConstraint(name="catalog_product_deposit", condition=~Q(deposit_product=F("id"))),
            models.CheckConstraint(
                name="catalog_product_content",
                condition=Q(content_quantity__isnull=True, content_unit__isnull=True)
                | Q(content_quantity__gt=0, content_unit__in=UNITS),
            ),
        ]
        indexes: ClassVar = [
            # A page of a category is read from the index alone.
            models.Index(
                name="catalog_product_category", fields=["category", "ref"], include=["id", "sellable", "online"]
            )
        ]

    def __str__(self) -> str:
        return self.name


class Gtin(models.Model):
    """A code on a package, as 14 digits."""

    gtin = models.TextField(primary_key=True)
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="catalog_gtin_digits", condition=Q(gtin__regex=r"^[0-9]{14}$")),
        ]

    def __str__(self) -> str:
        return self.gtin


class MeasureRule(models.Model):
    """How in-store codes with this prefix hold a weight or a price."""

    prefix = models.TextField(primary_key=True)
    kind = models.TextField()
    item_digits = models.SmallIntegerField()
    decimals = models.SmallIntegerField()
    verifier = models.BooleanField(default=False)

    class Meta:
        db_table = "catalog_measure_rule"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="catalog_measure_rule_prefix", condition=Q(prefix__regex=r"^(02|2[0-9])[0-9]{0,3}$")
            ),
            models.CheckConstraint(name="catalog_measure_rule_kind", condition=Q(kind__in=["weight", "price"])),
            models.CheckConstraint(
                name="catalog_measure_rule_digits", condition=Q(item_digits__range=(1, 6), decimals__range=(0, 4))
            ),
        ]

    def __str__(self) -> str:
        return self.prefix


class Listing(models.Model):
    """A product that a place's range holds, on the days from `starts_on` to `ends_on`, both included."""

    pk = models.CompositePrimaryKey("place_id", "product_id")
    place = models.ForeignKey("places.Place", models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="catalog_listing_days", condition=Q(ends_on__gte=F("starts_on"))),
        ]


class SearchText(models.Model):
    """A name that one or more products go by, with their brand; `products` counts them."""

    id = models.AutoField(primary_key=True)
    text = models.TextField()
    products = models.IntegerField(default=0)

    class Meta:
        db_table = "catalog_search_text"
        constraints: ClassVar = [models.UniqueConstraint(name="catalog_search_text_key", fields=["text"])]


class SearchEntry(models.Model):
    """That a product goes by a text, in one of its languages. Derived rows, so no foreign keys are checked."""

    pk = models.CompositePrimaryKey("product_id", "text_id")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", db_constraint=False)
    text = models.ForeignKey(SearchText, models.CASCADE, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        db_table = "catalog_search_entry"
        indexes: ClassVar = [models.Index(name="catalog_search_entry_text", fields=["text", "product"])]


class SearchWord(models.Model):
    """A word of the texts: its shortened forms (`words.shortened`), and in how many texts it is."""

    id = models.AutoField(primary_key=True)
    word = models.TextField(db_collation="C")
    forms = ArrayField(models.TextField())
    texts = models.IntegerField(default=0)

    class Meta:
        db_table = "catalog_search_word"
        constraints: ClassVar = [models.UniqueConstraint(name="catalog_search_word_key", fields=["word"])]
        indexes: ClassVar = [GinIndex(name="catalog_search_word_forms", fields=["forms"], fastupdate=False)]


class SearchPosting(models.Model):
    """That a word is in a text."""

    pk = models.CompositePrimaryKey("word_id", "text_id")
    word = models.ForeignKey(SearchWord, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    text = models.ForeignKey(SearchText, models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        db_table = "catalog_search_posting"
