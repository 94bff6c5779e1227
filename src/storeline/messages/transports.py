"""How messages leave. A retailer names its own per channel in the setting MESSAGE_TRANSPORTS."""

from __future__ import annotations

import logging
import smtplib
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)
_DEFAULT = "storeline.messages.transports.Console"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready to leave; its repr gives nothing personal away."""

    id: UUID
    channel: str
    destination: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)


class TransportError(Exception):
    """It did not leave. `reason` must hold nothing personal; `final` means that trying again is no use."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Transport(Protocol):
    """Hands one message over, within seconds; raises TransportError. May be given the same id again."""

    def send(self, message: Outgoing) -> None: ...


class Console:
    """Development: the words appear on standard error. In production nothing of a message is ever shown or logged."""

    def send(self, message: Outgoing) -> None:
        if getattr(settings, "PRODUCTION", False):
            raise TransportError("no transport is set for this channel", final=True)
        sys.stderr.write(f"[{message.channel} to {message.destination}] {message.subject}: {message.body}\n")
        log.info("message %s left by %s to the console", message.id, message.channel)


class Memory:
    """Tests: keeps what left."""

    sent: list[Outgoing] = []

    def send(self, message: Outgoing) -> None:
        self.sent.append(message)


class Email:
    """Django's mail, by the settings EMAIL_*."""

    def send(self, message: Outgoing) -> None:
        mail = EmailMessage(message.subject, message.body, to=[message.destination])
        mail.extra_headers["X-Storeline-Message"] = str(message.id)
        try:
            mail.send()
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            raise TransportError("the mail server refused it", final=True) from error
        except (OSError, smtplib.SMTPException) as error:
            raise TransportError("the mail server did not take it") from error


@lru_cache(maxsize=16)
def _load(path: str) -> Transport:
    made: Transport = import_string(path)()
    return made


def is_carried(channel: str) -> bool:
    """Whether the settings name a transport for `channel`: then a message that nobody asked for may be sent there."""
    return channel in getattr(settings, "MESSAGE_TRANSPORTS", {})


def transport_for(channel: str) -> Transport:
    """The transport that the settings name for `channel`."""
    return _load(getattr(settings, "MESSAGE_TRANSPORTS", {}).get(channel, _DEFAULT))
