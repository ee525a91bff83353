"""Requests for one resource do not stop at the routes of others."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from app.api import media
from app.api.http.resource_router import BELOW, ResourceRouter
from app.api.resources.router import RESOURCES

looked_at: list[str] = []


class Noted(APIRoute):
    """A route that notes each time that it is looked at."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Note it, and say whether it fits."""
        looked_at.append(self.path)
        return super().matches(scope)


def resource(*paths: str) -> ResourceRouter:
    """A router that answers GET at each of these paths with it."""
    router = ResourceRouter(route_class=Noted)
    for path in paths:

        async def told(path: str = path) -> str:
            return path

        router.add_api_route(path, told, methods=["GET"])
    return router


@pytest.fixture
def client() -> httpx.AsyncClient:
    """Asks an application of three resources, two of which share a name."""
    looked_at.clear()
    below = APIRouter(prefix=BELOW)
    for router in (
        resource("/customers", "/customers/{who}"),
        resource("/customers/{who}/cases", "/cases"),
        resource("/audit"),
    ):
        below.include_router(router)
    app = FastAPI()
    app.include_router(below)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize(
    ("asked", "found", "passed"),
    [
        ("/customers", "/customers", {"/customers"}),
        ("/customers/li", "/customers/{who}", {"/customers", "/customers/{who}"}),
        ("/customers/li/cases", "/customers/{who}/cases", {"/customers/{who}/cases"}),
        ("/cases", "/cases", {"/customers/{who}/cases", "/cases"}),
        ("/audit", "/audit", {"/audit"}),
    ],
)
async def test_only_routes_of_a_resource_with_such_a_path_are_looked_at(
    client: httpx.AsyncClient, asked: str, found: str, passed: set[str]
) -> None:
    answer = await client.get(BELOW + asked)
    assert (answer.status_code, answer.json(), set(looked_at)) == (200, found, passed)


@pytest.mark.parametrize("asked", ["/customers/li/none", "/customer", "/audit/1", "/audits", "/customers//cases"])
async def test_where_no_resource_has_such_a_path_no_route_is_looked_at(client: httpx.AsyncClient, asked: str) -> None:
    assert (await client.get(BELOW + asked)).status_code == 404
    assert not looked_at


async def test_another_method_is_told_apart_from_another_path(client: httpx.AsyncClient) -> None:
    answer = await client.delete(BELOW + "/audit")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_a_slash_too_many_leads_to_the_path_without_it(client: httpx.AsyncClient) -> None:
    answer = await client.get(BELOW + "/customers/li/cases/")
    assert (answer.status_code, answer.headers["location"]) == (307, f"http://test{BELOW}/customers/li/cases")


def test_every_resource_has_such_a_router() -> None:
    routers: list[Any] = [*(each.router for each in RESOURCES), media.speech]
    assert [router for router in routers if not isinstance(router, ResourceRouter)] == []
    for router in routers:
        assert router.matches({"type": "http", "path": f"{BELOW}/none", "method": "GET"}) == (Match.NONE, {})
