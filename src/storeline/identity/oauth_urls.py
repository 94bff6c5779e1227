"""OAuth 2 addresses: get a token, give it back. Clients are made in Storeline, never registered from outside."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.views import RevokeTokenView, TokenView

app_name = "oauth2_provider"


def _storable(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A name or secret with U+0000, which no text column holds, is nobody's (RFC 6749, 5.2)."""

    @csrf_exempt  # as the toolkit's own: programs send no cookies
    @wraps(view)
    def answer(request: HttpRequest, **values: Any) -> HttpResponse:
        try:
            return view(request, **values)
        except DataError:
            return JsonResponse({"error": "invalid_request"}, status=400)

    return answer


urlpatterns = [
    path("token", _storable(TokenView.as_view()), name="token"),
    path("revoke", _storable(RevokeTokenView.as_view()), name="revoke-token"),
]
