"""Partners and events for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from storeline.kernel.api import SYSTEM, Envelope, Event, clock_at, new_id, publish, run
from storeline.partners.api import EndpointSecret, NewOrganisation, Terms, add_endpoint, agree, take_on

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE, THERE = UUID(int=1), UUID(int=2)


def make_partner(ref: str = "wallet") -> UUID:
    return take_on(NewOrganisation(new_id(), ref, ref.capitalize()), actor=SYSTEM)


def make_listener(url: str, *patterns: str, ref: str = "wallet", **terms: Any) -> EndpointSecret:
    partner = make_partner(ref)
    words: dict[str, Any] = {"events": ["*"], "starts_at": START} | terms
    agree(new_id(), partner, Terms(**words), actor=SYSTEM)
    return add_endpoint(new_id(), partner, url, patterns or ("*",), actor=SYSTEM)


def happen(kind: str = "orders.confirmed", place: UUID | None = HERE, at: datetime = START, **payload: Any) -> Envelope:
    """Publish an event and give it back as consumers see it."""
    with clock_at(at):
        publish([Event(kind, UUID(int=7), place_id=place, payload=payload)])
    row = run("""
SELECT id, type, subject_id, place_id, entity_id, at, payload FROM kernel_event ORDER BY id DESC LIMIT 1
""").fetchall()[0]
    return Envelope(*row)


def deliveries() -> list[tuple[Any, ...]]:
    return run("SELECT state, attempts, status, error FROM partners_delivery ORDER BY event_id, id").fetchall()


def everything() -> list[list[tuple[Any, ...]]]:
    tables = ("organisation", "agreement", "endpoint", "delivery")
    rows = [run(f"SELECT * FROM partners_{table} ORDER BY id").fetchall() for table in tables]
    return [*rows, run("SELECT id, active, scopes, valid_to FROM identity_client ORDER BY id").fetchall()]
