"""What shoppers are told, where they asked to be, in the language of their order."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands import tell
from storeline.fulfilment.commands.late import put_off_all
from storeline.fulfilment.commands.parcels import send_back_unclaimed
from storeline.fulfilment.domain.parcels import KEPT_FOR
from storeline.fulfilment.tests.factories import all_rows, picks, read_events, supplying, to_pick
from storeline.kernel.api import SYSTEM, Error, new_id, now, run
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, brought, delivers, forget_due, shop

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


def words() -> list[tuple[str, str, Any]]:
    return run("SELECT template, language, values FROM messages_message ORDER BY created_at, id").fetchall()


def test_staff_cancel_and_it_is_said_once_what_goes_back(here: Shop) -> None:
    """Whichever door staff use; shoppers who cancel themselves see the answer."""
    unpaid, paid, own = (to_pick(here, [1], contact=KIM) for _ in range(3))
    fulfilment.pick_all([paid], actor=SYSTEM)
    fulfilment.ready([paid], actor=SYSTEM)
    for _ in range(2):
        orders.cancel([unpaid], reason="mistake", tell=True)
        fulfilment.cancel([paid], reason="mistake", actor=SYSTEM)
        orders.call_off(own, actor=SYSTEM, token=orders.token_of(own))
        read_events()
    number = {order_id: orders.order_number(order_id) for order_id in (unpaid, paid)}
    assert words() == [
        ("fulfilment.cancelled", "fr", {"number": number[unpaid], "place": "Shop"}),
        ("fulfilment.cancelled_back", "fr", {"number": number[paid], "place": "Shop", "amount": "1,35\xa0$US"}),
    ]


def test_what_is_kept_for_recalls_tells_nobody_of_an_order_that_has_ended(here: Shop) -> None:
    """Whatever asks to tell them: the contact is gone for all of it, as it was when its row was deleted."""
    order_id = to_pick(here, [2], contact=KIM)
    fulfilment.pick_all([order_id], actor=SYSTEM)
    ready(order_id)
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
    before = told()
    forget_due()
    assert run("SELECT email FROM orders_contact").fetchall() == [("kim@example.org",)]
    for say in (
        partial(tell.tell_ready, [order_id]),
        partial(tell.tell_nothing, [order_id]),
        partial(tell.tell_cancelled, [order_id], unclaimed=False),
        partial(tell.tell_missed, order_id, None),
        partial(tell.tell_shipped, order_id, "DHL", "1"),
    ):
        say()
    assert (told(), tell.contact_of(order_id)) == (before, None)


def test_nobody_came_for_it_and_its_money_goes_back(here: Shop) -> None:
    order_id = to_pick(here, [1], contact=KIM, collect_at=supplying(here, 1, "point"))
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    fulfilment.arrive(order_id, actor=SYSTEM)
    assert send_back_unclaimed(now() + KEPT_FOR) == 1
    for _ in range(2):
        fulfilment.came_back(order_id, actor=SYSTEM)
    (_, told_last) = words()
    assert (told_last[0], told_last[2]["amount"]) == ("fulfilment.unclaimed", "1,35\xa0$US")


def test_a_parcel_is_on_its_way_and_can_be_followed(here: Shop) -> None:
    delivers(here, method="ship")
    draft = brought(here, None, [1], method="ship", contact=KIM)
    orders.checkout([draft], actor=SYSTEM)
    read_events()
    fulfilment.pick_all([draft.id], actor=SYSTEM)
    fulfilment.ready([draft.id], actor=SYSTEM)
    for _ in range(2):
        fulfilment.ship(draft.id, "Post", "X 1", actor=SYSTEM)
    before = all_rows()
    with pytest.raises(Error):
        fulfilment.ship(draft.id, "Post", "X2", actor=SYSTEM)
    assert all_rows() == before
    number = orders.order_number(draft.id)
    values = {"number": number, "place": "Shop", "carrier": "Post", "tracking": "X1"}
    assert words() == [("fulfilment.shipped", "fr", values)]


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
