"""How django-allauth treats our accounts."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from storeline.web.address import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth publishes no types
    """Accounts are made by `identity.commands`; allauth's own sign-up page stays closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What allauth's own limits count by."""
        return client_address(request)
