"""Who may do what: every route is asked by every role."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, get_args

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from app.api.application import Application, http_app
from app.api.http.gates import Roles, asked_by
from app.api.http.services import Services
from app.auth.access_tokens import Role
from app.customers import masking
from app.db.engine import ReadSession
from app.db.errors import DatabaseUnavailable
from tests.api.conftest import ClientAs

OPEN = {"healthz", "readyz", "metrics", "get_media", "sign_in", "refresh", "sign_out"}
"""Meant for everybody: what watches the server, prompts (switches have no credentials), and who is nobody yet."""


def operations(app: Application) -> list[tuple[str, str, str]]:
    """(operation id, method, path with made-up parameters) of every route."""
    found = []
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            filled = path
            for parameter in operation.get("parameters", ()):
                filled = filled.replace("{" + parameter["name"] + "}", "some")
            found.append((operation["operationId"], method, filled))
    return found


MINE = (
    "calls", "contacts", "floor", "outbox", "queues", "hours", "skills", "teams", "agents", "tiers", "sources", "users",
    "api-keys", "flows", "audit", "speech", "usage-rules", "credit-bureaus", "webhook-subscriptions",
)  # fmt: skip
CLOSED = [each for each in operations(http_app()) if each[2].startswith(tuple(f"/api/v1/{name}" for name in MINE))]


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> int:
    return (await client.request(method.upper(), path, json=body if body is not None else {})).status_code


def for_everybody_known(operation: tuple[str, str, str]) -> bool:
    """What an agent's page reads: queues to transfer to, skills, tiers and their colours."""
    _, method, path = operation
    return method == "get" and path.split("/")[3] in ("queues", "hours", "skills", "teams", "tiers")


async def test_agents_read_what_their_page_needs(client_as: ClientAs) -> None:
    for path in ("queues", "skills", "tiers", "wrap-up-codes"):
        assert await ask(client_as("agent"), "get", f"/api/v1/{path}") == 200


@pytest.mark.parametrize("role", [None, "agent"])
async def test_statistics_and_administration_are_closed_to_agents(client_as: ClientAs, role: Any) -> None:
    """erxes#9053: agent statistics readable by any logged-in user."""
    client = client_as(role)
    closed = [each for each in CLOSED if role is None or not for_everybody_known(each)]
    answers = {path: await ask(client, method, path) for _, method, path in closed}
    assert set(answers.values()) == {401 if role is None else 403}, answers


async def test_every_route_asks_who_it_is_but_those_meant_to_be_open(client_as: ClientAs, app: Application) -> None:
    client = client_as(None)
    for operation, method, path in operations(app):
        if operation not in OPEN:
            assert await ask(client, method, path) == 401, (method, path)


STRANGERS = {
    "nobody": {},
    "a bad token": {"Authorization": "Bearer x.y.z"},
    "a bad key": {"Authorization": "Bearer cfk_x"},
}
ROLES: tuple[Role, ...] = get_args(Role)
NONSENSE: list[dict[str, Any]] = [
    {"params": {"no_such_parameter": "1", "limit": "many", "cursor": "x"}},
    {"json": {"no_such_field": [1]}},
    {"content": b"{not JSON", "headers": {"Content-Type": "application/json"}},
]


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_stranger_is_told_nothing_of_what_a_route_accepts(
    client_as: ClientAs, app: Application, stranger: str
) -> None:
    client = client_as(None)
    client.headers.update(STRANGERS[stranger])
    for operation, method, path in operations(app):
        for asked in NONSENSE if operation not in OPEN else ():
            answer = await client.request(method.upper(), path, **asked)
            assert answer.status_code == 401, (method, path, asked, answer.text)
            assert "faults" not in answer.json()


async def test_no_body_of_a_stranger_is_read_not_even_to_find_it_too_large(client_as: ClientAs) -> None:
    assert (await client_as(None).post("/api/v1/customers", content=b" " * (2 << 20))).status_code == 401


async def test_a_stranger_is_not_told_which_paths_there_are(client_as: ClientAs) -> None:
    for method, path in (("GET", "nothing"), ("GET", "customers/"), ("PUT", "customers"), ("GET", "customers/%00")):
        assert (await client_as(None).request(method, f"/api/v1/{path}")).status_code == 401, path
        assert (await client_as("administrator").request(method, f"/api/v1/{path}")).status_code in (404, 405, 307, 422)


async def test_who_signs_what_they_send_is_not_told_how_sources_are_called(client_as: ClientAs) -> None:
    answer = await client_as(None).post(f"/webhooks/feeds/{'s' * 61}", content=b"{not JSON")
    assert answer.status_code == 401


async def test_a_database_that_is_gone_is_told_before_anybody_is_known(
    client_as: ClientAs, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def gone() -> AsyncIterator[ReadSession]:
        raise DatabaseUnavailable("The database cannot be reached.")
        yield

    monkeypatch.setattr(services.sessions, "read", gone)
    answer = await client_as(None).get("/api/v1/customers", headers={"Authorization": "Bearer cfk_x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize("role", ["supervisor", "integration"])
async def test_only_administrators_change_the_set_up(client_as: ClientAs, role: Any) -> None:
    client = client_as(role)
    for _, method, path in CLOSED:
        leads = role == "supervisor" and path.startswith("/api/v1/floor/")
        if method != "get" and not leads and not path.endswith("/preview"):
            assert await ask(client, method, path) == 403, (method, path)


async def test_supervisors_read_the_floor_and_systems_do_not(client_as: ClientAs) -> None:
    for path in ("/api/v1/floor", "/api/v1/outbox"):
        assert await ask(client_as("supervisor"), "get", path) == 200
        assert await ask(client_as("integration"), "get", path) == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer cfk_unknown", "Bearer \xff"])
async def test_a_bad_credential_is_nobody(client_as: ClientAs, header: str) -> None:
    answer = await client_as(None).get("/api/v1/me", headers={b"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401, header
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_opens_what_systems_may_do_until_it_is_revoked(client_as: ClientAs) -> None:
    admin, other = client_as("administrator"), client_as(None)
    made = (await admin.post("/api/v1/api-keys", json={"name": "Core banking"})).json()
    other.headers["Authorization"] = f"Bearer {made['key']}"
    assert (await other.get("/api/v1/me")).json() == {"id": made["id"], "name": "Core banking", "role": "integration"}
    assert await ask(other, "get", "/api/v1/queues") == 200
    shown = (await admin.get("/api/v1/api-keys")).text
    assert made["id"] in shown
    assert made["key"] not in shown
    assert await ask(admin, "delete", f"/api/v1/api-keys/{made['id']}") == 204
    assert await ask(other, "get", "/api/v1/queues") == 401
    assert await ask(admin, "delete", "/api/v1/api-keys/nothing") == 404


def gated(app: Application) -> list[tuple[str, str, frozenset[Role]]]:
    """(method, path with made-up parameters, the roles that may use it) of every operation below /api/v1 that any role
    may not use."""
    asked: dict[tuple[str, str], list[object]] = {}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            asked |= {
                (method.lower(), str(route.path_format)): [*asked_by(route.dependant)] for method in route.methods or ()
            }
    found: list[tuple[str, str, frozenset[Role]]] = []
    for path, methods in app.openapi()["paths"].items():
        for method in methods if path.startswith("/api/v1/") else ():
            roles = [each.roles for each in asked[method, path] if isinstance(each, Roles)]
            if roles:
                found.append((method, re.sub(r"{[^}]*}", "some", path), frozenset(ROLES).intersection(*roles)))
    return found


@pytest.mark.parametrize("role", ["agent", "supervisor", "integration"])
async def test_a_role_that_may_not_use_a_route_is_told_nothing_of_what_it_accepts(
    client_as: ClientAs, app: Application, role: Role
) -> None:
    client, refused = client_as(role), 0
    for method, path, roles in gated(app):
        for asked in NONSENSE if role not in roles else ():
            answer = await client.request(method, path, **asked)
            assert answer.status_code == 403, (method, path, asked, answer.text)
            told = answer.json()
            assert (told["type"], told["role"]) == ("urn:callfloor:problem:role-missing", role)
            assert "faults" not in told
            refused += 1
    assert refused > 250


async def test_a_line_feed_behind_a_path_opens_no_other_door(client_as: ClientAs) -> None:
    """The router takes such a path for the one without it."""
    answer = await client_as("agent").post("/api/v1/queues%0A?nonsense=1", content=b"{")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:callfloor:problem:role-missing")


async def test_a_role_that_may_use_a_route_is_told_what_is_wrong(client_as: ClientAs, app: Application) -> None:
    """The entrance takes no route for another."""
    for method, path, roles in gated(app):
        for role in roles:
            answer = await client_as(role).request(method, path, **NONSENSE[0])
            assert (answer.status_code, "faults" in answer.json()) == (422, True), (role, method, path, answer.text)


async def test_who_may_reveal_nothing_is_not_told_what_can_be_revealed(
    client_as: ClientAs, app: Application, services: Services
) -> None:
    nobody = masking.policy({}, {kind: frozenset({"supervisor"}) for kind in masking.KINDS})
    app.state.services = replace(services, masking=nobody)
    expected: dict[Role, int] = {"agent": 403, "integration": 403, "supervisor": 422}
    for role, status in expected.items():
        for asked in NONSENSE:
            answer = await client_as(role).post("/api/v1/customers/some/reveal", **asked)
            assert answer.status_code == status, (role, asked, answer.text)
