"""Parameters of the query that nobody knows: a filter that was misspelt must not let everything through."""

import httpx
import pytest

from tests.api.conftest import ClientAs, faults


@pytest.mark.parametrize(
    ("path", "places", "accepted"),
    [
        ("customers?numbr=1", ["query.numbr"], "number, perhaps; one of the parameters "),
        (
            "cases?custmer_id=1&limit=1&stauts=new",
            ["query.custmer_id", "query.stauts"],
            "customer_id, perhaps; one of ",
        ),
        ("me?verbose=1", ["query.verbose"], "no parameter"),
    ],
)
async def test_a_parameter_that_is_misspelt_is_a_fault(
    admin: httpx.AsyncClient, path: str, places: list[str], accepted: str
) -> None:
    refused = await admin.get(f"/api/v1/{path}")
    assert faults(refused) == places
    assert refused.json()["faults"][0]["accepted"].startswith(accepted)


async def test_a_change_with_an_unknown_parameter_is_not_made(client_as: ClientAs) -> None:
    admin = client_as("administrator")
    refused = await admin.post("/api/v1/skills?dry_run=true", json={"id": "fx", "name": "FX"})
    assert faults(refused) == ["query.dry_run"]
    assert (await admin.get("/api/v1/skills")).json()["items"] == []
