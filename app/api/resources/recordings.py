"""Recordings of calls: which there are, listening to them, deleting them. Whoever listens is in the audit log and among
the reads of the customer."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Response
from starlette.responses import StreamingResponse

from app.api.http.customer_reads import Reading, read_of
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import SIGNED_IN, require
from app.api.http.problems import http_problem, problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.http.services import Services
from app.api.schemas.common import PRINTABLE
from app.api.schemas.recordings import RecordingOut, RecordingPage
from app.audit import queries as audit
from app.audit.service import act_as, record
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.interactions.queries import find_interaction
from app.recordings import queries
from app.recordings.errors import NotYourRecording, RecordingDeleted
from app.recordings.models import Recording
from app.recordings.ranges import Bytes, Unsatisfiable, asked

router = ResourceRouter(tags=["recordings"], dependencies=[SIGNED_IN])

Person = Annotated[Principal, Depends(require("agent", "supervisor", "administrator"))]
Administrator = Annotated[Principal, Depends(require("administrator"))]
Reason = Annotated[str, Query(min_length=1, max_length=500, pattern=PRINTABLE, description="why, for whoever asks")]

LISTENED = "recording.listened"
ONE_LISTENING = timedelta(minutes=10)
"""A player asks for a recording in many parts; what one person asks for within this is one listening."""


@router.get("/interactions/{interaction_id}/recordings", responses=problem_responses(404))
async def list_recordings(
    interaction_id: UUID, session: Read, user: Person, reading: Annotated[Reading, read_of("recordings")]
) -> RecordingPage:
    """The recordings of a contact that has ended; an agent is told of those of their own calls."""
    reading.of((await find_interaction(session, interaction_id)).customer_id)
    found = await queries.recordings_of(session, interaction_id)
    return RecordingPage(items=[RecordingOut.model_validate(each) for each in found if _may_listen(user, each)])


@router.get(
    "/recordings/{recording_id}/audio",
    response_class=Response,
    responses={
        200: {"content": {"audio/*": {}}, "description": "All of it."},
        206: {"content": {"audio/*": {}}, "description": "The part that was asked for."},
        **problem_responses(404, 416),
    },
)
async def get_audio(
    recording_id: str,
    using: Using,
    user: Person,
    reading: Annotated[Reading, read_of("recording")],
    range_: Annotated[str | None, Header(alias="range", description="one part, such as bytes=0-65535")] = None,
    if_range: Annotated[str | None, Header(description="the etag for which the part is meant")] = None,
) -> Response:
    """The audio, or a part of it. It is written into the audit log; an agent may listen to their own calls."""
    found, whose = await _to_be_heard(recording_id, using, user)
    if whose is not None:
        reading.ensure_free()
    etag = f'"{found.sha256}"'
    try:
        part = asked(range_ if if_range in (None, etag) else None, found.bytes)
    except Unsatisfiable:
        detail = f"Recording {recording_id} has {found.bytes} bytes; ask for some of them."
        return http_problem(416, detail, {"content-range": f"bytes */{found.bytes}"})
    first, last = part or Bytes(0, found.bytes - 1)
    # while the store takes its time, the database is free
    audio = await using.archive.store.open(found.key, first, last)
    async with using.sessions.write() as session:
        await act_as(session, user.id)
        if await _tell(session, using, user, found):
            reading.of(whose)
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "private, no-store",
        "content-length": str(last - first + 1),
        "etag": etag,
        "x-content-type-options": "nosniff",
    }
    if part is not None:
        headers["content-range"] = f"bytes {first}-{last}/{found.bytes}"
    return StreamingResponse(audio, 206 if part else 200, headers, found.media_type)


@router.delete("/recordings/{recording_id}", responses=problem_responses(404, 409))
async def delete_recording(
    recording_id: str, reason: Reason, session: Write, using: Using, user: Administrator
) -> RecordingOut:
    """Delete the audio for good, before its time; that there was a recording stays known. It is in the audit log."""
    gone_already = (await queries.recording(session, recording_id)).deleted_at is not None
    found = await using.archive.delete(session, recording_id, by=user.id, because=reason)
    if not gone_already:
        told = {"contact": str(found.contact_id), "seconds": found.seconds}
        await record(session, "recording.deleted", "recording", recording_id, before=told, after={"reason": reason})
    return RecordingOut.model_validate(found)


def _may_listen(user: Principal, recording: Recording) -> bool:
    return user.role != "agent" or user.id in recording.agents


async def _to_be_heard(recording_id: str, using: Services, user: Principal) -> tuple[Recording, UUID | None]:
    """The recording, and the customer it is of. Raises RecordingUnknown, RecordingDeleted, NotYourRecording."""
    async with using.sessions.read() as session:
        found = await queries.recording(session, recording_id)
        if not _may_listen(user, found):
            raise NotYourRecording(recording_id)
        if found.deleted_at is not None:
            raise RecordingDeleted(recording_id, found.deleted_at, found.deleted_because or "")
        if found.deleted_because is not None:  # it is to go, and nobody listens to it meanwhile
            raise RecordingDeleted(recording_id, utc(using.clock()), found.deleted_because)
        return found, (await queries.facts_of(session, found.contact_id)).customer_id


async def _tell(session: Write, using: Using, user: Principal, found: Recording) -> bool:
    """Say who listens, once a listening; whether this is the beginning of one."""
    since = utc(using.clock()) - ONE_LISTENING
    same = audit.Wanted(who=user.id, action=LISTENED, kind="recording", thing=found.id, since=since)
    begins = not await audit.entries(session, same, 1, None)
    if begins:
        await record(session, LISTENED, "recording", found.id, after={"contact": str(found.contact_id)})
    return begins
