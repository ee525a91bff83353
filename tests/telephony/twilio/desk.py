"""A small desk instead of the floor: takes what Twilio tells, keeps the calls, answers with scripts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.calls.call import Call, open_call, take
from app.core.clock import now
from app.core.errors import Unauthenticated
from app.core.ids import new_id
from app.telephony.adapters.twilio.addresses import PATH
from app.telephony.adapters.twilio.client import open_client
from app.telephony.adapters.twilio.driver import TwilioDriver
from app.telephony.adapters.twilio.inbound import Reply, TwilioInbound
from app.telephony.directory import SourceAccess
from app.telephony.events import CallEvent
from app.telephony.instructions import Script
from app.telephony.port import Outcome, SwitchCommand
from tests.fixtures.serving import serving
from tests.fixtures.twilio_cloud.cloud import Cloud, Number
from tests.fixtures.twilio_cloud.line import Line
from tests.fixtures.twilio_cloud.rest import Rest

HOTLINE = "+4930111"
CALLER = "+8613800138000"
ANNA = {"id": "anna", "address": "sip:anna@desk.example"}
BEN = {"id": "ben", "address": "client:ben"}


@dataclass
class Desk:
    """`script` says what a caller hears next, None where they wait. `down` is an outage of the journal, `deaf` one
    that comes after the commit, so that what was committed could not be said."""

    cloud: Cloud
    rest: Rest
    driver: TwilioDriver
    access: SourceAccess
    script: Callable[[CallEvent], Script | None] = lambda _: None
    calls: dict[str, Call] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    events: list[CallEvent] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    down: bool = False
    deaf: int = 0
    unsigned: int = 0
    answers: dict[str, tuple[str, Script | None]] = field(default_factory=dict)
    inbound: TwilioInbound = field(default_factory=TwilioInbound)

    async def take(self, request: Request) -> Response:
        """The webhook."""
        target = request.scope["raw_path"].decode()
        if request.scope["query_string"]:
            target += "?" + request.scope["query_string"].decode()
        body = await request.body()
        try:
            received = self.inbound.receive(target, dict(request.headers.raw), body, self.access, now())
        except Unauthenticated:
            self.unsigned += 1
            return Response(status_code=401)
        if self.down:
            return _response(self.inbound.unavailable(target, self.access, received))
        contact, script = "", None
        if received.notice is not None:
            if received.delivery not in self.answers:
                self.answers[received.delivery] = self._apply(received.notice.event, received.contact)
                self.raws.append(received.notice.raw)
                self.secrets += [received.secret.get_secret_value()] if received.secret else []
            contact, script = self.answers[received.delivery]
            command = self.inbound.after(received, contact)
            if command is not None:
                await self.driver.execute(self.access, command)
        if self.deaf:
            self.deaf -= 1
            return _response(self.inbound.unavailable(target, self.access, received))
        return _response(self.inbound.answer(received, self.access, contact, script))

    def _apply(self, event: CallEvent, contact: str | None) -> tuple[str, Script | None]:
        self.events.append(event)
        known = self.calls.get(event.call_id)
        self.calls[event.call_id] = open_call(event) if known is None else take(known, event)
        contact = self.contacts.setdefault(event.call_id, contact or new_id())
        return contact, self.script(event)

    async def order(self, kind: str, call: str, key: str | None = None, **data: Any) -> Outcome:
        """Order something from the platform."""
        contact = self.contacts.setdefault(call, call)
        about = {"call_id": call, "contact_id": contact} | data
        return await self.driver.execute(self.access, SwitchCommand(key or new_id(), kind, now(), about))

    async def call(self, from_: str = CALLER) -> Line:
        """Somebody calls the hotline, and is heard of."""
        line = self.cloud.call(from_, HOTLINE)
        await self.cloud.until(lambda: line.sid in self.contacts)
        return line

    async def waiting(self) -> Line:
        """A caller who stands in their conference."""
        line = await self.call()
        await self.cloud.until(lambda: line.room is not None)
        return line

    async def talking(self, phone: dict[str, str] | None = None) -> tuple[Line, Line]:
        """A caller and the agent who has answered."""
        line = await self.waiting()
        return line, await self.joins(line, phone or ANNA)

    async def joins(self, line: Line, phone: dict[str, str]) -> Line:
        """An agent is connected and answers."""
        await self.order("call.connect", line.sid, agent=phone)
        agent = await self.cloud.rung(phone["address"])
        agent.answer()
        await self.cloud.until(lambda: agent.room is not None and self.legs(line.sid).get(phone["id"]) == "connected")
        return agent

    def legs(self, call: str) -> dict[str, str]:
        """The newest state of everybody's leg, by agent, party or number."""
        return {leg.agent or str(leg.party): str(leg.state) for leg in self.calls[call].legs}

    def told(self, kind: str) -> list[CallEvent]:
        """The events of a type."""
        return [event for event in self.events if event.type == kind]


@asynccontextmanager
async def desk(pace: float = 0.04) -> AsyncIterator[Desk]:
    """A desk and a cloud that know each other."""
    async with Cloud(pace) as cloud, open_client() as http:
        rest = Rest(cloud)
        async with serving(rest.app) as (api, _):
            access = SourceAccess(
                "tw",
                (cloud.token, "an-older-token"),
                f"http://{api}",
                platform="twilio",
                account=cloud.account,
                caller_id=HOTLINE,
            )
            made = Desk(cloud, rest, TwilioDriver(http, now), access)
            app = Starlette(routes=[Route(PATH, made.take, methods=["POST"])])
            async with serving(app) as (address, _):
                made.access = msgspec.structs.replace(access, public_url=f"http://{address}")
                hook = f"http://{address}/webhooks/twilio/tw"
                cloud.numbers[HOTLINE] = Number(f"{hook}/voice", f"{hook}/status", f"{hook}/fallback")
                yield made
                await asyncio.sleep(0)
                await cloud.tasks.stop()
    assert made.unsigned == 0
    assert [fault for fault in cloud.faults if not fault.startswith("11200")] == []


def _response(reply: Reply) -> Response:
    headers = {"content-type": reply.type.decode()}
    return Response(reply.body, reply.status, headers)
