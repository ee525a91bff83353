"""What is sent in another form than it is told in, or by another method, is told by what is wrong about that."""

import gzip

import httpx
import pytest

from tests.api.conftest import ClientAs, faults

CASES = "/api/v1/cases"


@pytest.fixture
def admin(client_as: ClientAs) -> httpx.AsyncClient:
    return client_as("administrator")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_json_that_is_not_called_so_is_refused_for_what_it_is_called(
    admin: httpx.AsyncClient, kind: str | None
) -> None:
    """As curl sends it where nothing else is said."""
    headers = {} if kind is None else {"content-type": kind}
    answer = await admin.post(CASES, content=b'{"subject": "Card lost"}', headers=headers)
    assert (answer.status_code, faults(answer)) == (422, ["header.content-type"])
    assert answer.json()["faults"][0]["accepted"] == "application/json"


@pytest.mark.parametrize("path", [CASES, "/api/v1/feeds/customers?source=core", "/api/v1/usage/cards/events"])
async def test_a_packed_body_is_refused_as_packed(admin: httpx.AsyncClient, path: str) -> None:
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = await admin.post(path, content=gzip.compress(b"{}"), headers=headers)
    assert (answer.status_code, faults(answer)) == (422, ["header.content-encoding"])
    if path == CASES:
        plain = await admin.post(path, content=b"{}", headers=headers | {"content-encoding": "identity"})
        assert faults(plain) == ["body.customer_id", "body.subject"]


async def test_all_that_may_be_done_at_a_path_is_told_where_something_else_was_tried(admin: httpx.AsyncClient) -> None:
    answer = await admin.put(CASES, json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.json()["detail"].endswith("accepted: GET, POST")
