"""Parameters of the query that nobody knows, or that are given too often: a filter that was misspelt must not let
everything through."""

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


async def test_a_parameter_of_one_value_that_is_given_twice_is_a_fault(admin: httpx.AsyncClient) -> None:
    refused = await admin.get("/api/v1/cases?limit=1&customer_id=1&limit=2&limit=2")
    assert "query.limit" in faults(refused)
    told = next(each for each in refused.json()["faults"] if each["where"] == "query.limit")
    assert (told["what"], told["accepted"]) == ("is given 3 times", "one value")


async def test_a_parameter_that_is_a_list_may_be_given_again_and_again(admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/api/v1/cases?status=new&status=closed")).status_code == 200
