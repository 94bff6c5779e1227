"""What a shopper asks to bring back: their own goods only, no unit twice, and it ends once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import RequestLine, ReturnLine, ReturnRequest
from storeline.aftersales.domain.requests import LAPSES_AFTER, normal_code
from storeline.aftersales.jobs import lapse
from storeline.aftersales.tests.factories import collected, differences, every_row, sold, taken
from storeline.fulfilment.tests.factories import ready
from storeline.kernel.api import GUEST, SYSTEM, BodyMismatch, Invalid, NotFound, Unauthenticated, clock_at, new_id, now
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> Shop:
    return shop()


@pytest.fixture
def order_id(here: Shop) -> UUID:
    return collected(here, [3, 1])


def wanted(order_id: UUID, *lines: RequestLine) -> ReturnRequest:
    return ReturnRequest(new_id(), order_id, lines or (RequestLine(1, 2000, "damaged"),))


def ask(asked: ReturnRequest, *, token: str | None = None) -> aftersales.RequestView:
    shown = orders.token_of(asked.order_id) if token is None else token
    return aftersales.ask_return(asked, actor=GUEST, token=shown)


def take_in(here: Shop, asked: ReturnRequest, *lines: ReturnLine) -> aftersales.ReturnView:
    back = taken(here, asked.order_id, *(lines or [ReturnLine(line.quantity, line.order_line) for line in asked.lines]))
    return aftersales.return_goods(back, actor=SYSTEM, request_id=asked.id)


def test_a_shopper_asks_and_the_shop_takes_the_goods(here, order_id):
    asked = wanted(order_id)
    found = ask(asked)
    assert (found.state, found.lines, found.code) == ("requested", asked.lines, asked.code)
    assert found.lapses_at - found.requested_at == timedelta(days=14)
    assert here.level() == (7_000, 0)
    assert aftersales.left_to_return(order_id) == {1: 1000, 2: 1000}
    view = take_in(here, asked)
    (after,) = aftersales.requests_of(order_id)
    assert (after.state, after.return_id) == ("accepted", view.head.id)
    assert aftersales.left_to_return(order_id) == {1: 1000, 2: 1000}
    assert (view.state, here.level()) == ("settled", (9_000, 0))
    assert differences() == []


def test_a_preview_is_what_the_return_gives(here, order_id):
    asked = wanted(order_id, RequestLine(1, 2000), RequestLine(2, 1000))
    told = aftersales.preview(orders.get(order_id), asked.lines)
    ask(asked)
    view = take_in(here, asked)
    assert told.refunded == view.head.refunded == sum(one.amount for one in view.refunds)
    assert [(one.tender, one.amount) for one in told.refunds] == [(one.tender, one.amount) for one in view.refunds]


def test_the_same_request_again_is_one_and_another_under_its_id_is_refused(order_id):
    asked = wanted(order_id)
    assert ask(asked) == ask(asked)
    before = every_row()
    with pytest.raises(BodyMismatch):
        ask(replace(asked, lines=(RequestLine(2, 1000),)))
    assert every_row() == before
    assert len(aftersales.requests_of(order_id)) == 1


@pytest.mark.parametrize(
    ("lines", "error", "field"),
    [
        ((RequestLine(1, 4000),), aftersales.TooMuchReturned, "lines[1].quantity"),
        ((RequestLine(9, 1000),), aftersales.BadReturn, "lines[9].order_line"),
        ((RequestLine(1, 0),), aftersales.BadReturn, "lines[1].quantity"),
        ((RequestLine(1, 1000, "because"),), aftersales.BadReturn, "lines[1].reason"),
        ((RequestLine(1, 1000), RequestLine(1, 1000)), aftersales.BadReturn, "lines"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(order_id, lines, error, field):
    before = every_row()
    with pytest.raises(error) as refused:
        ask(replace(wanted(order_id), lines=lines))
    assert refused.value.field == field
    assert every_row() == before
    assert aftersales.requests_of(order_id) == []


def test_nothing_can_be_asked_for_nothing(order_id):
    with pytest.raises(aftersales.BadReturn):
        ask(replace(wanted(order_id), lines=()))


def test_another_persons_order_is_not_there(order_id):
    with pytest.raises(NotFound):
        ask(wanted(order_id), token="another's")
    with pytest.raises(Unauthenticated):
        ask(wanted(order_id), token="")
    assert aftersales.requests_of(order_id) == []


def test_goods_that_were_not_handed_over_cannot_come_back(here):
    order_id, _ = ready(here, [2])
    with pytest.raises(aftersales.NotReturnable):
        ask(wanted(order_id, RequestLine(1, 1000)))
    assert aftersales.requests_of(order_id) == []


def test_units_asked_for_once_are_not_asked_for_again_until_that_ends(order_id):
    first = ask(wanted(order_id, RequestLine(1, 2000)))
    with pytest.raises(aftersales.TooMuchReturned) as refused:
        ask(wanted(order_id, RequestLine(1, 2000)))
    assert refused.value.extra["left"] == "1"
    token = orders.token_of(order_id)
    for _ in range(2):
        assert aftersales.withdraw_request(first.id, actor=GUEST, token=token).state == "withdrawn"
    assert ask(wanted(order_id, RequestLine(1, 3000))).state == "requested"


def test_units_that_came_back_are_not_asked_for(here, order_id):
    aftersales.return_goods(taken(here, order_id, ReturnLine(2000, 1)), actor=SYSTEM)
    with pytest.raises(aftersales.TooMuchReturned):
        ask(wanted(order_id, RequestLine(1, 2000)))


def test_a_request_is_accepted_once_and_with_its_own_order_only(here, order_id):
    asked, other = wanted(order_id, RequestLine(1, 1000)), sold(here, [(1, 500)])
    ask(asked)
    before = every_row()
    with pytest.raises(aftersales.NotReturnable):
        aftersales.return_goods(taken(here, other, ReturnLine(1000, 1)), actor=SYSTEM, request_id=asked.id)
    assert every_row() == before
    back = taken(here, order_id, ReturnLine(1000, 1))
    for _ in range(2):
        assert aftersales.return_goods(back, actor=SYSTEM, request_id=asked.id).head.id == back.id
    with pytest.raises(aftersales.RequestClosed):
        take_in(here, asked)
    with pytest.raises(aftersales.RequestClosed):
        aftersales.withdraw_request(asked.id, actor=GUEST, token=orders.token_of(order_id))
    assert here.level() == (7_000, 0)


def test_an_unknown_request_takes_no_goods_back(here, order_id):
    before = every_row()
    with pytest.raises(aftersales.RequestNotFound):
        take_in(here, wanted(order_id))
    assert every_row() == before


def test_what_is_not_brought_in_time_lapses(order_id):
    found = ask(wanted(order_id))
    with clock_at(found.lapses_at - timedelta(seconds=1)):
        assert lapse() == 0
    with clock_at(now() + LAPSES_AFTER):
        assert (lapse(), lapse()) == (1, 0)
    assert aftersales.get_request(found.id).state == "lapsed"


def test_a_code_is_found_as_people_type_it(order_id):
    found = ask(wanted(order_id))
    for typed in (found.code, found.code.lower(), f" {found.code[:4]} {found.code[4:]} "):
        assert aftersales.find_request(typed) == found
    assert aftersales.find_request("R0000000") is None
    assert normal_code("r oil-0000") == "R0110000"


def test_of_many_requests_at_once_only_what_was_sold_is_asked_for(order_id):
    outcomes = race(*[partial(ask, wanted(order_id, RequestLine(1, 2000))) for _ in range(4)])
    assert sum(isinstance(one, aftersales.RequestView) for one in outcomes) == 1
    assert sum(isinstance(one, aftersales.TooMuchReturned) for one in outcomes) == 3
    same = wanted(order_id, RequestLine(2, 1000))
    assert {one.id for one in race(*[partial(ask, same)] * 4)} == {same.id}


def test_a_request_is_accepted_withdrawn_or_lapses_and_no_two_of_them(here, order_id):
    token = orders.token_of(order_id)
    for _ in range(3):
        asked = wanted(order_id, RequestLine(1, 1000))
        ask(asked)
        took, withdrew, again = race(
            partial(take_in, here, asked),
            partial(aftersales.withdraw_request, asked.id, actor=GUEST, token=token),
            partial(take_in, here, asked),
        )
        state = aftersales.get_request(asked.id).state
        took_in = [one for one in (took, again) if isinstance(one, aftersales.ReturnView)]
        if state == "accepted":
            assert isinstance(withdrew, aftersales.RequestClosed)
            assert len(took_in) == 1
        else:
            assert state == "withdrawn"
            assert took_in == []
    assert differences() == []


def test_a_request_needs_an_id_of_today(order_id):
    with pytest.raises(Invalid):
        ask(replace(wanted(order_id), id=UUID(int=5)))
