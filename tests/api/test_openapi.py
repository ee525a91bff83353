"""The description of the API."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.api.application import Application, http_app
from app.api.http.problems import MEDIA_TYPE
from app.core.tasks import begin

DOCUMENT: dict[str, Any] = http_app().openapi()
OPERATIONS = [
    (f"{method} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
API = [(name, operation) for name, operation in OPERATIONS if "/api/" in name]


def test_every_schema_is_a_valid_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_no_schema_has_words_that_are_not_those_of_schemas() -> None:
    """Strict readers of schemas refuse what they do not know."""
    known = {*Draft202012Validator.VALIDATORS, "title", "description", "default", "examples", "discriminator"}
    known |= {"readOnly", "writeOnly", "deprecated", "contentMediaType", "const"}
    given = [each["schema"] for _, operation in OPERATIONS for each in operation.get("parameters", ())]
    found = [*DOCUMENT["components"]["schemas"].values(), *given]
    for schema in found:
        assert not schema.keys() - known, schema
        found.extend(schema.get("properties", {}).values())
        found.extend(each for word in ("anyOf", "oneOf", "allOf", "prefixItems") for each in schema.get(word, ()))
        found.extend(schema[word] for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict))


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    for name in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert name in DOCUMENT["components"]["schemas"]


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_route_is_told_in_words(name: str, operation: dict[str, Any]) -> None:
    assert len(operation["tags"]) == 1
    assert operation["summary"]
    assert operation["description"].endswith(".")


@pytest.mark.parametrize(("name", "operation"), API)
def test_every_route_declares_its_problems(name: str, operation: dict[str, Any]) -> None:
    problems = {status: told for status, told in operation["responses"].items() if status >= "400"}
    assert {"401", "403", "413", "422", "503"} <= problems.keys()
    if "{" in name:
        assert "404" in problems
    for told in problems.values():
        assert list(told["content"]) == [MEDIA_TYPE]


def test_no_two_schemas_share_a_name() -> None:
    assert not [name for name in DOCUMENT["components"]["schemas"] if "__" in name]


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, operation in OPERATIONS]
    assert len(names) == len(set(names))


def test_outputs_have_no_defaults_and_no_secrets() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if name.endswith(("Out", "Page")):
            assert set(schema.get("required", ())) == set(schema["properties"]), name
            assert not {"password", "password_hash", "secret", "key"} & set(schema["properties"]), name


def test_the_description_is_made_once(built: Application) -> None:
    assert built.openapi() is built.openapi()


async def test_the_document_is_made_beside_the_loop() -> None:
    app, turns = http_app(), 0
    making = begin("description", app.described())
    while not making.done():
        await asyncio.sleep(0)
        turns += 1
    assert json.loads(await making) == DOCUMENT
    assert turns > 100


async def test_two_who_ask_for_the_document_at_once_get_the_same() -> None:
    app = http_app()
    first, second = await asyncio.gather(app.described(), app.described())
    assert first is second


async def test_nothing_is_made_of_the_routes_when_the_first_request_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    app = http_app()
    app.complete()
    monkeypatch.setattr("fastapi.routing.get_dependant", pytest.fail)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        assert (await client.get("/docs")).status_code == 200


async def test_the_document_is_served(built: Application) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(built), base_url="http://here") as client:
        told = await client.get("/openapi.json")
        assert told.headers["content-type"] == "application/json"
        assert told.json() == DOCUMENT
        asked = await client.head("/openapi.json")
        assert (asked.status_code, asked.content) == (200, b"")
