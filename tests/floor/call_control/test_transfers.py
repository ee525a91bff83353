"""Callers whom an agent sends to a number where nobody is reached: they are taken back."""

from typing import Any

import msgspec
import pytest

from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench
from tests.floor.flow_line import Line, outcomes


def sends_away(floor: Bench, contact: str) -> None:
    """Ann sends the caller to a number, and the platform rings it."""
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49301")))
    floor.call("transferred", agent="ann")
    floor.wait(20)
    assert floor.contact(contact).sent_away


def not_reached(floor: Bench, said: str = "busy") -> None:
    floor.call("script_done", details={"script": 0, "transfer": said})


def test_caller_who_was_sent_to_a_busy_number_waits_again_at_their_old_place() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    sends_away(floor, contact)
    floor.arrives(call_id="c2")
    not_reached(floor)
    back = floor.contact(contact)
    assert (back.state, back.queue, back.sent_away) == (ContactState.WAITING, "cards", False)
    floor.on("bob")
    assert floor.offered_to(contact) == "bob"


def test_caller_with_a_flow_is_told_in_their_language_that_nobody_was_reached() -> None:
    line = Line()
    line.on("ann")
    contact = line.rings()
    line.presses("1")
    line.answers("ann", contact)
    sends_away(line, contact)
    told: dict[str, Any] = line._tells("script_done", details={"script": 0, "transfer": "no-answer"})
    (queue,) = told["instructions"]
    assert (queue["do"], queue["prompts"][0]["text"][:6]) == ("queue", "Nobody")


@pytest.mark.parametrize("said", ["completed", "answered", None])
def test_talk_with_the_number_that_is_over_gives_nobody_back(said: str | None) -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    sends_away(floor, contact)
    not_reached(floor, said)  # type: ignore[arg-type]
    assert floor.contact(contact).state is ContactState.ARRIVING
    floor.call("cleared")
    assert outcomes(floor) == ["answered"]


def test_customer_whom_we_called_is_hung_up_on_where_nobody_was_reached() -> None:
    floor = Bench()
    floor.on("ann")
    contact = "018f0000-0000-7000-8000-000000000009"
    floor.do(c.Dial(agent_id="ann", contact_id=contact, to="+49", source="pbx"))
    floor.call("established", contact, agent="ann", leg_id="a")
    floor.call("established", contact, leg_id="c")
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49301")))
    floor.call("transferred", contact, agent="ann", leg_id="a")
    floor.call("script_done", contact, details={"script": 0, "transfer": "busy"})
    (order,) = [each for each in floor.last.effects if isinstance(each, SwitchOrder)]
    assert (order.type, "agent" in msgspec.json.decode(order.body)) == ("call.disconnect", False)
    assert floor.contact(contact).close_at is not None


@pytest.mark.parametrize("asked", [c.Transfer, c.Conference, c.ConsultCall])
def test_what_is_no_number_is_sent_to_no_platform(asked: type[c.Transfer | c.Conference | c.ConsultCall]) -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    refused = floor.refused(
        asked(agent_id="ann", contact_id=contact, to=c.Destination(number="\N{GRINNING FACE} reception"))
    )
    (fault,) = refused["faults"]
    assert (fault["where"], fault["accepted"]) == ("to", "a telephone number")
