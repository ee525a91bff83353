"""All resources of /api/v1. A resource is a module with a `router`; add it to the list."""

from fastapi import APIRouter

from app.api import token
from app.api.problems import problem_responses

ROUTERS: tuple[APIRouter, ...] = (token.router,)


def api_router() -> APIRouter:
    """The router of the whole HTTP API."""
    router = APIRouter(prefix="/api/v1", responses=problem_responses(401, 403, 413, 422, 503))
    for resource in ROUTERS:
        router.include_router(resource)
    return router
