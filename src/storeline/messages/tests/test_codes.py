"""One-time codes: sent, throttled exactly, tried a few times, used once; nothing in clear."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from storeline.kernel.api import GUEST, Row, clock_at, new_id, now, pipeline, run, transaction, waits
from storeline.messages.api import (
    COLLECTION,
    SIGN_IN,
    VERIFY_CONTACT,
    Issued,
    NoCode,
    TooManyCodes,
    Try,
    UnknownPurpose,
    WrongCode,
    check_code,
    forget_old_codes,
    issue_code,
    new_code,
    new_codes,
    send_due,
    shown_code,
    shown_codes,
    try_code,
    try_codes,
    use_codes,
)
from storeline.messages.audit import tried_codes

pytestmark = pytest.mark.django_db
PHONE = "+41791234567"
SUBJECT = UUID(int=7)


def issue(purpose: str = SIGN_IN, subject: UUID = SUBJECT, destination: str = PHONE) -> Issued:
    return issue_code(purpose, subject, destination, channel="sms", actor=GUEST)


def age(seconds: float) -> None:
    run("UPDATE messages_code SET created_at = created_at - make_interval(secs => %s)", [float(seconds)])


def everything() -> list[list[Row]]:
    return [run(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in ("messages_code", "messages_message")]


def wrong(code: str) -> str:
    return str((int(code) + 1) % 10**6).rjust(6, "0")


def test_the_code_that_was_sent_opens_once(sent):
    issue()
    assert send_due() == 1
    (message,) = sent
    code = message.body.split()[3].rstrip(".")
    assert (message.channel, message.destination, len(code)) == ("sms", PHONE, 6)
    check_code(SIGN_IN, SUBJECT, code, actor=GUEST)
    before = everything()
    with pytest.raises(NoCode):
        check_code(SIGN_IN, SUBJECT, code, actor=GUEST)
    assert everything() == before


def test_nothing_in_the_database_shows_the_code():
    issue()
    code = shown_code(SIGN_IN, SUBJECT)
    assert code is not None
    rows = [str(row) for table in everything() for row in table]
    assert not any(code in row.replace(str(SUBJECT), "") for row in rows if "messages.code" in row)
    stored = run("SELECT nonce, hash, destination FROM messages_code").fetchall()[0]
    assert [len(bytes(part)) for part in stored] == [16, 32, 32]
    assert not any(PHONE.encode() in bytes(part) or code.encode() in bytes(part) for part in stored)


def test_another_key_makes_every_code_wrong(settings):
    issue()
    code = shown_code(SIGN_IN, SUBJECT)
    settings.DATA_KEY = "another key of this installation"
    with pytest.raises(WrongCode):
        check_code(SIGN_IN, SUBJECT, code or "", actor=GUEST)


def test_attempts_are_counted_and_end():
    code = new_code(SIGN_IN, SUBJECT, datetime.now(UTC) + timedelta(minutes=10))
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(WrongCode) as refusal:
            check_code(SIGN_IN, SUBJECT, wrong(code), actor=GUEST)
        assert refusal.value.extra == {"attempts_left": left}
    before = everything()
    with pytest.raises(NoCode):
        check_code(SIGN_IN, SUBJECT, code, actor=GUEST)
    assert everything() == before
    assert tried_codes().ok


@pytest.mark.parametrize("typed", ["", "4006381333931", "12345", "1234567", "order 44CBD0", "9" * 300])
def test_what_has_other_digits_than_a_code_is_no_attempt(typed: str):
    code = new_code(SIGN_IN, SUBJECT, datetime.now(UTC) + timedelta(minutes=10))
    before = everything()
    with pytest.raises(WrongCode) as refusal:
        check_code(SIGN_IN, SUBJECT, typed, actor=GUEST)
    assert (refusal.value.field, refusal.value.extra) == ("code", {})
    assert everything() == before
    check_code(SIGN_IN, SUBJECT, f" {code[:3]} {code[3:]}", actor=GUEST)


@pytest.mark.django_db(transaction=True)
def test_an_attempt_cannot_hide_in_a_transaction_that_is_undone():
    code = new_code(SIGN_IN, SUBJECT, datetime.now(UTC) + timedelta(minutes=10))
    with pytest.raises(RuntimeError, match="durable"), transaction():
        try_code(SIGN_IN, SUBJECT, wrong(code))
    assert run("SELECT attempts FROM messages_code").fetchall() == [(0,)]


def test_a_code_ends_with_its_time():
    issue()
    code = shown_code(SIGN_IN, SUBJECT)
    run("UPDATE messages_code SET expires_at = %s", [datetime.now(UTC)])
    assert shown_code(SIGN_IN, SUBJECT) is None
    with pytest.raises(NoCode):
        check_code(SIGN_IN, SUBJECT, code or "", actor=GUEST)
    assert run("SELECT attempts FROM messages_code").fetchall() == [(0,)]


def test_collection_codes_live_on_business_time():
    start = datetime(2017, 6, 1, tzinfo=UTC)
    with clock_at(start):
        code = new_code(COLLECTION, SUBJECT, start + timedelta(days=2))
        assert shown_code(COLLECTION, SUBJECT) == code
    with clock_at(start + timedelta(days=2)):
        assert shown_code(COLLECTION, SUBJECT) is None
        with pytest.raises(NoCode):
            try_code(COLLECTION, SUBJECT, code)
    with clock_at(start + timedelta(days=1)):
        check_code(COLLECTION, SUBJECT, code, actor=GUEST)


def test_a_code_is_for_one_purpose_and_one_subject():
    code = new_code(COLLECTION, SUBJECT, now() + timedelta(days=1))
    with pytest.raises(NoCode):
        check_code(SIGN_IN, SUBJECT, code, actor=GUEST)
    with pytest.raises(NoCode):
        check_code(COLLECTION, UUID(int=8), code, actor=GUEST)
    with pytest.raises(UnknownPurpose):
        check_code("nothing", SUBJECT, code, actor=GUEST)


def test_one_code_in_thirty_seconds_and_five_an_hour_to_a_destination():
    for _ in range(5):
        issue()
        before = everything()
        with pytest.raises(TooManyCodes) as refusal:
            issue()
        assert refusal.value.extra["retry_after"] in (30, 3600 - 120), "the hour's fifth waits for the first to leave"
        assert everything() == before
        age(30)
    with pytest.raises(TooManyCodes) as refusal:
        issue()
    assert refusal.value.extra["retry_after"] == 3600 - 150
    issue(VERIFY_CONTACT)
    issue(destination="+41790000000", subject=UUID(int=8))
    age(3600 - 150)
    issue()


def test_a_destination_gets_ten_an_hour_whatever_the_purpose_and_the_subject():
    for number in range(5):
        for purpose in (SIGN_IN, VERIFY_CONTACT):
            issue(purpose, subject=UUID(int=100 + number))
        age(30)
    with pytest.raises(TooManyCodes):
        issue(COLLECTION, subject=UUID(int=200))
    issue(destination="+41790000000")


def test_a_subject_gets_ten_an_hour_wherever_they_go():
    for number in range(10):
        issue(destination=f"+4179000000{number}")
    with pytest.raises(TooManyCodes):
        issue(destination="+41791111111")
    issue(subject=UUID(int=9), destination="+41791111111")


def test_a_destination_is_one_in_any_case():
    issue_code(SIGN_IN, SUBJECT, "Kim@example.org", channel="email", actor=GUEST)
    with pytest.raises(TooManyCodes):
        issue_code(SIGN_IN, SUBJECT, " kim@EXAMPLE.org", channel="email", actor=GUEST)


def test_a_new_code_ends_the_old_one(sent):
    issue()
    first = shown_code(SIGN_IN, SUBJECT)
    age(30)
    issue()
    second = shown_code(SIGN_IN, SUBJECT)
    assert send_due() == 2
    assert len(sent) == 1, "a code that ended before it was sent stays unsent"
    if first != second:
        with pytest.raises(WrongCode):
            check_code(SIGN_IN, SUBJECT, first or "", actor=GUEST)
    check_code(SIGN_IN, SUBJECT, second or "", actor=GUEST)


def test_many_codes_cost_one_wait_and_a_repeat_changes_none():
    ends = {new_id(): now() + timedelta(days=1) for _ in range(50)}
    with waits() as count, transaction(), pipeline():
        new_codes(COLLECTION, ends)
    assert count.waits <= 2
    first = shown_codes(COLLECTION, list(ends))
    assert set(first) == set(ends)
    before = everything()
    new_codes(COLLECTION, ends)
    assert everything() == before
    one = next(iter(ends))
    new_codes(COLLECTION, {one: ends[one]}, replace=True)
    again = shown_codes(COLLECTION, list(ends))
    assert {key: again[key] for key in ends if key != one} == {key: first[key] for key in ends if key != one}
    assert run("SELECT count(*) FROM messages_code WHERE replaced_at IS NOT NULL").fetchall() == [(1,)]


def test_many_are_tried_at_once_each_with_its_verdict():
    right, false, none = (new_id() for _ in range(3))
    new_codes(COLLECTION, {key: now() + timedelta(days=1) for key in (right, false)})
    codes = shown_codes(COLLECTION, [right, false])
    got = try_codes(COLLECTION, [Try(right, codes[right]), Try(false, wrong(codes[false])), Try(none, "123456")])
    assert (type(got[false]), type(got[none])) == (WrongCode, NoCode)
    code_id = got[right]
    assert isinstance(code_id, UUID)
    assert use_codes([code_id]) == {code_id}
    assert use_codes([code_id]) == set()


def test_old_codes_are_dropped():
    issue()
    assert forget_old_codes() == 0
    age(31 * 86400)
    assert forget_old_codes() == 0, "it may still be used"
    run("UPDATE messages_code SET expires_at = created_at")
    assert forget_old_codes() == 1


def test_the_audit_sees_too_many_attempts():
    issue()
    run("UPDATE messages_code SET attempts = 6")
    found = tried_codes()
    assert found.differences == ("a code of the purpose sign_in was tried 6 times, at most 5 are allowed",)
