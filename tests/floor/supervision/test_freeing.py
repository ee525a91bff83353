"""What supervisors can do when something is stuck, and what follows the present contact."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench


def talking(floor: Bench) -> str:
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    return contact


def release(floor: Bench) -> None:
    floor.do(c.Release(agent_id="ann", by="sue"))
    assert (floor.agent("ann").state, floor.agent("ann").reason) == (AgentState.NOT_READY, "released")


def test_agent_reserved_for_ever_is_freed_and_the_caller_goes_to_somebody_else_freeswitch_2540() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    release(floor)
    assert floor.offered_to(contact) == "bob"
    assert "agent.released" in [entry.kind for entry in floor.contact(contact).timeline]


def test_agent_whose_phone_never_answers_is_freed_and_their_phone_stops_ringing() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    release(floor)
    assert floor.orders() == ["call.cancel"]
    assert floor.contact(contact).state is ContactState.WAITING


def test_agent_who_seems_to_talk_is_freed_and_the_caller_waits_again_at_their_place() -> None:
    floor = Bench()
    contact = talking(floor)
    queued_at = floor.contact(contact).queued_at
    release(floor)
    floor.wait(6)
    assert (floor.contact(contact).state, floor.contact(contact).queued_at) == (ContactState.WAITING, queued_at)


def test_agent_in_wrap_up_without_end_is_freed() -> None:
    floor = Bench()
    talking(floor)
    floor.call("cleared")
    release(floor)


def test_agent_whom_nothing_holds_is_not_released() -> None:
    floor = Bench()
    floor.on("ann")
    assert floor.refused(c.Release(agent_id="ann", by="sue"))["state"] == "ready"


def test_call_that_should_be_over_is_closed_though_the_platform_stays_silent() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.EndCall(contact_id=contact, by="sue"))
    assert floor.orders() == ["call.disconnect"]
    floor.wait(16)
    assert floor.contact(contact).state is ContactState.WRAP_UP


@pytest.mark.parametrize("again", [False, True])
def test_break_after_this_contact_is_taken_unless_chosen_otherwise_since_connect_613(again: bool) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.NotReady(agent_id="ann", reason="lunch", after_contact=True))
    assert floor.states("ann") == [AgentState.BUSY]
    if again:
        floor.do(c.Ready(agent_id="ann", after_contact=True))
    floor.call("cleared")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    expected = (AgentState.READY, None) if again else (AgentState.NOT_READY, "lunch")
    assert (floor.agent("ann").state, floor.agent("ann").reason) == expected


def test_later_choice_overrides_the_one_that_was_to_follow_connect_613() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.NotReady(agent_id="ann", reason="lunch", after_contact=True))
    floor.call("cleared")
    floor.do(c.Ready(agent_id="ann"))
    floor.on("ann")
    assert floor.states("ann") == [AgentState.READY]
    assert floor.agent("ann").after is None
    assert contact not in floor.state.store.contacts


def test_promised_callback_needs_a_number() -> None:
    floor = Bench()
    contact = floor.call("offered", "c9", to="100")
    assert floor.refused(c.AskCallback(contact_id=contact))["accepted"] == ["number"]
    floor.do(c.AskCallback(contact_id=contact, number="+8613900000000"))
    assert floor.contact(contact).callback_to == "+8613900000000"


def test_number_of_a_promised_callback_is_corrected_by_a_later_one() -> None:
    floor = Bench()
    contact = floor.arrives()
    floor.do(c.AskCallback(contact_id=contact))
    told = floor.do(c.AskCallback(contact_id=contact, number="+8613900000000"))
    assert told["callback_to"] == "+8613900000000"
    floor.do(c.AskCallback(contact_id=contact))
    floor.call("callback_requested", details={"number": "none"})
    assert floor.contact(contact).callback_to == "+8613900000000"


def test_released_agent_is_taken_off_the_call_and_no_later_news_of_it_takes_them_back() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.wait(10)
    release(floor)
    assert floor.orders() == ["call.cancel"]
    floor.now += 1
    floor.call("digits")
    assert (floor.contact(contact).agents, floor.agent("ann").contacts) == ((), ())
    floor.on("bob")
    floor.wait(6)
    floor.answers("bob", contact)
    assert floor.contact(contact).agents == ("bob",)
    leg = floor.contact(contact).call.leg_of("ann")
    assert leg is not None
    assert (leg.ended, leg.talk_seconds) == (True, 10)


def test_supervisor_who_listens_is_let_in_and_kept_in_the_timeline() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="client:sue", mode="whisper"))
    (order,) = [e for e in floor.last.effects if isinstance(e, SwitchOrder)]
    told = msgspec.json.decode(order.body)
    assert (order.type, told["agent"]) == ("call.listen", {"id": "sue", "address": "client:sue"})
    assert (told["mode"], told["to"]) == ("whisper", {"agent": "ann"})
    (entry,) = [each for each in floor.contact(contact).timeline if each.kind == "call.listened"]
    assert entry.data == {"by": "sue", "mode": "whisper", "to": "ann"}
    assert floor.refused(c.Listen(contact_id=contact, by="sue", address="x", to="bob"))["accepted"] == ["ann"]
