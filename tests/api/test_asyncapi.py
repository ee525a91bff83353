"""The published protocol is the one that is spoken: what the floor tells and what clients say fits its schemas."""

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from app.api.asyncapi import asyncapi_route
from app.api.sockets import told
from app.api.sockets.asked import COMMANDS, Reader, tag_of
from app.api.sockets.channels import CHANNELS
from app.core.errors import Invalid
from app.floor import commands as c
from app.floor.frames import frame
from app.floor.memory.effects import Happened, SwitchOrder
from app.telephony.adapters.generic.client import body_of
from app.telephony.port import SwitchCommand
from tests.api.sockets.test_commands import COMMANDS as SAMPLES
from tests.fixtures.spoken import DOCUMENT, EVERY, check, named
from tests.floor.factories import Bench


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from references(each)


def a_shift() -> Iterator[Bench]:
    """A floor after each step of a call with everything in it."""
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives(tier="gold")
    yield floor
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))
    yield floor
    floor.answers("bob", contact)
    yield floor
    floor.do(c.Hold(agent_id="bob", contact_id=contact))
    yield floor
    floor.do(c.OrderFailed(order_id=7, order_type="call.hold", contact_id=contact, agent_id="bob", detail="refused"))
    yield floor
    floor.on("dee")
    floor.do(c.Conference(agent_id="bob", contact_id=contact, to=c.Destination(agent="dee")))
    yield floor
    floor.do(c.Transfer(agent_id="bob", contact_id=contact, to=c.Destination(queue="loans")))
    yield floor
    floor.call("cleared")
    yield floor


def frames() -> Iterator[tuple[Happened, bytes]]:
    for floor in a_shift():
        for event in floor.last.effects:
            if isinstance(event, Happened) and not event.type.startswith("call."):
                yield event, frame(event.seq, event.at, event.type, event.body, b'{"customer":null}')


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        place: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_no_message_is_called_as_another_one() -> None:
    shapes = {shape for channel in EVERY for shape in (*channel.hears, *channel.tells)}
    assert sorted(DOCUMENT["components"]["messages"]) == sorted(shape.__name__ for shape in shapes)


def test_every_frame_of_the_floor_is_described() -> None:
    seen = set()
    for event, data in frames():
        check(named("agent", event.type), data)
        seen.add(event.type)
    assert {
        "agent.state",
        "contact.offered",
        "offer.withdrawn",
        "contact.ended",
        "command.failed",
        "contact.invited",
    } <= seen


def test_both_snapshots_are_described() -> None:
    for floor in a_shift():
        for look, message in (
            (c.Look(what="agent", agent_id="bob"), "AgentWelcome"),
            (c.Look(what="floor"), "FloorWelcome"),
        ):
            check(message, told.welcome(1, "tab", floor.do(look), reset=False, degraded=False))


def test_every_order_to_a_platform_is_described() -> None:
    for floor in a_shift():
        for order in floor.last.effects:
            if isinstance(order, SwitchOrder):
                data = msgspec.json.decode(order.body)
                check("SwitchOrder", body_of(SwitchCommand("main-1", order.type, order.at, data)))


AMY = "0195ac1f-0000-7000-8000-000000000001"
PROFILES = [
    ("profile.open", {"customer_id": AMY, "contact": AMY, "reason": "asked"}),
    ("profile.close", {"customer_id": AMY}),
]
ASKED = [*((row[0], row[1]) for row in SAMPLES), *PROFILES]


@pytest.mark.parametrize(("kind", "data"), ASKED, ids=[row[0] for row in ASKED])
def test_what_the_server_reads_is_what_the_document_describes(kind: str, data: dict[str, Any]) -> None:
    said = msgspec.json.encode({"id": 1, "type": kind, **data})
    Reader(COMMANDS).read(said)
    check(named("agent", kind), said)


def test_every_command_is_described() -> None:
    heard = DOCUMENT["operations"]["receiveAgent"]["messages"]
    assert len(heard) == len(COMMANDS) + 4
    assert {row[0] for row in SAMPLES} == {tag_of(shape) for shape in COMMANDS} - {
        "call.dial",
        "profile.open",
        "profile.close",
    }


def test_answers_are_described() -> None:
    check("Done", told.answered(1, c.Answer(True)))
    check(
        "Refused", told.refused(None, Invalid("No.", faults=[{"where": "id", "what": "is missing", "accepted": "x"}]))
    )
    check("Renewed", told.renewed(1, 1.8e9))
    check("PongOfServer", told.pong("a"))
    check("PingOfServer", told.PING)


async def test_the_document_is_served() -> None:
    app = Starlette(routes=[asyncapi_route(CHANNELS)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://floor") as client:
        served = await client.get("/asyncapi.json")
    assert served.json()["asyncapi"] == "3.0.0"
    assert set(served.json()["channels"]) == {"agent", "floor"}
