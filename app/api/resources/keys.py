"""API keys of other systems (role integration)."""

from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.users import KeyCreated, KeyIn, KeyOut, KeyPage
from app.auth import keys, queries
from app.core.clock import utc
from app.core.errors import Invalid
from app.core.wire import fault

router = ResourceRouter(prefix="/api-keys", tags=["API keys"], dependencies=[ADMINISTRATES])


@router.get("")
async def list_keys(session: Read, page: Paged) -> KeyPage:
    """All keys, revoked ones too, without their secret part."""
    rows = await queries.keys(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return KeyPage(items=[KeyOut.model_validate(row) for row in items], next=after)


@router.post("", status_code=201)
async def create_key(given: KeyIn, session: Write, using: Using) -> KeyCreated:
    """A new key. This answer is the only one that shows it. What a key may do, and until when it is good, is not
    changed later: make another one."""
    if given.expires_at is not None and given.expires_at <= utc(using.clock()):
        wrong = fault("body.expires_at", "has come already", "an instant to come, or null")
        raise Invalid("A key that is over would never be good.", faults=[wrong])
    row, key = await keys.create_key(session, given.name, given.sources, given.expires_at, given.read_only)
    return KeyCreated(**KeyOut.model_validate(row).model_dump(), key=key)


@router.delete("/{key_id}", status_code=204, responses=problem_responses(404))
async def revoke_key(key_id: str, session: Write, using: Using) -> None:
    """Make a key worthless, from the next request on."""
    await keys.revoke_key(session, key_id, using.clock())
