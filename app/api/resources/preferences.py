"""How customers want to be served, and what an agent should know of it in a few sentences."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Response

from app.api.http.claiming import BoundTo, Claims
from app.api.http.customer_reads import written_down
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import SIGNED_IN
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import SLUG
from app.api.schemas.customers import Why
from app.api.schemas.preferences import SummaryOut, WishesOut, WishIn, WishKindOut, WishKindsOut, WishOut
from app.audit.service import because
from app.core.clock import utc
from app.customers.preferences import service
from app.customers.preferences.catalogue import CATALOGUE
from app.customers.record.changing import ensure_may_name
from app.customers.serving import summary_of

router = ResourceRouter(tags=["preferences"], dependencies=[SIGNED_IN], responses=problem_responses(404))

CHANGED = problem_responses(403, 409, 412)
PREFERENCES = "/customers/{customer_id}/preferences"
WishName = Annotated[str, Path(pattern=SLUG, description="a name of GET /customer-preferences")]
Reason = Annotated[Why | None, Query(description="why; kept with the versions of the customer")]
Shown = Annotated[Literal["en", "zh"], Query(description="in which language it is told")]


@router.get("/customer-preferences")
async def list_kinds_of_wishes() -> WishKindsOut:
    """Every kind of wish that can be recorded, and what it may be."""
    return WishKindsOut(items=[WishKindOut.model_validate(each) for each in CATALOGUE])


@router.get(PREFERENCES, dependencies=[written_down("preferences")])
async def list_preferences(customer_id: UUID, session: Read) -> WishesOut:
    """How the customer wants to be served."""
    return WishesOut(items=[WishOut.of(told) for told in await service.preferences_of(session, customer_id)])


@router.put(PREFERENCES + "/{name}", responses=CHANGED)
async def put_preference(
    customer_id: UUID,
    name: WishName,
    given: WishIn,
    session: Write,
    stated: Stated,
    using: Using,
    claims: Claims,
    answer: Response,
) -> WishOut:
    """Record a wish, in place of what it was before. A source is named by other systems and administrators."""
    ensure_may_name("body.source", [given.source], claims)
    now = utc(using.clock())
    wanted = service.GivenWish(value=given.value, at=given.at or now, source=given.source)
    async with stated.version(given.version) as version:
        await because(session, given.why)
        customer, told = await service.wish(session, customer_id, version, name, wanted, now)
    answer.headers["ETag"] = tag(customer.version)
    return WishOut.of(told)


@router.delete(PREFERENCES + "/{name}", status_code=204, responses=CHANGED)
async def forget_preference(
    customer_id: UUID,
    name: WishName,
    session: Write,
    stated: Stated,
    bound: BoundTo,
    answer: Response,
    why: Reason = None,
) -> None:
    """Let the customer have no such wish. A key that is bound to sources takes away what these have told only."""
    async with stated.version(None) as version:
        await because(session, why)
        customer = await service.forget_wish(session, customer_id, version, name, claims=bound)
    answer.headers["ETag"] = tag(customer.version)


@router.get("/customers/{customer_id}/summary", dependencies=[written_down("summary")])
async def summarise_customer(customer_id: UUID, session: Read, language: Shown = "en") -> SummaryOut:
    """What an agent should know before they serve the customer: language, wishes, and how each product is set up."""
    return SummaryOut.model_validate(await summary_of(session, customer_id, language))
