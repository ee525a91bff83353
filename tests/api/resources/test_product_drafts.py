"""A product of which no version is published yet."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import ClientAs

PATH = "/api/v1/products/gold-card"


@pytest.mark.parametrize(("what", "asked"), [("look", {}), ("why", {"option": "network", "value": None})])
async def test_it_is_said_that_nothing_can_be_chosen_of_it_yet(
    admin: httpx.AsyncClient, client_as: ClientAs, what: str, asked: dict[str, Any]
) -> None:
    assert (await admin.post("/api/v1/products", json={"id": "gold-card", "name": "Gold card"})).is_success
    refused = await client_as("agent").post(f"{PATH}/{what}", json=asked)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:product-unpublished")
