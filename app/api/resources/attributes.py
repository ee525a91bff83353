"""What free attributes of customers must be."""

from typing import Annotated

from fastapi import Path

from app.api.http.deps import Read, Write
from app.api.http.gates import ADMINISTRATES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import ATTRIBUTE
from app.api.schemas.customer_parts import AttributeIn, AttributeOut, AttributePage
from app.customers.record import declared_attributes

router = ResourceRouter(prefix="/customer-attributes", tags=["customers"])

AttributeName = Annotated[str, Path(pattern=ATTRIBUTE)]


@router.get("", dependencies=[SIGNED_IN])
async def list_attributes(session: Read, page: Paged) -> AttributePage:
    """All attributes that are declared."""
    rows = await declared_attributes.declared(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.name)
    return AttributePage(items=[AttributeOut.model_validate(row) for row in items], next=after)


@router.put("/{name}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def declare_attribute(name: AttributeName, given: AttributeIn, session: Write) -> AttributeOut:
    """Say what an attribute must be. Values that are there already are held against it when they change."""
    return AttributeOut.model_validate(await declared_attributes.declare(session, given.definition(name)))


@router.delete("/{name}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def undeclare_attribute(name: AttributeName, session: Write) -> None:
    """Let an attribute be anything again."""
    await declared_attributes.undeclare(session, name)
