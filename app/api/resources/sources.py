"""Sources: the telephone platforms that may talk to us, their signing secrets and dialled numbers."""

from typing import Annotated

from fastapi import Path

from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import PRINTABLE
from app.api.schemas.sources import (
    ConnectionOut,
    DialledNumberIn,
    DialledNumberOut,
    DialledNumberPage,
    SecretIn,
    SourceIn,
    SourceOut,
    SourcePage,
    SourcePatch,
    SourceSecret,
)
from app.ivr.records.queries import ensure_published
from app.telephony import queries, service

router = ResourceRouter(prefix="/sources", tags=["sources"], dependencies=[ADMINISTRATES])

Number = Annotated[
    str,
    Path(max_length=200, pattern=PRINTABLE, description="the number as the platform sends it, spaces and dashes aside"),
]


@router.get("")
async def list_sources(session: Read, page: Paged) -> SourcePage:
    """All sources, without their secrets."""
    rows = await queries.sources(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return SourcePage(items=[SourceOut.of(row) for row in items], next=after)


@router.get("/{source_id}", responses=problem_responses(404))
async def get_source(source_id: str, session: Read) -> SourceOut:
    """One source, without its secrets."""
    return SourceOut.of(await queries.source(session, source_id))


@router.get("/{source_id}/connection", responses=problem_responses(404))
async def get_connection(source_id: str, session: Read, using: Using) -> ConnectionOut:
    """How it stands with a platform that Callfloor connects to by itself; ask the process that owns the floor."""
    found = await queries.source(session, source_id)
    standing = using.connections.connection(found.id)
    if standing is None:
        return ConnectionOut(connected=None, trouble=None, calls=None)
    return ConnectionOut(connected=standing.connected, trouble=standing.trouble, calls=standing.calls)


@router.post("", status_code=201, responses=problem_responses(409))
async def create_source(given: SourceIn, session: Write) -> SourceSecret:
    """A new source with a signing secret. This answer is the only one that shows the secret."""
    await ensure_published(session, given.default_flow, "body.default_flow")
    return SourceSecret.with_secret(*await service.create_source(session, **given.model_dump()))


@router.patch("/{source_id}", responses=problem_responses(404, 409))
async def change_source(source_id: str, given: SourcePatch, session: Write) -> SourceOut:
    """Rename, set the address for commands or where calls go by default, make inactive or active."""
    changes = given.model_dump(exclude_unset=True)
    await ensure_published(session, changes.get("default_flow"), "body.default_flow")
    return SourceOut.of(await service.change_source(session, source_id, changes))


@router.post("/{source_id}/secrets", status_code=201, responses=problem_responses(404, 409))
async def rotate_secret(source_id: str, session: Write, given: SecretIn | None = None) -> SourceSecret:
    """Add a secret that signs from now on; the older ones still verify until they are removed."""
    return SourceSecret.with_secret(*await service.rotate_secret(session, source_id, given.secret if given else None))


@router.delete("/{source_id}/secrets/{secret_id}", responses=problem_responses(404, 409))
async def remove_secret(source_id: str, secret_id: str, session: Write) -> SourceOut:
    """Accept a secret no longer. The last one stays."""
    return SourceOut.of(await service.remove_secret(session, source_id, secret_id))


@router.get("/{source_id}/numbers", responses=problem_responses(404))
async def list_dialled_numbers(source_id: str, session: Read, page: Paged) -> DialledNumberPage:
    """The numbers of a source and the queues or flows that answer them."""
    await queries.source(session, source_id)
    rows = await queries.dialled_numbers(session, source_id, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.number)
    return DialledNumberPage(items=[DialledNumberOut.model_validate(row) for row in items], next=after)


@router.put("/{source_id}/numbers/{number:path}", responses=problem_responses(404))
async def set_dialled_number(
    source_id: str, number: Number, given: DialledNumberIn, session: Write
) -> DialledNumberOut:
    """Let a queue or a published flow answer a number; calls that come from now on go there."""
    await ensure_published(session, given.flow_id, "body.flow_id")
    row = await service.set_dialled_number(session, source_id, number, given.queue_id, given.flow_id)
    return DialledNumberOut.model_validate(row)


@router.delete("/{source_id}/numbers/{number:path}", status_code=204, responses=problem_responses(404))
async def remove_dialled_number(source_id: str, number: Number, session: Write) -> None:
    """Let the source's default queue or flow answer the number again."""
    await service.remove_dialled_number(session, source_id, number)
