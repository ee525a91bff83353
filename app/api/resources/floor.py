"""The live floor as a whole."""

from fastapi import Response

from app.api.http import live
from app.api.http.deps import Using
from app.api.http.gates import OVERSEES
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.floor import FloorOut

router = ResourceRouter(prefix="/floor", tags=["floor"], dependencies=[OVERSEES])


@router.get("", response_class=Response, responses={200: {"model": FloorOut}})
async def get_floor(using: Using) -> Response:
    """Queues with their waiting, agents by state, contacts: everything of this moment."""
    return live.told(await live.snapshot(using))
