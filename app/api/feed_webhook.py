"""POST /webhooks/feeds/{source}: a few records at a time, signed as Standard Webhooks describes it."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import APIRouter, Request

from app.api.http.deps import Using
from app.api.http.problems import problem_responses
from app.api.schemas.feeds import FeedAnswer
from app.core import signing
from app.core.clock import utc
from app.core.errors import Invalid
from app.customers.feeds.columns.fields import FIELDS, Kind
from app.customers.feeds.sources import secrets_of
from app.customers.feeds.streams import Stream, import_stream
from app.customers.numbers import storable

router = APIRouter(prefix="/webhooks/feeds", tags=["feeds"])


class _Message(msgspec.Struct):
    type: str
    data: dict[str, Any] | list[dict[str, Any]]


class MessageUnfit(Invalid):
    """The body of a webhook is not what a feed sends."""

    code = "message-unfit"


@router.post("/{source}", responses=problem_responses(401, 409, 413, 422, 503))
async def feed_webhook(source: str, request: Request, using: Using) -> FeedAnswer:
    """Make and change the records in `data` (an object, or a list of them) of the feed that `type` names, as
    `customers` or `customers.changed`. The same `webhook-id` again writes nothing twice; 409 or 503: try again."""
    body = await request.body()
    async with using.sessions.read() as session:
        secrets = await secrets_of(session, storable(source))
    message_id = signing.verify(dict(request.headers.raw), body, secrets, using.clock())
    feed, lines = _read(body)
    now = utc(using.clock())
    stream = Stream(feed, source, _once(lines), message_id, f"feed:{source}", using.default_region, now)
    async with using.feeds.messages.turn():
        return FeedAnswer.of(await import_stream(using.sessions, stream))


def _read(body: bytes) -> tuple[Kind, bytes]:
    """The feed that a message is of, and its records as NDJSON. Raises MessageUnfit."""
    try:
        message = msgspec.json.decode(body, type=_Message)
    except (msgspec.MsgspecError, RecursionError) as error:
        told = {"where": "body", "what": str(error), "accepted": "an object with type and data"}
        raise MessageUnfit("The message cannot be read.", faults=[told]) from None
    name = message.type.removesuffix(".changed")
    feed = next((each for each in FIELDS if each == name), None)
    if feed is None:
        accepted = f"{', '.join(FIELDS)}, also with .changed behind it"
        told = {"where": "body.type", "what": f"{message.type!r} is no feed", "accepted": accepted}
        raise MessageUnfit("The message is of no feed.", faults=[told])
    records = message.data if isinstance(message.data, list) else [message.data]
    return feed, msgspec.json.Encoder().encode_lines(records)


async def _once(lines: bytes) -> AsyncIterator[bytes]:
    yield lines
