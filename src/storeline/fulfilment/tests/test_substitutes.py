"""Something is missing and other goods are offered for it: what the shopper pays, what is held, and who may answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps

from storeline.customers.api import NewContact, NewCustomer, register
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.commands.answer import expire_offers
from storeline.fulfilment.tests.factories import all_rows, balances, differences, picks, read_events, state_of, to_pick
from storeline.kernel.api import GUEST, SYSTEM, BodyMismatch, Error, NotFound, clock_at, new_id, now, run
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.orders.tests.factories import LONG_AGO, Shop, make, shop, total
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)
SUBSTITUTE = 2  # the shop's third product, which no order here asks for


@pytest.fixture
def here() -> Shop:
    return shop()


def price(here: Shop, product: int, amount: int) -> None:
    apps.get_model("pricing.Price").objects.filter(product_id=here.products[product]).update(amount=amount)


def missing(here: Shop, quantities: tuple[int, ...] = (3, 1), found: int = 1, **changes: Any) -> UUID:
    """An order of whose first line only so many were found; the rest of it is picked."""
    order_id = to_pick(here, quantities, **changes)
    fulfilment.pick(picks(order_id, found * 1000, *(units * 1000 for units in quantities[1:])), actor=SYSTEM)
    return order_id


def asked(here: Shop, order_id: UUID, units: int = 2, **changes: Any) -> fulfilment.Asked:
    wanted: dict[str, Any] = {
        "id": new_id(),
        "order_id": order_id,
        "replaces": 1,
        "product_id": here.products[SUBSTITUTE],
        "missing": units * 1000,
        "quantity": units * 1000,
    }
    return fulfilment.Asked(**(wanted | changes))


def offered(here: Shop, order_id: UUID, units: int = 2) -> fulfilment.OfferView:
    return fulfilment.offer(asked(here, order_id, units), actor=SYSTEM)


def say(order_id: UUID, offer_id: UUID, *, yes: bool) -> fulfilment.OfferView:
    """The shopper's answer, with the order's token."""
    return fulfilment.answer(order_id, offer_id, yes=yes, actor=GUEST, token=orders.token_of(order_id))


def lines(order_id: UUID) -> list[tuple[int, int, int, int]]:
    """Number, kept quantity, kept amount, kept tax of each line."""
    return [(line.line_no, line.kept_quantity, line.kept_amount, line.kept_tax) for line in orders.get(order_id).lines]


def discounts(order_id: UUID) -> list[tuple[Any, ...]]:
    return run(
        "SELECT line_no, kind, funder, amount FROM orders_discount WHERE order_id = %s ORDER BY line_no, seq",
        [order_id],
    ).fetchall()


def finish(order_id: UUID) -> None:
    """Pick what is open, make it ready, hand it over."""
    for line in fulfilment.get_task(order_id).lines:
        if line.picked is None:
            fulfilment.pick([fulfilment.Picked(order_id, line.line_no, line.ordered)], actor=SYSTEM)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
    read_events()


def test_a_yes_gives_the_order_another_line_at_no_more_than_was_missing(here: Shop) -> None:
    price(here, SUBSTITUTE, 199)
    order_id = missing(here)
    offer = offered(here, order_id)
    assert (offer.state, offer.line_no, offer.price, offer.payable) == ("offered", 3, 250, 270)
    assert here.level(SUBSTITUTE) == (10_000, 2_000)
    assert lines(order_id) == [(1, 3000, 375, 30), (2, 1000, 125, 10)]
    answered = say(order_id, offer.id, yes=True)
    assert answered.state == "accepted"
    assert lines(order_id) == [(1, 1000, 125, 10), (2, 1000, 125, 10), (3, 2000, 250, 20)]
    assert discounts(order_id) == [(3, "substitution", "retailer", 148)]
    assert run("SELECT line_no, replaces FROM orders_substitute WHERE order_id = %s", [order_id]).fetchall() == [(3, 1)]
    assert (here.level(0), here.level(SUBSTITUTE)) == ((10_000, 1_000), (10_000, 2_000))
    assert [(line.line_no, line.picked) for line in fulfilment.get_task(order_id).lines] == [
        (1, 1000),
        (2, 1000),
        (3, None),
    ]
    with pytest.raises(fulfilment.NotPicked):
        fulfilment.ready([order_id], actor=SYSTEM)
    assert differences() == []
    finish(order_id)
    assert (here.level(0), here.level(1), here.level(SUBSTITUTE)) == ((9_000, 0), (9_000, 0), (8_000, 0))
    assert balances() == {"card_clearing": 540, "sales": -500, "tax_payable": -40}
    assert differences() == []


def test_a_cheaper_one_costs_what_it_costs(here: Shop) -> None:
    price(here, SUBSTITUTE, 99)
    order_id = missing(here)
    offer = offered(here, order_id)
    assert (offer.price, offer.payable) == (198, 214)
    say(order_id, offer.id, yes=True)
    finish(order_id)
    assert discounts(order_id) == []
    assert balances() == {"card_clearing": total(2) + 214, "sales": -448, "tax_payable": -36}
    assert differences() == []


def test_a_higher_tax_is_not_the_shoppers(here: Shop) -> None:
    make(
        "pricing.TaxRate", regime="t", tax_class="luxury", rate_ppm=200_000, inclusive=False, valid_from=LONG_AGO.date()
    )
    apps.get_model("catalog.Product").objects.filter(id=here.products[SUBSTITUTE]).update(tax_class="luxury")
    order_id = missing(here)
    offer = offered(here, order_id)
    assert (offer.price, offer.payable) == (225, 270)
    say(order_id, offer.id, yes=True)
    assert lines(order_id)[2] == (3, 2000, 225, 45)
    finish(order_id)
    assert balances() == {"card_clearing": 540, "sales": -475, "tax_payable": -65}
    assert differences() == []


def test_a_no_frees_the_goods_and_leaves_the_order(here: Shop) -> None:
    order_id = missing(here)
    offer = offered(here, order_id)
    assert say(order_id, offer.id, yes=False).state == "declined"
    assert here.level(SUBSTITUTE) == (10_000, 0)
    again = offered(here, order_id)
    assert again.line_no == 4
    say(order_id, again.id, yes=True)
    finish(order_id)
    assert [row[0] for row in lines(order_id)] == [1, 2, 4]
    assert differences() == []


def test_an_answer_is_given_once(here: Shop) -> None:
    order_id = missing(here)
    offer = offered(here, order_id)
    say(order_id, offer.id, yes=True)
    before = all_rows()
    assert say(order_id, offer.id, yes=True).state == "accepted"
    with pytest.raises(fulfilment.OfferClosed):
        say(order_id, offer.id, yes=False)
    with pytest.raises(fulfilment.OfferClosed):
        fulfilment.withdraw(order_id, offer.id, actor=SYSTEM)
    assert all_rows() == before


def test_no_answer_in_time_is_a_no(here: Shop) -> None:
    order_id = missing(here)
    offer = offered(here, order_id)
    assert offer.expires_at - offer.offered_at == timedelta(minutes=15)
    with clock_at(offer.expires_at):
        with pytest.raises(fulfilment.OfferClosed):
            say(order_id, offer.id, yes=True)
        assert (expire_offers(now()), expire_offers(now())) == (1, 0)
    assert fulfilment.offers_of([order_id])[order_id][0].state == "expired"
    assert here.level(SUBSTITUTE) == (10_000, 0)
    assert differences() == []


def test_a_hold_that_ended_cannot_be_taken(here: Shop) -> None:
    order_id = missing(here)
    offer = offered(here, order_id)
    stock.expire(offer.expires_at + timedelta(minutes=1))
    before = all_rows()
    with pytest.raises(orders.WrongState):
        say(order_id, offer.id, yes=True)
    assert all_rows() == before


def test_ready_ends_what_has_no_answer(here: Shop) -> None:
    order_id = missing(here)
    offer = offered(here, order_id)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    assert fulfilment.offers_of([order_id])[order_id][0].state == "expired"
    assert lines(order_id) == [(1, 1000, 125, 10), (2, 1000, 125, 10)]
    assert here.level(SUBSTITUTE) == (10_000, 0)
    with pytest.raises(fulfilment.OfferClosed):
        say(order_id, offer.id, yes=True)
    assert differences() == []


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_cancelled_order_frees_what_was_offered(here: Shop, where: str) -> None:
    order_id = missing(here)
    offered(here, order_id)
    if where == "here":
        fulfilment.cancel([order_id], reason="test", actor=SYSTEM)
    else:
        orders.cancel([order_id], reason="test")
        read_events()
    assert fulfilment.offers_of([order_id])[order_id][0].state == "withdrawn"
    assert here.level(SUBSTITUTE) == (10_000, 0)
    read_events()
    assert differences() == []


def test_what_is_offered_for_cannot_be_picked_until_it_is_taken_back(here: Shop) -> None:
    order_id = missing(here)
    offer = offered(here, order_id)
    with pytest.raises(fulfilment.PickedTooMuch):
        fulfilment.pick(picks(order_id, 2000), actor=SYSTEM)
    assert fulfilment.withdraw(order_id, offer.id, actor=SYSTEM).state == "withdrawn"
    assert fulfilment.withdraw(order_id, offer.id, actor=SYSTEM).state == "withdrawn"
    assert here.level(SUBSTITUTE) == (10_000, 0)
    fulfilment.pick(picks(order_id, 3000), actor=SYSTEM)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    assert differences() == []


def test_who_accepts_whatever_is_best_has_agreed(here: Shop) -> None:
    order_id = missing(here, substitutes="accept")
    assert offered(here, order_id).state == "accepted"
    assert lines(order_id)[2] == (3, 2000, 250, 20)
    finish(order_id)
    assert differences() == []


def test_who_wants_none_is_offered_none(here: Shop) -> None:
    order_id = missing(here, substitutes="never")
    before = all_rows()
    with pytest.raises(fulfilment.NotOffered):
        offered(here, order_id)
    assert all_rows() == before


def test_the_same_offer_is_made_once(here: Shop) -> None:
    order_id = missing(here)
    wanted = asked(here, order_id)
    first = fulfilment.offer(wanted, actor=SYSTEM)
    before = all_rows()
    assert fulfilment.offer(wanted, actor=SYSTEM) == first
    with pytest.raises(BodyMismatch):
        fulfilment.offer(asked(here, order_id, 1, id=wanted.id), actor=SYSTEM)
    assert all_rows() == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"missing": 3000}, "picked_too_much"),
        ({"missing": 0}, "picked_too_much"),
        ({"quantity": 1500}, "picked_too_much"),
        ({"quantity": 0}, "picked_too_much"),
        ({"replaces": 7}, "not_offered"),
        ({"product_id": UUID(int=7)}, "not_offered"),
        ({"quantity": 11_000}, "sold_out"),
    ],
)
def test_what_cannot_be_offered(here: Shop, changes: dict[str, Any], code: str) -> None:
    order_id = missing(here)
    before = all_rows()
    with pytest.raises(Error) as refused:
        fulfilment.offer(asked(here, order_id, **changes), actor=SYSTEM)
    assert refused.value.code == code
    assert all_rows() == before


def test_only_goods_of_the_same_deposit_and_age(here: Shop) -> None:
    order_id = missing(here)
    product = apps.get_model("catalog.Product").objects.filter(id=here.products[SUBSTITUTE])
    product.update(age_limit=18)
    with pytest.raises(fulfilment.NotOffered):
        offered(here, order_id)
    product.update(age_limit=None, deposit_product_id=here.products[1])
    with pytest.raises(fulfilment.NotOffered):
        offered(here, order_id)
    with pytest.raises(fulfilment.NotOffered):
        fulfilment.offer(asked(here, order_id, product_id=here.products[0]), actor=SYSTEM)


def test_a_line_nobody_looked_at_and_a_substitute_have_no_substitute(here: Shop) -> None:
    order_id = to_pick(here, [3, 1])
    with pytest.raises(fulfilment.NotOffered):
        offered(here, order_id)
    fulfilment.pick(picks(order_id, 1000, 1000), actor=SYSTEM)
    offer = offered(here, order_id)
    say(order_id, offer.id, yes=True)
    fulfilment.pick([fulfilment.Picked(order_id, 3, 0)], actor=SYSTEM)
    with pytest.raises(fulfilment.NotOffered):
        fulfilment.offer(asked(here, order_id, replaces=3, product_id=here.products[1]), actor=SYSTEM)
    assert fulfilment.ready([order_id], actor=SYSTEM) == {order_id: "ready"}
    assert lines(order_id) == [(1, 1000, 125, 10), (2, 1000, 125, 10), (3, 0, 0, 0)]
    assert differences() == []


def test_two_substitutes_for_one_line(here: Shop) -> None:
    price(here, SUBSTITUTE, 199)
    order_id = missing(here)
    first, second = offered(here, order_id, 1), offered(here, order_id, 1)
    for offer in (second, first):
        say(order_id, offer.id, yes=True)
    finish(order_id)
    assert [row[:3] for row in lines(order_id)] == [(1, 1000, 125), (2, 1000, 125), (3, 1000, 125), (4, 1000, 125)]
    assert balances() == {"card_clearing": 540, "sales": -500, "tax_payable": -40}
    assert differences() == []


def test_only_whose_the_order_is_answers(here: Shop) -> None:
    order_id = missing(here)
    offer = offered(here, order_id)
    other = missing(here, (1,), 0)
    before = all_rows()
    with pytest.raises(Error):
        fulfilment.answer(order_id, offer.id, yes=True, actor=GUEST)
    with pytest.raises(NotFound):
        fulfilment.answer(order_id, offer.id, yes=True, actor=GUEST, token=orders.token_of(other))
    with pytest.raises(fulfilment.NoOffer):
        fulfilment.answer(other, offer.id, yes=True, actor=GUEST, token=orders.token_of(other))
    assert all_rows() == before


def test_everything_missing_but_the_substitute(here: Shop) -> None:
    order_id = missing(here, (2,), 0)
    offer = offered(here, order_id)
    say(order_id, offer.id, yes=True)
    finish(order_id)
    assert state_of(order_id) == ("handed_over", "completed")
    assert lines(order_id) == [(1, 0, 0, 0), (2, 2000, 250, 20)]
    assert differences() == []


@pytest.mark.parametrize(("yes", "kept"), [(True, 3000), (False, 1000)])
def test_the_deposit_goes_with_what_is_picked(here: Shop, *, yes: bool, kept: int) -> None:
    deposit = make("catalog.Product", ref="deposit", name="Bottle", service=True, tax_class="deposit")
    make("pricing.Price", product_id=deposit, amount=25, currency="USD", valid_from=LONG_AGO)
    make("pricing.TaxRate", regime="t", tax_class="deposit", rate_ppm=0, inclusive=False, valid_from=LONG_AGO.date())
    bottles = [here.products[0], here.products[SUBSTITUTE]]
    apps.get_model("catalog.Product").objects.filter(id__in=bottles).update(deposit_product_id=deposit)
    order_id = missing(here, (3,), expected_total=total(3) + 75)
    offer = offered(here, order_id)
    assert (offer.line_no, offer.payable) == (3, 270)
    say(order_id, offer.id, yes=yes)
    finish(order_id)
    (returned,) = [line for line in orders.get(order_id).lines if line.product_id == deposit]
    assert returned.kept_quantity == kept
    assert differences() == []


def test_a_member_is_told_where_a_transport_is_set(here: Shop, settings: Any) -> None:
    member = new_id()
    contacts = (NewContact("email", "kim@example.org", verified=True), NewContact("phone", "+15555550100"))
    register(NewCustomer(member, language="fr", contacts=contacts), actor=SYSTEM)
    settings.MESSAGE_TRANSPORTS = {}
    offered(here, missing(here, customer_id=member))
    assert messages.list_messages() == []
    settings.MESSAGE_TRANSPORTS = {"email": "storeline.messages.transports.Memory"}
    offered(here, missing(here, customer_id=member))
    offered(here, missing(here))
    (told,) = messages.list_messages()
    assert (told.channel, told.template, told.subject_id) == ("email", "fulfilment.offered", member)


def test_the_receipt_says_what_was_paid(here: Shop) -> None:
    price(here, SUBSTITUTE, 199)
    order_id = missing(here)
    say(order_id, offered(here, order_id).id, yes=True)
    finish(order_id)
    sold = orders.receipt_facts([order_id])[0]
    assert (sold.total, sold.taxes) == (540, ((80_000, 500, 40),))
