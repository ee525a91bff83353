"""The listening half of the adapter: requests of Twilio's to events of ours, and our scripts to TwiML."""

from collections.abc import Mapping

import msgspec
from pydantic import SecretStr

from app.telephony.adapters.twilio import fallback, parse, request, signatures, twiml
from app.telephony.adapters.twilio.addresses import ASKS_FOR_TWIML, NO_NEWS, Kind, Place
from app.telephony.adapters.twilio.after import TIDY, after
from app.telephony.adapters.twilio.words import is_number
from app.telephony.directory import SourceAccess
from app.telephony.events import EventType
from app.telephony.instructions import Script
from app.telephony.port import Notice, SwitchCommand

XML = b"text/xml; charset=utf-8"
PLAIN = b"text/plain"
BUSY_SECONDS = b"2"


class Received(msgspec.Struct, frozen=True):
    """A verified request. With a `notice` it is news for the floor, to be submitted under `delivery`; without one it
    is answered with `body` as it is.

    `secret` is what the caller keyed where a secret was asked for: it is nowhere else, and to be kept by nobody.
    """

    delivery: str = ""
    notice: Notice | None = None
    secret: SecretStr | None = None
    contact: str | None = None
    asks: bool = False
    body: bytes = b""
    hook: request.Webhook | None = None


class Reply(msgspec.Struct, frozen=True):
    """An HTTP answer to Twilio."""

    status: int
    body: bytes = b""
    type: bytes = PLAIN
    retry_after: bytes | None = None


class TwilioInbound:
    """What a webhook endpoint needs: `receive`, then `answer` or, while the floor cannot commit, `unavailable`."""

    def receive(
        self, target: str, headers: Mapping[bytes, bytes], body: bytes, access: SourceAccess, now: float
    ) -> Received:
        """Read a request to `target` (path and query as sent; header names in lower case).

        Raises `Unauthenticated` unless an auth token of `access` signed it, `Invalid` that names every fault.
        """
        hook = request.read(target, body)
        signatures.verify(headers, hook, access.public_url, access.secrets)
        if hook.kind in NO_NEWS:
            return Received(body=_standing_answer(hook, access).encode())
        told = parse.parse(access.id, hook, now)
        return Received(told.delivery, told.notice, told.secret, told.contact, told.asks, hook=told.hook)

    def answer(
        self, received: Received, access: SourceAccess, contact: str = "", script: Script | None = None
    ) -> Reply:
        """The answer once the event is durable: what the caller of this `contact` hears, or nothing where nothing is
        asked. Without a script the caller waits."""
        if received.notice is None:
            return Reply(200, received.body, XML)
        if not received.asks:
            return Reply(204)
        place = Place(access, received.notice.event.call_id, contact, _shown(received.hook, access))
        return Reply(200, _next(received, script, place).encode(), XML)

    def unavailable(self, target: str, access: SourceAccess, received: Received) -> Reply:
        """The answer while nothing can be committed: a caller is asked for patience and comes again; for all else
        Twilio tries again itself."""
        if target.partition("?")[0].rpartition("/")[2] in ASKS_FOR_TWIML:
            return Reply(200, fallback.fallback(target, access, _shown(received.hook, access)).encode(), XML)
        return Reply(503, retry_after=BUSY_SECONDS)

    def after(self, received: Received, contact: str, rung: bool = True) -> SwitchCommand | None:
        """What the adapter itself has to do once this event is durable, by the driver; see `after`. For whom nobody was
        `rung` there is nothing to tidy up: the caller's own exit ends their conference."""
        if received.notice is None or received.hook is None:
            return None
        command = after(received.notice.event, received.hook, received.delivery, contact)
        return None if command is not None and command.type == TIDY and not rung else command


def _shown(hook: request.Webhook | None, access: SourceAccess) -> str | None:
    """Without a number of their own a caller cannot be sent to one under it (error 13214): it sees ours."""
    return None if hook is None or is_number(hook.field("From")) else access.caller_id


def _next(received: Received, script: Script | None, place: Place) -> str:
    assert received.notice is not None
    event = received.notice.event
    if script is not None:
        return twiml.script(script, place)
    if event.type == EventType.CALLBACK_REQUESTED:
        return twiml.callback_taken(place)
    transfer = event.details.get("transfer")
    if transfer == "completed":
        return twiml.hang_up()
    return twiml.waiting(place) if transfer is None else twiml.not_reached(place)


def _standing_answer(hook: request.Webhook, access: SourceAccess) -> str:
    if hook.kind == Kind.OVER:
        return twiml.hang_up()
    if hook.kind == Kind.FALLBACK:
        lost = fallback.lost(hook.target, hook.field("ErrorUrl"), access)
        return fallback.fallback(lost, access, _shown(hook, access))
    place = Place(access, hook.query.get("call", ""), hook.query.get("contact", ""))
    return twiml.music(twiml.media_address(hook.query.get("music", ""), place))
