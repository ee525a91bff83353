"""Every error as one shape (RFC 9457), and the only place where an error becomes a status code."""

from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from app.api.http.faults import database_refusal, unreadable_body, validation_refusal
from app.auth.errors import TooManyAttempts
from app.core.errors import (
    CallfloorError,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    RequestTimeout,
    Unauthenticated,
    Unavailable,
)
from app.core.ids import new_id

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:callfloor:problem:"
_SCHEMAS = "#/components/schemas/"
STATUS: dict[type[CallfloorError], int] = {
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    RequestTimeout: 408,
    NotAllowed: 403,
    Unauthenticated: 401,
    TooManyAttempts: 429,
    PreconditionFailed: 412,
    Unavailable: 503,
}


class Fault(BaseModel):
    """One thing that is wrong with a request; of a flow's text also the node and the line."""

    where: str
    what: str
    accepted: str | None
    node: str | None = None
    line: int | None = None


class Problem(BaseModel):
    """What every error answer looks like. Further members are facts of the error, such as the present state."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    faults: list[Fault] | None = None


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route or router that may answer with these statuses.

    They are told as they stand in the description, beside `problem_schemas`: models would be built for each status of
    each route, which comes to thousands, as a server starts.
    """
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}{Problem.__name__}"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def problem_schemas() -> dict[str, Any]:
    """The schemas of a description that `problem_responses` name."""
    schema = Problem.model_json_schema(ref_template=_SCHEMAS + "{model}", mode="serialization")
    return {**schema.pop("$defs"), Problem.__name__: schema}


def status_of(error: CallfloorError) -> int:
    """The status of an error: that of the nearest base that has one."""
    return next((STATUS[base] for base in type(error).__mro__ if base in STATUS), 500)


def problem_body(error: CallfloorError) -> dict[str, Any]:
    """The problem as JSON-ready values; sockets put it into their answer frames."""
    return _body(error.code, status_of(error), error.detail, error.facts)


def problem_response(error: CallfloorError) -> Response:
    """The problem as an HTTP answer, with the headers that its status asks for."""
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, RequestTimeout):
        headers["Connection"] = "close"  # the rest of the body may still come, and is no request
    return _response(problem_body(error), headers)


def refusal(code: str, detail: str, **facts: Any) -> CallfloorError:
    """The floor's refusal as the error it was: its code names the class, which names the status."""
    kind = _kind(code) or Conflict
    error = kind.__new__(kind)
    CallfloorError.__init__(error, detail, **facts)
    error.code = code  # type: ignore[misc]
    return error


@lru_cache
def _kind(code: str) -> type[CallfloorError] | None:
    return next((kind for kind in _kinds(CallfloorError) if kind.code == code), None)


def _kinds(base: type[CallfloorError]) -> Iterator[type[CallfloorError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _kinds(kind)


def _body(code: str, status: int, detail: str, facts: dict[str, Any]) -> dict[str, Any]:
    title = code.replace("-", " ").capitalize()
    return {**facts, "type": TYPE_PREFIX + code, "title": title, "status": status, "detail": detail}


def _response(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    content = msgspec.json.encode(body)
    return Response(content, status_code=body["status"], headers=headers, media_type=MEDIA_TYPE)


def http_problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem of the protocol itself (no such path, wrong method, body too large)."""
    code = HTTPStatus(status).phrase.lower().replace(" ", "-")
    return _response(_body(code, status, detail, {}), headers)


def unexpected_problem(path: str, error: Exception) -> Response:
    """The answer to what nobody foresaw: the log has it all, the client the number to find it by."""
    incident = new_id()
    log.error("request failed", path=path, incident=incident, exc_info=error)
    detail = "Something went wrong on our side; the log of the server names this incident."
    return _response(_body("internal", 500, detail, {"incident": incident}))


async def refused(request: Request, error: CallfloorError | DBAPIError) -> Response:
    """The answer to a request that a middleware cannot let on, as routes would give it."""
    return await (_refused if isinstance(error, CallfloorError) else _database)(request, error)


def install(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""
    app.add_exception_handler(CallfloorError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _protocol)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(Exception, _unexpected)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallfloorError)
    if isinstance(error, Unavailable):
        log.warning("unavailable", path=request.url.path, reason=str(error))
    return problem_response(error)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    route = request.scope.get("route")
    return problem_response(validation_refusal(error, route if isinstance(route, APIRoute) else None))


async def _protocol(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, UnicodeDecodeError | RecursionError):  # FastAPI's "error parsing the body"
        return problem_response(unreadable_body(str(error.__cause__)))
    if isinstance(error.__cause__, RequestTimeout):
        return problem_response(error.__cause__)
    told, headers = f"{request.method} {request.url.path}: {error.detail}", dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(_methods_at(request))) or headers["Allow"]
        told = f"{told}; accepted: {headers['Allow']}"
    return http_problem(error.status_code, told, headers)


def _methods_at(request: Request) -> set[str]:
    """What may be done at a path: the router tells of the first of its routes only."""
    routes = [each for each in iter_route_contexts(request.app.routes) if isinstance(each.original_route, APIRoute)]
    fitting = [each for each in routes if each.path_regex.match(request.scope["path"])]
    return {method for each in fitting for method in each.methods or ()}


async def _database(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)
    refusal = database_refusal(error)
    if refusal is None:
        return await _unexpected(request, error)
    return problem_response(refusal)


async def _unexpected(request: Request, error: Exception) -> Response:
    return unexpected_problem(request.url.path, error)
