"""What `POST /orders` does for a set of requests, without a framework's cost for each.

The same schema, permission, writer, answers and problems as the route's; `tests/test_front.py` holds the two together.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
import pydantic
from django.http import HttpResponse
from ninja.errors import ValidationError

from storeline.identity import api as identity
from storeline.identity.api import InvalidToken
from storeline.kernel.api import GUEST, Actor
from storeline.orders import api as orders
from storeline.orders.http.drafts import Buyers, draft_of
from storeline.orders.http.schemas import OrderIn, placed_fields
from storeline.orders.permissions import PLACE
from storeline.web import problems
from storeline.web.codec import read_json
from storeline.web.front import Arrived

_log = logging.getLogger(__name__)
_Wish = tuple[orders.Draft, Actor]


def answer_set(arrived: Sequence[Arrived]) -> list[HttpResponse]:
    """Answer each request, in order: everything that can be taken is written as one set."""
    clients = _clients(arrived)
    answers: dict[int, HttpResponse] = {}
    wishes: dict[int, _Wish] = {}
    for index, one in enumerate(arrived):
        try:
            body, actor = _read(one, clients)
            draft = draft_of(body, actor, Buyers([body], actor))
            if body.source:
                answers[index] = _answer(orders.checkout_sourced(draft, actor=actor))
            else:
                wishes[index] = (draft, actor)
        except Exception as error:  # noqa: BLE001  # as the framework does: every error has an answer
            answers[index] = problems.of(error)
    if wishes:
        answers |= zip(wishes, _checkout(list(wishes.values())), strict=True)
    return [answers[index] for index in range(len(arrived))]


def _clients(arrived: Sequence[Arrived]) -> Mapping[str, Actor]:
    """The actors behind the tokens of this set, in one statement."""
    tokens = set()
    for one in arrived:
        if one.authorization:
            try:
                tokens.add(identity.bearer_token(one.authorization))
            except InvalidToken:  # said again, to the one who sent it
                continue
    return identity.actors_of_tokens(sorted(tokens)) if tokens else {}


def _read(one: Arrived, clients: Mapping[str, Actor]) -> tuple[OrderIn, Actor]:
    actor = GUEST
    if one.authorization:
        actor = identity.actor_among(clients, identity.bearer_token(one.authorization))
    actor.require(PLACE)
    value = read_json(one.body)
    try:
        return OrderIn.model_validate(value), actor
    except pydantic.ValidationError as error:
        raise ValidationError([{**entry, "loc": ("body", "body", *entry["loc"])} for entry in error.errors()]) from None


def _checkout(wishes: Sequence[_Wish]) -> list[HttpResponse]:
    try:
        return [_answer(verdict) for verdict in orders.checkout_many(wishes)]
    except Exception as error:  # noqa: BLE001  # as the framework does: every error has an answer
        if len(wishes) == 1:
            return [problems.of(error)]
        _log.exception("a set of %s orders broke: each is tried alone", len(wishes))
        return [answer for wish in wishes for answer in _checkout([wish])]


def _answer(verdict: orders.Verdict) -> HttpResponse:
    if verdict.error is not None:
        return problems.of(verdict.error)
    status = HTTPStatus.OK if verdict.again else HTTPStatus.CREATED
    return HttpResponse(orjson.dumps(placed_fields(verdict)), content_type="application/json", status=status)
