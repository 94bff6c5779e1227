"""Pages follow what happens: over the product's own server, from a transaction's commit to what a person sees."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

import pytest

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import read_events
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import SYSTEM, Event, publish, run
from storeline.orders import api as orders
from storeline.orders.tests.factories import shop
from storeline.web.live import about
from tests.e2e.conftest import WIDTHS, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.django_db(transaction=True)
SOON_S = 2.0
AT_ONCE_S = 0.5


class Stream:
    """An open stream, read line by line."""

    def __init__(self, served: str, *tokens: str, at: str = "") -> None:
        self.connection = http.client.HTTPConnection(urlsplit(served).netloc, timeout=10)
        query = [("t", token) for token in tokens] + ([("at", at)] if at else [])
        self.connection.request("GET", f"/live?{urlencode(query)}")
        self.answer = self.connection.getresponse()

    def close(self) -> None:
        self.connection.close()

    def changed(self, within: float) -> tuple[str, str] | None:
        """The next change and where it was read; None where there is none in time."""
        deadline = time.monotonic() + within
        assert self.connection.sock is not None
        said: dict[str, str] = {}
        while (left := deadline - time.monotonic()) > 0:
            self.connection.sock.settimeout(left)
            try:
                line = self.answer.readline().decode().rstrip("\n")
            except TimeoutError:
                return None
            if line:
                name, _, value = line.partition(": ")
                said[name] = value
            elif said.get("event") == "changed":
                return said["data"], said["id"]
        return None


@contextmanager
def listening(served: str, *tokens: str, at: str = "") -> Iterator[Stream]:
    with closing(Stream(served, *tokens, at=at)) as stream:
        assert stream.answer.status == 200
        yield stream


def tell(kind: str, subject: UUID, place: UUID | None = None) -> None:
    publish([Event(kind, subject, place)])


def reads(served: str) -> float:
    """How often the server has read the log for streams."""
    return metric(served, "storeline_live_reads_total")


def metric(served: str, name: str) -> float:
    with closing(http.client.HTTPConnection(urlsplit(served).netloc, timeout=10)) as http_connection:
        http_connection.request("GET", "/metrics")
        text = http_connection.getresponse().read().decode()
    return float(re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)[0])


def test_each_hears_of_its_own_topic_alone(served: str) -> None:
    order, place, other = uuid4(), uuid4(), uuid4()
    with (
        listening(served, about(order).token()) as shopper,
        listening(served, about(other).token(), about(place, "fulfilment.").token()) as picker,
    ):
        assert shopper.changed(SOON_S), "whoever comes first asks once"
        assert picker.changed(SOON_S)
        tell("orders.confirmed", order, place)
        heard = shopper.changed(SOON_S)
        assert heard is not None
        assert heard[0] == "0"
        tell("fulfilment.opened", order, place)
        heard = picker.changed(SOON_S)
        assert heard is not None
        assert heard[0] == "1", "its second topic, by the type; the order's other event is not of it"
        assert picker.changed(SOON_S) is None


def test_who_comes_back_hears_what_they_missed_and_nothing_else(served: str) -> None:
    order = uuid4()
    token = about(order).token()
    with listening(served, token) as stream:
        stream.changed(SOON_S)
        tell("orders.confirmed", order)
        heard = stream.changed(SOON_S)
        assert heard is not None
    with listening(served, token, at=heard[1]) as stream:
        assert stream.changed(SOON_S) is None
    tell("orders.completed", order)
    time.sleep(SOON_S)
    with listening(served, token, at=heard[1]) as stream:
        assert stream.changed(AT_ONCE_S)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (lambda: {"t": about(uuid4()).token() + "x"}, 403),
        (lambda: {"t": about(uuid4()).token().replace(",", "a,", 1)}, 403),
        (lambda: {"t": f"{uuid4().hex},"}, 403),
        (dict, 400),
    ],
)
def test_only_a_page_that_we_made_is_told(served: str, query: Any, status: int) -> None:
    with closing(http.client.HTTPConnection(urlsplit(served).netloc, timeout=5)) as http_connection:
        http_connection.request("GET", f"/live?{urlencode(query())}")
        assert http_connection.getresponse().status == status


def test_who_listens_costs_the_database_nothing(served: str) -> None:
    with ExitStack() as stack:
        for _ in range(41):
            stack.enter_context(listening(served, about(uuid4()).token()))
        before = reads(served)
        time.sleep(3)
        asked = reads(served) - before
    assert 2 <= asked <= 4, "once a second, as for one alone"


def test_streams_outlive_their_database_connection(served: str) -> None:
    order = uuid4()
    with listening(served, about(order).token()) as stream:
        assert stream.changed(SOON_S)
        run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tell("orders.confirmed", order)
        assert stream.changed(8)


def test_too_many_from_one_address_are_told_to_ask_instead(served: str) -> None:
    token = about(uuid4()).token()
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(listening(served, token))
        with closing(Stream(served, token)) as one_more:
            assert one_more.answer.status == 503
            assert int(one_more.answer.headers["Retry-After"]) >= 20
    deadline = time.monotonic() + 20
    while metric(served, "storeline_live_streams"):
        assert time.monotonic() < deadline, "who went away no longer counts"
        time.sleep(0.1)


def until(shown: Locator) -> float:
    """How long it takes to be seen; a busy machine may need a while now and then."""
    started = time.monotonic()
    shown.wait_for(timeout=10_000)
    return time.monotonic() - started


def test_a_page_changes_by_itself(served: str, browser: Browser) -> None:
    """The shopper's page and the picker's list, each in a browser of its own; a keyboard stays where it was."""
    trading = shop(products=1, units=9)
    draft = trading.draft((2,))
    orders.checkout([draft], actor=SYSTEM)
    order_id = draft.id
    shopper, picker = (open_page(browser, served, WIDTHS["phone"]) for _ in range(2))
    picker.sign_in(make_user("picker", "associate", place_id=trading.place))
    shopper.go(f"/order/{order_id}?key={orders.token_of(order_id)}")
    picker.go("/desk")
    picker.page.get_by_role("heading", name="Nothing to pick").wait_for()
    cancel = shopper.page.get_by_text("Cancel the order")
    cancel.focus()
    loads: list[str] = []
    for each in (shopper, picker):
        each.page.on("framenavigated", lambda frame: loads.append(frame.url))
    read_events("fulfilment.tasks")
    took = [until(picker.page.get_by_text(orders.order_number(order_id)))]
    assert cancel.evaluate("one => one === document.activeElement")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    took.append(until(shopper.page.get_by_role("heading", name="We are picking your order")))
    until(picker.page.get_by_text("Being picked"))
    fulfilment.ready([order_id], actor=SYSTEM)
    took.append(until(shopper.page.locator(".code")))
    assert sorted(took)[1] < SOON_S, took
    assert loads == []
    for each in (shopper, picker):
        each.page.context.close()
