"""Refusals of customers.

Error
├── NotFound 404
│   └── CustomerNotFound
├── Gone 410
│   └── Erased               the person's data was erased; nothing may be added
├── Invalid 422
│   └── InvalidContact       not an email address, or not a telephone number in E.164
├── Conflict 409
│   ├── ContactTaken         another customer proved that the address or number is theirs
│   ├── CardTaken            another customer has this card
│   └── ConsentDiffers       the same moment's statement is there already, and says otherwise
└── Refused 409
    └── CannotMerge          one of the two is merged already, or both are the same person
"""

from storeline.kernel.api import Conflict, Gone, Invalid, NotFound, Refused


class CustomerNotFound(NotFound):
    code = "customer_not_found"
    title = "There is no such customer"


class Erased(Gone):
    code = "customer_erased"
    title = "The customer's data was erased"


class InvalidContact(Invalid):
    code = "invalid_contact"
    title = "That address or number is not usable"


class ContactTaken(Conflict):
    code = "contact_taken"
    title = "Another customer has that address or number"


class CardTaken(Conflict):
    code = "card_taken"
    title = "Another customer has that card"


class ConsentDiffers(Conflict):
    code = "consent_differs"
    title = "That statement is there already, and differs"


class CannotMerge(Refused):
    code = "cannot_merge"
    title = "These two cannot be merged"
