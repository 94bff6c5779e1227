"""Baskets of those who signed in, so that they have them on each of their devices. A guest's is in a cookie."""

from __future__ import annotations

from django.db import models


class Basket(models.Model):
    """What somebody means to buy: `lines` is a list of [product id, thousandths]. No price is kept, nothing is held.

    Beside it where and with which test card they bought last, so that the next order takes three taps.
    """

    user = models.OneToOneField("identity.User", models.CASCADE, primary_key=True, related_name="+")
    lines = models.JSONField(default=list)
    place = models.TextField(null=True)
    card = models.TextField(null=True)
    changed_at = models.DateTimeField(auto_now=True)
