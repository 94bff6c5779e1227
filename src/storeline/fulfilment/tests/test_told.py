"""What guests who collect are told, where they asked to be, in the language of their order."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands.late import put_off_all
from storeline.fulfilment.tests.factories import picks, read_events, supplying, to_pick
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop

pytestmark = pytest.mark.django_db(transaction=True)
KIM = orders.Contact("kim@example.org", "+16145550123", "fr")


class Kept:
    """A transport that keeps what left."""

    sent: ClassVar[list[Any]] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)


@pytest.fixture
def here(settings: Any) -> Shop:
    settings.MESSAGE_TRANSPORTS = {"email": f"{__name__}.Kept"}
    return shop()


def told() -> list[tuple[str, str, str]]:
    return run("SELECT template, destination, language FROM messages_message ORDER BY created_at, id").fetchall()


def ready(order_id: UUID) -> None:
    fulfilment.ready([order_id], actor=SYSTEM)
    for _ in range(2):
        read_events("fulfilment.notices")


def test_it_is_ready_and_here_is_the_code(here: Shop) -> None:
    order_id = to_pick(here, [2, 1], contact=KIM)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    ready(order_id)
    assert told() == [("fulfilment.ready", "kim@example.org", "fr")]
    messages.send_due()
    (sent,) = Kept.sent
    assert sent.subject == f"La commande {orders.order_number(order_id)} est prête"
    assert fulfilment.codes([order_id])[order_id] in sent.body
    assert run("SELECT destination, values FROM messages_message").fetchall() == [(None, None)]


def test_what_was_not_there_is_named_and_where_nothing_was_that_is_said(here: Shop) -> None:
    short, none = to_pick(here, [2, 1], contact=KIM), to_pick(here, [1], contact=KIM)
    fulfilment.pick(picks(short, 0, 1000), actor=SYSTEM)
    ready(short)
    fulfilment.pick(picks(none, 0), actor=SYSTEM)
    ready(none)
    assert [row[0] for row in told()] == ["fulfilment.ready_short", "fulfilment.nothing"]
    (words,) = run("SELECT values FROM messages_message WHERE template = 'fulfilment.ready_short'").fetchall()[0]
    assert words["missing"] == "Product 0"


def test_what_comes_from_elsewhere_and_that_it_is_late(here: Shop) -> None:
    supplying(here, 5)
    order_id = to_pick(here, [2], contact=KIM)
    asked = fulfilment.Rejected(new_id(), order_id, 1, 1000, fulfilment.Why.NOT_FOUND)
    fulfilment.reject(asked, actor=SYSTEM)
    (supply,) = fulfilment.supplies_of([order_id])[order_id]
    assert put_off_all(supply.leave_by + supply.way) == 1
    assert told() == [
        ("fulfilment.moved", "kim@example.org", "fr"),
        ("fulfilment.late", "kim@example.org", "fr"),
    ]


def test_at_a_point_it_is_told_when_it_is_there_with_the_points_code(here: Shop) -> None:
    point = supplying(here, 1, "point")
    order_id = to_pick(here, [1], contact=KIM, collect_at=point)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    ready(order_id)
    assert told() == []
    fulfilment.arrive(order_id, actor=SYSTEM)
    assert told() == [("fulfilment.parcel_arrived", "kim@example.org", "fr")]


def test_who_gave_nothing_or_where_nobody_carries_it_is_not_told(here: Shop, settings: Any) -> None:
    quiet, only_words = to_pick(here, [1]), to_pick(here, [1], contact=orders.Contact(language="es"))
    unserved = to_pick(here, [1], contact=orders.Contact("", "+16145550123", "es"))
    for order_id in (quiet, only_words, unserved):
        fulfilment.pick_all([order_id], actor=SYSTEM)
        ready(order_id)
    assert told() == []
    settings.MESSAGE_TRANSPORTS = {}
    silent = to_pick(here, [1], contact=KIM)
    fulfilment.pick_all([silent], actor=SYSTEM)
    ready(silent)
    assert told() == []
