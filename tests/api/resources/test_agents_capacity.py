"""How many contacts an agent can have at once: set over the API."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import faults

AGENT = {"id": "mei", "name": "Mei", "address": "1001", "password": "correct horse"}
PATH = "/api/v1/agents/mei"


async def test_an_agent_has_one_call_unless_told_otherwise(admin: httpx.AsyncClient) -> None:
    made = (await admin.post("/api/v1/agents", json=AGENT)).json()
    assert (made["capacity"], made["blending"]) == ({"voice": 1}, "exclusive")
    blended = {"capacity": {"voice": 1, "chat": 3}, "blending": "mixed"}
    changed = (await admin.patch(PATH, json=blended)).json()
    assert changed == made | blended == (await admin.get(PATH)).json()
    replaced = (await admin.patch(PATH, json={"capacity": {"chat": 20}})).json()
    assert replaced == changed | {"capacity": {"chat": 20}}, "the whole of it"


async def test_a_phone_may_answer_for_its_agent(admin: httpx.AsyncClient) -> None:
    assert (await admin.post("/api/v1/agents", json=AGENT)).json()["auto_accept"] is False
    assert (await admin.patch(PATH, json={"auto_accept": True})).json()["auto_accept"] is True
    [entry] = (await admin.get("/api/v1/audit?kind=agent&action=agent.changed")).json()["items"]
    assert entry["after"] == {"auto_accept": True}


async def test_capacity_is_given_with_the_agent(admin: httpx.AsyncClient) -> None:
    given = {"capacity": {"chat": 2}, "blending": "mixed"}
    made = (await admin.post("/api/v1/agents", json=AGENT | given)).json()
    assert {field: made[field] for field in given} == given
    [listed] = (await admin.get("/api/v1/agents")).json()["items"]
    assert listed["capacity"] == {"chat": 2}


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"capacity": {}}, ["body.capacity"]),
        ({"capacity": None}, ["body.capacity"]),
        (
            {"capacity": {"voice": 0, "chat": 21, "mail": 1.5}},
            [f"body.capacity.{n}" for n in ("voice", "chat", "mail")],
        ),
        ({"capacity": {"Voice!": 1}}, ["body.capacity.Voice!.[key]"]),
        ({"capacity": {"voice": True}}, ["body.capacity.voice"]),
        ({"blending": "some"}, ["body.blending"]),
        ({"blending": None}, ["body.blending"]),
    ],
)
async def test_what_is_no_capacity_is_refused(
    admin: httpx.AsyncClient, given: dict[str, Any], where: list[str]
) -> None:
    assert faults(await admin.post("/api/v1/agents", json=AGENT | given)) == where
    made = (await admin.post("/api/v1/agents", json=AGENT)).json()
    assert faults(await admin.patch(PATH, json=given)) == where
    assert (await admin.get(PATH)).json() == made
