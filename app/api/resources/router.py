"""All resources of /api/v1. A resource is a module with a `router`, a `ResourceRouter`; add it to the list."""

from fastapi import APIRouter, Depends

from app.api import media
from app.api.http.claiming import WITHIN_KEY
from app.api.http.problems import problem_responses
from app.api.http.resource_router import BELOW
from app.api.http.unknown_parameters import known_parameters
from app.api.resources import (
    agents,
    agreements,
    alerts,
    attributes,
    audit,
    calls,
    cases,
    configurations,
    contacts,
    credit,
    customer_merging,
    customer_parts,
    customers,
    exports,
    feeds,
    floor,
    flows,
    history,
    hours,
    interactions,
    keys,
    outbox,
    overrides,
    pins,
    preferences,
    privacy,
    products,
    profiles,
    queues,
    recordings,
    reports,
    retention,
    segments,
    skills,
    sources,
    staffing,
    subscriptions,
    supervision,
    teams,
    tiers,
    token,
    usage,
    users,
    visits,
    wrap_up_codes,
)

RESOURCES = (
    token,
    customer_merging,  # before customers: `duplicates` is no id
    customers,
    customer_parts,
    credit,
    agreements,
    preferences,
    products,
    configurations,
    attributes,
    usage,
    segments,
    overrides,
    alerts,
    cases,
    visits,
    feeds,
    pins,
    privacy,
    retention,
    profiles,
    interactions,
    recordings,
    reports,
    staffing,
    calls,
    contacts,
    floor,
    supervision,
    outbox,
    queues,
    flows,
    history,
    exports,
    hours,
    skills,
    teams,
    agents,
    wrap_up_codes,
    tiers,
    sources,
    subscriptions,
    users,
    keys,
    audit,
)


def api_router() -> APIRouter:
    """The router of the whole HTTP API."""
    router = APIRouter(
        prefix=BELOW,
        responses=problem_responses(401, 403, 413, 422, 503),
        dependencies=[Depends(known_parameters)],
    )
    for resource in (*(each.router for each in RESOURCES), media.speech):
        # who signs in is nobody yet
        router.include_router(resource, dependencies=[] if resource is token.router else [WITHIN_KEY])
    return router
