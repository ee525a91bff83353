"""POST /webhooks/cti/{source}: signed events in, answered only when they are durable.

Plain ASGI, since this is the busiest path of all: verify, decode, submit, two messages out. What goes wrong is answered
here, so that no middleware needs to stand around it.
"""

from collections.abc import Mapping
from typing import Protocol

import structlog
from prometheus_client import Counter
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.api.http.limits import packed
from app.api.http.problems import http_problem, problem_response, unexpected_problem
from app.api.platforms.recognition import Recognition
from app.core.clock import Clock
from app.core.errors import CallfloorError, Invalid, RequestTimeout, Unauthenticated, Unavailable
from app.core.ids import new_id
from app.floor.commands import Answer, Command, TakeEvent
from app.ivr.vault import Vault
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.events import EventType
from app.telephony.masking import with_reference, without_secret
from app.telephony.port import Inbound, KnownCall, Notice

log = structlog.get_logger(__name__)

PATH = "/webhooks/cti/{source}"
BODY_LIMIT = 256 * 1024
WEBHOOKS = Counter("callfloor_webhooks", "Webhook requests of telephone platforms.", ["outcome"])
_ACCEPTED = WEBHOOKS.labels("accepted")
_JSON = (b"content-type", b"application/json")


class CtiFloor(Protocol):
    """What the webhook needs of the floor."""

    async def submit(self, command: Command, scope: str | None = None, id: str | None = None) -> Answer:  # noqa: A002
        """Apply a command, answered after the commit; the same (scope, id) gets the same answer."""

    def asks_secret(self, source: str, call_id: str, script: object) -> bool:
        """Whether what is keyed on this call, in answer to this script, may be a secret."""

    def has_rung(self, source: str, call_id: str) -> bool:
        """Whether anybody's phone may have been rung for this call."""

    def calls_of(self, source: str) -> list[KnownCall]:
        """The calls of a source that are alive, but for those that nothing was told of. Raises Unavailable likewise."""

    def live_call(self, source: str, call_id: str, number: str | None = None) -> bool:
        """Whether this call is on the floor and this number of its caller no news to it. Raises Unavailable where
        `submit` would."""


class TooLarge(Exception):
    """The body exceeds the limit."""


class Gone(Exception):
    """The client left before its body was complete."""


class CtiWebhook:
    """The endpoint, as an ASGI application; `route` puts it in its place."""

    def __init__(
        self,
        *,
        adapter: Inbound,
        directory: SourceDirectory,
        floor: CtiFloor,
        recognition: Recognition,
        clock: Clock,
        vault: Vault,
    ) -> None:
        self._vault = vault
        self._adapter = adapter
        self._directory = directory
        self._floor = floor
        self._recognition = recognition
        self._clock = clock

    def route(self) -> Route:
        """The route, for `Application.serve_first`."""
        return Route(PATH, endpoint=self, methods=["POST"], include_in_schema=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await self._take(scope["path_params"]["source"], dict(scope["headers"]), receive)
        except Gone:
            return
        except Exception as error:
            WEBHOOKS.labels(outcome_of(error)).inc()
            await refused(scope["path"], error)(scope, receive, send)
            return
        _ACCEPTED.inc()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 202, "headers": [_JSON, length]})
        await send({"type": "http.response.body", "body": body})

    async def _take(self, source: str, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        access = self._directory.get(source)
        body = await read_body(headers, receive)
        message_id = self._adapter.verify(headers, body, access or _stranger(source), self._clock())
        notice = self._adapter.parse(source, body)
        if notice.event.type == EventType.DIGITS:
            notice = self._without_secret(source, notice)
        event = notice.event
        caller = None
        if not self._floor.live_call(source, event.call_id, event.from_):
            caller = await self._recognition.of(event)
        command = TakeEvent(event=event, contact_id=new_id(), raw=notice.raw, caller=caller)
        answer = await self._floor.submit(command, f"cti:{source}", message_id)
        if not answer.ok:
            raise CallfloorError(f"The event could not be taken: {answer.body.get('detail')}", refusal=answer.body)
        return self._adapter.reply(answer.body)

    def _without_secret(self, source: str, notice: Notice) -> Notice:
        """Keys that are a secret go no further than the vault; the floor gets a reference."""
        event = notice.event
        if not self._floor.asks_secret(source, event.call_id, event.details.get("script")):
            return notice
        masked, secret = without_secret(notice)
        return with_reference(masked, self._vault.put(secret)) if secret else masked


def _stranger(source: str) -> SourceAccess:
    """A source that no secret fits: strangers learn nothing from the difference between unknown and unsigned."""
    return SourceAccess(source, ())


async def read_body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """The body of a request. Raises TooLarge, Invalid for a packed one, or Gone where the client left; and what
    `receive` raises."""
    coding = headers.get(b"content-encoding")
    if coding is not None and (refusal := packed([coding])):
        raise refusal
    announced = headers.get(b"content-length", b"0")
    if len(announced) > 20 or (announced.isdigit() and int(announced) > BODY_LIMIT):
        raise TooLarge
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise TooLarge
    if message["type"] == "http.disconnect":
        raise Gone
    return body


def refused(path: str, error: Exception) -> Response:
    """The answer to a request that raised."""
    if isinstance(error, TooLarge):
        return http_problem(413, f"The body is larger than {BODY_LIMIT} bytes.")
    return problem_response(error) if isinstance(error, CallfloorError) else unexpected_problem(path, error)


def outcome_of(error: Exception) -> str:
    """How a request that raised is counted."""
    kinds = {
        TooLarge: "too_large",
        RequestTimeout: "stood_still",
        Unauthenticated: "unsigned",
        Invalid: "malformed",
        Unavailable: "unavailable",
    }
    return next((name for kind, name in kinds.items() if isinstance(error, kind)), "failed")
