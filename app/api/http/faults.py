"""What is wrong with a request, told so that it can be mended; never repeats what was sent (it may be a secret)."""

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.api.http.accepted import accepted_at, known_beside, limits_in, place_of, tags_at
from app.core.errors import CallfloorError, Conflict, Invalid, Unavailable
from app.db.errors import passes, violated_constraint

_LIMITS = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "lt": "less than {}",
    "min_length": "at least {} long",
    "max_length": "at most {} long",
    "pattern": "a text {}",
    "expected": "{}",
    "expected_schemes": "an address with scheme {}",
}
_TAGS = {"union_tag_not_found": "is missing", "union_tag_invalid": "is none that there is"}
_UNTYPED = {"where": "header.content-type", "what": "does not say that the body is JSON"}
_UNTYPED |= {"accepted": "application/json"}
_ELSEWHERE = "what /openapi.json says of this place"


def validation_refusal(error: RequestValidationError, route: APIRoute | None) -> Invalid:
    """The faults that FastAPI found in a request to a route, one entry each."""
    # FastAPI reads a body as JSON only where its type says so, and holds the bytes of any other against the schema
    untyped = isinstance(error.body, bytes)
    faults = [_UNTYPED if untyped and found["loc"] == ("body",) else _fault(found, route) for found in error.errors()]
    places = ", ".join(fault["where"] for fault in faults)
    return Invalid(f"The request has {len(faults)} fault(s): {places}.", faults=faults)


def unreadable_body(why: str) -> Invalid:
    """A body that is no JSON document at all."""
    return Invalid("The body of the request is not JSON.", faults=[_not_json(why)])


def _not_json(why: str) -> dict[str, Any]:
    return {"where": "body", "what": f"not JSON: {why}", "accepted": "a JSON document in UTF-8"}


def _fault(found: Mapping[str, Any], route: APIRoute | None) -> dict[str, Any]:
    context: Mapping[str, Any] = found.get("ctx") or {}
    if found["type"] == "json_invalid":
        return _not_json(f"at position {found['loc'][-1]}: {context.get('error')}")
    place = place_of(route, found["loc"])
    if found["type"] in _TAGS and route is not None:
        tag = context["discriminator"].strip("'")
        return {
            "where": f"{place}.{tag}",
            "what": _TAGS[found["type"]],
            "accepted": ", ".join(tags_at(route, found["loc"])),
        }
    return {"where": place, "what": found["msg"].removeprefix("Value error, "), "accepted": _accepted(found, route)}


def _accepted(found: Mapping[str, Any], route: APIRoute | None) -> str:
    """The limit that a value broke, else what there could be in its place."""
    context: Mapping[str, Any] = found.get("ctx") or {}
    limits = limits_in(context, _LIMITS)
    if limits:
        return ", ".join(limits)
    if route is None:
        return _ELSEWHERE
    look = known_beside if found["type"] == "extra_forbidden" else accepted_at
    return look(route, found["loc"]) or _ELSEWHERE


def database_refusal(error: DBAPIError) -> CallfloorError | None:
    """The refusal that a database error means for the sender, None if the fault is ours.

    Use cases check what they can name better; what arrives here lost a race or is a value PostgreSQL cannot hold.
    """
    state = getattr(error.orig, "sqlstate", None) or ""
    if isinstance(error, IntegrityError):
        return _broken_rule(error, state)
    if state.startswith("22") or _argument_fault(error):
        return Invalid("A value cannot be stored: out of range, or text with a NUL character.", faults=[])
    if passes(state):
        return Unavailable("The database is too busy at present; nothing was changed. Try again shortly.")
    return None


def _broken_rule(error: IntegrityError, state: str) -> CallfloorError:
    rule = violated_constraint(error)
    if state in ("23502", "23514"):
        return Invalid(f"A value breaks the rule {rule} of the records.", rule=rule, faults=[])
    return Conflict(f"Another change stands in the way (rule {rule}); read again and retry.", rule=rule)


def _argument_fault(error: DBAPIError) -> bool:
    # asyncpg refuses what it cannot encode before it asks the server, so there is no SQLSTATE
    return "invalid input for query argument" in str(error.orig)
