from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Body, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.http import problems
from app.api.schemas.common import Slug
from app.auth.errors import TooManyAttempts
from app.core.errors import CallfloorError, Conflict, Invalid, NotAllowed, NotFound, Unauthenticated, Unavailable

JSON = {"content-type": "application/json"}


class QueueBusy(Conflict):
    code = "queue-busy"


REFUSALS: list[tuple[CallfloorError, int]] = [
    (NotFound("No such queue."), 404),
    (QueueBusy("Busy.", waiting=3), 409),
    (Invalid("Wrong.", faults=[]), 422),
    (NotAllowed("No."), 403),
    (Unauthenticated("Who?"), 401),
    (TooManyAttempts("Wait.", retry_after=30), 429),
    (Unavailable("Later.", retry_after=5), 503),
]


def app_that_raises(error: Exception) -> FastAPI:
    app = FastAPI()
    problems.install(app)

    @app.post("/")
    async def fail() -> None:
        raise error

    @app.post("/typed")
    async def typed(level: Annotated[int, Body(ge=1, le=5)], name: Annotated[str, Body(max_length=3)]) -> None:
        pass

    return app


async def ask(app: FastAPI, method: str = "POST", path: str = "/", **more: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **more)


@pytest.mark.parametrize(("error", "status"), REFUSALS, ids=lambda value: type(value).__name__)
async def test_every_refusal_is_a_problem_with_its_status(error: CallfloorError, status: int) -> None:
    answer = await ask(app_that_raises(error))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:callfloor:problem:{error.code}"
    assert (body["status"], body["detail"]) == (status, error.detail)
    problems.Problem.model_validate(body)


async def test_facts_are_members_and_waiting_is_a_header() -> None:
    assert (await ask(app_that_raises(QueueBusy("Busy.", waiting=3)))).json()["waiting"] == 3
    assert (await ask(app_that_raises(Unavailable("Later.", retry_after=5)))).headers["retry-after"] == "5"
    assert (await ask(app_that_raises(Unauthenticated("Who?")))).headers["www-authenticate"] == "Bearer"


async def test_an_unexpected_error_tells_an_incident_and_no_secrets() -> None:
    answer = await ask(app_that_raises(ValueError("password=hunter2")))
    assert answer.status_code == 500
    assert answer.json()["incident"]
    assert "hunter2" not in answer.text


async def test_faults_name_place_fault_and_what_is_accepted() -> None:
    answer = await ask(app_that_raises(ValueError()), path="/typed", json={"level": 9, "name": "secret"})
    assert answer.status_code == 422
    level, name = answer.json()["faults"]
    assert (level["where"], level["accepted"]) == ("body.level", "at most 5")
    assert (name["where"], name["accepted"]) == ("body.name", "at most 3 long")
    assert "secret" not in answer.text


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    after_seconds: Annotated[float, Field(gt=0, description="waiting after which the step begins")]
    agents: list[str] = []


class Rules(BaseModel):
    """Rules."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=9)]
    steps: list[Step] = []
    levels: dict[str, int] = {}
    kind: Literal["a", "b"] | None = None


def app_with_rules() -> FastAPI:
    app = FastAPI()
    problems.install(app)
    inner = APIRouter()

    @inner.put("/rules/{key}")
    async def put(key: UUID, given: Rules, until: datetime, size: Annotated[int, Query(ge=1)] = 1) -> None:
        pass

    app.include_router(inner)
    return app


async def test_what_is_missing_unknown_or_of_the_wrong_kind_is_told_with_what_would_be_accepted() -> None:
    body = {"nmae": "secret", "steps": [{"agents": 5, "colour": 1}], "levels": {"x": "y"}, "kind": "c"}
    answer = await ask(app_with_rules(), "PUT", "/rules/secret?size=many", json=body)
    assert answer.status_code == 422
    assert {fault["where"]: fault["accepted"] for fault in answer.json()["faults"]} == {
        "path.key": "a UUID",
        "query.until": "an instant as RFC 3339, such as 2027-01-15T09:00:00+08:00",
        "query.size": "a whole number, at least 1",
        "body.name": "a text, at most 9 long",
        "body.nmae": "name, perhaps; one of the fields name, steps, levels, kind",
        "body.steps.0.after_seconds": "a number, more than 0: waiting after which the step begins",
        "body.steps.0.agents": "a list",
        "body.steps.0.colour": "one of the fields after_seconds, agents",
        "body.levels.x": "a whole number",
        "body.kind": "'a' or 'b'",
    }
    assert "secret" not in answer.text
    empty = await ask(app_with_rules(), "PUT", f"/rules/{uuid4()}?until=2027-01-01T00:00:00Z", json=None)
    assert [fault["accepted"] for fault in empty.json()["faults"]] == ["an object with name: Rules."]


@pytest.mark.parametrize("content", [b"{", b'{"level": 1,}', b"\xff", b"", b"[" * 100_000])
async def test_a_body_that_is_not_json_is_told_so(content: bytes) -> None:
    answer = await ask(app_that_raises(ValueError()), path="/typed", content=content, headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.json()["faults"][0]["where"].startswith("body")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/", 405)])
async def test_the_protocols_own_errors_are_problems_too(method: str, path: str, status: int) -> None:
    answer = await ask(app_that_raises(ValueError()), method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert f"{method} {path}" in answer.json()["detail"]
    assert ("accepted: POST" in answer.json()["detail"]) == (status == 405)


async def test_a_pattern_is_told_in_words() -> None:
    app = FastAPI()
    problems.install(app)

    @app.put("/{key}")
    async def put(key: Slug, size: Annotated[str, Query(pattern="^[a-z]$")]) -> None:
        pass

    answer = await ask(app, "PUT", "/Key?size=1")
    assert [fault["accepted"] for fault in answer.json()["faults"]] == [
        "a text of a-z, 0-9, ., _ and -, at most 64 of them, the first a letter or a digit",
        "a text that matches ^[a-z]$",
    ]
