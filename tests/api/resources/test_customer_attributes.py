"""Attributes of customers that an administrator has declared."""

import json

import httpx
import pytest

from tests.api.conftest import ClientAs, faults
from tests.api.resources.test_customer_record import PATH, make


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


async def test_an_attribute_that_does_not_fit_is_refused(agent: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    before = await make(agent, attributes={"risk": "unheard of", "free": [1]})
    given = {"title": "Risk", "type": "choice", "limits": {"choices": ["low", "high"]}}
    assert (await agent.put("/api/v1/customer-attributes/risk", json=given)).status_code == 403
    declared = (await admin.put("/api/v1/customer-attributes/risk", json=given)).json()
    assert (await agent.get("/api/v1/customer-attributes")).json()["items"] == [declared]
    unfit = await agent.post(PATH, json={"name": "X", "attributes": {"risk": "none", "free": {}}})
    assert faults(unfit) == ["body.attributes.risk"]
    assert unfit.json()["faults"][0]["accepted"] == "one of low, high"
    kept = await agent.patch(before, json={"version": 1, "attributes": {"risk": "unheard of", "free": 2}})
    assert kept.status_code == 200
    assert faults(await agent.patch(before, json={"version": 2, "attributes": {"risk": "odd"}})) == [
        "body.attributes.risk"
    ]
    assert (await admin.delete("/api/v1/customer-attributes/risk")).status_code == 204
    assert (await admin.delete("/api/v1/customer-attributes/risk")).status_code == 404
    assert (await agent.patch(before, json={"version": 2, "attributes": {"risk": "odd"}})).status_code == 200


@pytest.mark.parametrize("choice", ["a cut-off emoji \ud83d", "a \x00 NUL", "two\nlines"])
async def test_a_choice_that_cannot_be_kept_is_refused(admin: httpx.AsyncClient, choice: str) -> None:
    given = json.dumps({"title": "Risk", "type": "choice", "limits": {"choices": ["low", choice]}})
    headers = {"content-type": "application/json"}
    refused = await admin.put("/api/v1/customer-attributes/risk", content=given, headers=headers)
    assert (refused.status_code, faults(refused)) == (422, ["body.limits.choices.1"])


async def test_a_declaration_that_contradicts_itself_is_refused(admin: httpx.AsyncClient) -> None:
    wrong = {"title": "X", "type": "number", "limits": {"minimum": 2, "maximum": 1}}
    assert faults(await admin.put("/api/v1/customer-attributes/x", json=wrong)) == ["body.limits.minimum"]
    audit = (await admin.get("/api/v1/audit", params={"kind": "attribute"})).json()["items"]
    assert audit == []
