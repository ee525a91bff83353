"""All resources of /api/v1. A resource is a module with a `router`; add it to the list."""

from fastapi import APIRouter

from app.api import (
    agents,
    calls,
    contacts,
    customers,
    floor,
    interactions,
    keys,
    outbox,
    queues,
    reports,
    skills,
    sources,
    tiers,
    token,
    users,
    wrap_up_codes,
)
from app.api.problems import problem_responses

RESOURCES = (
    token,
    customers,
    interactions,
    reports,
    calls,
    contacts,
    floor,
    outbox,
    queues,
    skills,
    agents,
    wrap_up_codes,
    tiers,
    sources,
    users,
    keys,
)


def api_router() -> APIRouter:
    """The router of the whole HTTP API."""
    router = APIRouter(prefix="/api/v1", responses=problem_responses(401, 403, 413, 422, 503))
    for resource in RESOURCES:
        router.include_router(resource.router)
    return router
