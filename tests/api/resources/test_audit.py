"""The audit log: every change of the set-up, by whom, and never a secret."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.db.engine import Sessions
from tests.api.conftest import ClientAs, faults
from tests.ivr.texts import text_of


async def told(admin: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    """The entries that fit, the oldest first."""
    answer = await admin.get("/api/v1/audit", params={"limit": 200, **asked})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items[::-1]


async def test_changes_of_the_set_up_are_told_with_who_and_what_differs(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/queues", json={"id": "cards", "name": "Cards"})
    await admin.patch("/api/v1/queues/cards", json={"name": "Bank cards", "offer_seconds": 20})
    await admin.delete("/api/v1/queues/cards")
    entries = await told(admin, kind="queue", thing="cards")
    assert [(each["action"], each["who"]) for each in entries] == [
        ("queue.created", "administrator"),
        ("queue.changed", "administrator"),
        ("queue.deleted", "administrator"),
    ]
    assert entries[0]["before"] is None
    assert entries[0]["after"]["name"] == "Cards"
    assert (entries[1]["before"], entries[1]["after"]) == ({"name": "Cards"}, {"name": "Bank cards"})
    assert entries[2]["after"] is None


async def test_every_kind_of_record_is_watched_and_no_secret_is_told(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/skills", json={"id": "zh", "name": "Chinese"})
    await admin.post("/api/v1/teams", json={"id": "vip", "name": "Vip"})
    await admin.post("/api/v1/hours", json={"id": "day", "name": "Day", "time_zone": "UTC", "weekly": {}})
    await admin.post("/api/v1/wrap-up-codes", json={"id": "done", "name": "Done"})
    await admin.post("/api/v1/tiers", json={"id": "gold", "name": "Gold", "rank": 1})
    agent = {"id": "mei", "name": "Mei", "address": "sip:1", "password": "very-secret-1", "skills": {"zh": 3}}
    assert (await admin.post("/api/v1/agents", json=agent)).status_code == 201
    await admin.put("/api/v1/agents/mei/skills", json={"zh": 5})
    source = (await admin.post("/api/v1/sources", json={"id": "pbx", "name": "Switch"})).json()
    await admin.post("/api/v1/queues", json={"id": "cards", "name": "Cards", "requires": {"zh": 2}})
    await admin.put("/api/v1/sources/pbx/numbers/95555", json={"queue_id": "cards"})
    await admin.post("/api/v1/sources/pbx/secrets")
    key = (await admin.post("/api/v1/api-keys", json={"name": "Core"})).json()
    await admin.post("/api/v1/flows", json={"id": "main", "name": "Main", "text": text_of()})
    entries = await told(admin)
    kinds = {each["kind"] for each in entries}
    assert kinds == {
        "skill", "team", "hours", "wrap_up_code", "tier", "agent", "user", "source", "queue", "dialled_number",
        "api_key", "flow",
    }  # fmt: skip
    assert {each["thing"] for each in entries if each["kind"] == "dialled_number"} == {"pbx/95555"}
    rotated = [each for each in entries if each["action"] == "source.changed"]
    assert [(each["before"], each["after"]) for each in rotated] == [({"secrets": "hidden"}, {"secrets": "hidden"})]
    held = [each for each in entries if each["action"] == "agent.skills_set"]
    assert [(each["before"], each["after"]) for each in held] == [({}, {"zh": 3}), ({"zh": 3}, {"zh": 5})]
    required = [each for each in entries if each["action"] == "queue.requirements_set"]
    assert [(each["before"], each["after"]) for each in required] == [({}, {"zh": 2})]
    written = str(entries)
    for secret in ("very-secret-1", "$argon2", source["secret"], key["key"]):
        assert secret not in written


async def test_what_is_refused_or_changes_nothing_is_not_told(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/queues", json={"id": "cards", "name": "Cards"})
    await admin.post("/api/v1/queues", json={"id": "cards", "name": "Cards"})
    await admin.patch("/api/v1/queues/cards", json={"name": "Cards"})
    assert [each["action"] for each in await told(admin, kind="queue")] == ["queue.created"]


async def test_changes_without_anybody_signed_in_have_no_who(admin: httpx.AsyncClient, kept_apart: Sessions) -> None:
    async with kept_apart.write() as session:
        await session.execute(text("insert into skills (id, name) values ('by-hand', 'By hand')"))
    assert [each["who"] for each in await told(admin, thing="by-hand")] == [None]


async def test_pages_follow_each_other_without_gap_or_double(admin: httpx.AsyncClient) -> None:
    for number in range(7):
        await admin.post("/api/v1/skills", json={"id": f"s{number}", "name": "S"})
    seen: list[str] = []
    asked: dict[str, Any] = {"limit": 3}
    while True:
        page = (await admin.get("/api/v1/audit", params=asked)).json()
        seen += [each["thing"] for each in page["items"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert seen == [f"s{number}" for number in reversed(range(7))]
    assert faults(await admin.get("/api/v1/audit", params={"cursor": "x"})) == ["query.cursor"]


async def test_filters_narrow_it(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/skills", json={"id": "zh", "name": "Chinese"})
    await admin.patch("/api/v1/skills/zh", json={"name": "Mandarin"})
    assert len(await told(admin, action="skill.changed")) == 1
    assert len(await told(admin, who="administrator")) == 2
    assert await told(admin, who="somebody") == []
    at = (await told(admin))[0]["at"]
    assert len(await told(admin, since=at)) == 2
    assert await told(admin, until=at) == []
    assert faults(await admin.get("/api/v1/audit", params={"since": "yesterday"})) == ["query.since"]


async def test_sign_ins_are_told_too(admin: httpx.AsyncClient, client_as: ClientAs) -> None:
    account = {"id": "anna", "name": "Anna", "role": "agent", "password": "correct horse"}
    await admin.post("/api/v1/users", json=account)
    door = client_as(None)
    await door.post("/api/v1/token", json={"login": "anna", "password": "guess"})
    granted = (await door.post("/api/v1/token", json={"login": "anna", "password": "correct horse"})).json()
    await door.post("/api/v1/token/revoke", json={"refresh_token": granted["refresh_token"]})
    entries = await told(admin, kind="user", thing="anna")
    assert [(each["action"], each["after"]["address"]) for each in entries[1:]] == [
        ("user.sign_in_refused", "127.0.0.1"),
        ("user.signed_in", "127.0.0.1"),
        ("user.signed_out", "127.0.0.1"),
    ]
    assert [each["action"] for each in await told(admin, who="anna")] == ["user.signed_in", "user.signed_out"]
    assert granted["refresh_token"] not in str(entries)


async def test_only_administrators_read_it(client_as: ClientAs) -> None:
    for role in ("agent", "supervisor", "integration"):
        assert (await client_as(role).get("/api/v1/audit")).status_code == 403


@pytest.mark.parametrize("change", ["update audit_entries set who = 'nobody'", "delete from audit_entries"])
async def test_the_database_itself_keeps_the_entries(
    admin: httpx.AsyncClient, kept_apart: Sessions, change: str
) -> None:
    await admin.post("/api/v1/skills", json={"id": "zh", "name": "Chinese"})
    with pytest.raises(IntegrityError, match="neither changed nor removed"):
        async with kept_apart.write() as session:
            await session.execute(text(change))
