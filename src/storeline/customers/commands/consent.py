"""What people agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.customers.domain import check_purpose
from storeline.customers.errors import ConsentDiffers
from storeline.customers.locks import lock_living
from storeline.customers.permissions import CONSENT
from storeline.customers.queries import may_touch_own
from storeline.kernel.api import Actor, Event, Invalid, now, publish, run, trail, transaction


@dataclass(frozen=True, slots=True)
class NewConsent:
    """What a person said: granted or withdrawn, when, how (`source`), and with which words."""

    purpose: str
    granted: bool
    at: datetime | None = None
    source: str = ""
    text: str = ""
    text_version: str = ""
    language: str = ""


_PURPOSE = (
    "INSERT INTO customers_purpose (code, label, data, recipients) VALUES (%s, %s, '{}', '{}') ON CONFLICT DO NOTHING"
)
_CONSENT = """
INSERT INTO customers_consent
  (id, customer_id, purpose, granted, at, source, text, text_version, language, recorded_by)
VALUES (kernel_source_id('customers.consent', %s::text || ':' || %s, %s), %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""


def record_consent(customer_id: UUID, consent: NewConsent, *, actor: Actor) -> None:
    """Append what a person said on a purpose: by the desk, or by the person themself.

    The same statement of the same moment again changes nothing; raises ConsentDiffers where it says
    otherwise, Erased, Invalid where `at` lies ahead.
    """
    purpose = check_purpose(consent.purpose)
    moment = now()
    at = consent.at or moment
    if at > moment:
        raise Invalid("A consent cannot lie ahead.", field="at")
    may_touch_own(customer_id, actor, CONSENT)
    with transaction():
        lock_living(customer_id)
        run(_PURPOSE, [purpose, purpose])
        words = [consent.source, consent.text, consent.text_version, consent.language, actor.id]
        params = [str(customer_id), purpose, at, customer_id, purpose, consent.granted, at, *words]
        if run(_CONSENT, params).fetchone() is None:
            return _same_consent(customer_id, purpose, at, granted=consent.granted)
        payload = {"purpose": purpose, "granted": consent.granted}
        publish([Event("customers.consented", customer_id, payload=payload)])
        trail(actor, "customers.consent", customer_id, detail=payload)
    return None


def _same_consent(customer_id: UUID, purpose: str, at: datetime, *, granted: bool) -> None:
    sql = "SELECT granted FROM customers_consent WHERE customer_id = %s AND purpose = %s AND at = %s"
    if run(sql, [customer_id, purpose, at]).fetchall() != [(granted,)]:
        raise ConsentDiffers("At that very moment the person said otherwise.", field="granted")


_UPSERT_PURPOSE = """
INSERT INTO customers_purpose (code, label, basis, data, recipients, valid_days) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (code) DO UPDATE SET label = excluded.label, basis = excluded.basis, data = excluded.data,
  recipients = excluded.recipients, valid_days = excluded.valid_days
"""


def describe_purpose(
    code: str,
    label: str,
    *,
    basis: str = "consent",
    data: Sequence[str] = (),
    recipients: Sequence[str] = (),
    valid_days: int | None = None,
) -> None:
    """Say what consent to a purpose means: the ground, which data, who receives it, for how many days it holds."""
    params = [check_purpose(code), label, basis, list(data), list(recipients), valid_days]
    run(_UPSERT_PURPOSE, params)
