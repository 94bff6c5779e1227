"""OAuth 2 addresses: get a token, give it back. Clients are made in Storeline, never registered from outside."""

from django.urls import path
from oauth2_provider.views import RevokeTokenView, TokenView

app_name = "oauth2_provider"
urlpatterns = [
    path("token", TokenView.as_view(), name="token"),
    path("revoke", RevokeTokenView.as_view(), name="revoke-token"),
]
