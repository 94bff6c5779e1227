"""Tell somebody that a parcel waits for them, where somebody carries messages."""

from __future__ import annotations

from storeline.fulfilment.commands.tell import day_in
from storeline.fulfilment.domain.parcels import Contact, Parcel
from storeline.kernel.api import run
from storeline.messages import api as messages
from storeline.places import api as places

TEMPLATE = "fulfilment.parcel_arrived"
messages.register_template(
    TEMPLATE,
    {
        "en": (
            "Your parcel is there: {reference}",
            "It waits for you at {place} until {until}. Show this code there: {code}",
        ),
        "zh-Hans": ("包裹 {reference} 已到", "包裹在“{place}”为您保管至 {until}。请出示取件码：{code}"),
        "fr": (
            "Votre colis est arrivé : {reference}",
            "Il vous attend à {place} jusqu’au {until}. Montrez-y ce code : {code}",
        ),
        "es": (
            "Su paquete ha llegado: {reference}",
            "Le espera en {place} hasta el {until}. Muestre allí este código: {code}",
        ),
    },
)
_CODE = """
SELECT id FROM messages_code WHERE purpose = %s AND subject_id = %s AND used_at IS NULL AND replaced_at IS NULL
"""


def reached_at(contact: Contact | None) -> tuple[str, str] | None:
    """The channel that somebody carries and the address there; None where nobody is told."""
    if contact is None:
        return None
    known = (("email", contact.email), ("sms", contact.phone))
    return next((one for one in known if one[1] and messages.is_carried(one[0])), None)


def tell_arrived(parcel: Parcel, contact: Contact | None) -> None:
    """Queue one message with the code, by e-mail or else by text message; to nobody where neither is known or carried."""
    reached = reached_at(contact)
    if contact is None or reached is None or parcel.keep_until is None:
        return
    place = places.get_place(parcel.place_id)
    channel, destination = reached
    values = {
        "reference": parcel.reference,
        "place": ", ".join(part for part in (place.name, place.address, place.city) if part),
        "until": day_in(contact.language, parcel.keep_until, place.zone),
    }
    code = run(_CODE, [messages.COLLECTION, parcel.id]).fetchone()
    code_id = code[0] if code else None
    messages.queue([messages.NewMessage(parcel.id, channel, destination, TEMPLATE, contact.language, values, code_id)])
