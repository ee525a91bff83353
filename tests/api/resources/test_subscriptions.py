"""Subscriptions over HTTP: made by administrators, their secrets shown once, their deliveries listed and replayed."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from app.api.application import Application
from app.api.http.services import Services
from app.core.guarding import Bounds
from app.subscriptions.models import WebhookDelivery, WebhookSubscription
from tests.api.conftest import ClientAs, faults

PATH = "/api/v1/webhook-subscriptions"
CRM: dict[str, Any] = {
    "id": "crm",
    "name": "CRM",
    "url": "https://8.8.8.8/hooks",
    "events": ["customer.*", "contact.ended"],
}


@pytest.fixture
async def secret(admin: httpx.AsyncClient) -> str:
    """The secret of a subscription that is there."""
    made = await admin.post(PATH, json=CRM)
    assert made.status_code == 201, made.text
    secret: str = made.json()["secret"]
    return secret


async def test_a_subscription_shows_its_secret_once(admin: httpx.AsyncClient, secret: str) -> None:
    assert secret.startswith("whsec_")
    shown = (await admin.get(f"{PATH}/crm")).json()
    assert {name: shown[name] for name in CRM} == CRM
    assert (len(shown["secrets"]), shown["paused"]) == (1, False)
    everything = [await admin.get(path) for path in (PATH, f"{PATH}/crm", "/api/v1/audit")]
    assert not [answer for answer in everything if secret in answer.text]
    assert (await admin.post(PATH, json=CRM)).status_code == 409


async def url_kept(services: Services) -> str:
    async with services.sessions.read() as session:
        return str(await session.scalar(select(WebhookSubscription.url)))


async def test_a_token_in_the_address_is_shown_nowhere_and_stays_where_it_comes_back_as_shown(
    admin: httpx.AsyncClient, services: Services
) -> None:
    made = await admin.post(PATH, json={**CRM, "url": "https://8.8.8.8/hooks?key=t0ken&t0ken"})
    stars = made.json()["url"]
    changed = await admin.patch(f"{PATH}/crm", json={"name": "Other", "url": stars})
    assert (stars, changed.status_code) == ("https://8.8.8.8/hooks?key=***&***", 200), changed.text
    everything = [await admin.get(path) for path in (PATH, f"{PATH}/crm", "/api/v1/audit")]
    for answer in (made, changed, await admin.post(f"{PATH}/crm/secrets"), *everything):
        assert (answer.is_success, "t0ken" in answer.text, stars in answer.text) == (True, False, True)
    assert await url_kept(services) == "https://8.8.8.8/hooks?key=t0ken&t0ken"


async def test_stars_in_another_address_are_refused(admin: httpx.AsyncClient, services: Services) -> None:
    await admin.post(PATH, json={**CRM, "url": "https://8.8.8.8/hooks?key=t0ken"})
    there = {"url": "https://9.9.9.9/hooks?key=***"}
    for refused in (
        await admin.patch(f"{PATH}/crm", json=there),
        await admin.post(PATH, json={**CRM, **there, "id": "x"}),
    ):
        assert (refused.status_code, faults(refused)) == (422, ["body.url"])
        assert "stars" in refused.json()["faults"][0]["what"]
    assert await url_kept(services) == "https://8.8.8.8/hooks?key=t0ken"


async def test_only_administrators_subscribe(client_as: ClientAs, secret: str) -> None:
    for role in ("agent", "supervisor", "integration"):
        client = client_as(role)
        assert (await client.get(f"{PATH}/crm/deliveries")).status_code == 403


async def test_two_secrets_are_valid_while_one_is_rotated(admin: httpx.AsyncClient, secret: str) -> None:
    [old] = (await admin.get(f"{PATH}/crm")).json()["secrets"]
    assert (await admin.delete(f"{PATH}/crm/secrets/{old}")).json()["type"].endswith(":last-secret")
    rotated = (await admin.post(f"{PATH}/crm/secrets")).json()
    assert rotated["secret"] != secret
    assert rotated["secrets"][1] == old
    third = await admin.post(f"{PATH}/crm/secrets")
    assert (third.status_code, third.json()["type"]) == (409, "urn:callfloor:problem:too-many-secrets")
    left = (await admin.delete(f"{PATH}/crm/secrets/{old}")).json()
    assert left["secrets"] == rotated["secrets"][:1]
    assert (await admin.delete(f"{PATH}/crm/secrets/{old}")).status_code == 404


async def test_deliveries_are_listed_with_what_became_of_them_and_replayed(
    admin: httpx.AsyncClient, secret: str, services: Services
) -> None:
    for name in ("X", "Y", "Z"):
        await admin.post("/api/v1/customers", json={"name": name})
    page = (await admin.get(f"{PATH}/crm/deliveries", params={"limit": 2})).json()
    rest = (await admin.get(f"{PATH}/crm/deliveries", params={"cursor": page["next"]})).json()
    newest, *_, oldest = page["items"] + rest["items"]
    assert (newest["type"], newest["status"], newest["attempts"]) == ("customer.created", "pending", 0)
    assert newest["id"] > oldest["id"]
    pending = await admin.post(f"{PATH}/crm/deliveries/{oldest['id']}/replay")
    assert (pending.status_code, pending.json()["type"]) == (409, "urn:callfloor:problem:delivery-pending")
    failed = {"status": "dead", "last_error": "answered 500", "last_status": 500, "attempts": 8}
    async with services.sessions.write() as session:
        await session.execute(update(WebhookDelivery).values(**failed))
    [dead, *_] = (await admin.get(f"{PATH}/crm/deliveries", params={"status": "dead"})).json()["items"]
    assert {name: dead[name] for name in failed} == failed
    assert (dead["next_at"], dead["event_id"]) == (None, newest["event_id"])
    assert (await admin.post(f"{PATH}/crm/deliveries/{dead['id']}/replay")).json() == {"replayed": 1}
    assert (await admin.post(f"{PATH}/crm/replay")).json() == {"replayed": 2}
    assert (await admin.get(f"{PATH}/crm/deliveries", params={"status": "dead"})).json()["items"] == []
    assert (await admin.post(f"{PATH}/crm/deliveries/{2**62}/replay")).status_code == 404


async def test_pausing_renaming_and_unsubscribing(admin: httpx.AsyncClient, secret: str) -> None:
    changed = (await admin.patch(f"{PATH}/crm", json={"paused": True, "events": ["alert.raised"]})).json()
    assert (changed["paused"], changed["events"], changed["name"]) == (True, ["alert.raised"], "CRM")
    audited = (await admin.get("/api/v1/audit", params={"kind": "subscription"})).json()["items"]
    assert audited[0]["after"] == {"paused": True, "events": ["alert.raised"]}
    tested = (await admin.post(f"{PATH}/crm/test")).json()
    [delivery] = (await admin.get(f"{PATH}/crm/deliveries")).json()["items"]
    assert (delivery["id"], delivery["type"]) == (tested["delivery_id"], "webhook.test")
    assert (await admin.delete(f"{PATH}/crm")).status_code == 204
    assert (await admin.get(f"{PATH}/crm/deliveries")).status_code == 404


async def test_what_is_not_there_is_said_so(admin: httpx.AsyncClient) -> None:
    answers = [
        await admin.get(f"{PATH}/none"),
        await admin.patch(f"{PATH}/none", json={"paused": True}),
        await admin.delete(f"{PATH}/none"),
        await admin.post(f"{PATH}/none/secrets"),
        await admin.post(f"{PATH}/none/test"),
        await admin.post(f"{PATH}/none/replay"),
        await admin.post(f"{PATH}/none/deliveries/1/replay"),
    ]
    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"url": "ftp://crm.example/"}, "body.url"),
        ({"url": "crm.example"}, "body.url"),
        ({"url": "https://user:word@crm.example/"}, "body.url"),
        ({"url": "https://10.1.2.3/hooks"}, "body.url"),
        ({"url": "https://[::1]/hooks"}, "body.url"),
        ({"url": "https://0x7f.1/hooks"}, "body.url"),
        ({"url": "http://8.8.8.8/hooks"}, "body.url"),
        ({"url": "https://crm.example/" + "x" * 2000}, "body.url"),
        ({"events": []}, "body.events"),
        ({"events": ["customer.*", "customer.exploded"]}, "body.events.1"),
        ({"events": ["*"]}, "body.events.0"),
        ({"events": ["'; drop table customers; --"]}, "body.events.0"),
        ({"id": "A b"}, "body.id"),
        ({"secret": "mine"}, "body.secret"),
    ],
)
async def test_a_subscription_that_cannot_be_is_named(
    admin: httpx.AsyncClient, changes: dict[str, Any], where: str
) -> None:
    assert faults(await admin.post(PATH, json={**CRM, **changes})) == [where]


async def test_a_subscription_is_not_led_to_where_webhooks_may_not_go(
    admin: httpx.AsyncClient, secret: str, services: Services, built: Application
) -> None:
    there = {"url": "http://127.0.0.1:9/hooks"}
    refused = await admin.patch(f"{PATH}/crm", json=there)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:callfloor:problem:address-forbidden")
    [fault] = refused.json()["faults"]
    assert (fault["where"], "CALLFLOOR_WEBHOOKS_NETWORKS" in fault["accepted"]) == ("body.url", True)
    assert (await admin.get(f"{PATH}/crm")).json()["url"] == CRM["url"]
    built.state.services = replace(services, webhooks=Bounds([ip_network("127.0.0.0/8")]))
    assert (await admin.patch(f"{PATH}/crm", json=there)).json()["url"] == there["url"]


@pytest.mark.parametrize("host", ["xn--n3h.net", "xn--a.invalid", "☃.net"])
async def test_a_name_that_cannot_be_asked_is_refused_though_it_may_exist(
    admin: httpx.AsyncClient, secret: str, host: str
) -> None:
    there = {"url": f"https://{host}/hooks"}
    for refused in (
        await admin.post(PATH, json={**CRM, **there, "id": "other"}),
        await admin.patch(f"{PATH}/crm", json=there),
    ):
        assert (refused.status_code, faults(refused)) == (422, ["body.url"])


@pytest.mark.enable_socket
async def test_a_name_is_refused_by_where_it_leads_now_and_taken_where_it_leads_nowhere_yet(
    admin: httpx.AsyncClient,
) -> None:
    assert faults(await admin.post(PATH, json={**CRM, "url": "https://localhost/hooks"})) == ["body.url"]
    assert (await admin.post(PATH, json={**CRM, "url": "https://crm.invalid/hooks"})).status_code == 201
