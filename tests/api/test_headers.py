"""What every answer tells browsers and whatever stands between: nothing is kept, framed, or guessed at."""

import httpx
import pytest

from app.api.application import Application
from tests.api.conftest import ClientAs

SHUT = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/customers", 200),
        ("GET", "/api/v1/customers/none", 422),
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/api/v1/token", 422),
        ("POST", "/webhooks/feeds/none", 401),
    ],
)
async def test_answers_are_kept_by_nobody(admin: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await admin.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in SHUT} == SHUT
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_a_token_is_kept_by_nobody(admin: httpx.AsyncClient) -> None:
    account = {"id": "anna", "name": "Anna", "role": "agent", "password": "correct horse"}
    await admin.post("/api/v1/users", json=account)
    answer = await admin.post("/api/v1/token", json={"login": "anna", "password": "correct horse"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_a_body_that_is_too_large_is_answered_alike(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/api/v1/customers", content=b" " * (2 << 20))
    assert (answer.status_code, answer.headers["cache-control"]) == (413, "no-store")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_pages_about_the_api_may_load_what_they_need_but_stand_in_no_frame(
    client_as: ClientAs, path: str
) -> None:
    answer = await client_as(None).get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert answer.headers["x-frame-options"] == "DENY"


async def test_an_answer_that_says_itself_how_long_it_is_good_keeps_that(app: Application) -> None:
    other = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")
    missing = await other.get("/media/none.wav")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
    await other.aclose()
