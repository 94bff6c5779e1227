"""Users, roles, clients: what is refused changes nothing."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from storeline.identity.api import (
    BeyondRole,
    ClientReach,
    LoginTaken,
    actor_of_user,
    create_client,
    create_user,
    ensure_demo_sign_ins,
    erase_user,
    find_user,
    get_user,
    grant_role,
    open_entities,
    revoke_role,
    set_active,
)
from storeline.identity.audit import erased_users
from storeline.identity.errors import WeakPassword
from storeline.identity.models import Client, Grant, User
from storeline.identity.permissions import MANAGE_CLIENTS, MANAGE_USERS
from storeline.identity.queries import _Entities
from storeline.identity.tests.factories import PASSWORD, make_user
from storeline.kernel.api import (
    GUEST,
    ROLES,
    SYSTEM,
    Actor,
    BodyMismatch,
    Error,
    Forbidden,
    Invalid,
    new_id,
    permissions_of,
    run,
)

pytestmark = pytest.mark.django_db
HERE, THERE = UUID(int=1), UUID(int=2)


def everything() -> list[list[tuple[object, ...]]]:
    tables = ("identity_user", "identity_grant", "identity_client", "kernel_trail")
    return [run(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in tables]


def test_a_user_is_found_by_username_and_by_address_in_any_case():
    key = make_user("Kim.Q", email="Kim@Example.org")
    assert find_user("KIM.q ") == key
    assert find_user("kim@example.ORG") == key
    assert find_user("kim") is None


def test_without_a_username_the_id_serves():
    key = make_user(email="a@example.org")
    assert get_user(key).username == str(key)


def test_the_same_user_again_is_the_same_and_other_words_are_refused():
    key = new_id()
    for _ in range(2):
        assert create_user(username="kim", user_id=key, actor=SYSTEM) == key
    before = everything()
    with pytest.raises(BodyMismatch) as refusal:
        create_user(username="jo", user_id=key, actor=SYSTEM)
    assert refusal.value.field == "username"
    assert everything() == before


REFUSED = [
    ({"username": "kim"}, LoginTaken, "username"),
    ({"email": "KIM@example.org"}, LoginTaken, "email"),
    ({"username": "k@m"}, Invalid, "username"),
    ({"email": "nowhere"}, Invalid, "email"),
    ({"email": "a b@example.org"}, Invalid, "email"),
    ({"username": "jo", "password": "12345678"}, WeakPassword, "password"),
]


@pytest.mark.parametrize(("values", "error", "field"), REFUSED)
def test_a_refused_user_leaves_nothing(values: dict[str, Any], error: type[Error], field: str):
    make_user("kim", email="kim@example.org")
    before = everything()
    with pytest.raises(error) as refusal:
        create_user(**values, actor=SYSTEM)
    assert refusal.value.field == field
    assert everything() == before


def test_passwords_are_kept_as_slow_hashes_and_client_secrets_as_hashes(slow_passwords):
    key = make_user("kim")
    made = create_client(name="Wallet", actor=SYSTEM)
    assert User.objects.get(id=key).password.startswith("scrypt$")
    stored = Client.objects.get(id=made.id).client_secret
    assert stored.startswith("random_sha256$")
    assert made.secret not in stored


def test_only_who_may_manage_users_and_clients_does():
    key = make_user("kim")
    before = everything()
    for act in (
        lambda: create_user(username="jo", actor=GUEST),
        lambda: grant_role(key, "administrator", actor=GUEST),
        lambda: set_active(key, active=False, actor=GUEST),
        lambda: erase_user(key, actor=GUEST),
        lambda: create_client(name="x", actor=GUEST),
    ):
        with pytest.raises(Forbidden):
            act()
    assert everything() == before


def test_nobody_hands_out_what_reaches_further_than_they_do():
    key = make_user("kim")
    local = Actor("user", new_id(), frozenset({MANAGE_USERS, MANAGE_CLIENTS}), frozenset({HERE}))
    before = everything()
    for act in (
        lambda: grant_role(key, "associate", actor=local),
        lambda: grant_role(key, "associate", place_id=THERE, actor=local),
        lambda: grant_role(key, "associate", entity_id=HERE, actor=local),
        lambda: create_client(name="x", actor=local),
        lambda: create_client(name="x", reach=ClientReach(place_ids=[HERE, THERE]), actor=local),
    ):
        with pytest.raises(Forbidden):
            act()
    assert everything() == before
    grant_role(key, "associate", place_id=HERE, actor=local)
    assert [(grant.role, grant.place_id) for grant in get_user(key).grants] == [("associate", HERE)]


def test_a_role_given_twice_is_one_and_taken_away_is_gone():
    key = make_user("kim")
    first = grant_role(key, "finance", actor=SYSTEM)
    assert grant_role(key, "finance", actor=SYSTEM) == first
    assert Grant.objects.count() == 1
    revoke_role(first, actor=SYSTEM)
    actor = actor_of_user(key)
    assert actor is not None
    assert actor.permissions == permissions_of("guest")


def test_an_unknown_role_and_two_scopes_at_once_are_refused():
    key = make_user("kim")
    before = everything()
    with pytest.raises(Invalid):
        grant_role(key, "owner", actor=SYSTEM)
    with pytest.raises(Invalid):
        grant_role(key, "finance", place_id=HERE, entity_id=THERE, actor=SYSTEM)
    assert everything() == before


def test_an_entitys_scope_is_its_places_and_none_until_somebody_tells():
    key = make_user("kim")
    grant_role(key, "service_desk", entity_id=THERE, actor=SYSTEM)
    told = _Entities.places
    try:
        open_entities(lambda _ids: ())
        actor = actor_of_user(key)
        assert actor is not None
        assert not actor.may("identity.view_users", HERE)
        open_entities(lambda ids: [HERE] if THERE in ids else [])
        actor = actor_of_user(key)
        assert actor is not None
        assert actor.may("identity.view_users", HERE)
    finally:
        open_entities(told)


def test_the_staff_admin_is_for_administrators_of_everything():
    key = make_user("kim", "administrator", place_id=HERE)
    assert not User.objects.get(id=key).is_superuser
    grant = grant_role(key, "administrator", actor=SYSTEM)
    assert User.objects.get(id=key).is_superuser
    revoke_role(grant, actor=SYSTEM)
    assert not User.objects.get(id=key).is_superuser


def test_a_client_may_not_have_more_than_its_role():
    before = everything()
    with pytest.raises(BeyondRole):
        create_client(name="x", role="partner", reach=ClientReach(scopes=[MANAGE_USERS]), actor=SYSTEM)
    with pytest.raises(Invalid):
        create_client(name="x", role="owner", actor=SYSTEM)
    assert everything() == before


def test_an_inactive_user_is_no_actor():
    key = make_user("kim", "finance")
    set_active(key, active=False, actor=SYSTEM)
    assert actor_of_user(key) is None
    assert actor_of_user(uuid4()) is None


def test_erasing_takes_every_personal_word_and_stays():
    key = make_user("kim", "finance", email="kim@example.org", name="Kim Q.")
    erase_user(key, actor=SYSTEM)
    erase_user(key, actor=SYSTEM)
    user = User.objects.get(id=key)
    assert (user.username, user.email, user.name, user.is_active) == (str(key), None, "", False)
    assert not user.check_password(PASSWORD)
    assert Grant.objects.count() == 0
    with pytest.raises(Invalid):
        set_active(key, active=True, actor=SYSTEM)
    assert erased_users().ok


def test_the_audit_sees_a_role_of_an_erased_user():
    key = make_user("kim")
    erase_user(key, actor=SYSTEM)
    Grant.objects.create(user_id=key, role="finance", granted_at=datetime(2026, 1, 1, tzinfo=UTC))
    found = erased_users()
    assert (found.checked, found.count, found.differences) == (
        1,
        1,
        (f"user {key} was erased and still holds something",),
    )


def test_demo_sign_ins_are_one_a_role_and_the_same_again():
    first = ensure_demo_sign_ins()
    before = everything()
    assert ensure_demo_sign_ins() == first
    after = everything()
    assert [row[0] for row in after[0]] == [row[0] for row in before[0]]
    assert after[1] == before[1]
    assert [each.role for each in first] == list(ROLES)
    assert [each.role for each in first if each.is_client] == ["partner"]


def test_demo_sign_ins_are_refused_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(Forbidden):
        ensure_demo_sign_ins()
    assert User.objects.count() == 0
