"""Baskets of those who signed in, so that they have them on each of their devices. A guest's is in a cookie."""

from __future__ import annotations

from django.db import models


class Basket(models.Model):
    """What somebody means to buy: `lines` is a list of [product id, thousandths]. No price is kept, nothing is held."""

    user = models.OneToOneField("identity.User", models.CASCADE, primary_key=True, related_name="+")
    lines = models.JSONField(default=list)
    changed_at = models.DateTimeField(auto_now=True)
