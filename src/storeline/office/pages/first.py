"""What the office's people see first, looked at when the server starts (`web/ready.py`)."""

from __future__ import annotations

from typing import cast

from django.urls import reverse

from storeline.identity.api import Request
from storeline.kernel.api import SYSTEM
from storeline.office.pages.home import today
from storeline.web.ready import asked, at_start


@at_start
def look_around() -> None:
    """The latest day of trade."""
    request = cast("Request", asked(reverse("office:today")))
    request.actor = SYSTEM
    today(request)
