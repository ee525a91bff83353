"""Wrap-up codes. They are made inactive and never removed, because the history names them."""

from app.api.http.deps import Read, Write
from app.api.http.gates import ADMINISTRATES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.queues import WrapUpCodeIn, WrapUpCodeOut, WrapUpCodePage, WrapUpCodePatch
from app.routing.records import queries, queues

router = ResourceRouter(prefix="/wrap-up-codes", tags=["wrap-up codes"])


@router.get("", dependencies=[SIGNED_IN])
async def list_wrap_up_codes(session: Read, page: Paged) -> WrapUpCodePage:
    """All wrap-up codes; every agent chooses from them."""
    rows = await queries.wrap_up_codes(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return WrapUpCodePage(items=[WrapUpCodeOut.model_validate(row) for row in items], next=after)


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_wrap_up_code(given: WrapUpCodeIn, session: Write) -> WrapUpCodeOut:
    """A new wrap-up code."""
    return WrapUpCodeOut.model_validate(await queues.create_wrap_up_code(session, given.id, given.name))


@router.patch("/{code}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def change_wrap_up_code(code: str, given: WrapUpCodePatch, session: Write) -> WrapUpCodeOut:
    """Rename, make inactive or active."""
    changes = given.model_dump(exclude_unset=True)
    return WrapUpCodeOut.model_validate(await queues.change_wrap_up_code(session, code, changes))
