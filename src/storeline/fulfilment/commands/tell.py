"""Tell a member what became of something that is missing, where somebody carries messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.fulfilment.queries import OfferView, Rejection
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
MOVED = "fulfilment.moved"
messages.register_template(
    MOVED,
    {
        "en": (
            "Something of order {number} comes from another shop",
            "We did not have {product}, so another shop sends it. Price and way stay as they were. We expect your order to be ready by {when}.",
        ),
        "zh-Hans": (
            "订单 {number} 的部分商品从另一家门店调来",
            "本店没有“{product}”。另一家门店会调货过来。价格和取货方式不变。订单预计 {when} 前备好。",
        ),
        "fr": (
            "Un article de la commande {number} vient d'un autre magasin",
            "Nous n'avions pas {product} : un autre magasin l'envoie. Le prix et le mode de retrait ne changent pas. Votre commande devrait être prête le {when} au plus tard.",
        ),
        "es": (
            "Algo del pedido {number} viene de otra tienda",
            "No teníamos {product}, así que otra tienda lo envía. El precio y la forma de entrega no cambian. Su pedido debería estar listo el {when} a más tardar.",
        ),
    },
)
NOWHERE = "fulfilment.nowhere"
messages.register_template(
    NOWHERE,
    {
        "en": (
            "Something of order {number} is missing",
            "We do not have {product}, and no shop nearby does. You do not pay for what is missing. If we find something like it, we ask you first.",
        ),
        "zh-Hans": (
            "订单 {number} 有商品缺货",
            "本店和附近门店都没有“{product}”。缺货的部分不收费。如有类似商品可以替代会先征求您的意见。",
        ),
        "fr": (
            "Il manque un article à la commande {number}",
            "Nous n'avons pas {product}, et aucun magasin voisin ne l'a. Vous ne payez pas ce qui manque. Si nous trouvons un article semblable, nous vous le demanderons d'abord.",
        ),
        "es": (
            "Falta un artículo del pedido {number}",
            "No tenemos {product}, y tampoco ninguna tienda cercana. No paga lo que falta. Si encontramos algo parecido, se lo preguntaremos antes.",
        ),
    },
)
_CHANNELS = {"email": "email", "phone": "sms"}


def tell(offer: OfferView) -> None:
    """Queue one message to the member's preferred confirmed address that a transport serves; to nobody else."""
    reached = _reached(offer.order_id)
    if reached is None:
        return
    _queue(
        reached,
        TEMPLATE,
        offer.order_id,
        {
            "product": _name(offer.product_id, reached.language),
            "until": f"{offer.expires_at.astimezone(time_zone(reached.zone)):%H:%M}",
        },
    )


def tell_moved(rejection: Rejection, due_at: datetime | None) -> None:
    """Tell the same that something comes from elsewhere, and since when the order is due then; or that nobody has it."""
    reached = _reached(rejection.order_id)
    if reached is None:
        return
    product = _name(rejection.product_id, reached.language)
    if due_at is not None:
        moment = due_at.astimezone(time_zone(reached.zone))
        _queue(reached, MOVED, rejection.order_id, {"product": product, "when": f"{moment:%Y-%m-%d %H:%M}"})
    if rejection.moved < rejection.quantity:
        _queue(reached, NOWHERE, rejection.order_id, {"product": product})


@dataclass(frozen=True, slots=True)
class _Reached:
    """Whom to write to, where, in which language, and the time zone of the place that serves the order."""

    person_id: UUID
    channel: str
    destination: str
    language: str
    zone: str


def _reached(order_id: UUID) -> _Reached | None:
    head = orders.get(order_id).head
    if head.customer_id is None:
        return None
    member = customers.get(head.customer_id)
    for contact in sorted(member.contacts, key=lambda one: not one.preferred):
        channel = _CHANNELS.get(contact.kind)
        if contact.verified_at and channel is not None and messages.is_carried(channel):
            zone = places.get_place(head.served_by).zone
            return _Reached(member.person_id, channel, contact.value, member.language or "en", zone)
    return None


def _name(product_id: UUID, language: str) -> str:
    return catalog.gather([product_id]).result()[product_id].name_in(language)


def _queue(to: _Reached, template: str, order_id: UUID, words: dict[str, str]) -> None:
    params = {"number": orders.order_number(order_id), **words}
    messages.queue([messages.NewMessage(to.person_id, to.channel, to.destination, template, to.language, params)])
