"""What the pages show as an example is taken as it stands there. Those of queues, cases and sources have tests beside
theirs, since they name what must be there first."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

DOCS = Path(__file__).parents[2] / "docs"


def example(page: str) -> Any:
    found = re.search(r"```json\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize(
    ("page", "method", "path"),
    [
        ("credit.md", "PUT", "credit-bureaus/a"),
        ("staffing.md", "POST", "staffing"),
    ],
)
async def test_the_example_of_a_page_is_taken(admin: httpx.AsyncClient, page: str, method: str, path: str) -> None:
    answer = await admin.request(method, f"/api/v1/{path}", json=example(page))
    assert answer.status_code == 200, answer.text


async def test_the_model_of_the_page_about_products_has_no_flaw(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/api/v1/products/check", json={"model": example("products.md")})
    assert (answer.json()["sound"], answer.json()["faults"]) == (True, []), answer.text


async def test_the_rules_of_the_page_about_segments_are_taken_once_their_tier_is_there(
    admin: httpx.AsyncClient,
) -> None:
    await admin.post("/api/v1/tiers", json={"id": "gold", "name": "Gold", "rank": 3})
    answer = await admin.post("/api/v1/segmentation/rule-sets", json=example("segments.md"))
    assert answer.status_code == 201, answer.text


async def test_the_event_of_the_page_about_usage_is_taken_once_its_customer_is_there(admin: httpx.AsyncClient) -> None:
    event = example("usage.md")
    await admin.post("/api/v1/customers", json={"name": "Ann", "external_id": event["external_id"]})
    answer = await admin.post("/api/v1/usage/cards/events", content=json.dumps(event))
    assert (answer.status_code, answer.json()["taken"]) == (200, 1), answer.text
