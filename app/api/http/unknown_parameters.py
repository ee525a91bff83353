"""A parameter that a route does not know is a fault, as an unknown field of a body is: a filter that was misspelt would
otherwise let everything through. So is one of one value that is given twice: one of them would count for nothing."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.routing import APIRoute

from app.api.http.accepted import beside, names_in_query, takes_several
from app.core.errors import Invalid
from app.core.wire import fault


async def known_parameters(request: Request) -> None:
    """Let a request through whose route knows each parameter of its query, and that gives none too often; raises
    `Invalid` with all others."""
    route = request.scope.get("route")
    given = request.query_params.keys()
    if not given or not isinstance(route, APIRoute):
        return
    known = names_in_query(route)
    faults = [
        fault(f"query.{name}", "is not known here", beside(name, known, "parameter"))
        for name in given
        if name not in known
    ]
    faults += _repeated(route, known, request.query_params.multi_items())
    if faults:
        places = ", ".join(each["where"] for each in faults)
        raise Invalid(f"The request has {len(faults)} fault(s): {places}.", faults=faults)


def _repeated(route: APIRoute, known: Sequence[str], given: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    names = [name for name, _ in given if name in known]
    return [
        fault(f"query.{name}", f"is given {names.count(name)} times", "one value")
        for name in dict.fromkeys(names)
        if names.count(name) > 1 and not takes_several(route, name)
    ]
