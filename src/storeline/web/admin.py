"""The staff's look at reference data. What may be edited here goes through the module's own command, as the one who
signed in, and leaves a row in the audit trail. Stock, money and points are not shown here at all.

Only what modules register on `site` is here: other packages' pages would write past our commands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from allauth.account.decorators import secure_admin_login
from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin  # type: ignore[import-untyped]
from unfold.sites import UnfoldAdminSite  # type: ignore[import-untyped]
from unfold.widgets import UnfoldAdminTextInputWidget  # type: ignore[import-untyped]

from storeline.kernel.api import Actor, Error, Verdict, trail, transaction
from storeline.web.labels import LABELS

Errors = Iterable[tuple[str, str]]
Upsert = Callable[..., Sequence[Verdict]]
ActorOf = Callable[[UUID], tuple[Actor | None, bool]]


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]
    """Open to administrators, signed in with their second factor where they have one, or must."""

    site_header = site_title = "Storeline"
    index_title = _("Reference data")
    CONTENT_POLICY = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    """The admin's scripts are written into its pages."""
    actor_of: ActorOf = staticmethod(lambda _user: (None, False))
    """`identity` stands above, so it hands down how a user's actor is found, and whether their second factor is missing."""

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:  # noqa: FBT001, FBT002  # Django's
        inner = super().admin_view(view, cacheable)

        def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response: HttpResponse = inner(request, *args, **kwargs)
            response.headers.setdefault("Content-Security-Policy", self.CONTENT_POLICY)
            return response

        return told

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this is an administrator whose second factor is not missing."""
        user: Any = request.user
        return bool(super().has_permission(request)) and not self.actor_of(user.pk)[1]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The sign-in that asks for the second factor, and not Django's, which does not."""
        user: Any = request.user
        if user.is_authenticated and self.actor_of(user.pk)[1]:
            return HttpResponseRedirect(reverse("mfa_index"))
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response


site = StaffSite()
_LONG = frozenset({"description", "descriptions", "names", "address"})
"""Fields of several lines."""


class CommandForm(forms.ModelForm[Any]):
    """A form whose last check is the command itself: what that refuses is shown beside the field."""

    page: Reference
    actor: Actor

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's stubs leave it out
        if self.errors or not self.changed_data:
            return
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        for field, detail in self.page.try_edit(self.instance, changed, self.actor):
            self.add_error(field if field in self.fields else None, detail)


class Reference(ModelAdmin):  # type: ignore[misc]
    """A table of reference data: shown to who may `read`, its `editable` fields changed by who may `write`."""

    read: ClassVar[str]
    write: ClassVar[str] = ""
    editable: ClassVar[tuple[str, ...]] = ()
    upsert: ClassVar[Upsert | None] = None
    """The module's upsert by ref, for those that have one; the others say `edit`."""
    form = CommandForm
    show_full_result_count = False
    list_per_page = 50

    def __init__(self, model: type[Model], admin_site: StaffSite) -> None:
        super().__init__(model, admin_site)
        for field in self.opts.fields:
            field.verbose_name = LABELS.get(field.name, field.verbose_name)

    def edit(self, row: Any, changed: Mapping[str, Any], actor: Actor) -> Errors:
        """Have the command change these fields; what it refuses, by field. Raises the command's errors."""
        assert self.upsert is not None
        (verdict,) = self.upsert([{"ref": row.ref} | dict(changed)], actor=actor)
        if verdict.outcome != "refused":
            trail(actor, f"{self.opts.app_label}.edit", row.pk, detail={"fields": sorted(changed)})
        return verdict.errors

    def try_edit(self, row: Model, changed: Mapping[str, Any], actor: Actor) -> Errors:
        """`edit`, its refusal as errors of a form."""
        try:
            with transaction():
                return self.edit(row, changed, actor)
        except Error as error:
            return [(error.field or "", error.detail)]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  # Django's
        made = super().get_form(request, obj, change, **kwargs)
        return type(made.__name__, (made,), {"page": self, "actor": self._actor(request)})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An empty text is null where a column has null for it."""
        made = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.null and isinstance(made, forms.CharField):
            made.empty_value = None  # as Django does for its CharField
        if isinstance(made, forms.CharField) and isinstance(made.widget, forms.Textarea) and db_field.name not in _LONG:
            made.widget = UnfoldAdminTextInputWidget()  # `text` says nothing of how long a value is
        return made

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002  # Django's
        return [field.name for field in self.opts.fields if field.name not in self.editable]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Nothing: the command has written."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's
        return self._may(request, self.read)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's
        return bool(self.editable) and self._may(request, self.write)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.read)

    def _actor(self, request: HttpRequest) -> Actor | None:
        user: Any = request.user
        return self.admin_site.actor_of(user.pk)[0] if user.is_authenticated else None

    def _may(self, request: HttpRequest, permission: str) -> bool:
        actor = self._actor(request)
        return actor is not None and actor.may(permission)
