"""Whatever a route takes can be told in words."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.routing import APIRoute

from app.api.application import http_app
from app.api.http.accepted import accepted_at, known_beside, limits_in, parameters
from tests.api.conftest import ClientAs


def routes(listed: list[Any]) -> Iterator[APIRoute]:
    """All routes, also those of included routers."""
    for route in listed:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router.routes)


WITH_BODIES = [route for route in routes(list(http_app().routes)) if route.body_field is not None]


@pytest.mark.parametrize("route", WITH_BODIES, ids=lambda route: f"{route.path} {route.name}")
def test_every_body_can_be_told_and_has_known_fields(route: APIRoute) -> None:
    assert len(WITH_BODIES) > 20
    told, fields = accepted_at(route, ("body",)), known_beside(route, ("body", "x"))
    assert told
    assert told.startswith("an object")
    assert fields == "no field" or fields


def test_every_parameter_can_be_told() -> None:
    for route in routes(list(http_app().routes)):
        for place in parameters(route):
            assert accepted_at(route, place), (route.path, place)


def patterns(schema: Any) -> Iterator[str]:
    """All that texts must match by a schema, also the names of fields that may be any."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        yield from schema.get("patternProperties", ())
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from patterns(part)


def test_every_pattern_can_be_told_in_words() -> None:
    found = set(patterns(http_app().openapi()))
    assert len(found) > 20
    assert [each for each in sorted(found) if each in limits_in({"pattern": each}, {"pattern": "{}"})[0]] == []


async def test_what_is_wrong_within_one_of_several_kinds_is_told_by_that_kind(client_as: ClientAs) -> None:
    admin: httpx.AsyncClient = client_as("administrator")
    named = {"id": "1", "text": "Soon.", "kind": "response_time"}
    clauses = [named, {**named, "seconds": 1, "sconds": 2}, {"id": "3", "text": "x"}, {**named, "kind": "nonsense"}]
    terms = {"version": 1, "product": "gold", "valid_from": "2027-01-01", "time_zone": "UTC", "clauses": clauses}
    answer = await admin.post(f"/api/v1/customers/{UUID(int=1)}/agreements", json=terms)
    told = {fault["where"]: fault["accepted"] for fault in answer.json()["faults"]}
    assert told["body.clauses.0.seconds"].startswith("a whole number, at least 1")
    assert told["body.clauses.1.sconds"].startswith("seconds, perhaps; one of the fields id, text,")
    assert told["body.clauses.2.kind"] == told["body.clauses.3.kind"]
    assert told["body.clauses.2.kind"].startswith("allowance, channels, fee_waiver,")


async def test_a_limit_is_told_as_one_writes_it(client_as: ClientAs) -> None:
    admin: httpx.AsyncClient = client_as("administrator")
    path = "/api/v1/webhook-subscriptions/crm/deliveries/x/replay"
    answer = await admin.post(path)
    assert answer.json()["faults"][0]["accepted"] == "a whole number, at least 1, at most 9223372036854775807"


async def test_a_request_that_lacks_a_field_and_has_another_is_told_both(client_as: ClientAs) -> None:
    admin: httpx.AsyncClient = client_as("administrator")
    answer = await admin.post("/api/v1/queues", json={"id": "cards", "nam": "Cards", "steps": [{"requires": {}}]})
    told = {fault["where"]: fault["accepted"] for fault in answer.json()["faults"]}
    assert told["body.name"].startswith("a text, at least 1 long")
    assert told["body.nam"].startswith("name, perhaps; one of the fields id, name, requires")
    assert told["body.steps.0.after_seconds"].endswith("waiting after which the step begins")
    lost = await admin.get("/api/v1/customers/nobody")
    assert lost.json()["faults"][0]["accepted"] == "a UUID"
