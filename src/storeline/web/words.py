"""Words that more than one face says."""

from __future__ import annotations

from django.utils.translation import gettext as _


def allergen_name(code: str) -> str:
    """An allergen in words (Regulation (EU) No 1169/2011, annex II)."""
    return {
        "gluten": _("Cereals with gluten"),
        "crustaceans": _("Crustaceans"),
        "eggs": _("Eggs"),
        "fish": _("Fish"),
        "peanuts": _("Peanuts"),
        "soybeans": _("Soybeans"),
        "milk": _("Milk"),
        "nuts": _("Nuts"),
        "celery": _("Celery"),
        "mustard": _("Mustard"),
        "sesame": _("Sesame"),
        "sulphites": _("Sulphites"),
        "lupin": _("Lupin"),
        "molluscs": _("Molluscs"),
    }.get(code, code)
