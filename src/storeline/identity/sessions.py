"""Signing in with a password: counted, never saying which part was wrong, with a second factor where one is set up.
And signing up as a shopper, which is counted too.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth import login as begin_session
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from storeline.identity.commands import create_user, grant_role
from storeline.identity.domain import normal_login
from storeline.identity.errors import SecondFactorNeeded, TooManySignIns, WrongSignIn
from storeline.identity.keys import keyed
from storeline.identity.models import User
from storeline.identity.queries import find_user
from storeline.kernel.api import SYSTEM, Invalid, TooMany, run, transaction
from storeline.web.address import client_address

WINDOW = timedelta(minutes=15)
PER_LOGIN = 10
PER_ADDRESS = 100
NEW_PER_ADDRESS = 20
_BACKEND = "django.contrib.auth.backends.ModelBackend"

_COUNT = """
INSERT INTO identity_attempt AS a (key, "window", count) VALUES (%s, %s, 1)
ON CONFLICT (key, "window") DO UPDATE SET count = a.count + 1 RETURNING count
"""
_FORGIVE = 'DELETE FROM identity_attempt WHERE key = %s AND "window" = %s'
_FORGET = 'DELETE FROM identity_attempt WHERE "window" < %s'


def sign_in(login: str, password: str, *, code: str = "", address: str = "") -> User:
    """The user whose login and password (and second factor) these are.

    An attempt is counted before anything is looked up, by login and by network address, both as
    keyed hashes; a right one clears its login's count. Raises TooManySignIns, WrongSignIn or
    SecondFactorNeeded.
    """
    moment = datetime.now(UTC)
    window = _window(moment)
    login_key = keyed("identity.attempt", "login", normal_login(login))
    _take(login_key, PER_LOGIN, moment)
    _take(keyed("identity.attempt", "address", address), PER_ADDRESS, moment)
    user = _by_password(login, password)
    _second_factor(user, code)
    run(_FORGIVE, [login_key, window])
    return user


def enter(request: HttpRequest, login: str, password: str, *, code: str = "") -> UUID:
    """Sign in by a form of ours: the session is this user's from now on. Raises as `sign_in`."""
    user = sign_in(login, password, code=code, address=client_address(request))
    begin_session(request, user, backend=_BACKEND)
    return user.id


def sign_up(request: HttpRequest, user_id: UUID, *, email: str, password: str, name: str, language: str) -> UUID:
    """Make a shopper's account under an id of the form's own, and sign in to it; sent again, it is one account.

    Raises Invalid, WeakPassword, LoginTaken, BodyMismatch or TooManySignIns, and makes nothing then.
    """
    if not email.strip():
        raise Invalid("Type your email address.", field="email")
    moment = datetime.now(UTC)
    _take(keyed("identity.attempt", "sign_up", client_address(request)), NEW_PER_ADDRESS, moment)
    with transaction():
        create_user(email=email, password=password, name=name, language=language, user_id=user_id, actor=SYSTEM)
        grant_role(user_id, "shopper", actor=SYSTEM)
    return enter(request, email, password)


def throttle(request: HttpRequest, deed: str, most: int, *, about: str = "") -> None:
    """Count a deed of whoever is at this network address, or what anybody does `about` one thing.

    Raises TooMany from so many in a quarter of an hour on.
    """
    moment = datetime.now(UTC)
    if (wait := _wait(keyed("identity.attempt", deed, about or client_address(request)), most, moment)) is not None:
        raise TooMany("There were many of these from here: try again later.", retry_after=wait)


def forgive(login: str) -> None:
    """Forget how often `login` was tried just now, once its owner has shown who they are."""
    run(_FORGIVE, [keyed("identity.attempt", "login", normal_login(login)), _window(datetime.now(UTC))])


def _window(moment: datetime) -> datetime:
    start = datetime.fromtimestamp(0, UTC)
    return start + (moment - start) // WINDOW * WINDOW


def _take(key: bytes, limit: int, moment: datetime) -> None:
    if (wait := _wait(key, limit, moment)) is not None:
        raise TooManySignIns("Too many attempts to sign in: try again later.", retry_after=wait)


def _wait(key: bytes, limit: int, moment: datetime) -> int | None:
    """Count one more; in how many seconds the next may be, where there were too many."""
    window = _window(moment)
    row = run(_COUNT, [key, window]).fetchone()
    if row is None or row[0] <= limit:
        return None
    return int((window + WINDOW - moment).total_seconds()) + 1


def _by_password(login: str, password: str) -> User:
    user_id = find_user(login)
    user = None if user_id is None else User.objects.filter(id=user_id, is_active=True).first()
    if user is None:
        make_password(password)  # as long as a real look at a password, so that time tells nothing
    elif user.check_password(password):
        return user
    raise WrongSignIn("The login or the password is not right.")


def _second_factor(user: User, code: str) -> None:
    factors = list(Authenticator.objects.filter(user_id=user.id))
    if not factors:
        return
    if not code:
        raise SecondFactorNeeded("Send the code of your second factor as `code`.", field="code")
    typed = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    if not any(factor.wrap().validate_code(code) for factor in factors if factor.type in typed):
        raise WrongSignIn("The code of the second factor is not right.", field="code")


def forget_attempts() -> int:
    """Drop counts that no longer matter; the number dropped."""
    return run(_FORGET, [_window(datetime.now(UTC))]).rowcount
