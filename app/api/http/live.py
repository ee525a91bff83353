"""Reading the floor for an HTTP answer. Its views are sent as they are: they are many, and made by ourselves."""

from typing import Any

import msgspec
from fastapi import Response

from app.api.http.problems import refusal
from app.api.http.services import Services
from app.floor.commands import Command, Look
from app.floor.memory.entities import Contact
from app.floor.memory.views import Picture


async def snapshot(using: Services) -> dict[str, Any]:
    """The committed state of the whole floor; raises `Unavailable` where this process does not own it."""
    answer = await using.floor.submit(Look(what="floor"))
    return answer.body


async def contacts(using: Services) -> tuple[Contact, ...]:
    """The live contacts as they are held, for whoever shows some of them; raises `Unavailable` like `snapshot`."""
    return (await picture(using)).contacts


async def picture(using: Services) -> Picture:
    """The floor as it is held, to be looked at beside the loop; raises `Unavailable` like `snapshot`."""
    held: Picture = (await using.floor.submit(Look(what="picture"))).body["picture"]
    return held


async def ask(using: Services, command: Command) -> dict[str, Any]:
    """What a command came to; raises the floor's refusal as the error it was, or `Unavailable`."""
    answer = await using.floor.submit(command)
    if not answer.ok:
        raise refusal(**answer.body)
    return answer.body


def told(value: object) -> Response:
    """A JSON answer that is not validated once more."""
    return Response(msgspec.json.encode(value), media_type="application/json")
