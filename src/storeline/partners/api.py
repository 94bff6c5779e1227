"""Everything that other modules may use of partners."""

from storeline.partners.commands import NewOrganisation, Terms, agree, end_agreement, give_access, take_on
from storeline.partners.endpoints import (
    EndpointSecret,
    add_endpoint,
    change_endpoint,
    replay,
    replay_range,
    require_own,
    rotate_secret,
    set_enabled,
)
from storeline.partners.errors import NothingAgreed, PartnerNotFound, UnknownScope, UnsafeAddress
from storeline.partners.loading import AGREEMENT_ID, AGREEMENTS_IN, PARTNERS_IN, load_agreements, load_partners
from storeline.partners.permissions import MANAGE, READ
from storeline.partners.queries import (
    AgreementView,
    DeliveryView,
    EndpointView,
    OrganisationView,
    agreements_of,
    endpoints_of,
    get_agreement,
    get_endpoint,
    get_organisation,
    list_deliveries,
    list_organisations,
)
from storeline.partners.sender import deliver_due

__all__ = [
    "AGREEMENTS_IN",
    "AGREEMENT_ID",
    "MANAGE",
    "PARTNERS_IN",
    "READ",
    "AgreementView",
    "DeliveryView",
    "EndpointSecret",
    "EndpointView",
    "NewOrganisation",
    "NothingAgreed",
    "OrganisationView",
    "PartnerNotFound",
    "Terms",
    "UnknownScope",
    "UnsafeAddress",
    "add_endpoint",
    "agree",
    "agreements_of",
    "change_endpoint",
    "deliver_due",
    "end_agreement",
    "endpoints_of",
    "get_agreement",
    "get_endpoint",
    "get_organisation",
    "give_access",
    "list_deliveries",
    "list_organisations",
    "load_agreements",
    "load_partners",
    "replay",
    "replay_range",
    "require_own",
    "rotate_secret",
    "set_enabled",
    "take_on",
]
