"""Everything that other modules may use of messages."""

from storeline.messages.codes import (
    Issued,
    Try,
    check_code,
    forget_old_codes,
    issue_code,
    new_code,
    new_codes,
    shown_code,
    shown_codes,
    try_code,
    try_codes,
    use_codes,
)
from storeline.messages.domain import (
    COLLECTION,
    SIGN_IN,
    VERIFY_CONTACT,
    Purpose,
    register_purpose,
    register_template,
)
from storeline.messages.errors import NoCode, TooManyCodes, UnknownPurpose, WrongCode
from storeline.messages.outbox import NewMessage, forget_person, queue, send_due, send_now
from storeline.messages.queries import MessageView, list_messages, messages_of
from storeline.messages.transports import is_carried

__all__ = [
    "COLLECTION",
    "SIGN_IN",
    "VERIFY_CONTACT",
    "Issued",
    "MessageView",
    "NewMessage",
    "NoCode",
    "Purpose",
    "TooManyCodes",
    "Try",
    "UnknownPurpose",
    "WrongCode",
    "check_code",
    "forget_old_codes",
    "forget_person",
    "is_carried",
    "issue_code",
    "list_messages",
    "messages_of",
    "new_code",
    "new_codes",
    "queue",
    "register_purpose",
    "register_template",
    "send_due",
    "send_now",
    "shown_code",
    "shown_codes",
    "try_code",
    "try_codes",
    "use_codes",
]
