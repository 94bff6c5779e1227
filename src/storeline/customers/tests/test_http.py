"""The desk's and the shopper's routes."""

import pytest
from django.test import Client

from storeline.customers.tests.factories import EMAIL, PHONE, everything, make_customer, proved
from storeline.identity.api import create_user, grant_role
from storeline.identity.tests.factories import bearer, browser_of, fresh_key, make_token, make_user
from storeline.kernel.api import SYSTEM, new_id, run

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/customers"


@pytest.fixture
def desk() -> Client:
    return Client(headers=bearer(make_token("service_desk")))


def post(client: Client, path: str, body: object):
    return client.post(f"{ROOT}{path}", body, content_type="application/json")


def test_the_desk_registers_finds_and_erases(desk):
    body = {
        "id": str(new_id()),
        "ref": "M-1",
        "name": "李雷",
        "contacts": [{"kind": "email", "value": EMAIL, "verified": True}],
    }
    for _ in range(2):
        assert post(desk, "", body).json()["name"] == "李雷"
    key = body["id"]
    assert (
        post(
            desk, f"/{key}/contacts", {"contacts": [{"kind": "phone", "value": "079 123 45 67"}], "country": "CH"}
        ).status_code
        == 200
    )
    assert post(desk, f"/{key}/cards", {"number": "2000 1234"}).json()["cards"] == ["20001234"]
    for search in ({"email": EMAIL}, {"phone": PHONE}, {"card": "20001234"}):
        assert [found["id"] for found in post(desk, "/lookup", search).json()["items"]] == [key]
    assert post(desk, f"/{key}/consents", {"purpose": "marketing_email", "granted": True}).status_code == 204
    assert [each["in_force"] for each in desk.get(f"{ROOT}/{key}/consents").json()["items"]] == [True]
    assert len(post(desk, f"/{key}/contacts/remove", {"kind": "phone", "value": PHONE}).json()["contacts"]) == 1
    assert post(desk, f"/{key}/erase", {}).json() == {"records": [key]}
    assert desk.get(f"{ROOT}/{key}").json()["contacts"] == []


def test_the_desk_merges_and_parts(desk):
    one, two = make_customer(), make_customer()
    body = {"merged_id": str(one), "survivor_id": str(two)}
    assert post(desk, "/merges", body).json()["code"] == "idempotency_key_missing"
    headers = fresh_key()
    made, again = (
        desk.post(f"{ROOT}/merges", body, content_type="application/json", headers=headers) for _ in range(2)
    )
    assert (made.status_code, again.status_code, again.json()) == (201, 201, made.json())
    other = desk.post(f"{ROOT}/merges", body | {"reason": "x"}, content_type="application/json", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "body_mismatch")
    assert run("SELECT count(*) FROM customers_merge").fetchall() == [(1,)]
    assert desk.get(f"{ROOT}/{one}").json()["person_id"] == str(two)
    assert desk.delete(f"{ROOT}/merges/{made.json()['id']}").status_code == 204
    assert desk.get(f"{ROOT}/{one}").json()["person_id"] == str(one)


def test_a_shopper_sees_and_decides_on_their_own():
    user = create_user(username="kim", actor=SYSTEM)
    grant_role(user, "shopper", actor=SYSTEM)
    mine, other = make_customer(name="Kim", user_id=user), make_customer(name="Jo")
    browser = browser_of(user)
    assert browser.get(f"{ROOT}/me").json()["id"] == str(mine)
    assert post(browser, "/me/consents", {"purpose": "marketing_sms", "granted": True}).status_code == 204
    assert [each["purpose"] for each in browser.get(f"{ROOT}/me/consents").json()["items"]] == ["marketing_sms"]
    export = browser.get(f"{ROOT}/me/export").json()
    assert [record["name"] for record in export["records"]] == ["Kim"]
    assert [each["purpose"] for each in export["consents"]] == ["marketing_sms"]
    assert browser.get(f"{ROOT}/{other}").status_code == 403
    assert post(browser, "/lookup", {"card": "20001234"}).status_code == 403
    assert post(browser, "/me/erase", {}).json() == {"records": [str(mine)]}
    assert browser.get(f"{ROOT}/me").status_code in (401, 404)
    assert run("SELECT count(*) FROM customers_customer WHERE erased_at IS NOT NULL").fetchall() == [(1,)]


def test_a_problem_repeats_nothing_personal(desk):
    answer = post(desk, "/lookup", {"phone": "Kim Quine 079"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_contact")
    assert "Kim" not in answer.content.decode()


def test_bulk_upsert(desk):
    admin = Client(headers=bearer(make_token("administrator")))
    answer = admin.put(
        f"{ROOT}/bulk", [{"ref": "1", "name": "Kim"}, {"ref": "2", "kind": "x"}], content_type="application/json"
    )
    assert [verdict["outcome"] for verdict in answer.json()["items"]] == ["created", "refused"]
    first = desk.get(f"{ROOT}?limit=1").json()
    assert (len(first["items"]), first["next"]) == (1, first["items"][0]["id"])


def test_a_shopper_becomes_a_member_once():
    browser = browser_of(make_user("kim", "shopper", name="Kim"))
    assert (browser.get(f"{ROOT}/me").status_code, browser.get(f"{ROOT}/me").json()["code"]) == (
        404,
        "customer_not_found",
    )
    made = browser.put(f"{ROOT}/me").json()
    assert (made["name"], made["kind"], made["contacts"]) == ("Kim", "member", [])
    assert browser.put(f"{ROOT}/me").json() == browser.get(f"{ROOT}/me").json() == made


def test_consent_makes_a_member_too():
    browser = browser_of(make_user("kim", "shopper"))
    assert post(browser, "/me/consents", {"purpose": "marketing_sms", "granted": True}).status_code == 204
    assert [each["in_force"] for each in browser.get(f"{ROOT}/me/consents").json()["items"]] == [True]


def test_nobody_else_becomes_a_member_by_asking():
    before = everything()
    assert Client().put(f"{ROOT}/me").status_code == 401
    for role in ("associate", "service_desk", "partner"):
        assert Client(headers=bearer(make_token(role))).put(f"{ROOT}/me").status_code == 403
    assert browser_of(make_user("jo", "associate")).put(f"{ROOT}/me").status_code == 403
    assert everything() == before


def test_an_associate_finds_a_member_and_sees_no_more_than_to_greet_them():
    kim = make_customer(ref="M-1", name="Kim", language="fr", contacts=[proved("email", EMAIL), proved("phone", PHONE)])
    associate = browser_of(make_user("jo", "associate"))
    found = {"id": str(kim), "ref": "M-1", "kind": "member", "name": "Kim", "language": "fr"}
    assert [post(associate, "/lookup", search).json()["items"] for search in ({"email": EMAIL}, {"phone": PHONE})] == [
        [found]
    ] * 2
    for path in ("", f"/{kim}", f"/{kim}/consents", f"/{kim}/export"):
        assert associate.get(f"{ROOT}{path}").status_code == 403
    assert Client().post(f"{ROOT}/lookup", {"email": EMAIL}, content_type="application/json").status_code == 401
