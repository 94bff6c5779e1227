"""Messages leave after the deed, are tried again, and keep no words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.customers.api import export_person
from storeline.customers.tests.factories import make_customer
from storeline.identity.tests.factories import bearer, fresh_key, make_token
from storeline.kernel.api import GUEST, SYSTEM, Envelope, Forbidden, Invalid, Refused, Row, run
from storeline.messages import transports
from storeline.messages.api import NewMessage, list_messages, messages_of, queue, register_template, send_due, send_now
from storeline.messages.handlers import erase
from storeline.messages.transports import Console, Outgoing, TransportError

pytestmark = pytest.mark.django_db
KIM = UUID(int=7)
START = datetime(2030, 1, 1, tzinfo=UTC)
register_template("messages.hello", {"en": ("Hello", "Hello {name}")})


def hello(**values: Any) -> None:
    words: dict[str, Any] = {
        "subject_id": KIM,
        "channel": "email",
        "destination": "kim@example.org",
        "template": "messages.hello",
        "values": {"name": "Kim"},
    }
    queue([NewMessage(**(words | values))])


def kept() -> list[Row]:
    return run("SELECT state, attempts, destination, values, error, next_at FROM messages_message").fetchall()


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def send(self, _message: Outgoing) -> None:
        raise self.error


def test_what_is_sent_keeps_no_words(sent):
    hello()
    assert send_due(START) == 1
    assert [(m.destination, m.subject, m.body) for m in sent] == [("kim@example.org", "Hello", "Hello Kim")]
    assert kept() == [("sent", 1, None, None, "", None)]
    assert send_due(START) == 0


@pytest.mark.parametrize("values", [{"channel": "pigeon"}, {"template": "messages.nothing"}])
def test_a_message_that_cannot_be_written_is_refused(values):
    with pytest.raises(Invalid):
        hello(**values)
    assert kept() == []


def test_it_is_tried_again_with_growing_pauses_and_then_fails(monkeypatch):
    hello()
    monkeypatch.setattr("storeline.messages.outbox.transport_for", lambda _: Broken(TransportError("no line")))
    moment = START
    for pause in (30, 120, 600, 3600):
        assert send_due(moment) == 1
        assert send_due(moment + timedelta(seconds=pause - 1)) == 0
        moment += timedelta(seconds=pause)
    assert kept() == [("pending", 4, "kim@example.org", {"name": "Kim"}, "no line", moment)]
    assert send_due(moment) == 1
    assert kept() == [("failed", 5, None, None, "no line", None)]


def test_a_final_refusal_ends_at_once(monkeypatch):
    hello()
    monkeypatch.setattr(
        "storeline.messages.outbox.transport_for", lambda _: Broken(TransportError("no such box", final=True))
    )
    send_due(START)
    assert kept() == [("failed", 1, None, None, "no such box", None)]


def test_a_fault_of_a_transport_holds_nothing_up_and_logs_nothing_personal(monkeypatch, caplog):
    hello()
    monkeypatch.setattr(
        "storeline.messages.outbox.transport_for", lambda _: Broken(ValueError("kim@example.org is odd"))
    )
    assert send_due(START) == 1
    assert kept()[0][:2] == ("pending", 1)
    assert "kim" not in caplog.text.lower()
    assert "ValueError" in caplog.text


def test_a_message_whose_words_are_missing_holds_no_other_up(sent):
    hello(values={})
    hello()
    assert send_due(START) == 2
    assert [m.body for m in sent] == ["Hello Kim"]
    assert sorted(row[:2] for row in kept()) == [("pending", 1), ("sent", 1)]
    assert send_due(START + timedelta(seconds=30)) == 1, "not only after its lease"


def test_a_sender_that_died_leaves_its_messages_to_the_next(monkeypatch, sent):
    hello()

    def die(_row, _code, _moment):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("storeline.messages.outbox._send", die)
        with pytest.raises(KeyboardInterrupt):
            send_due(START)
    assert send_due(START + timedelta(minutes=4)) == 0
    assert send_due(START + timedelta(minutes=5)) == 1
    assert len(sent) == 1


def test_an_erased_persons_words_go(sent):
    hello()
    erase([Envelope(1, "customers.erased", KIM, None, None, START, {})])
    assert kept() == [("failed", 0, None, None, "erased", None)]
    assert send_due(START) == 0
    assert sent == []


def test_production_never_shows_a_message(settings, capsys, caplog):
    message = Outgoing(KIM, "sms", "+41791234567", "Code", "Your code is 123456")
    settings.PRODUCTION = True
    with pytest.raises(TransportError):
        Console().send(message)
    assert "123456" not in capsys.readouterr().err + caplog.text + repr(message)
    settings.PRODUCTION = False
    Console().send(message)
    assert "123456" in capsys.readouterr().err
    assert "123456" not in caplog.text


def test_mail_goes_by_django(mailoutbox):
    transports.Email().send(Outgoing(KIM, "email", "kim@example.org", "Hello", "Words"))
    assert [(mail.to, mail.subject, mail.body) for mail in mailoutbox] == [(["kim@example.org"], "Hello", "Words")]


def test_the_service_desk_sees_fates_and_hurries_what_waits():
    hello()
    (message,) = list_messages(subject_id=KIM)
    assert messages_of([KIM]) == [message]
    headers = bearer(make_token("service_desk")) | fresh_key()
    (shown,) = Client().get(f"/api/v1/messages?subject_id={KIM}", headers=headers).json()["items"]
    assert (shown["state"], shown["template"]) == ("pending", "messages.hello")
    assert "kim" not in str(shown).lower()
    run("UPDATE messages_message SET next_at = %s", [START])
    assert Client().post(f"/api/v1/messages/{message.id}/send", headers=headers).status_code == 202
    assert send_due() == 1
    before = kept()
    with pytest.raises(Refused):
        send_now(message.id, actor=SYSTEM)
    with pytest.raises(Forbidden):
        send_now(message.id, actor=GUEST)
    assert kept() == before


def test_what_a_person_is_handed_names_the_messages_to_them():
    kim = make_customer(name="Kim")
    hello(subject_id=kim)
    (view,) = export_person(kim, actor=SYSTEM)["messages"]
    assert (view.subject_id, view.channel, view.state) == (kim, "email", "pending")
