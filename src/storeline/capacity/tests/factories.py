"""Places with opening hours, and slots, for capacity's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.apps import apps

from storeline.capacity import api as capacity
from storeline.capacity import audit
from storeline.kernel.api import new_id, run, transaction

AT = datetime(2017, 6, 1, 6, tzinfo=UTC)  # a Thursday


def make_place(ref: str = "P1", *, zone: str = "UTC", capabilities: tuple[str, ...] = ("collect",)) -> UUID:
    run(
        """
INSERT INTO places_entity (id, ref, name, country, currency, tax_regime, inclusive, zone, tax_number, receipt_series)
VALUES (uuidv7(), 'E1', 'Entity', 'US', 'USD', 'us', false, 'UTC', '', '') ON CONFLICT (ref) DO NOTHING"""
    )
    place = new_id()
    run(
        """
INSERT INTO places_place (id, ref, entity_id, name, names, format, zone, country, region, city, postal_code, address,
    phone, price_zone, tax_region, capabilities)
SELECT %s, %s, id, 'Place', '{}', 'supermarket', %s, 'US', '', '', '', '', '', '', '', %s
FROM places_entity WHERE ref = 'E1'""",
        [place, ref, zone, list(capabilities)],
    )
    return place


def make_hours(place: UUID, opens: int = 8, closes: int = 20) -> None:
    """The same hours on every day, in local hours."""
    for weekday in range(1, 8):
        run(
            "INSERT INTO places_hours (place_id, weekday, opens, closes) VALUES (%s, %s, %s, %s)",
            [place, weekday, opens * 60, closes * 60],
        )


def make_slot(place: UUID, room: int, *, starts_at: datetime = AT + timedelta(hours=4)) -> UUID:
    slot = new_id()
    run(
        """
INSERT INTO capacity_slot (id, place_id, method, starts_at, ends_at, cutoff_at, capacity)
VALUES (%s, %s, 'collect', %s, %s, %s, %s)""",
        [slot, place, starts_at, starts_at + timedelta(hours=1), starts_at - timedelta(hours=2), room],
    )
    return slot


def book(slot: UUID, *units: int, expires_at: datetime | None = None) -> list[UUID]:
    """A booking for each of `units`, each of its own source."""
    rows = [capacity.BookRow(new_id(), slot, one, expires_at) for one in units]
    with transaction():
        capacity.lock([slot]).result()
        assert capacity.book(rows).result() == len(rows)
    return [row.source_id for row in rows]


def held(slot: UUID) -> int:
    return capacity.get_slot(slot).held


def assert_balanced() -> None:
    result = audit.slots()
    assert result.ok, result.differences


def make_fee() -> UUID:
    """The service that fees are sold as."""
    fee: UUID = apps.get_model("catalog.Product").objects.create(ref="fee", name="Delivery", service=True).pk
    return fee
