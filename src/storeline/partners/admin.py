"""Partners and what was agreed with them, to look at in the staff admin."""

from __future__ import annotations

from storeline.partners.models import Agreement, Organisation
from storeline.partners.permissions import READ
from storeline.web.admin import Reference, site


class OrganisationAdmin(Reference):
    read = READ
    list_display = ("ref", "name", "kind", "country")
    search_fields = ("ref", "name")
    ordering = ("ref",)


class AgreementAdmin(Reference):
    read = READ
    list_display = ("organisation", "starts_at", "ends_at")
    list_select_related = ("organisation",)
    ordering = ("organisation__ref", "starts_at")


site.register(Organisation, OrganisationAdmin)
site.register(Agreement, AgreementAdmin)
