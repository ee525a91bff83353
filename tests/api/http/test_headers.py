"""What every answer tells browsers and whatever stands between: nothing is kept, framed, or guessed at."""

import re

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
        ("POST", "/webhooks/feeds/a%00b", 401),
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
async def test_the_pages_about_the_api_load_nothing_from_elsewhere_and_stand_in_no_frame(
    client_as: ClientAs, path: str
) -> None:
    client = client_as(None)
    answer = await client.get(path)
    assert answer.status_code == 200
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["frame-ancestors"], answer.headers["x-frame-options"]) == ("'none'", "DENY")
    loaded = re.findall(r'(?:src|href|spec-url)="([^"]+)"', answer.text)
    assert len(loaded) >= 3
    for each in loaded:
        assert "//" not in each
        found = await client.get(f"/{each}")
        assert (found.status_code, len(found.content) > 100) == (200, True), each
    assert "<script>" not in answer.text


async def test_what_the_pages_are_made_of_is_kept_as_long_as_it_is_the_same(client_as: ClientAs) -> None:
    client = client_as(None)
    first = await client.get("/docs/assets/swagger-ui.css")
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get("/docs/assets/swagger-ui.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert (await client.get("/docs/assets/../core.py")).status_code == 404
    assert (await client.get("/docs/assets/%2e%2e/core.py")).status_code == 404


async def test_an_answer_that_says_itself_how_long_it_is_good_keeps_that(app: Application) -> None:
    other = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")
    missing = await other.get("/media/none.wav")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
    await other.aclose()


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/docs/start.js"])
async def test_a_monitor_asks_whether_a_page_is_there(client_as: ClientAs, page: str) -> None:
    answer = await client_as(None).head(page)
    assert (answer.status_code, answer.content) == (200, b"")
