"""What tests of the shop's pages do again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client

from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import read_events
from storeline.identity.tests.factories import PASSWORD, make_user
from storeline.kernel.api import SYSTEM, waits
from storeline.orders.tests.factories import Shop

HTML = {"Accept": "text/html"}
MOST_QUERIES = 10


@dataclass(slots=True)
class Asked:
    """How often a page waited for the database."""

    times: int = 0


@contextmanager
def counted() -> Iterator[Asked]:
    """Count the waits inside the block: of our own statements and of Django's."""
    asked = Asked()

    def ask(ask_on: Any, *args: Any) -> Any:
        asked.times += 1
        return ask_on(*args)

    with connection.execute_wrapper(ask), waits() as own:
        yield asked
    asked.times += own.waits


def put(client: Client, made: Shop, units: int = 2, product: int = 0) -> None:
    """So many of a product."""
    client.post("/basket", {"product": made.products[product], "quantity": units})


def hidden(page: str, name: str) -> str:
    """The value of a form's field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def form(client: Client) -> dict[str, Any]:
    """The checkout's form as it is sent."""
    page = client.get("/checkout").content.decode()
    return {name: hidden(page, name) for name in ("id", "total", "slot", "card", "day")}


def bought(client: Client, made: Shop, units: int = 2) -> tuple[UUID, str]:
    """An order placed in the shop: its id, and its page's address."""
    put(client, made, units)
    data = form(client)
    answer = client.post("/checkout", data)
    assert answer.status_code == 303, answer.content.decode()
    return UUID(data["id"]), answer["Location"]


def readied(client: Client, made: Shop, units: int = 2) -> tuple[UUID, str]:
    """An order that was picked and waits for its shopper."""
    order_id, address = bought(client, made, units)
    read_events("fulfilment.tasks")
    fulfilment.pick_all([order_id], actor=SYSTEM)
    fulfilment.ready([order_id], actor=SYSTEM)
    return order_id, address


def collected(client: Client, made: Shop, units: int = 2) -> tuple[UUID, str]:
    """An order that was picked and handed over."""
    order_id, address = readied(client, made, units)
    fulfilment.hand_over([(order_id, fulfilment.codes([order_id])[order_id])], actor=SYSTEM)
    return order_id, address


def member(name: str = "kim") -> Client:
    """A shopper who signed in."""
    make_user(name, "shopper")
    client = Client()
    assert client.post("/enter", {"login": name, "password": PASSWORD}).status_code == 303
    return client


def text(client: Client, address: str, status: int = 200) -> str:
    """A page."""
    page = client.get(address, headers=HTML)
    assert page.status_code == status
    return page.content.decode()
