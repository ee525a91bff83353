"""Teams of agents."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import ClientAs, faults

TEAM = {"id": "vip", "name": "Private banking"}


async def agent(admin: httpx.AsyncClient, agent_id: str, **given: Any) -> httpx.Response:
    body = {"id": agent_id, "name": agent_id.title(), "address": f"sip:{agent_id}@bank", "password": "correct horse"}
    return await admin.post("/api/v1/agents", json=body | given)


@pytest.fixture
async def vip(admin: httpx.AsyncClient) -> dict[str, Any]:
    """The team of the private bank."""
    made: dict[str, Any] = (await admin.post("/api/v1/teams", json=TEAM)).json()
    return made


async def test_a_team_is_made_renamed_and_listed(admin: httpx.AsyncClient, vip: dict[str, Any]) -> None:
    assert vip == TEAM
    assert (await admin.post("/api/v1/teams", json=TEAM)).status_code == 409
    renamed = (await admin.patch("/api/v1/teams/vip", json={"name": "Wealth"})).json()
    assert (await admin.get("/api/v1/teams")).json() == {"items": [renamed], "next": None}
    assert (await admin.get("/api/v1/teams/vip")).json() == {"id": "vip", "name": "Wealth"}
    assert faults(await admin.patch("/api/v1/teams/vip", json={"name": " "})) == ["body.name"]
    for answer in (await admin.get("/api/v1/teams/none"), await admin.patch("/api/v1/teams/none", json={})):
        assert answer.status_code == 404


async def test_only_administrators_change_teams(client_as: ClientAs, vip: dict[str, Any]) -> None:
    supervisor = client_as("supervisor")
    assert (await supervisor.get("/api/v1/teams")).json()["items"] == [vip]
    assert (await supervisor.post("/api/v1/teams", json={"id": "b", "name": "B"})).status_code == 403
    assert (await supervisor.delete("/api/v1/teams/vip")).status_code == 403


@pytest.mark.usefixtures("vip")
async def test_an_agent_joins_and_leaves_a_team(admin: httpx.AsyncClient) -> None:
    assert (await agent(admin, "mei", team="vip")).json()["team"] == "vip"
    assert (await agent(admin, "tom")).json()["team"] is None
    listed = (await admin.get("/api/v1/agents", params={"team": "vip"})).json()["items"]
    assert [each["id"] for each in listed] == ["mei"]
    await admin.patch("/api/v1/agents/tom", json={"team": "vip"})
    left = (await admin.patch("/api/v1/agents/mei", json={"team": None})).json()
    assert left["team"] is None
    listed = (await admin.get("/api/v1/agents", params={"team": "vip"})).json()["items"]
    assert [each["id"] for each in listed] == ["tom"]


async def test_a_team_that_does_not_exist_is_named(admin: httpx.AsyncClient) -> None:
    assert faults(await agent(admin, "mei", team="none")) == ["body.team"]
    assert (await admin.get("/api/v1/users/mei")).status_code == 404, "nothing half-made"
    await agent(admin, "mei")
    assert faults(await admin.patch("/api/v1/agents/mei", json={"team": "none"})) == ["body.team"]


@pytest.mark.usefixtures("vip")
async def test_a_team_in_use_is_kept_and_its_users_are_told(admin: httpx.AsyncClient) -> None:
    await agent(admin, "mei", team="vip")
    step = {"after_seconds": 30, "teams": ["vip"]}
    await admin.post("/api/v1/queues", json={"id": "wealth", "name": "Wealth", "steps": [step]})
    kept = await admin.delete("/api/v1/teams/vip")
    assert (kept.status_code, kept.json()["agents"], kept.json()["queues"]) == (409, ["mei"], ["wealth"])
    assert kept.json()["used_by"] == [{"queue": "wealth", "where": "steps.0.teams.0"}]
    await admin.patch("/api/v1/agents/mei", json={"team": None})
    await admin.patch("/api/v1/queues/wealth", json={"steps": []})
    assert (await admin.delete("/api/v1/teams/vip")).status_code == 204
    assert (await admin.delete("/api/v1/teams/vip")).status_code == 404
