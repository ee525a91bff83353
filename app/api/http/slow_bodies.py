"""How long the body of a request may be on its way without a byte of it."""

import asyncio

from starlette.types import Message, Receive

from app.core.errors import RequestTimeout

STILL_SECONDS = 120.0
"""How long a body may stand still. Whoever sends it may be gone without a word, and would have the socket, and whatever
the request has already, for ever. As long as anything comes it may take its time."""


class StoodStill(RequestTimeout):
    """Nothing came of the body for too long."""

    def __init__(self) -> None:
        super().__init__(f"Nothing came of the body for {STILL_SECONDS:g} s; send the request again.")


def in_time(receive: Receive) -> Receive:
    """`receive` that raises StoodStill where the rest of a body does not come; what comes after it is waited for."""
    whole = False

    async def received() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout(STILL_SECONDS):
                message = await receive()
        except TimeoutError:
            raise StoodStill from None
        whole = not message.get("more_body")
        return message

    return received
