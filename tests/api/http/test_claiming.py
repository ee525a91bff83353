"""Who may say that what they write of a customer comes from another system: other systems and administrators."""

from typing import Any

import httpx
import pytest

from app.auth.access_tokens import Role
from tests.api.conftest import ClientAs
from tests.api.resources.test_customer_record import ANY, PATH, agent, bank, make, record

__all__ = ["agent", "bank"]


@pytest.mark.parametrize("role", ["agent", "supervisor"])
@pytest.mark.parametrize(
    ("method", "part", "body"),
    [
        ("PUT", "preferences/statements", {"value": "paper", "source": "crm"}),
        ("PUT", "numbers", {"numbers": [{"raw": "13800138000", "source": "crm"}]}),
        ("POST", "numbers", {"raw": "13800138000", "source": "crm"}),
        ("PUT", "emails", {"emails": [{"address": "wang@example.com", "source": "crm"}]}),
        ("PUT", "addresses", {"addresses": [{"lines": "长安街 1 号", "source": "crm"}]}),
        ("PUT", "ties", {"ties": [{"kind": "spouse", "source": "crm"}]}),
    ],
)
async def test_who_serves_customers_does_not_write_as_another_system(
    client_as: ClientAs, bank: httpx.AsyncClient, role: Role, method: str, part: str, body: dict[str, Any]
) -> None:
    path, other = await make(bank), (await make(bank)).rpartition("/")[2]
    if part == "ties":
        body = {"ties": [{**body["ties"][0], "other_id": other}]}
    refused = await client_as(role).request(method, f"{path}/{part}", json=body, headers=ANY)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:callfloor:problem:source-claimed")
    assert "Only other systems and administrators" in refused.json()["detail"]
    assert (await bank.get(path)).headers["etag"] == '"1"'
    assert (await bank.request(method, f"{path}/{part}", json=body, headers=ANY)).is_success


async def test_a_new_customer_of_an_agent_has_no_number_of_another_system(agent: httpx.AsyncClient) -> None:
    refused = await agent.post(PATH, json={"name": "W", "numbers": [{"raw": "13800138000", "source": "crm"}]})
    assert (refused.status_code, refused.json()["faults"][0]["where"]) == (403, "body.numbers")


async def test_an_agent_who_tells_all_parts_again_leaves_their_sources(
    agent: httpx.AsyncClient, bank: httpx.AsyncClient
) -> None:
    path, theirs = await make(bank), {"address": "a@example.com", "kind": "work", "source": "crm"}
    assert (await bank.put(f"{path}/emails", json={"emails": [theirs]}, headers=ANY)).is_success
    emails = [theirs, {"address": "b@example.com"}]
    assert (await agent.put(f"{path}/emails", json={"emails": emails}, headers=ANY)).is_success
    told = (await record(agent, path))["emails"]
    assert [(one["address"], one["source"]) for one in told] == [("a@example.com", "crm"), ("b@example.com", None)]
    other = await agent.put(f"{path}/emails", json={"emails": [{**theirs, "kind": "private"}]}, headers=ANY)
    assert (other.status_code, other.json()["faults"][0]["where"]) == (403, "body.emails")
