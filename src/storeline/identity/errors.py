"""Refusals of identity.

Error
├── Unauthenticated 401
│   ├── InvalidToken           the bearer token is unknown, expired or withdrawn
│   ├── WrongSignIn            no such login, or not that password: never said which
│   └── SecondFactorNeeded     the password was right; a second factor is asked for
├── Forbidden 403
│   ├── SecondFactorMissing    staff must have one here, and this one has none yet
│   └── CsrfFailed             a session's write came without its CSRF token
├── Invalid 422
│   ├── WeakPassword
│   └── BeyondRole             a client may not be given more than its role has
├── Conflict 409
│   └── LoginTaken
└── TooMany 429
    └── TooManySignIns
"""

from storeline.kernel.api import Conflict, Forbidden, Invalid, TooMany, Unauthenticated


class InvalidToken(Unauthenticated):
    code = "invalid_token"
    title = "The access token is not valid"


class WrongSignIn(Unauthenticated):
    code = "wrong_sign_in"
    title = "The sign-in is not right"


class SecondFactorNeeded(Unauthenticated):
    code = "second_factor_needed"
    title = "A second factor is needed"


class SecondFactorMissing(Forbidden):
    code = "second_factor_missing"
    title = "Staff set up a second factor first"


class CsrfFailed(Forbidden):
    code = "csrf_failed"
    title = "The request did not come from our own page"


class WeakPassword(Invalid):
    code = "weak_password"
    title = "The password is too easy to guess"


class BeyondRole(Invalid):
    code = "beyond_role"
    title = "That is more than the role may do"


class LoginTaken(Conflict):
    code = "login_taken"
    title = "Another user signs in with that"


class TooManySignIns(TooMany):
    code = "too_many_sign_ins"
    title = "Too many attempts to sign in"
