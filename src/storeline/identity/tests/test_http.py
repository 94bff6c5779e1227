"""Tokens, sessions and CSRF over HTTP."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from storeline.identity import sessions
from storeline.identity.api import (
    ClientReach,
    actors_of_tokens,
    amend_client,
    close_client,
    create_client,
    ensure_demo_sign_ins,
    get_client,
    new_client_secret,
    requires,
    set_password,
)
from storeline.identity.commands import ClientSecret
from storeline.identity.models import User
from storeline.identity.tests.factories import PASSWORD, ask_token, bearer, make_token, make_user
from storeline.kernel.api import SYSTEM, clock_at, new_id, now, permissions_of, run, waits

pytestmark = pytest.mark.django_db
ME, SESSION, USERS = "/api/v1/me", "/api/v1/session", "/api/v1/users"


def sign_in(browser: Client, login: str = "kim", password: str = PASSWORD, **more: str):
    return browser.post(SESSION, {"login": login, "password": password, **more}, content_type="application/json")


def test_a_guest_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(0), waits() as count:
        answer = Client().get(ME)
    assert count.waits == 0
    assert answer.status_code == 200
    assert (answer.json()["kind"], answer.json()["id"]) == ("guest", None)


def test_a_token_costs_one_query_and_gives_its_role(django_assert_num_queries):
    token = make_token("service_desk", scopes=["identity.view_users"])
    with django_assert_num_queries(0), waits() as count:
        answer = Client().get(ME, headers=bearer(token))
    assert count.waits == 1
    assert answer.json()["kind"] == "client"
    assert set(answer.json()["permissions"]) == permissions_of("guest") | {"identity.view_users"}
    assert Client().get(USERS, headers=bearer(token)).status_code == 200


def test_a_token_asked_for_less_gives_less():
    made = create_client(name="x", role="administrator", actor=SYSTEM)
    answer = ask_token(made, scope="identity.view_users")
    assert answer.json()["scope"] == "identity.view_users"
    headers = bearer(answer.json()["access_token"])
    assert Client().get(USERS, headers=headers).status_code == 200
    assert Client().get("/api/v1/clients", headers=headers).status_code == 403


def test_a_token_beyond_the_clients_scopes_is_refused():
    made = create_client(name="x", role="partner", actor=SYSTEM)
    answer = ask_token(made, scope="identity.manage_users")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert run("SELECT count(*) FROM oauth2_provider_accesstoken").fetchall() == [(0,)]


def test_a_client_whom_no_column_could_hold_is_nobody():
    named = ask_token(ClientSecret(new_id(), "\x00", "\x00"))
    written = Client().post(
        "/oauth/token", {"grant_type": "client_credentials", "client_id": "\x00", "client_secret": "x"}
    )
    assert [(answer.status_code, answer.json()) for answer in (named, written)] == [
        (400, {"error": "invalid_request"})
    ] * 2


def test_tokens_are_not_kept_in_clear():
    token = make_token()
    assert run("SELECT token FROM oauth2_provider_accesstoken").fetchall() == [("",)]
    assert list(actors_of_tokens([token, "other"])) == [token]


def test_only_client_credentials_are_granted():
    made = create_client(name="x", actor=SYSTEM)
    for grant in ("password", "authorization_code", "refresh_token", "implicit"):
        answer = ask_token(made, grant_type=grant, username="kim", password=PASSWORD)
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic abc", "Bearer"])
def test_a_bad_token_is_refused_even_where_guests_may_go(header):
    answer = Client().get(ME, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_ends():
    token = make_token()
    run("UPDATE oauth2_provider_accesstoken SET expires = clock_timestamp()")
    assert Client().get(ME, headers=bearer(token)).status_code == 401


def test_a_closed_client_and_a_new_secret_end_tokens_at_once():
    made = create_client(name="x", actor=SYSTEM)
    token = ask_token(made).json()["access_token"]
    other = new_client_secret(made.id, actor=SYSTEM)
    assert Client().get(ME, headers=bearer(token)).status_code == 401
    assert ask_token(made).status_code == 401
    token = ask_token(other).json()["access_token"]
    close_client(made.id, actor=SYSTEM)
    assert Client().get(ME, headers=bearer(token)).status_code == 401
    assert ask_token(other).status_code == 401


def test_a_client_works_in_its_period_by_business_time_at_its_places():
    start, place = now(), new_id()
    made = create_client(name="x", reach=ClientReach((), [place], None, start, start + timedelta(days=1)), actor=SYSTEM)
    token = ask_token(made).json()["access_token"]
    for days, status in ((-1, 401), (0, 200), (0.5, 200), (1, 401)):
        with clock_at(start + timedelta(days=days)):
            assert Client().get(ME, headers=bearer(token)).status_code == status
    assert Client().get(ME, headers=bearer(token)).json()["places"] == [str(place)]
    amend_client(made.id, ClientReach(), actor=SYSTEM)
    assert Client().get(ME, headers=bearer(token)).json()["places"] is None
    assert get_client(made.id).valid_to is None


def test_a_session_needs_its_csrf_token_to_write():
    make_user("kim", "administrator")
    browser = Client(enforce_csrf_checks=True)
    answer = sign_in(browser)
    assert answer.status_code == 200
    assert answer.json()["kind"] == "user"
    made = {"id": str(new_id()), "username": "jo"}
    refused = browser.post(USERS, made, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    assert User.objects.count() == 1
    headers = {"X-CSRFToken": answer.json()["csrf_token"]}
    assert browser.post(USERS, made, content_type="application/json", headers=headers).status_code == 200
    assert browser.delete(SESSION, headers=headers).status_code == 204
    assert browser.get(ME).json()["kind"] == "guest"


def test_a_sign_in_is_json_only():
    make_user("kim")
    answer = Client().post(SESSION, '{"login": "kim", "password": "' + PASSWORD + '"}', content_type="text/plain")
    assert answer.status_code == 415
    assert run("SELECT count(*) FROM django_session").fetchall() == [(0,)]


def test_a_wrong_sign_in_never_says_which_part():
    make_user("kim")
    answers = [sign_in(Client(), "kim", "wrong"), sign_in(Client(), "nobody", "wrong")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_the_eleventh_attempt_on_a_login_waits_even_with_the_right_password():
    make_user("kim")
    for _ in range(sessions.PER_LOGIN):
        assert sign_in(Client(), "kim", "wrong").status_code == 401
    answer = sign_in(Client())
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_sign_ins")
    assert 1 <= int(answer["Retry-After"]) <= 900
    assert sign_in(Client(), "jo").status_code == 401


def test_a_right_sign_in_clears_its_count():
    make_user("kim")
    for _ in range(2):
        for _ in range(sessions.PER_LOGIN - 1):
            assert sign_in(Client(), "kim", "wrong").status_code == 401
        assert sign_in(Client()).status_code == 200


def test_behind_a_proxy_each_address_has_its_own_attempts(settings, monkeypatch):
    monkeypatch.setattr(sessions, "PER_ADDRESS", 2)

    def tried(forwarded: str, peer: str = "10.0.0.1") -> int:
        said = {"login": new_id().hex, "password": "wrong"}
        headers = {"X-Forwarded-For": forwarded}
        return (
            Client(headers=headers, REMOTE_ADDR=peer).post(SESSION, said, content_type="application/json").status_code
        )

    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    assert [tried("203.0.113.7") for _ in range(3)] == [401, 401, 429]
    assert tried("198.51.100.1") == 401
    assert tried("198.51.100.9, 203.0.113.7") == 429, "what the client itself wrote counts for nothing"
    assert [tried(f"2001:db8:f:1::{last}") for last in (1, 2, 3)] == [401, 401, 429], "a /64 is one subscriber"
    assert [tried(f"198.51.100.{last}", peer="192.0.2.1") for last in (1, 2, 3)] == [401, 401, 429], "no proxy of ours"


def test_attempts_hold_no_login_and_no_address():
    sign_in(Client(), "kim@example.org", "wrong")
    keys = [bytes(row[0]) for row in run("SELECT key FROM identity_attempt").fetchall()]
    assert [len(key) for key in keys] == [32, 32]


def test_a_second_factor_is_asked_for_and_checked(monkeypatch):
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.yield_hotp_counters_from_time", lambda: iter([7]))
    key = make_user("kim")
    secret = generate_totp_secret()
    TOTP.activate(User.objects.get(id=key), secret)
    assert sign_in(Client()).json()["code"] == "second_factor_needed"
    assert sign_in(Client(), code="000000x").json()["code"] == "wrong_sign_in"
    code = format_hotp_value(hotp_value(secret, 7))
    assert sign_in(Client(), code=code).status_code == 200
    assert sign_in(Client(), code=code).json()["code"] == "wrong_sign_in", "a code works once"


def test_another_password_ends_other_sessions():
    key = make_user("kim")
    browser = Client()
    sign_in(browser)
    set_password(key, "another-good-phrase", actor=SYSTEM)
    assert browser.get(ME).json()["kind"] == "guest"


def test_every_demo_sign_in_works():
    for each in ensure_demo_sign_ins():
        if not each.is_client:
            assert sign_in(Client(), each.login, each.secret).status_code == 200, each.role


def test_routes_may_name_only_permissions_that_are_declared():
    with pytest.raises(LookupError):
        requires("identity.nothing")
    with pytest.raises(LookupError):
        requires("identity.manage_users", guest=True)


def test_lists_are_paged():
    made = sorted(make_user(f"user{number}") for number in range(3))
    headers = bearer(make_token("service_desk"))
    first = Client().get(f"{USERS}?limit=2", headers=headers).json()
    second = Client().get(f"{USERS}?limit=2&cursor={first['next']}", headers=headers).json()
    assert [each["id"] for each in first["items"] + second["items"]] == [str(key) for key in made]
    assert second["next"] is None
