"""POST /webhooks/<platform>/{source}/{kind}: a platform asks what to do with a call, and does what the answer says.

Plain ASGI and answered here, as with the generic webhook. The answer comes well within the platform's patience: while
nothing can be committed the adapter's own words keep the caller on the line.
"""

from typing import Generic

import structlog
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.api.platforms.intake import Intake
from app.api.platforms.webhooks import WEBHOOKS, CtiFloor, Gone, outcome_of, read_body, refused
from app.core.clock import Clock
from app.core.errors import Unauthenticated, Unavailable
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.port import Driver, Heard, Missed, Refused, Reply, Steered, SwitchCommand

log = structlog.get_logger(__name__)


class SteeredWebhook(Generic[Heard]):
    """The endpoint of one platform, as an ASGI application; `route` puts it in its place."""

    def __init__(
        self,
        *,
        platform: str,
        adapter: Steered[Heard],
        directory: SourceDirectory,
        floor: CtiFloor,
        driver: Driver,
        clock: Clock,
        intake: Intake,
    ) -> None:
        self._platform = platform
        self._adapter = adapter
        self._directory = directory
        self._floor = floor
        self._driver = driver
        self._clock = clock
        self._intake = intake

    def route(self) -> Route:
        """The route, for `Application.serve_first`."""
        path = f"/webhooks/{self._platform}/{{source}}/{{kind}}"
        return Route(path, endpoint=self, methods=["POST"], include_in_schema=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = _response(await self._take(scope, receive))
            WEBHOOKS.labels("accepted").inc()
        except Gone:
            return
        except Exception as error:
            WEBHOOKS.labels(outcome_of(error)).inc()
            response = refused(scope["path"], error)
        await response(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive) -> Reply:
        target, headers = _target(scope), dict(scope["headers"])
        access = self._directory.get(scope["path_params"]["source"])
        if access is None or access.platform != self._platform:
            raise Unauthenticated("The request is not signed by a source that is known here.")
        body = await read_body(headers, receive)
        received = self._adapter.receive(target, headers, body, access, self._clock())
        if received.notice is None:
            return self._adapter.answer(received, access)
        rung = self._floor.has_rung(access.id, received.notice.event.call_id)
        try:
            contact, script = await self._intake.take(access.id, received.notice, received.delivery, received.secret)
            await self._carried_out(self._adapter.after(received, contact, rung), access)
        except Unavailable:
            WEBHOOKS.labels("unavailable").inc()
            return self._adapter.unavailable(target, access, received)
        except Exception:  # whatever it is, somebody is on the line
            log.exception("an event of a platform could not be taken", source=access.id)
            WEBHOOKS.labels("failed").inc()
            return self._adapter.unavailable(target, access, received)
        return self._adapter.answer(received, access, contact, script)

    async def _carried_out(self, command: SwitchCommand | None, access: SourceAccess) -> None:
        """What belongs to this platform alone. Where it is missed, the platform is asked to come again."""
        if command is None:
            return
        outcome = await self._driver.execute(access, command)
        if isinstance(outcome, Missed):
            raise Unavailable(outcome.detail)
        if isinstance(outcome, Refused):
            log.warning("a platform refused what follows an event", source=access.id, detail=outcome.detail)


def _target(scope: Scope) -> str:
    path: str = scope["raw_path"].decode("latin-1").partition("?")[0]
    query: str = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _response(reply: Reply) -> Response:
    headers = {"content-type": reply.type.decode()}
    if reply.retry_after is not None:
        headers["retry-after"] = reply.retry_after.decode()
    return Response(reply.body, reply.status, headers)
