"""How to reach a guest is kept after their order, for recalls: they see until when, and have it forgotten at once."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from storeline.identity.api import Request
from storeline.orders import api as orders
from storeline.orders.api import OWN
from storeline.shop.pages.router import pages
from storeline.web.pages import see


def kept_until(head: orders.OrderHead, contact: orders.Contact | None, to: orders.Destination | None) -> date | None:
    """Until when we know how to reach the guest who had this order; None where we do not, and of members, who are asked once."""
    if head.completed_at is None or head.customer_id is not None or not settings.RECALL_CONTACT_DAYS:
        return None
    number = to is not None and to.address is not None and to.address.phone
    if not number and (contact is None or not contact.email + contact.phone):
        return None
    return (head.completed_at + timedelta(days=settings.RECALL_CONTACT_DAYS)).date()


@pages.post("order/<uuid:order_id>/forget", OWN, guest=True, name="forget")
def forget(request: Request, order_id: UUID) -> HttpResponse:
    """Forget it now; a repeat changes nothing."""
    key = request.POST.get("key", "")
    orders.forget_buyer(order_id, actor=request.actor, token=key)
    return see(f"{reverse('shop:order', args=[order_id])}?key={key}&said=forgotten#forgotten")
