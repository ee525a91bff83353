"""A team's leader watches their team on the running server, and hears who comes to it and who goes."""

from typing import Any

import httpx
import pytest

from tests.api.sockets.desk import Client
from tests.fixtures.site import Site
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.enable_socket


async def heard(client: Client, agent: str, **wanted: Any) -> dict[str, Any]:
    """The agent as they are told of once they are as wanted; of nobody else is anything told."""
    while True:
        frame = await client.hear()
        if frame["type"] == "agent.state":
            told: dict[str, Any] = frame["agent"]
            assert told["id"] == agent
            if wanted.items() <= told.items():
                return told


async def test_who_joins_a_team_comes_in_sight_and_who_leaves_it_is_told_of_for_the_last_time(
    site: Site, admin: httpx.AsyncClient
) -> None:
    async def move(agent: str, team: str | None) -> None:
        (await admin.patch(f"/agents/{agent}", json={"team": team})).raise_for_status()

    async def teams() -> dict[str, str | None]:
        return {agent["id"]: agent["team"] for agent in (await site.floor())["agents"]}

    (await admin.post("/teams", json={"id": "nights", "name": "Nights"})).raise_for_status()
    await move("dee", "nights")
    await eventually(teams, lambda found: found["dee"] == "nights")
    async with site.socket("/ws/floor") as sue, site.agent("ann") as ann:
        welcome = await sue.ask(1, "hello", token=await site.token("sue"), only={"teams": ["nights"]})
        assert [agent["id"] for agent in welcome["agents"]] == ["dee"]
        await move("ann", "nights")
        await heard(sue, "ann", team="nights")
        await ann.ask("agent.ready")
        await heard(sue, "ann", state="ready")
        await move("ann", None)
        await heard(sue, "ann", team=None)
        await ann.ask("agent.not_ready", reason="lunch")
        await move("dee", None)
        await heard(sue, "dee", team=None)
    (await admin.delete("/teams/nights")).raise_for_status()


async def test_a_team_that_nobody_is_in_is_watched_until_somebody_is(site: Site, admin: httpx.AsyncClient) -> None:
    async def teams() -> set[str]:
        return {team["id"] for team in (await site.floor())["teams"]}

    (await admin.post("/teams", json={"id": "dawn", "name": "Dawn"})).raise_for_status()
    await eventually(teams, lambda found: "dawn" in found)
    async with site.socket("/ws/floor") as sue, site.agent("ann") as ann:
        welcome = await sue.ask(1, "hello", token=await site.token("sue"), only={"teams": ["dawn"]})
        assert (welcome["teams"], welcome["agents"]) == ([{"id": "dawn", "name": "Dawn"}], [])
        (await admin.patch("/agents/ann", json={"team": "dawn"})).raise_for_status()
        await heard(sue, "ann", team="dawn")
        await ann.ask("agent.ready")
        await heard(sue, "ann", state="ready")
        (await admin.patch("/agents/ann", json={"team": None})).raise_for_status()
        await heard(sue, "ann", team=None)
    async with site.socket("/ws/floor") as sue:
        refused = await sue.ask(1, "hello", token=await site.token("sue"), only={"teams": ["dawn", "dusk", "noon"]})
        [told] = refused["problem"]["faults"]
        assert (told["where"], told["what"]) == ("only.teams", "names teams that there are not: dusk, noon")
        assert "dawn" in told["accepted"].split(", ")
    (await admin.delete("/teams/dawn")).raise_for_status()
