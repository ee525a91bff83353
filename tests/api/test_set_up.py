"""Administration of queues, wrap-up codes, tiers and sources."""

from typing import Any

import httpx
import pytest
from sqlalchemy import update
from standardwebhooks import Webhook

from app.core.ids import new_id
from app.floor.journal.models import LiveContact
from app.routing.records.models import Queue
from tests.api.conftest import OneTransaction, faults

QUEUE = {"id": "cards", "name": "Cards 卡"}
NOBODY = "no active agent could take a contact however long it waits: there is no active agent"
SOURCE = {"id": "pbx", "name": "Head office", "command_url": "https://pbx.example/commands"}


async def test_a_queue_has_the_defaults_of_the_routing_rules(admin: httpx.AsyncClient) -> None:
    made = await admin.post("/api/v1/queues", json=QUEUE)
    assert made.status_code == 201
    told = made.json()
    assert (told["offer_seconds"], told["wrap_up_seconds"], told["requires"]) == (20, 30, {})
    assert told.pop("warnings") == [{"where": "body", "what": NOBODY}]
    assert (await admin.get("/api/v1/queues")).json()["items"] == [told]


async def test_a_queue_is_changed_field_by_field(admin: httpx.AsyncClient) -> None:
    for skill in ("cards", "zh"):
        await admin.post("/api/v1/skills", json={"id": skill, "name": skill})
    await admin.post("/api/v1/queues", json={**QUEUE, "requires": {"cards": 2}, "default_language": "zh"})
    changed = (await admin.patch("/api/v1/queues/cards", json={"offer_seconds": 15})).json()
    assert (changed["offer_seconds"], changed["requires"], changed["default_language"]) == (15, {"cards": 2}, "zh")
    changed = (await admin.patch("/api/v1/queues/cards", json={"requires": {"zh": 3}, "default_language": None})).json()
    assert (changed["requires"], changed["default_language"]) == ({"zh": 3}, None)
    assert (await admin.get("/api/v1/queues/cards")).json() == changed


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"requires": {"none": 3}}, "body.requires.none"),
        ({"requires": {"none": 9}}, "body.requires.none"),
        ({"offer_seconds": 0}, "body.offer_seconds"),
        ({"offer_seconds": "NaN"}, "body.offer_seconds"),
        ({"wrap_up_seconds": -1}, "body.wrap_up_seconds"),
        ({"language_level": 6}, "body.language_level"),
        ({"name": None}, "body.name"),
        ({"bonus": 3}, "body.bonus"),
    ],
)
async def test_a_fault_of_a_queue_is_named(admin: httpx.AsyncClient, change: dict[str, Any], where: str) -> None:
    assert faults(await admin.post("/api/v1/queues", json=QUEUE | change)) == [where]
    assert (await admin.get("/api/v1/queues/cards")).status_code == 404
    await admin.post("/api/v1/queues", json=QUEUE)
    assert faults(await admin.patch("/api/v1/queues/cards", json=change)) == [where]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "true", "null", "1" * 400])
async def test_no_number_is_taken_that_is_none(admin: httpx.AsyncClient, number: str) -> None:
    for field in ("bonus_seconds", "offer_seconds", "wrap_up_seconds", "language_level"):
        body = f'{{"id": "cards", "name": "Cards", "{field}": {number}}}'
        answer = await admin.post("/api/v1/queues", content=body, headers={"content-type": "application/json"})
        assert faults(answer) == [f"body.{field}"]


async def test_a_queue_to_which_numbers_lead_is_not_removed(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/queues", json=QUEUE)
    await admin.post("/api/v1/sources", json={**SOURCE, "default_queue": "cards"})
    await admin.put("/api/v1/sources/pbx/numbers/+8695555", json={"queue_id": "cards"})
    kept = await admin.delete("/api/v1/queues/cards")
    assert kept.status_code == 409
    assert {"source": "pbx", "number": "+8695555"} in kept.json()["used_by"]
    await admin.delete("/api/v1/sources/pbx/numbers/+8695555")
    assert (await admin.delete("/api/v1/queues/cards")).status_code == 409
    await admin.patch("/api/v1/sources/pbx", json={"default_queue": None})
    assert (await admin.delete("/api/v1/queues/cards")).status_code == 204
    assert (await admin.delete("/api/v1/queues/cards")).status_code == 404


async def test_a_queue_to_which_another_overflows_is_not_removed(
    admin: httpx.AsyncClient, kept_apart: OneTransaction
) -> None:
    for queue in ("cards", "loans"):
        await admin.post("/api/v1/queues", json={"id": queue, "name": queue})
    overflow = [{"when": "length", "at": 5, "do": "queue", "queue": "cards"}]
    async with kept_apart.write() as session:
        await session.execute(update(Queue).where(Queue.id == "loans").values(overflow=overflow))
    kept = await admin.delete("/api/v1/queues/cards")
    assert (kept.status_code, kept.json()["used_by"]) == (409, [{"queue": "loans", "where": "overflow.0.queue"}])
    assert (await admin.delete("/api/v1/queues/loans")).status_code == 204
    assert (await admin.delete("/api/v1/queues/cards")).status_code == 204


async def test_a_queue_with_callers_in_it_is_not_removed(admin: httpx.AsyncClient, kept_apart: OneTransaction) -> None:
    await admin.post("/api/v1/queues", json=QUEUE)
    async with kept_apart.write() as session:
        session.add(LiveContact(floor="main", id=new_id(), state={"queue": "cards"}))
    kept = await admin.delete("/api/v1/queues/cards")
    assert (kept.status_code, kept.json()["live"]) == (409, 1)


async def test_ids_are_given_once(admin: httpx.AsyncClient) -> None:
    code, tier = {"id": "fees", "name": "Fees"}, {"id": "gold", "name": "Gold", "rank": 3}
    for path, body in (("queues", QUEUE), ("sources", SOURCE), ("wrap-up-codes", code), ("tiers", tier)):
        assert (await admin.post(f"/api/v1/{path}", json=body)).status_code == 201
        assert (await admin.post(f"/api/v1/{path}", json=body)).status_code == 409


async def test_a_wrap_up_code_is_retired_and_not_removed(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/wrap-up-codes", json={"id": "fees", "name": "Fees"})
    retired = (await admin.patch("/api/v1/wrap-up-codes/fees", json={"active": False})).json()
    assert retired == {"id": "fees", "name": "Fees", "active": False}
    assert (await admin.get("/api/v1/wrap-up-codes")).json()["items"] == [retired]
    assert (await admin.delete("/api/v1/wrap-up-codes/fees")).status_code == 405
    assert (await admin.patch("/api/v1/wrap-up-codes/none", json={})).status_code == 404


async def test_a_tier_is_changed_and_removed_while_nobody_is_of_it(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/tiers", json={"id": "gold", "name": "Gold", "rank": 3, "bonus_seconds": 45})
    changed = (await admin.patch("/api/v1/tiers/gold", json={"colour": "#e0b13c"})).json()
    assert (changed["bonus_seconds"], changed["colour"]) == (45, "#e0b13c")
    assert (await admin.get("/api/v1/tiers")).json()["items"] == [changed]
    assert faults(await admin.patch("/api/v1/tiers/gold", json={"colour": "red"})) == ["body.colour"]
    assert (await admin.delete("/api/v1/tiers/gold")).status_code == 204
    assert (await admin.delete("/api/v1/tiers/gold")).status_code == 404


async def test_a_secret_is_shown_once_and_signs(admin: httpx.AsyncClient) -> None:
    made = (await admin.post("/api/v1/sources", json=SOURCE)).json()
    assert made["secret"].startswith("whsec_")
    Webhook(made["secret"])
    shown = (await admin.get("/api/v1/sources")).text + (await admin.get("/api/v1/sources/pbx")).text
    assert "whsec_" not in shown
    assert made["secret"].removeprefix("whsec_") not in shown


async def test_a_secret_is_rotated_without_a_moment_that_refuses(admin: httpx.AsyncClient) -> None:
    old = (await admin.post("/api/v1/sources", json=SOURCE)).json()["secrets"][0]["id"]
    rotated = await admin.post("/api/v1/sources/pbx/secrets")
    assert rotated.status_code == 201
    newest, kept = rotated.json()["secrets"]
    assert (newest["signs"], kept) == (True, {"id": old, "signs": False})
    left = await admin.delete(f"/api/v1/sources/pbx/secrets/{old}")
    assert left.json()["secrets"] == [newest]
    assert (await admin.delete(f"/api/v1/sources/pbx/secrets/{old}")).status_code == 404
    assert (await admin.delete(f"/api/v1/sources/pbx/secrets/{newest['id']}")).status_code == 409


async def test_secrets_do_not_pile_up(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/sources", json=SOURCE)
    answers = [(await admin.post("/api/v1/sources/pbx/secrets")).status_code for _ in range(5)]
    assert answers == [201, 201, 201, 201, 409]
    assert (await admin.post("/api/v1/sources/none/secrets")).status_code == 404


@pytest.mark.parametrize(
    "url", ["ftp://pbx.example", "pbx.example", "https://", "javascript:alert(1)", "http:// x", ""]
)
async def test_commands_go_to_an_http_address_only(admin: httpx.AsyncClient, url: str) -> None:
    assert faults(await admin.post("/api/v1/sources", json={**SOURCE, "command_url": url})) == ["body.command_url"]
    await admin.post("/api/v1/sources", json=SOURCE)
    assert faults(await admin.patch("/api/v1/sources/pbx", json={"command_url": url})) == ["body.command_url"]
    assert (await admin.patch("/api/v1/sources/pbx", json={"command_url": None})).json()["command_url"] is None


@pytest.mark.parametrize("number", ["+8695555", "95555", "06221/1234-5", "sip:hotline@bank.example", "热线"])
async def test_any_number_that_a_platform_sends_can_choose_a_queue(admin: httpx.AsyncClient, number: str) -> None:
    """zammad#4872: number with "/" not matched."""
    for queue in ("cards", "loans"):
        await admin.post("/api/v1/queues", json={"id": queue, "name": queue})
    await admin.post("/api/v1/sources", json=SOURCE)
    path = f"/api/v1/sources/pbx/numbers/{number}"
    for queue in ("cards", "loans"):
        assert (await admin.put(path, json={"queue_id": queue})).json() == {
            "number": number,
            "queue_id": queue,
            "flow_id": None,
        }
    listed = (await admin.get("/api/v1/sources/pbx/numbers")).json()["items"]
    assert listed == [{"number": number, "queue_id": "loans", "flow_id": None}]
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.delete(path)).status_code == 404


async def test_a_number_needs_a_queue_and_a_source_that_exist(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/sources", json=SOURCE)
    path = "/api/v1/sources/pbx/numbers/1"
    assert faults(await admin.put(path, json={"queue_id": "none"})) == ["body.queue_id"]
    assert faults(await admin.patch("/api/v1/sources/pbx", json={"default_queue": "none"})) == ["body.default_queue"]
    other = {"id": "two", "name": "Two", "default_queue": "none"}
    assert faults(await admin.post("/api/v1/sources", json=other)) == ["body.default_queue"]
    assert (await admin.put("/api/v1/sources/none/numbers/1", json={"queue_id": "none"})).status_code == 404
    assert (await admin.get("/api/v1/sources/none/numbers")).status_code == 404
