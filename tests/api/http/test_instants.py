"""Instants are written out: a number may count seconds, or milliseconds, or be a year."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.conftest import ClientAs, faults


@pytest.fixture
def admin(client_as: ClientAs) -> httpx.AsyncClient:
    return client_as("administrator")


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("alerts", {"due_before": "2026"}),
        ("audit", {"since": "1800000000"}),
        ("history/search", {"q": "card", "until": "1800000000.5"}),
        ("reports/queues", {"to": "2027", "from": "2026-01-01"}),
        ("dues", {"due_before": "-1"}),
        ("alerts", {"due_before": "1.8e9"}),
    ],
)
async def test_no_instant_is_guessed_from_a_number_that_is_asked_for(
    admin: httpx.AsyncClient, path: str, given: dict[str, str]
) -> None:
    answer = await admin.get(f"/api/v1/{path}", params=given)
    wrong = next(name for name, value in given.items() if "-" not in value[1:] and name != "q")
    assert faults(answer) == [f"query.{wrong}"], answer.text
    assert answer.json()["faults"][0]["accepted"].startswith(
        "an instant as RFC 3339, such as 2027-01-15T09:00:00+08:00"
    )


@pytest.mark.parametrize("at", [1800000000, 1.8e12, "1800000000", "1.8E+9", True])
async def test_no_instant_is_guessed_from_a_number_that_is_sent(admin: httpx.AsyncClient, at: Any) -> None:
    given = {"customer_id": str(UUID(int=1)), "subject": "Card lost", "due_at": at}
    assert faults(await admin.post("/api/v1/cases", json=given)) == ["body.due_at"]
    key = await admin.post("/api/v1/api-keys", json={"name": "Trial", "expires_at": at})
    assert faults(key) == ["body.expires_at"]


@pytest.mark.parametrize("day", [86400, "1764547200"])
async def test_no_day_is_guessed_from_a_number_either(admin: httpx.AsyncClient, day: Any) -> None:
    """Of midnights it would be taken."""
    clause = {"id": "1", "text": "Soon.", "kind": "response_time", "seconds": 60}
    terms = {"version": 1, "product": "gold", "valid_from": day, "time_zone": "UTC", "clauses": [clause]}
    path = f"/api/v1/customers/{UUID(int=1)}/agreements"
    assert faults(await admin.post(path, json=terms)) == ["body.valid_from"]
    assert faults(await admin.get("/api/v1/hours/days/preview", params={"from": str(day)})) == ["query.from"]
