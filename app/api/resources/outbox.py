"""Commands to the telephone platforms: what is on its way, and what could not be delivered."""

from typing import Annotated, Literal

from fastapi import Query

from app.api.http.deps import Read
from app.api.http.gates import OVERSEES
from app.api.http.paging import Paged
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.floor import OrderOut, OrderPage
from app.floor.journal import queries

router = ResourceRouter(prefix="/outbox", tags=["outbox"], dependencies=[OVERSEES])

Status = Annotated[
    Literal["pending", "delivered", "failed"] | None, Query(description="left out: all that are not delivered")
]


@router.get("")
async def list_outbox(session: Read, page: Paged, status: Status = None) -> OrderPage:
    """Commands in the order they were given."""
    rows = await queries.orders(session, status, page.limit + 1, page.after(tuple[str, int]))
    items, after = page.cut(rows, key=lambda row: (row.floor, row.id))
    return OrderPage(items=[OrderOut.model_validate(row) for row in items], next=after)
