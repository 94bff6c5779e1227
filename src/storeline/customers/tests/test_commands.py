"""Registering, contact points, cards, consent, merging, erasing: refusals change nothing."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from psycopg.errors import DatabaseError

from storeline.customers import audit
from storeline.customers.api import (
    JOIN,
    CannotMerge,
    CardTaken,
    ConsentDiffers,
    ContactTaken,
    CustomerNotFound,
    Erased,
    InvalidContact,
    NewConsent,
    NewContact,
    NewCustomer,
    add_contacts,
    block_card,
    consents,
    describe_purpose,
    erase,
    export_person,
    find_by_ref,
    gather,
    get,
    give_card,
    join,
    list_customers,
    look_up,
    merge,
    of_user,
    persons,
    record_consent,
    records_of,
    records_of_user,
    register,
    remove_contact,
    undo_merge,
    who_consents,
)
from storeline.customers.tests.factories import EMAIL, PHONE, everything, make_customer, proved
from storeline.identity.api import actor_of_user, create_user, get_user, grant_role, set_active
from storeline.identity.tests.factories import make_user
from storeline.kernel.api import (
    GUEST,
    SYSTEM,
    Actor,
    BodyMismatch,
    Conflict,
    Error,
    Forbidden,
    Invalid,
    NotFound,
    clock_at,
    new_id,
    run,
    transaction,
)

pytestmark = pytest.mark.django_db
NOBODY = UUID(int=99)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_customer_is_found_by_ref_card_number_and_address():
    key = make_customer(
        ref="M-1", name="李雷", contacts=[proved("phone", PHONE), NewContact("email", "Kim@Example.org")]
    )
    give_card(key, "2000 1234", actor=SYSTEM)
    assert find_by_ref("M-1") == key
    for found in (look_up(card="20001234"), look_up(phone="+41 79 123 45 67"), look_up(email=EMAIL)):
        assert [view.id for view in found] == [key]
    view = get(key)
    assert (view.ref, view.kind, view.name, view.cards) == ("M-1", "member", "李雷", ("20001234",))
    assert [(c.kind, c.value, c.verified_at is not None) for c in view.contacts] == [
        ("email", EMAIL, False),
        ("phone", PHONE, True),
    ]
    assert [view.id for view in list_customers()] == [key]
    assert gather([key, NOBODY]).result()[key].member is True


@pytest.mark.parametrize("keys", [{}, {"card": "2000", "email": EMAIL}])
def test_a_look_up_names_one_thing(keys):
    with pytest.raises(Invalid):
        look_up(**keys)


def test_the_same_registration_again_is_one_and_another_is_refused():
    customer = NewCustomer(new_id(), ref="M-1", name="Kim", contacts=[NewContact("email", EMAIL)])
    register(customer, actor=SYSTEM)
    before = everything()
    assert register(customer, actor=SYSTEM) == customer.id
    with pytest.raises(BodyMismatch):
        register(NewCustomer(customer.id, ref="M-1", name="Jo"), actor=SYSTEM)
    with pytest.raises(Conflict) as refusal:
        register(NewCustomer(new_id(), ref="M-1"), actor=SYSTEM)
    assert refusal.value.field == "ref"
    assert everything() == before


def test_what_cannot_be_registered_leaves_nothing():
    make_customer(contacts=[proved("email", EMAIL)])
    before = everything()
    refused: list[tuple[NewCustomer, type[Error]]] = [
        (NewCustomer(new_id(), kind="friend"), Invalid),
        (NewCustomer(new_id(), contacts=[NewContact("phone", "079 123 45 67")]), InvalidContact),
        (NewCustomer(new_id(), contacts=[proved("email", EMAIL)]), ContactTaken),
    ]
    for customer, error in refused:
        with pytest.raises(error):
            register(customer, actor=SYSTEM)
        assert everything() == before
    with pytest.raises(Forbidden):
        register(NewCustomer(new_id()), actor=GUEST)
    assert everything() == before


def test_a_family_may_share_a_number_that_nobody_proved():
    first = make_customer(contacts=[NewContact("phone", PHONE)])
    second = make_customer(contacts=[NewContact("phone", PHONE)])
    add_contacts(second, [proved("phone", PHONE)], actor=SYSTEM)
    assert [view.id for view in look_up(phone=PHONE)] == [second, first]
    before = everything()
    with pytest.raises(ContactTaken):
        add_contacts(first, [proved("phone", PHONE)], actor=SYSTEM)
    assert everything() == before


def test_contact_points_go_and_missing_ones_are_named():
    key = make_customer(contacts=[NewContact("email", EMAIL)])
    remove_contact(key, "email", "KIM@example.org", actor=SYSTEM)
    assert get(key).contacts == ()
    for act in (
        lambda: remove_contact(key, "email", EMAIL, actor=SYSTEM),
        lambda: add_contacts(NOBODY, [NewContact("email", EMAIL)], actor=SYSTEM),
        lambda: block_card("20001234", actor=SYSTEM),
        lambda: get(NOBODY),
        lambda: undo_merge(NOBODY, actor=SYSTEM),
    ):
        before = everything()
        with pytest.raises(NotFound):
            act()
        assert everything() == before


def test_a_card_is_one_customers_and_a_blocked_one_finds_nobody():
    first, second = make_customer(), make_customer()
    give_card(first, "2000-1234", actor=SYSTEM)
    give_card(first, "2000-1234", actor=SYSTEM)
    with pytest.raises(CardTaken):
        give_card(second, "20001234", actor=SYSTEM)
    block_card("20001234", actor=SYSTEM)
    assert look_up(card="20001234") == []
    with pytest.raises(CardTaken):
        give_card(second, "20001234", actor=SYSTEM)
    give_card(first, "20001234", actor=SYSTEM)
    assert [view.id for view in look_up(card="20001234")] == [first]


def say(key: UUID, *, granted: bool, days: float = 0, purpose: str = "marketing_email", actor: Actor = SYSTEM) -> None:
    record_consent(key, NewConsent(purpose, granted, at=START + timedelta(days=days)), actor=actor)


def test_the_latest_statement_counts_and_none_is_ever_changed():
    key = make_customer()
    with clock_at(START + timedelta(days=9)):
        say(key, granted=True)
        say(key, granted=False, days=2)
        say(key, granted=True, days=1)
        (view,) = consents(key)
        assert (view.purpose, view.granted, view.at, view.in_force) == (
            "marketing_email", False, START + timedelta(days=2), False,
        )  # fmt: skip
        assert who_consents([key], "marketing_email") == set()
        say(key, granted=True, days=3)
        assert who_consents([key, NOBODY], "marketing_email") == {key}
        before = everything()
        say(key, granted=True, days=3)
        with pytest.raises(ConsentDiffers):
            say(key, granted=False, days=3)
        with pytest.raises(Invalid):
            say(key, granted=True, days=10)
        assert everything() == before
    for sql in ("UPDATE customers_consent SET granted = NOT granted", "DELETE FROM customers_consent"):
        with pytest.raises(DatabaseError, match="never changed"), transaction():
            run(sql)
    assert everything() == before


def test_a_consent_ends_with_its_days():
    key = make_customer()
    describe_purpose("recognition", "Recognise me in the shop", data=["face"], valid_days=30)
    with clock_at(START):
        say(key, granted=True, purpose="recognition")
    for days, holds in ((29, True), (30, False)):
        with clock_at(START + timedelta(days=days)):
            assert [view.in_force for view in consents(key)] == [holds]
            assert who_consents([key], "recognition") == ({key} if holds else set())


def test_people_speak_for_themselves_only():
    user = create_user(username="kim", actor=SYSTEM)
    mine, other = make_customer(user_id=user), make_customer()
    kim = Actor("user", user, frozenset({"customers.own"}))
    with clock_at(START):
        say(mine, granted=True, actor=kim)
    before = everything()
    for act in (
        lambda: say(other, granted=True, actor=kim),
        lambda: export_person(other, actor=kim),
        lambda: erase(other, actor=kim),
        lambda: export_person(mine, actor=GUEST),
        lambda: merge(mine, other, actor=kim),
    ):
        with clock_at(START), pytest.raises(Forbidden):
            act()
    assert everything() == before
    assert export_person(mine, actor=kim)["records"][0].id == mine


def test_a_merge_is_a_row_and_is_undone():
    one, two, three = (make_customer(contacts=[NewContact("email", EMAIL)]) for _ in range(3))
    with clock_at(START + timedelta(days=9)):
        say(one, granted=True)
        say(two, granted=False, days=1)
        first = merge(one, two, actor=SYSTEM)
        second = merge(two, three, actor=SYSTEM)
        assert persons([one, two, three]) == {one: three, two: three, three: three}
        assert records_of(two) == sorted([one, two, three])
        assert [view.id for view in look_up(email=EMAIL)] == [three]
        assert [view.granted for view in consents(three)] == [False]
        assert gather([one]).result()[one].person_id == three
        undo_merge(first, actor=SYSTEM)
        assert persons([one, two, three]) == {one: one, two: three, three: three}
        assert who_consents([one, two, three], "marketing_email") == {one}
        with pytest.raises(NotFound):
            undo_merge(first, actor=SYSTEM)
        undo_merge(second, actor=SYSTEM)
    assert persons([one, two, three]) == {one: one, two: two, three: three}


def test_the_records_of_whoever_signed_in_are_those_of_the_person():
    user = create_user(username="kim", actor=SYSTEM)
    mine, old, older = make_customer(user_id=user), make_customer(), make_customer()
    assert records_of_user(user) == [mine]
    merge(old, mine, actor=SYSTEM)
    link = merge(older, mine, actor=SYSTEM)
    assert records_of_user(user) == sorted([mine, old, older])
    undo_merge(link, actor=SYSTEM)
    merge(mine, older, actor=SYSTEM)
    assert records_of_user(user) == sorted([mine, old, older])
    assert records_of_user(NOBODY) == []


def test_a_merge_goes_to_the_survivors_own_survivor_and_never_round():
    one, two, three = (make_customer() for _ in range(3))
    merge(two, three, actor=SYSTEM)
    merge(one, two, actor=SYSTEM)
    assert run("SELECT survivor_id FROM customers_merge WHERE merged_id = %s", [one]).fetchall() == [(three,)]
    before = everything()
    for merged, survivor, error in (
        (one, two, CannotMerge),
        (three, one, CannotMerge),
        (three, three, CannotMerge),
        (NOBODY, one, CustomerNotFound),
        (three, NOBODY, CustomerNotFound),
    ):
        with pytest.raises(error):
            merge(merged, survivor, actor=SYSTEM)
        assert everything() == before
    assert audit.merges().ok


def test_erasing_takes_a_persons_data_from_all_their_records_and_trade_stays():
    user = create_user(username="kim", email=EMAIL, actor=SYSTEM)
    one = make_customer(name="Kim", country="CH", language="de", contacts=[proved("email", EMAIL)], user_id=user)
    two = make_customer(name="K.", contacts=[proved("phone", PHONE)])
    other = make_customer(name="Jo")
    give_card(two, "20001234", actor=SYSTEM)
    with clock_at(START):
        say(two, granted=True)
    merge(one, two, actor=SYSTEM)
    assert erase(one, actor=SYSTEM) == sorted([one, two])
    assert erase(two, actor=SYSTEM) == []
    for key in (one, two):
        view = get(key)
        assert (view.name, view.country, view.language, view.contacts, view.cards) == ("", "", "", (), ())
        assert view.erased_at is not None
    assert get(other).name == "Jo"
    assert of_user(user) is None
    assert (get_user(user).email, get_user(user).active) == (None, False)
    assert [view.granted for view in consents(two)] == [True]
    assert gather([one]).result()[one].member is False
    events = run("SELECT subject_id FROM kernel_event WHERE type = 'customers.erased' ORDER BY id").fetchall()
    assert events == [(key,) for key in sorted([one, two])]
    before = everything()
    for act in (
        lambda: add_contacts(one, [NewContact("email", EMAIL)], actor=SYSTEM),
        lambda: give_card(one, "20001234", actor=SYSTEM),
        lambda: record_consent(one, NewConsent("marketing_email", granted=True), actor=SYSTEM),
        lambda: merge(other, one, actor=SYSTEM),
    ):
        with pytest.raises(Erased):
            act()
    assert everything() == before
    assert audit.erased().ok


def test_whoever_signs_in_becomes_one_member_and_stays_it():
    user = create_user(username="kim", name="Kim", language="fr", actor=SYSTEM)
    grant_role(user, "shopper", actor=SYSTEM)
    shopper = actor_of_user(user)
    assert shopper is not None
    with clock_at(START):
        mine = join(actor=shopper)
    before = everything()
    assert join(actor=shopper) == mine == of_user(user)
    assert everything() == before
    view = get(mine)
    assert (view.kind, view.name, view.language, view.joined_at, view.contacts) == ("member", "Kim", "fr", START, ())


def test_whom_the_desk_made_a_member_with_the_sign_in_is_that_member():
    user = make_user("kim", "shopper")
    known = make_customer(user_id=user)
    shopper = actor_of_user(user)
    assert shopper is not None
    assert join(actor=shopper) == known


def test_guests_programs_and_closed_sign_ins_do_not_become_members():
    user = make_user("kim", "shopper")
    shopper = actor_of_user(user)
    assert shopper is not None
    set_active(user, active=False, actor=SYSTEM)
    before = everything()
    program = Actor("client", new_id(), frozenset({JOIN}))
    for actor, error in ((GUEST, Forbidden), (SYSTEM, Forbidden), (program, Forbidden), (shopper, Erased)):
        with pytest.raises(error):
            join(actor=actor)
    assert everything() == before


def test_events_and_the_trail_hold_nothing_personal():
    key = make_customer(name="Kim Quine", contacts=[proved("email", EMAIL), proved("phone", PHONE)])
    give_card(key, "20001234", actor=SYSTEM)
    add_contacts(key, [NewContact("postal", "1 Rue Haute")], actor=SYSTEM)
    erase(key, actor=SYSTEM)
    text = str(
        run("SELECT type, payload FROM kernel_event").fetchall() + run("SELECT detail FROM kernel_trail").fetchall()
    )
    assert not [word for word in ("Kim", EMAIL, PHONE, "20001234", "Rue") if word in text]


def test_the_audit_sees_what_is_wrong():
    one, two = make_customer(), make_customer()
    run("UPDATE customers_customer SET erased_at = now() WHERE id = %s", [one])
    run(
        "INSERT INTO customers_contact_point (id, customer_id, kind, value) VALUES (%s, %s, 'email', %s)",
        [new_id(), one, EMAIL],
    )
    found = audit.erased()
    assert (found.checked, found.differences) == (2, (f"customer {one} was erased and keeps personal data",))
    for merged, survivor in ((one, two), (two, one)):
        run(
            "INSERT INTO customers_merge (id, merged_id, survivor_id, at) VALUES (%s, %s, %s, now())",
            [new_id(), merged, survivor],
        )
    found = audit.merges()
    assert (found.checked, found.count) == (2, 2)
