"""Every refusal Storeline gives, as one tree.

Error 500
├── Invalid 422          the request does not make sense; `field` names the part
│   └── InvalidId 422    an id that is no UUIDv7, or whose time is too far off
├── MissingKey 400       a write without its Idempotency-Key
├── Unauthenticated 401
├── Forbidden 403
├── NotFound 404
├── Refused 409          it makes sense, but a business rule says no
│   └── Conflict 409     the same id or key with other contents, or a stale version
│       ├── BodyMismatch 422
│       └── InFlight 409
├── Gone 410
└── TooMany 429
"""

from __future__ import annotations

from typing import Any, ClassVar


class Error(Exception):
    """A refusal with a stable `code`; HTTP renders it as an RFC 9457 problem.

    `detail` says in plain words what happened and what to do, `field` is the JSON path of the
    offending input (``lines[2].quantity``), `extra` holds further members of the problem.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str = "", *, field: str | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """This error as the members of an RFC 9457 problem."""
        members: dict[str, Any] = {
            "type": f"urn:storeline:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.field is not None:
            members["field"] = self.field
        return members | self.extra


class Invalid(Error):
    code = "invalid"
    status = 422
    title = "The request is not valid"


class InvalidId(Invalid):
    code = "invalid_id"
    title = "The id is not usable"


class MissingKey(Error):
    code = "idempotency_key_missing"
    status = 400
    title = "This request needs an Idempotency-Key"


class Unauthenticated(Error):
    code = "unauthenticated"
    status = 401
    title = "Sign in first"


class Forbidden(Error):
    code = "forbidden"
    status = 403
    title = "You may not do this"


class NotFound(Error):
    code = "not_found"
    status = 404
    title = "There is no such thing"


class Refused(Error):
    code = "refused"
    status = 409
    title = "That cannot be done now"


class Conflict(Refused):
    code = "conflict"
    title = "That clashes with what is already there"


class BodyMismatch(Conflict):
    code = "body_mismatch"
    status = 422
    title = "The same id or key came before with other contents"


class InFlight(Conflict):
    code = "in_flight"
    title = "The same request is still being worked on"


class Gone(Error):
    code = "gone"
    status = 410
    title = "That is no longer there"


class TooMany(Error):
    code = "too_many"
    status = 429
    title = "Too many requests"
