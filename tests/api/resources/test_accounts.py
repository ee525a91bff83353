"""Administration of accounts, skills and agents."""

from typing import Any

import httpx
import pytest

from app.api.http.paging import Window
from tests.api.conftest import ClientAs, faults

USER = {"id": "sofia", "name": "Sofia Rossi", "role": "supervisor", "password": "correct horse"}
AGENT = {"id": "mei", "name": "Lin Mei 林梅", "address": "1001", "password": "correct horse"}


async def skill(admin: httpx.AsyncClient, *ids: str) -> None:
    for each in ids:
        assert (await admin.post("/api/v1/skills", json={"id": each, "name": each.title()})).status_code == 201


async def test_an_account_is_made_read_changed_and_disabled(admin: httpx.AsyncClient) -> None:
    made = await admin.post("/api/v1/users", json=USER)
    assert made.status_code == 201
    assert "password" not in made.text
    changed = await admin.patch("/api/v1/users/sofia", json={"name": "Sofia R.", "active": False})
    assert (changed.json()["name"], changed.json()["active"]) == ("Sofia R.", False)
    assert (await admin.get("/api/v1/users/sofia")).json() == changed.json()
    assert (await admin.get("/api/v1/users")).json() == {"items": [changed.json()], "next": None}


async def test_a_second_account_of_one_login_is_refused(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/users", json=USER)
    again = await admin.post("/api/v1/users", json={**USER, "name": "Somebody else"})
    assert again.status_code == 409
    assert again.json()["type"].endswith(":login-taken")
    assert (await admin.get("/api/v1/users/sofia")).json()["name"] == "Sofia Rossi"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"id": "Sofia Rossi"}, "body.id"),
        ({"name": " "}, "body.name"),
        ({"name": "a\u0000b"}, "body.name"),
        ({"role": "owner"}, "body.role"),
        ({"role": "integration"}, "body.role"),
        ({"password": "short"}, "body.password"),
        ({"admin": True}, "body.admin"),
    ],
)
async def test_a_bad_account_is_told_its_fault(admin: httpx.AsyncClient, change: dict[str, Any], where: str) -> None:
    answer = await admin.post("/api/v1/users", json=USER | change)
    assert faults(answer) == [where]
    assert "short" not in answer.text
    assert (await admin.get("/api/v1/users")).json()["items"] == []


async def test_null_is_not_taken_for_left_out(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/users", json=USER)
    assert faults(await admin.patch("/api/v1/users/sofia", json={"name": None})) == ["body.name"]
    assert (await admin.patch("/api/v1/users/sofia", json={})).json()["name"] == "Sofia Rossi"


async def test_a_new_password_is_the_one_that_opens(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/users", json=USER)
    new = {"password": "battery staple"}
    assert (await admin.put("/api/v1/users/sofia/password", json=new)).status_code == 204
    assert (await admin.post("/api/v1/token", json={"login": "sofia", **new})).status_code == 200
    assert (await admin.put("/api/v1/users/nobody/password", json=new)).status_code == 404


async def test_lists_are_continued_by_cursor(admin: httpx.AsyncClient) -> None:
    await skill(admin, "a", "b", "c", "d", "e")
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await admin.get("/api/v1/skills", params=query)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == ["a", "b", "c", "d", "e"]
    for bad in ({"limit": 0}, {"limit": 201}, {"cursor": "%"}, {"limit": "x"}):
        assert faults(await admin.get("/api/v1/skills", params=bad)) == [f"query.{next(iter(bad))}"]


async def test_an_agent_is_made_with_account_and_skills_in_one(admin: httpx.AsyncClient) -> None:
    await skill(admin, "cards", "zh")
    made = await admin.post("/api/v1/agents", json={**AGENT, "skills": {"zh": 5, "cards": 3}})
    assert made.status_code == 201, made.text
    assert made.json()["skills"] == {"cards": 3, "zh": 5}
    assert (await admin.get("/api/v1/agents/mei")).json() == made.json()
    assert (await admin.get("/api/v1/users/mei")).json()["role"] == "agent"
    put = await admin.put("/api/v1/agents/mei/skills", json={"zh": 4})
    assert put.json() == {"zh": 4}
    assert (await admin.get("/api/v1/agents")).json()["items"][0]["skills"] == {"zh": 4}


async def test_an_agent_that_cannot_be_made_leaves_no_account(admin: httpx.AsyncClient) -> None:
    assert faults(await admin.post("/api/v1/agents", json={**AGENT, "skills": {"zh": 5}})) == ["body.skills.zh"]
    assert (await admin.get("/api/v1/users/mei")).status_code == 404


@pytest.mark.parametrize("skills", [{"zh": 0}, {"zh": 6}, {"zh": "high"}, {"zh": 2.5}, {"ZH": 3}, [["zh", 3]]])
async def test_levels_run_from_one_to_five(admin: httpx.AsyncClient, skills: object) -> None:
    await skill(admin, "zh")
    await admin.post("/api/v1/agents", json=AGENT)
    assert faults(await admin.put("/api/v1/agents/mei/skills", json=skills))
    assert faults(await admin.put("/api/v1/agents/mei/skills", json={"zh": 3, "en": 3})) == ["body.en"]


async def test_two_agents_do_not_share_a_phone(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/agents", json=AGENT)
    other = AGENT | {"id": "tom", "address": "1002"}
    assert (await admin.post("/api/v1/agents", json=other | {"address": "1001"})).status_code == 409
    assert (await admin.post("/api/v1/agents", json=other)).status_code == 201
    moved = await admin.patch("/api/v1/agents/tom", json={"address": "1001"})
    assert (moved.status_code, moved.json()["type"].rpartition(":")[2]) == (409, "address-taken")
    assert (await admin.patch("/api/v1/agents/tom", json={"address": "1003"})).json()["address"] == "1003"


async def test_a_disabled_account_is_an_agent_no_more(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/agents", json=AGENT)
    await admin.patch("/api/v1/users/mei", json={"active": False})
    assert not (await admin.get("/api/v1/agents/mei")).json()["active"]
    revived = await admin.patch("/api/v1/agents/mei", json={"active": True})
    assert (revived.status_code, revived.json()["type"].rpartition(":")[2]) == (409, "account-disabled")


async def test_agent_and_account_carry_one_name(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/agents", json=AGENT)
    await admin.patch("/api/v1/agents/mei", json={"name": "Mei Lin"})
    assert (await admin.get("/api/v1/users/mei")).json()["name"] == "Mei Lin"
    await admin.patch("/api/v1/users/mei", json={"name": "Mei Wang"})
    assert (await admin.get("/api/v1/agents/mei")).json()["name"] == "Mei Wang"


async def test_a_skill_in_use_is_not_removed(admin: httpx.AsyncClient) -> None:
    await skill(admin, "cards", "loans")
    await admin.post("/api/v1/agents", json={**AGENT, "skills": {"cards": 3}})
    await admin.post("/api/v1/queues", json={"id": "lending", "name": "Lending", "requires": {"loans": 2}})
    held, required = await admin.delete("/api/v1/skills/cards"), await admin.delete("/api/v1/skills/loans")
    assert (held.status_code, held.json()["agents"]) == (409, ["mei"])
    assert (required.status_code, required.json()["queues"]) == (409, ["lending"])
    await admin.put("/api/v1/agents/mei/skills", json={})
    assert (await admin.delete("/api/v1/skills/cards")).status_code == 204
    assert (await admin.delete("/api/v1/skills/cards")).status_code == 404


async def test_a_skill_is_renamed_and_its_id_is_its_own(admin: httpx.AsyncClient) -> None:
    await skill(admin, "cards")
    assert (await admin.patch("/api/v1/skills/cards", json={"name": "Karten"})).json()["name"] == "Karten"
    assert (await admin.post("/api/v1/skills", json={"id": "cards", "name": "Again"})).status_code == 409
    assert (await admin.patch("/api/v1/skills/none", json={"name": "x"})).status_code == 404


@pytest.mark.parametrize(("path", "key"), [("skills", "\x00"), ("outbox", ("main", 10**30)), ("outbox", "main")])
async def test_a_forged_cursor_is_a_fault_and_no_error_of_ours(client_as: ClientAs, path: str, key: object) -> None:
    _, cursor = Window(1, None, f"/api/v1/{path}").cut([1, 2], key=lambda row: key)
    answer = await client_as("supervisor").get(f"/api/v1/{path}", params={"cursor": cursor or ""})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("path", ["users", "agents", "queues", "sources"])
async def test_no_name_in_a_path_is_an_error_of_ours(client_as: ClientAs, path: str) -> None:
    admin = client_as("administrator")
    for name in ("none", "%00", "%F0%9F%98%80", "x" * 5000, "..%2f..", "'; drop table users; --"):
        answer = await admin.get(f"/api/v1/{path}/{name}")
        assert answer.status_code in (404, 422), (name, answer.text)
