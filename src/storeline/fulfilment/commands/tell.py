"""Tell a shopper what became of their order, where somebody carries messages: a member, or a guest at the number that they gave with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import get_supported_language_variant, gettext, override

from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.fulfilment.commands.later import Moved
from storeline.fulfilment.queries import OfferView, Rejection
from storeline.kernel.api import business_date
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.web import formats

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
MISSED = "fulfilment.missed"
messages.register_template(
    MISSED,
    {
        "en": (
            "Nobody was there: order {number}",
            "We were at your door with your order, and nobody could take it. We come again on {day}, from {start} to {end}. If that does not suit you, tell {place}.",
        ),
        "zh-Hans": (
            "订单 {number} 送达时无人接收",
            "我们已送货上门。因无人接收,将于 {day} {start} 至 {end} 再次送货。如时间不便,请联系“{place}”。",
        ),
        "fr": (
            "Personne n'était là : commande {number}",
            "Nous étions devant votre porte avec votre commande, mais personne n'a pu la recevoir. Nous repasserons le {day}, entre {start} et {end}. Si cela ne vous convient pas, dites-le à {place}.",
        ),
        "es": (
            "No había nadie: pedido {number}",
            "Llegamos a su puerta con el pedido y nadie pudo recibirlo. Volveremos el {day}, entre las {start} y las {end}. Si no le viene bien, avise a {place}.",
        ),
    },
)
MISSED_WAITS = "fulfilment.missed_waits"
messages.register_template(
    MISSED_WAITS,
    {
        "en": (
            "Nobody was there: order {number}",
            "We were at your door with your order, and nobody could take it. Every time for a new delivery is taken at the moment. Your order is kept for you at {place}: collect it there, or ask there for another time.",
        ),
        "zh-Hans": (
            "订单 {number} 送达时无人接收",
            "我们已送货上门。因无人接收只好带回。目前没有可用的送货时段。商品已在“{place}”为您保留。您可以到店领取或联系门店另约时间。",
        ),
        "fr": (
            "Personne n'était là : commande {number}",
            "Nous étions devant votre porte avec votre commande, mais personne n'a pu la recevoir. Tous les créneaux de livraison sont pris pour le moment. Votre commande vous attend à {place} : retirez-la sur place, ou demandez-y un autre créneau.",
        ),
        "es": (
            "No había nadie: pedido {number}",
            "Llegamos a su puerta con el pedido y nadie pudo recibirlo. Ahora mismo no queda ningún horario de entrega. Le guardamos el pedido en {place}: recójalo allí o pida otro horario.",
        ),
    },
)
LATE = "fulfilment.late"
messages.register_template(
    LATE,
    {
        "en": (
            "Order {number} takes longer",
            "What another shop sends for your order is late. We expect your order to be ready by {when}. You can cancel it on its page as long as nothing is picked.",
        ),
        "zh-Hans": (
            "订单 {number} 将延迟",
            "另一家门店为您调来的商品晚到。订单预计 {when} 前备好。尚未拣货时您可以在订单页面取消。",
        ),
        "fr": (
            "La commande {number} prend du retard",
            "Ce qu'un autre magasin envoie pour votre commande est en retard. Votre commande devrait être prête le {when} au plus tard. Vous pouvez l'annuler sur sa page tant que rien n'est préparé.",
        ),
        "es": (
            "El pedido {number} se retrasa",
            "Lo que otra tienda envía para su pedido llega tarde. Su pedido debería estar listo el {when} a más tardar. Puede cancelarlo en su página mientras no se haya preparado nada.",
        ),
    },
)
LATE_SLOT = "fulfilment.late_slot"
messages.register_template(
    LATE_SLOT,
    {
        "en": (
            "A new time for order {number}",
            "What another shop sends for your order cannot be there by your time. Your new time is {day}, from {start} to {end}. You can cancel the order on its page as long as nothing is picked.",
        ),
        "zh-Hans": (
            "订单 {number} 的时间有变",
            "另一家门店为您调来的商品无法按时到达。新的时间是 {day} {start} 至 {end}。尚未拣货时您可以在订单页面取消订单。",
        ),
        "fr": (
            "Un nouveau créneau pour la commande {number}",
            "Ce qu'un autre magasin envoie pour votre commande n'arrivera pas pour votre créneau. Le nouveau est le {day}, entre {start} et {end}. Vous pouvez annuler la commande sur sa page tant que rien n'est préparé.",
        ),
        "es": (
            "Nuevo horario para el pedido {number}",
            "Lo que otra tienda envía para su pedido no llegará a la hora acordada. El nuevo horario es el {day}, entre las {start} y las {end}. Puede cancelar el pedido en su página mientras no se haya preparado nada.",
        ),
    },
)
LATE_WAITS = "fulfilment.late_waits"
messages.register_template(
    LATE_WAITS,
    {
        "en": (
            "Order {number} takes longer",
            "What another shop sends for your order cannot be there by your time, and every later time is taken at the moment. We write to you as soon as one is free. Or ask {place} for another way. You can cancel the order on its page as long as nothing is picked.",
        ),
        "zh-Hans": (
            "订单 {number} 将延迟",
            "另一家门店为您调来的商品无法按时到达。目前没有更晚的空闲时段。一有空位我们就通知您。您也可以联系“{place}”另作安排。尚未拣货时您可以在订单页面取消订单。",
        ),
        "fr": (
            "La commande {number} prend du retard",
            "Ce qu'un autre magasin envoie pour votre commande n'arrivera pas pour votre créneau, et tous les créneaux suivants sont pris pour le moment. Nous vous écrirons dès qu'un créneau se libère. Vous pouvez aussi convenir d'une autre solution avec {place}. Vous pouvez annuler la commande sur sa page tant que rien n'est préparé.",
        ),
        "es": (
            "El pedido {number} se retrasa",
            "Lo que otra tienda envía para su pedido no llegará a la hora acordada, y ahora mismo no queda ningún horario posterior. Le escribiremos en cuanto haya uno libre. También puede acordar otra solución con {place}. Puede cancelar el pedido en su página mientras no se haya preparado nada.",
        ),
    },
)
_CHANNELS = {"email": "email", "phone": "sms"}


def tell(offer: OfferView) -> None:
    """Queue one message to the shopper, by a transport that somebody serves."""
    reached = _reached(offer.order_id)
    if reached is None:
        return
    _queue(
        reached,
        TEMPLATE,
        offer.order_id,
        {
            "product": _name(offer.product_id, reached.language),
            "until": reached.clock(offer.expires_at),
        },
    )


def tell_moved(rejection: Rejection, due_at: datetime | None) -> None:
    """Tell the same that something comes from elsewhere, and since when the order is due then; or that nobody has it."""
    reached = _reached(rejection.order_id)
    if reached is None:
        return
    product = _name(rejection.product_id, reached.language)
    if due_at is not None:
        _queue(reached, MOVED, rejection.order_id, {"product": product, "when": reached.when(due_at)})
    if rejection.moved < rejection.quantity:
        _queue(reached, NOWHERE, rejection.order_id, {"product": product})


def tell_missed(order_id: UUID, slot: capacity.Room | None) -> None:
    """Tell the same that nobody was there to take the order, and when we come again; or that a time is still to be chosen."""
    reached = _reached(order_id)
    if reached is None:
        return
    place = {"place": reached.place}
    if slot is None:
        _queue(reached, MISSED_WAITS, order_id, place)
        return
    _queue(reached, MISSED, order_id, place | reached.span(slot))


def tell_late(order_id: UUID, moved: Moved) -> None:
    """Tell the same that their order takes longer: its new time, or that it is still to be found."""
    reached = _reached(order_id)
    if reached is None:
        return
    if moved.no_room:
        _queue(reached, LATE_WAITS, order_id, {"place": reached.place})
    elif moved.slot is None:
        _queue(reached, LATE, order_id, {"when": reached.when(moved.due_at)})
    else:
        _queue(reached, LATE_SLOT, order_id, reached.span(moved.slot))


@dataclass(frozen=True, slots=True)
class _Reached:
    """Whom to write to, where, in which language, and the place that serves the order with its time zone."""

    person_id: UUID
    channel: str
    destination: str
    language: str
    place: str
    zone: str

    def day(self, moment: datetime) -> str:
        """A day at the place, in the reader's language: it is read on another day, so never "today"."""
        return day_in(self.language, moment, self.zone)

    def clock(self, moment: datetime) -> str:
        """The time of day at the place, as the reader writes it."""
        with override(_tag(self.language)):
            return formats.clock(moment, self.zone)

    def span(self, slot: capacity.Room) -> dict[str, str]:
        """A slot's day, start and end."""
        return {
            "day": self.day(slot.starts_at),
            "start": self.clock(slot.starts_at),
            "end": self.clock(slot.ends_at),
        }

    def when(self, moment: datetime) -> str:
        """Both."""
        with override(_tag(self.language)):
            return gettext("%(day)s, %(time)s") % {"day": self.day(moment), "time": self.clock(moment)}


def _tag(language: str) -> str:
    """The nearest of our languages, as messages choose it."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return "en"


def day_in(language: str, moment: datetime, zone: str) -> str:
    """A day, as somebody who reads this language writes it."""
    with override(_tag(language)):
        return formats.weekday(business_date(moment, zone))


def _reached(order_id: UUID) -> _Reached | None:
    """A member's preferred confirmed address that a transport serves; of who has none the number given with the address. It is
    about the order that they placed: nobody's consent is asked for that.
    """
    head = orders.get(order_id).head
    of_member = None if head.customer_id is None else _of_member(head)
    return of_member or _of_address(head)


def _of_address(head: orders.OrderHead) -> _Reached | None:
    to = orders.destinations([head.id]).result().get(head.id)
    if to is None or to.address is None or not messages.is_carried("sms"):
        return None
    try:
        number = customers.normal_contact("phone", to.address.phone, country=to.address.country)
    except customers.InvalidContact:
        return None  # none was given, or what was typed is no number
    place = places.get_place(head.served_by)
    return _Reached(head.customer_id or head.id, "sms", number, "en", place.name, place.zone)


def _of_member(head: orders.OrderHead) -> _Reached | None:
    assert head.customer_id is not None
    member = customers.get(head.customer_id)
    for contact in sorted(member.contacts, key=lambda one: not one.preferred):
        channel = _CHANNELS.get(contact.kind)
        if contact.verified_at and channel is not None and messages.is_carried(channel):
            place = places.get_place(head.served_by)
            return _Reached(member.person_id, channel, contact.value, member.language or "en", place.name, place.zone)
    return None


def _name(product_id: UUID, language: str) -> str:
    return catalog.gather([product_id]).result()[product_id].name_in(language)


def _queue(to: _Reached, template: str, order_id: UUID, words: dict[str, str]) -> None:
    params = {"number": orders.order_number(order_id), **words}
    messages.queue([messages.NewMessage(to.person_id, to.channel, to.destination, template, to.language, params)])
