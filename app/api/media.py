"""Recordings of prompts: made on request, and fetched by switches that play files.

A switch signs in nowhere. The name of a recording is a hash of what it says, so only who knows the text knows the name,
and what a name stands for never changes.
"""

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import FileResponse

from app.api.http.deps import Using
from app.api.http.gates import ADMINISTRATES
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.http.services import Services
from app.api.schemas.media import SpeechIn, SpeechOut
from app.telephony.speech import NAME, NotRendered

WAV = "audio/wav"
FOUND: dict[int | str, dict[str, Any]] = {
    200: {"content": {WAV: {}}, "description": "The recording: WAV, 8 kHz, 16 bits, mono"},
    206: {"content": {WAV: {}}, "description": "The part that `Range` asks for"},
    304: {"description": "The recording is the one that the asker has"},
    416: {"description": "There is no such part"},
}

speech = ResourceRouter(prefix="/speech", tags=["media"])
router = APIRouter(prefix="/media", tags=["media"])

Has = Annotated[str | None, Header(description="the tag of what the asker has already")]


@speech.post("", dependencies=[ADMINISTRATES])
async def render_speech(given: SpeechIn, using: Using, request: Request) -> SpeechOut:
    """Have a text spoken by the speech engine of this machine, and kept; the same text gives the same recording."""
    file = await using.speech.render(given.text, given.language, given.voice)
    base = using.media_url or str(request.base_url)
    return SpeechOut(media=file.name, address=f"{base.rstrip('/')}/media/{file.name}")


@router.get("/{name}", response_class=FileResponse, responses={**FOUND, **problem_responses(404)})
async def get_media(name: str, using: Using, if_none_match: Has = None) -> Response:
    """A recording of a prompt, whole or in parts; its name is told by POST /api/v1/speech."""
    file = await _found(name, using)
    headers = {"etag": f'"{file.stem}"', "cache-control": f"private, max-age={using.media_seconds}, immutable"}
    if if_none_match is not None and headers["etag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return FileResponse(file, media_type=WAV, headers=headers)


@router.head("/{name}", response_class=FileResponse, include_in_schema=False)
async def head_media(name: str, using: Using) -> Response:
    """What a recording is, without it: some switches ask before they fetch."""
    return await get_media(name, using)


async def _found(name: str, using: Services) -> Path:
    key = name.removesuffix(".wav")
    file = await asyncio.to_thread(using.recordings.get, key) if re.fullmatch(NAME, key) else None
    if file is None:
        raise NotRendered(
            f"There is no recording {name!r} here. Have its text rendered with POST /api/v1/speech, or with `callfloor "
            "speak` on this machine, and use the name that it tells; one that was not asked for long is made again so."
        )
    return file
