from typing import Annotated, Any

import httpx
import pytest
from fastapi import Body, FastAPI

from app.api import problems
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
