"""Partners, agreements and access: refusals change nothing; a client follows its agreement."""

from datetime import timedelta

import pytest
from django.test import Client

from storeline.identity.api import ClientReach, amend_client, create_client
from storeline.identity.tests.factories import ask_token, bearer
from storeline.kernel.api import (
    GUEST,
    SYSTEM,
    BodyMismatch,
    Conflict,
    Error,
    Forbidden,
    Invalid,
    clock_at,
    new_id,
    run,
)
from storeline.partners import audit
from storeline.partners.api import (
    NewOrganisation,
    NothingAgreed,
    PartnerNotFound,
    Terms,
    UnknownScope,
    UnsafeAddress,
    add_endpoint,
    agree,
    agreements_of,
    change_endpoint,
    end_agreement,
    endpoints_of,
    get_endpoint,
    give_access,
    replay,
    replay_range,
    rotate_secret,
    set_enabled,
    take_on,
)
from storeline.partners.endpoints import secret_of
from storeline.partners.tests.factories import HERE, START, everything, make_listener, make_partner

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.org/in"


def test_the_same_again_changes_nothing_and_other_words_are_refused():
    partner = make_partner()
    terms = Terms(events=["orders.*"], scopes=["partners.webhooks"], place_ids=[HERE], starts_at=START)
    agreement = agree(new_id(), partner, terms, actor=SYSTEM)
    made = add_endpoint(new_id(), partner, URL, ["orders.*"], actor=SYSTEM)
    before = everything()
    take_on(NewOrganisation(partner, "wallet", "Wallet"), actor=SYSTEM)
    agree(agreement, partner, terms, actor=SYSTEM)
    assert add_endpoint(made.id, partner, URL, ["orders.*"], actor=SYSTEM) == made
    for act, error in (
        (lambda: take_on(NewOrganisation(partner, "wallet", "Other"), actor=SYSTEM), BodyMismatch),
        (lambda: take_on(NewOrganisation(new_id(), "wallet", "Wallet"), actor=SYSTEM), Conflict),
        (lambda: agree(agreement, partner, Terms(), actor=SYSTEM), BodyMismatch),
        (lambda: agree(new_id(), partner, Terms(place_ids=[]), actor=SYSTEM), Invalid),  # nowhere is not everywhere
        (lambda: add_endpoint(made.id, partner, URL, ["stock.*"], actor=SYSTEM), BodyMismatch),
    ):
        with pytest.raises(error):
            act()
    assert everything() == before
    assert [view.place_ids for view in agreements_of(partner)] == [[HERE]]
    assert [view.url for view in endpoints_of(partner)] == [URL]


def test_what_cannot_be_agreed_leaves_nothing():
    partner, nobody = make_partner(), new_id()
    made = add_endpoint(new_id(), partner, URL, ["*"], actor=SYSTEM)
    before = everything()
    refused: list[tuple[object, type[Error]]] = [
        (lambda: take_on(NewOrganisation(new_id(), " ", "x"), actor=SYSTEM), Invalid),
        (lambda: agree(new_id(), nobody, Terms(), actor=SYSTEM), PartnerNotFound),
        (lambda: agree(new_id(), partner, Terms(scopes=["identity.manage_users"]), actor=SYSTEM), UnknownScope),
        (lambda: agree(new_id(), partner, Terms(events=["orders"]), actor=SYSTEM), Invalid),
        (lambda: agree(new_id(), partner, Terms(starts_at=START, ends_at=START - timedelta(1)), actor=SYSTEM), Invalid),
        (lambda: add_endpoint(new_id(), nobody, URL, ["*"], actor=SYSTEM), PartnerNotFound),
        (lambda: add_endpoint(new_id(), partner, "https://10.0.0.1/", ["*"], actor=SYSTEM), UnsafeAddress),
        (lambda: add_endpoint(new_id(), partner, URL, [], actor=SYSTEM), Invalid),
        (lambda: add_endpoint(new_id(), partner, URL, ["o*"], actor=SYSTEM), Invalid),
        (lambda: change_endpoint(made.id, "http://example.org", ["*"], actor=SYSTEM), UnsafeAddress),
        (lambda: change_endpoint(nobody, URL, ["*"], actor=SYSTEM), PartnerNotFound),
        (lambda: replay_range(made.id, START, START + timedelta(days=8), actor=SYSTEM), Invalid),
        (lambda: replay_range(made.id, START, START, actor=SYSTEM), Invalid),
        (lambda: give_access(nobody, name="x", actor=SYSTEM), PartnerNotFound),
        (lambda: end_agreement(nobody, actor=SYSTEM), PartnerNotFound),
        (lambda: get_endpoint(nobody), PartnerNotFound),
    ]
    for act, error in refused:
        with pytest.raises(error):
            act()  # type: ignore[operator]
        assert everything() == before


def test_loopback_is_refused_in_production(settings):
    partner = make_partner()
    settings.PRODUCTION = True
    with pytest.raises(UnsafeAddress):
        add_endpoint(new_id(), partner, "http://127.0.0.1/", ["*"], actor=SYSTEM)


def test_only_who_may_does():
    made = make_listener(URL)
    partner = get_endpoint(made.id).organisation_id
    other = create_client(name="x", organisation_id=make_partner("other"), actor=SYSTEM)
    from storeline.identity.api import actor_of_token  # noqa: PLC0415

    foreign = actor_of_token(ask_token(other).json()["access_token"])
    before = everything()
    for actor in (GUEST, foreign):
        for act in (
            lambda actor=actor: take_on(NewOrganisation(new_id(), "x", "x"), actor=actor),
            lambda actor=actor: agree(new_id(), partner, Terms(), actor=actor),
            lambda actor=actor: give_access(new_id(), name="x", actor=actor),
            lambda actor=actor: end_agreement(new_id(), actor=actor),
            lambda actor=actor: add_endpoint(new_id(), partner, URL, ["*"], actor=actor),
            lambda actor=actor: change_endpoint(made.id, URL, ["*"], actor=actor),
            lambda actor=actor: set_enabled(made.id, enabled=False, actor=actor),
            lambda actor=actor: rotate_secret(made.id, actor=actor),
            lambda actor=actor: replay(made.id, [], actor=actor),
            lambda actor=actor: replay_range(made.id, START, START + timedelta(1), actor=actor),
        ):
            with pytest.raises(Forbidden):
                act()
    assert everything() == before


def test_a_client_follows_its_agreement_to_its_end():
    partner = make_partner()
    terms = Terms(scopes=["partners.webhooks"], place_ids=[HERE], starts_at=START, ends_at=START + timedelta(days=30))
    agreement = agree(new_id(), partner, terms, actor=SYSTEM)
    with clock_at(START):
        headers = bearer(ask_token(give_access(agreement, name="Wallet", actor=SYSTEM)).json()["access_token"])
    path = f"/api/v1/partners/{partner}/endpoints"
    body = {"id": str(new_id()), "url": URL, "patterns": ["orders.*"]}
    with clock_at(START + timedelta(days=1)):
        assert Client().post(path, body, content_type="application/json", headers=headers).status_code == 201
        assert Client().get("/api/v1/partners", headers=headers).status_code == 403
        assert audit.access().ok
    with clock_at(START + timedelta(days=2)):
        end_agreement(agreement, actor=SYSTEM)
        assert Client().get(path, headers=headers).status_code == 401
        before = everything()
        with pytest.raises(NothingAgreed):
            give_access(agreement, name="x", actor=SYSTEM)
        assert everything() == before
    with clock_at(START + timedelta(days=1)):
        assert Client().get(path, headers=headers).status_code == 200
    assert audit.access().ok


def test_an_agreement_that_ends_before_it_begins_closes_its_clients():
    partner = make_partner()
    with clock_at(START):
        terms = Terms(scopes=["partners.webhooks"], starts_at=START + timedelta(days=1))
        agreement = agree(new_id(), partner, terms, actor=SYSTEM)
        give_access(agreement, name="Wallet", actor=SYSTEM)
        end_agreement(agreement, actor=SYSTEM)
    assert run("SELECT active FROM identity_client").fetchall() == [(False,)]
    assert audit.access().ok


def test_events_alone_give_no_access():
    agreement = agree(new_id(), make_partner(), Terms(events=["*"]), actor=SYSTEM)
    with pytest.raises(NothingAgreed):
        give_access(agreement, name="x", actor=SYSTEM)
    assert run("SELECT count(*) FROM identity_client").fetchall() == [(0,)]


def test_the_audit_sees_a_client_that_reaches_further():
    partner = make_partner()
    terms = Terms(scopes=["partners.webhooks"], place_ids=[HERE])
    made = give_access(agree(new_id(), partner, terms, actor=SYSTEM), name="x", actor=SYSTEM)
    amend_client(made.id, ClientReach(["partners.webhooks"]), actor=SYSTEM)
    found = audit.access()
    assert (found.checked, found.differences) == (1, (f"client {made.id} does not follow its agreement",))


def test_secrets_are_stored_nowhere_and_differ():
    one, two = make_listener(URL), make_listener(URL, ref="other")
    turned = rotate_secret(one.id, actor=SYSTEM)
    secrets = {one.secret, two.secret, turned.secret}
    assert len(secrets) == 3
    assert turned.secret == secret_of(one.id, 2)
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)
    assert not any(secret[6:] in str(everything()) for secret in secrets)
