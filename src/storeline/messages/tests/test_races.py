"""A code opens once, is tried as often as allowed, and is sent as often as allowed, whoever asks at once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from storeline.kernel.api import GUEST, Error, run
from storeline.messages.api import SIGN_IN, check_code, issue_code, new_code, queue, send_due
from storeline.messages.domain import CODE_TEMPLATE
from storeline.messages.outbox import NewMessage

pytestmark = pytest.mark.django_db(transaction=True)
SUBJECT = UUID(int=7)


def race(act: Callable[[], object], times: int) -> Counter[str]:
    def once(_number: int) -> str:
        try:
            act()
        except Error as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(12) as pool:
        return Counter(pool.map(once, range(times)))


def test_of_many_with_the_right_code_one_gets_in():
    code = new_code(SIGN_IN, SUBJECT, datetime.now(UTC) + timedelta(minutes=10))
    seen = race(lambda: check_code(SIGN_IN, SUBJECT, code, actor=GUEST), 5)
    assert seen == {"done": 1, "no_code": 4}


def test_of_many_guesses_at_once_five_are_looked_at():
    code = new_code(SIGN_IN, SUBJECT, datetime.now(UTC) + timedelta(minutes=10))
    false = str((int(code) + 1) % 10**6).rjust(6, "0")
    seen = race(lambda: check_code(SIGN_IN, SUBJECT, false, actor=GUEST), 24)
    assert seen == {"wrong_code": 5, "no_code": 19}


def test_of_many_asked_for_at_once_one_is_sent():
    seen = race(lambda: issue_code(SIGN_IN, SUBJECT, "+41791234567", channel="sms", actor=GUEST), 24)
    assert seen == {"done": 1, "too_many_codes": 23}
    assert run("SELECT count(*) FROM messages_message").fetchall() == [(1,)]


def test_many_senders_send_each_message_once(sent):
    queue([NewMessage(UUID(int=n), "sms", "+41791234567", CODE_TEMPLATE, values={"code": str(n)}) for n in range(60)])
    race(lambda: send_due(limit=7), 12)
    assert sorted(int(m.body.split()[3].rstrip(".")) for m in sent) == list(range(60))
