"""The latest day of trade."""

from __future__ import annotations

from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.insight import api as insight
from storeline.office.pages.shared import pages, render


@pages.get("", insight.VIEW, name="today")
def today(request: Request) -> HttpResponse:
    """The latest day of trade, and what needs somebody."""
    return render(request, "office/today.html", {"tab": "today"})
