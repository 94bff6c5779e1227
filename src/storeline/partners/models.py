"""Organisations, agreements, and webhooks: endpoints, what they subscribe to, and each delivery."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from storeline.kernel.api import new_id
from storeline.partners.domain import BEARERS

STATES = ("pending", "delivered", "failed")


class Organisation(models.Model):
    """A wallet, marketplace, brand, carrier or technology company that trades with us."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ref = models.TextField(unique=True)
    name = models.TextField()
    kind = models.TextField(db_default="")
    country = models.TextField(db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(ref="") & ~models.Q(name=""), name="partners_organisation_named"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Agreement(models.Model):
    """What an organisation's programs may do (`scopes`) and hear of (`events`), where, from when to when.

    Where its goods are sold for it: the retailer's `commission` in thousandths of what they earn, and who bears their
    `losses`.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.TextField(), default=list)
    events = ArrayField(models.TextField(), default=list)
    entity_ids = ArrayField(models.UUIDField(), null=True)
    place_ids = ArrayField(models.UUIDField(), null=True)
    commission = models.IntegerField(null=True)
    losses = models.TextField(null=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="partners_agreement_period",
            ),
            models.CheckConstraint(
                condition=models.Q(commission=None, losses=None)
                | models.Q(commission__gte=0, commission__lte=1000, losses__in=BEARERS),
                name="partners_agreement_goods",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Access(models.Model):
    """A client that an organisation has under an agreement: it follows the agreement's changes and end."""

    client = models.OneToOneField("identity.Client", primary_key=True, on_delete=models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.client_id)


class Endpoint(models.Model):
    """An address that webhooks go to. Its secrets are derived from the installation's key and kept nowhere."""

    id = models.UUIDField(primary_key=True, default=new_id)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    url = models.TextField()
    patterns = ArrayField(models.TextField())
    secret_version = models.IntegerField(db_default=1)
    old_secret_until = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.TextField(db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(secret_version__gt=0), name="partners_endpoint_secret"),
            models.CheckConstraint(
                condition=models.Q(url__startswith="https://") | models.Q(url__startswith="http://"),
                name="partners_endpoint_url",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Delivery(models.Model):
    """One event to one endpoint, in the words that are signed; tried until taken or given up."""

    id = models.UUIDField(primary_key=True, default=new_id)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="+", db_index=False)
    event_id = models.BigIntegerField()
    type = models.TextField()
    at = models.DateTimeField()
    body = models.TextField()
    state = models.TextField(db_default="pending")
    attempts = models.IntegerField(db_default=0)
    next_at = models.DateTimeField(null=True)
    status = models.IntegerField(null=True)
    error = models.TextField(db_default="")
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="partners_delivery_once"),
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="partners_delivery_state"),
            models.CheckConstraint(
                condition=models.Q(state="pending", next_at__isnull=False)
                | (~models.Q(state="pending") & models.Q(next_at=None)),
                name="partners_delivery_next",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="delivered") | models.Q(delivered_at__isnull=False),
                name="partners_delivery_delivered",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=models.Q(state="pending"), name="partners_delivery_due"),
            models.Index(fields=["endpoint", "at"], name="partners_delivery_at"),
        ]

    def __str__(self) -> str:
        return str(self.id)
