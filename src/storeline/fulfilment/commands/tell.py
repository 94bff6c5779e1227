"""Tell a member that something is missing and what is offered for it, where somebody carries messages."""

from __future__ import annotations

from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.fulfilment.queries import OfferView
from storeline.kernel.api import time_zone
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.places import api as places

TEMPLATE = "fulfilment.offered"
messages.register_template(
    TEMPLATE,
    {
        "en": (
            "Something of order {number} is missing",
            "May we give you {product} instead? You pay no more for it. Answer on your order's page until {until}.",
        ),
        "zh-Hans": (
            "订单 {number} 有商品缺货",
            "可否用“{product}”代替。您不会多付钱。请在 {until} 前到订单页面答复。",
        ),
        "fr": (
            "Il manque un article à la commande {number}",
            "Acceptez-vous {product} à la place ? Vous ne paierez pas plus. Répondez sur la page de la commande avant {until}.",
        ),
        "es": (
            "Falta un artículo del pedido {number}",
            "¿Le damos {product} en su lugar? No pagará más. Responda en la página del pedido antes de las {until}.",
        ),
    },
)
_CHANNELS = {"email": "email", "phone": "sms"}


def tell(offer: OfferView) -> None:
    """Queue one message to the member's preferred confirmed address that a transport serves; to nobody else."""
    view = orders.get(offer.order_id)
    if view.head.customer_id is None:
        return
    member = customers.get(view.head.customer_id)
    reached = [
        (_CHANNELS[contact.kind], contact.value)
        for contact in sorted(member.contacts, key=lambda one: not one.preferred)
        if contact.verified_at and contact.kind in _CHANNELS and messages.is_carried(_CHANNELS[contact.kind])
    ]
    if not reached:
        return
    channel, destination = reached[0]
    product = catalog.gather([offer.product_id]).result()[offer.product_id]
    zone = places.get_place(view.head.served_by).zone
    messages.queue(
        [
            messages.NewMessage(
                member.person_id,
                channel,
                destination,
                TEMPLATE,
                member.language or "en",
                {
                    "number": orders.order_number(offer.order_id),
                    "product": product.name_in(member.language or "en"),
                    "until": f"{offer.expires_at.astimezone(time_zone(zone)):%H:%M}",
                },
            )
        ]
    )
