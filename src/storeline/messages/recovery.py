"""A forgotten password: a code goes to whose the account is, and opens it to a new password.

Nothing that a stranger sees depends on whether there is such an account: for a login that nobody has, the same is counted,
written and tried, and nothing leaves.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpRequest

from storeline.customers import api as customers
from storeline.identity import api as identity
from storeline.kernel.api import GUEST, Error, Invalid, NotFound, transaction
from storeline.messages.codes import issue_code, try_code, use_codes
from storeline.messages.domain import NEW_PASSWORD, NEW_PASSWORD_TEMPLATE, PASSWORD_CHANGED_TEMPLATE
from storeline.messages.errors import NoCode, TooManyCodes, WrongCode
from storeline.messages.outbox import NewMessage, queue

ASKED_PER_LOGIN = 5
ASKED_PER_ADDRESS = 20
TRIED_PER_ADDRESS = 50
LONGEST = 200


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whom a login means: `subject_id` is the user's, or one of its own where there is no such user."""

    subject_id: UUID
    channel: str = ""
    destination: str = field(default="", repr=False)


def ask_new_password(request: HttpRequest, login: str, *, language: str = "en") -> None:
    """Send a code for a new password to the owner of `login`: an email address, a name, or a proved phone number.

    Says the same whoever it is. Raises Invalid where nothing was typed, TooMany where it was asked for too often.
    """
    normal = _normal(login)
    identity.throttle(request, "new_password", ASKED_PER_ADDRESS)
    identity.throttle(request, "new_password.login", ASKED_PER_LOGIN, about=normal)
    whose = _whose(normal)
    with contextlib.suppress(TooManyCodes):  # one is on its way; saying so would say that there is an account
        issue_code(
            NEW_PASSWORD,
            whose.subject_id,
            whose.destination or normal,
            channel=whose.channel,
            language=language,
            template=NEW_PASSWORD_TEMPLATE,
            actor=GUEST,
        )


def take_new_password(request: HttpRequest, login: str, code: str, password: str, *, language: str = "en") -> None:
    """Make `password` the one of `login`, whose owner has the code. All sessions end; a second factor stays.

    Raises WeakPassword, and the code is as good as before; WrongCode, whether it is wrong, too old, used, or was tried too
    often; TooMany. Nothing but the count of attempts has changed then.
    """
    normal = _normal(login)
    identity.throttle(request, "new_password.try", TRIED_PER_ADDRESS)
    identity.check_password(password)
    whose = _whose(normal)
    try:
        code_id = try_code(NEW_PASSWORD, whose.subject_id, code)
        with transaction():
            if not use_codes([code_id]):
                raise _wrong()
            identity.reset_password(whose.subject_id, password)
            if whose.channel:
                told = NewMessage(
                    whose.subject_id, whose.channel, whose.destination, PASSWORD_CHANGED_TEMPLATE, language
                )
                queue([told])
    except (WrongCode, NoCode, NotFound):
        raise _wrong() from None
    identity.forgive(normal)


def _wrong() -> WrongCode:
    return WrongCode("That is not the code, or it has ended: ask for another.", field="code")


def _normal(login: str) -> str:
    normal = identity.normal_login(login)
    if not normal or len(normal) > LONGEST:
        raise Invalid("Say whose password it is.", field="login")
    return normal


def _whose(normal: str) -> _Whose:
    """By sign-in, else by a phone number that its owner has proved."""
    nobody = _Whose(UUID(bytes=identity.keyed("messages.nobody", normal)[:16]))
    phone = _phone(normal)
    user_id = identity.find_user(normal) if phone is None else _by_phone(phone)
    user = None if user_id is None else identity.get_user(user_id)
    if user is None or not user.active:
        return nobody
    if phone is not None:
        return _Whose(user.id, "sms", phone)
    return _Whose(user.id, "email" if user.email else "", user.email or "")


def _phone(normal: str) -> str | None:
    """The E.164 number that was typed, if it is one with its country code."""
    with contextlib.suppress(Error):
        return customers.normal_contact("phone", normal)
    return None


def _by_phone(phone: str) -> UUID | None:
    return next(
        (
            person.user_id
            for person in customers.look_up(phone=phone)
            if person.user_id is not None
            and any(one.value == phone and one.verified_at is not None for one in person.contacts)
        ),
        None,
    )
