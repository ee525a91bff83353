"""Customers: kept by agents and by the bank's other systems, found by number, name or id."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.api.http.claiming import Claims
from app.api.http.customer_reads import written_down
from app.api.http.deps import CurrentUser, Read, Using, Write, current_user
from app.api.http.paging import Paged
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import PRINTABLE
from app.api.schemas.customers import (
    CustomerIn,
    CustomerOut,
    CustomerPage,
    CustomerPatch,
    NumberIn,
    NumbersIn,
)
from app.api.schemas.interactions import InteractionOut, InteractionPage
from app.audit.service import because
from app.auth.access_tokens import Principal
from app.customers import service
from app.customers.record import finding
from app.customers.record.changing import ensure_may_name
from app.customers.record.finding import CustomerRecord, Wanted
from app.customers.record.whole import members_of
from app.interactions.queries import history_of

router = ResourceRouter(prefix="/customers", tags=["customers"], dependencies=[Depends(current_user)])

AnyNumber = Annotated[str | None, Query(max_length=64, description="who has this number, in any spelling")]
Typed = Annotated[
    str | None,
    Query(
        max_length=254,
        description="parts of the name (characters, Latin letters, pinyin or initials), or the whole of a telephone "
        "number in any spelling, of an e-mail address or of an external id",
    ),
]
OwnId = Annotated[str | None, Query(max_length=100, pattern=PRINTABLE, description="the id in your own systems")]
Inactive = Annotated[bool, Query(description="those who are not active, too")]


def told(record: CustomerRecord, answer: Response) -> CustomerOut:
    """The customer as they are sent, with the version as the answer's tag."""
    answer.headers["ETag"] = tag(record.customer.version)
    return CustomerOut.of(record)


def _guarded(user: Principal) -> tuple[str, ...]:
    return service.GUARDED if user.role == "agent" else ()


@router.get("")
async def find_customers(
    session: Read,
    using: Using,
    page: Paged,
    number: AnyNumber = None,
    q: Typed = None,
    external_id: OwnId = None,
    include_inactive: Inactive = False,
) -> CustomerPage:
    """Customers that fit everything that is asked for."""
    wanted = Wanted(number=number, typed=q, external_id=external_id, inactive=include_inactive)
    rows = await finding.find_customers(
        session, wanted, default_region=using.default_region, limit=page.limit + 1, after=page.after(UUID)
    )
    items, after = page.cut(rows, key=lambda row: row.customer.id)
    return CustomerPage(items=[CustomerOut.of(row) for row in items], next=after)


@router.post("", status_code=201, responses=problem_responses(403, 409))
async def create_customer(
    given: CustomerIn, session: Write, using: Using, user: CurrentUser, claims: Claims, answer: Response
) -> CustomerOut:
    """A new customer. Agents give no tier and no segments; a source is named by other systems and administrators."""
    ensure_may_name("body.source", [given.source], claims)
    ensure_may_name("body.numbers", (number.source for number in given.numbers), claims)
    classed = [name for name, value in (("tier_id", given.tier), ("segments", given.segments)) if value]
    service.ensure_free(classed, _guarded(user))
    await because(session, given.why)
    return told(await service.create_customer(session, given.new(), using.default_region), answer)


@router.get("/{customer_id}", responses=problem_responses(404), dependencies=[written_down("customer")])
async def get_customer(customer_id: UUID, session: Read, answer: Response) -> CustomerOut:
    """One customer, active or not, merged or not; `ETag` tells the version."""
    return told(await finding.get_customer(session, customer_id), answer)


@router.patch(
    "/{customer_id}", responses=problem_responses(403, 404, 409, 412), dependencies=[written_down("customer")]
)
async def change_customer(
    customer_id: UUID,
    given: CustomerPatch,
    session: Write,
    stated: Stated,
    user: CurrentUser,
    claims: Claims,
    answer: Response,
) -> CustomerOut:
    """Change a customer of the version that was read. Tier, segments and `active` are not changed by agents; a source
    is named by other systems and administrators."""
    ensure_may_name("body.source", [given.source], claims)
    async with stated.version(given.version) as version:
        await because(session, given.why)
        changed = await service.change_customer(
            session, customer_id, version, given.changes(), _guarded(user), given.source
        )
        return told(changed, answer)


@router.put("/{customer_id}/numbers", responses=problem_responses(403, 404, 409, 412))
async def replace_numbers(
    customer_id: UUID, given: NumbersIn, session: Write, using: Using, stated: Stated, claims: Claims, answer: Response
) -> CustomerOut:
    """Replace all numbers. One that comes in two spellings is kept once, in the first. The source of what is new or
    different is named by other systems and administrators."""
    numbers = [number.given() for number in given.numbers]
    async with stated.version(given.version) as version:
        await because(session, given.why)
        found = await service.replace_numbers(
            session, customer_id, version, numbers, using.default_region, claims=claims
        )
        return told(found, answer)


@router.post(
    "/{customer_id}/numbers",
    responses=problem_responses(403, 404, 409),
    dependencies=[written_down("customer")],
)
async def add_number(customer_id: UUID, given: NumberIn, session: Write, using: Using, claims: Claims) -> CustomerOut:
    """Add a number; one that the customer already has changes nothing. Other systems and administrators name a
    source."""
    ensure_may_name("body.source", [given.source], claims)
    return CustomerOut.of(await service.add_number(session, customer_id, given.given(), using.default_region))


@router.get("/{customer_id}/interactions", responses=problem_responses(404), dependencies=[written_down("history")])
async def list_interactions(customer_id: UUID, session: Read, page: Paged) -> InteractionPage:
    """The customer's contacts that have ended, newest first, with those of whoever was merged into them."""
    await finding.get_customer(session, customer_id)
    rows = await history_of(
        session, await members_of(session, customer_id), page.limit + 1, page.after(tuple[datetime, UUID])
    )
    items, after = page.cut(rows, key=lambda row: (row.started_at, row.id))
    return InteractionPage(items=[InteractionOut.model_validate(row) for row in items], next=after)
