"""All resources of /api/v1. A resource is a module with a `router`; add it to the list."""

from fastapi import APIRouter

from app.api import (
    agents,
    agreements,
    alerts,
    attributes,
    audit,
    calls,
    contacts,
    credit,
    customer_merging,
    customer_parts,
    customers,
    feeds,
    floor,
    flows,
    hours,
    interactions,
    keys,
    media,
    outbox,
    pins,
    profiles,
    queues,
    recordings,
    reports,
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
    wrap_up_codes,
)
from app.api.problems import problem_responses

RESOURCES = (
    token,
    customer_merging,  # before customers: `duplicates` is no id
    customers,
    customer_parts,
    credit,
    agreements,
    attributes,
    usage,
    alerts,
    feeds,
    pins,
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
    router = APIRouter(prefix="/api/v1", responses=problem_responses(401, 403, 413, 422, 503))
    for resource in RESOURCES:
        router.include_router(resource.router)
    router.include_router(media.speech)
    return router
