"""Users, the roles they hold and where, programs that act, and counted attempts to sign in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from storeline.identity.domain import normal_login
from storeline.kernel.api import ROLES, new_id


class UserManager(BaseUserManager["User"]):
    """Django's own door (sessions, ``createsuperuser``); everything else uses `commands`."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=normal_login(username or ""))

    def create_superuser(self, username: str, password: str | None = None, **_: Any) -> User:
        user = self.model(username=normal_login(username), is_staff=True)
        user.set_password(password)
        user.save(using=self._db)
        Grant.objects.create(user=user, role="administrator")
        return user


class User(AbstractBaseUser):
    """A person who signs in, by username or email address. What they may do is in `Grant`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.TextField(unique=True)
    email = models.TextField(null=True, unique=True)
    name = models.TextField(default="", blank=True)
    language = models.TextField(default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    erased_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(username=Lower("username")), name="identity_username_lower"),
            models.CheckConstraint(condition=~models.Q(username__contains="@"), name="identity_username_no_at"),
            models.CheckConstraint(condition=~models.Q(username=""), name="identity_username_some"),
            models.CheckConstraint(
                condition=models.Q(email=None) | models.Q(email=Lower("email"), email__contains="@"),
                name="identity_email_lower",
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at=None) | models.Q(email=None, name="", is_active=False),
                name="identity_erased_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_superuser(self) -> bool:
        return self.is_active and self.is_staff

    def has_perm(self, _perm: str, _obj: object = None) -> bool:
        """The staff admin holds reference data only and is open to administrators only."""
        return self.is_superuser

    def has_module_perms(self, _app_label: str) -> bool:
        return self.is_superuser


class Grant(models.Model):
    """A role of a user: everywhere, in one legal entity or at one place (opaque ids)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.TextField()
    entity_id = models.UUIDField(null=True)
    place_id = models.UUIDField(null=True)
    granted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("role given")
        verbose_name_plural = _("roles given")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(role__in=ROLES), name="identity_grant_role"),
            models.CheckConstraint(
                condition=models.Q(entity_id=None) | models.Q(place_id=None), name="identity_grant_one_scope"
            ),
            models.UniqueConstraint(
                fields=["user", "role", "entity_id", "place_id"], nulls_distinct=False, name="identity_grant_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.user_id}"


class Client(AbstractApplication):  # type: ignore[misc]  # the toolkit publishes no types
    """A program that acts for a partner or for the retailer, by OAuth 2 client credentials.

    It may do what its role may, less what `scopes` leaves out where it names any, at its places.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    role = models.TextField(default="partner")
    scopes = ArrayField(models.TextField(), default=list, blank=True)
    place_ids = ArrayField(models.UUIDField(), null=True, blank=True)
    entity_ids = ArrayField(models.UUIDField(), null=True, blank=True)
    organisation_id = models.UUIDField(null=True, blank=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta(AbstractApplication.Meta):  # type: ignore[misc]
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        abstract = False
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(role__in=ROLES), name="identity_client_role"),
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
                name="identity_client_period",
            ),
            models.CheckConstraint(
                condition=models.Q(client_type="confidential", authorization_grant_type="client-credentials"),
                name="identity_client_confidential",
            ),
            models.CheckConstraint(
                condition=models.Q(hash_client_secret=True) & ~models.Q(client_secret=""),
                name="identity_client_secret_hashed",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation_id"], name="identity_client_organisation")]

    def __str__(self) -> str:
        return str(self.id)

    def is_usable(self, request: object) -> bool:  # noqa: ARG002  # oauthlib hands its request in
        return self.active


class Attempt(models.Model):
    """How often one login or one address tried to sign in within one window; both only as keyed hashes."""

    pk = models.CompositePrimaryKey("key", "window")
    key = models.BinaryField()
    window = models.DateTimeField()
    count = models.IntegerField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(count__gt=0), name="identity_attempt_count")]
        indexes: ClassVar = [models.Index(fields=["window"], name="identity_attempt_window")]

    def __str__(self) -> str:
        return f"{self.count} in {self.window}"
