"""Whole calls on the pure floor, told step by step; invariants are checked after every command."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.calls.leg import Party
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.memory.effects import AddEntry, Amend, EndContact, Happened
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench, call_event


def ended(floor: Bench) -> EndContact:
    return next(e for e in floor.last.effects if isinstance(e, EndContact))


def test_a_caller_reaches_the_agent_with_the_skill_and_the_call_is_kept() -> None:
    floor = Bench()
    floor.on("cho", "ann")
    contact = floor.arrives("100")
    assert floor.offered_to(contact) == "ann"
    assert [f.agent for f in floor.told("contact.offered")] == ["ann"]
    floor.wait(3)
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    assert floor.orders() == ["call.connect"]
    floor.call("delivered", agent="1001", leg_id="L2")
    floor.wait(2)
    floor.call("established", agent="1001", leg_id="L2")
    assert floor.contact(contact).state is ContactState.ACTIVE
    floor.wait(60)
    floor.call("cleared")
    done = ended(floor)
    assert (done.outcome, done.contact.served_by) == ("answered", ("ann",))
    assert done.contact.call.seconds("talk_seconds", floor.now, Party.AGENT) == 60
    assert done.contact.visits[0].left_at == floor.now - 60
    assert floor.agent("ann").state is AgentState.WORKING_AFTER_CALL
    floor.wait(10)
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact, code="solved", note="card 4111 1111 1111 1111 sent"))
    amend = next(e for e in floor.last.effects if isinstance(e, Amend))
    assert (amend.code, amend.note, amend.wrap_up_seconds) == ("solved", "card …1111 sent", 10)
    assert floor.agent("ann").state is AgentState.READY
    assert floor.state.store.contacts == {}


def test_caller_hangs_up_while_the_agent_is_rung_frees_the_agent_freeswitch_2529() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    assert floor.offered_to(contact) == "ann"
    floor.call("cleared")
    assert ended(floor).outcome == "abandoned"
    assert floor.states("ann") == [AgentState.READY]
    assert b"caller_gone" in floor.told("offer.withdrawn")[0].body


def test_caller_hangs_up_while_the_agents_phone_is_connected() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("connection_cleared", leg_id="customer")
    assert ended(floor).outcome == "abandoned"
    assert floor.states("ann") == [AgentState.READY]


def test_ring_no_answer_goes_to_the_next_agent_and_the_first_is_not_ready() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.wait(20)
    assert floor.offered_to(contact) == "bob"
    assert floor.agent("ann").reason == "no_answer"
    floor.do(c.Ready(agent_id="ann"))
    floor.wait(20)
    assert floor.offered_to(contact) == "ann", "nobody else is on duty, so even who missed it is asked again"


def test_nobody_else_leaves_duty_and_whoever_declined_is_asked_again() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))
    assert floor.offered_to(contact) == "bob"
    assert floor.states("ann") == [AgentState.READY]
    floor.do(c.LogOff(agent_id="bob"))
    assert floor.offered_to(contact) == "ann"


def test_decline_costs_readiness_where_the_queue_says_so() -> None:
    floor = Bench()
    floor.on("bob", "dee")
    contact = floor.arrives("200")
    floor.do(c.DeclineOffer(agent_id="bob", contact_id=contact))
    assert floor.agent("bob").reason == "declined"
    assert floor.offered_to(contact) == "dee"


def test_status_change_during_an_offer_moves_the_call_on_without_a_loop_freeswitch_800() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.NotReady(agent_id="ann", reason="lunch"))
    assert (floor.agent("ann").reason, floor.offered_to(contact)) == ("lunch", "bob")
    floor.do(c.Ready(agent_id="ann"))
    assert floor.offered_to(contact) == "bob"
    assert floor.told("contact.offered") == []


def test_transferred_talk_time_is_not_booked_on_the_first_agent_asterisk_759_freepbx_124() -> None:
    floor = Bench()
    floor.on("ann", "dee")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(30)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="loans")))
    floor.call("transferred", agent="ann")
    assert floor.agent("ann").state is AgentState.WORKING_AFTER_CALL
    assert floor.offered_to(contact) == "dee"
    floor.answers("dee", contact)
    floor.wait(100)
    floor.call("cleared")
    legs = {leg.agent: leg.talk_seconds for leg in ended(floor).contact.call.legs if leg.agent}
    assert legs == {"ann": 30, "dee": 100}
    assert [v.queue for v in ended(floor).contact.visits] == ["cards", "loans"]
    assert any(e.kind == "call.transferred" for e in ended(floor).contact.timeline)


def test_transfer_to_a_colleague_who_misses_it_falls_back_to_the_queue() -> None:
    floor = Bench()
    floor.on("ann", "cho", "bob")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(agent="cho")))
    floor.call("connection_cleared", agent="ann")
    assert floor.offered_to(contact) == "cho"
    floor.wait(20)
    assert floor.offered_to(contact) == "bob"


def test_caller_left_alone_by_a_dropped_agent_leg_waits_again_at_the_old_place() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    arrived = floor.contact(contact).queued_at
    floor.answers("ann", contact)
    floor.wait(5)
    floor.call("connection_cleared", agent="ann")
    floor.wait(5)
    assert floor.contact(contact).state is ContactState.WAITING
    assert floor.contact(contact).queued_at == arrived


def test_failed_phone_sends_the_caller_back_and_stops_the_agent() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("failed", agent="1001", cause="unregistered")
    assert floor.agent("ann").reason == "phone_unregistered"
    assert floor.offered_to(contact) == "bob"


def test_phone_that_never_answers_after_accept_is_given_up() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.wait(30)
    assert floor.agent("ann").reason == "phone_not_answered"
    assert floor.offered_to(contact) == "bob"


def rung_twice(floor: Bench) -> str:
    """Ann accepts, does not answer in time, and accepts again; the platform does not tell the end of the first ringing,
    and the phone rings for the second time."""
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("delivered", agent="1001", leg_id="A1")
    floor.wait(31)
    floor.do(c.Ready(agent_id="ann"))
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.now += 1
    floor.call("delivered", agent="1001", leg_id="A2")
    return contact


@pytest.mark.parametrize("late", [False, True])
def test_agent_who_puts_the_phone_down_is_free_though_the_end_of_an_earlier_ringing_was_lost(late: bool) -> None:
    floor = Bench()
    contact = rung_twice(floor)
    floor.call("established", agent="1001", leg_id="A2")
    floor.now += 20
    if late:  # told only now that the first one rang at all
        floor.call("delivered", agent="1001", leg_id="A0", at=floor.now - 55)
    floor.call("connection_cleared", agent="1001", leg_id="A2", cause="hung_up")
    assert (floor.orders(), floor.states("ann")) == (["call.disconnect"], [AgentState.WORKING_AFTER_CALL])
    assert floor.contact(contact).agents == ()


def test_phone_that_fails_sends_the_caller_back_though_the_end_of_an_earlier_ringing_was_lost() -> None:
    floor = Bench()
    contact = rung_twice(floor)
    floor.call("failed", agent="1001", leg_id="A2", cause="busy")
    assert (floor.contact(contact).state, floor.states("ann")) == (ContactState.WAITING, [AgentState.NOT_READY])


def test_undeliverable_connect_is_told_and_the_caller_waits_on() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    failed = c.OrderFailed(
        order_id=1, order_type="call.connect", contact_id=contact, agent_id="ann", detail="connection refused"
    )
    floor.do(failed)
    assert [f.agent for f in floor.told("command.failed")] == ["ann"]
    assert floor.offered_to(contact) == "bob"


def test_call_whose_end_never_comes_is_swept_and_says_so_opensips_3123() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(4 * 3600 + 100)
    assert contact not in floor.state.store.contacts
    assert floor.agent("ann").state is AgentState.READY


def test_event_after_the_end_is_kept_with_the_call_and_opens_nothing() -> None:
    floor = Bench()
    contact = floor.arrives()
    floor.call("cleared")
    late = floor.call("recording_ready", details={"url": "x"})
    assert late == contact
    entry = next(e for e in floor.last.effects if isinstance(e, AddEntry))
    assert (entry.contact, entry.entry.data["late"]) == (contact, True)
    assert floor.state.store.contacts == {}


def test_call_id_used_again_after_the_end_is_a_new_call() -> None:
    floor = Bench()
    first = floor.arrives()
    floor.call("cleared")
    floor.wait(30)
    assert floor.arrives() != first


def test_unknown_event_type_is_kept_and_moves_nothing_frappe_2780() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    before = floor.contact(contact)
    floor.call("quality_report", details={"mos": 4.1})
    assert [e.type for e in floor.told("call.quality_report")] == ["call.quality_report"]
    assert floor.contact(contact).state is before.state
    assert floor.contact(contact).timeline[-1].data == {"mos": 4.1}


@pytest.mark.parametrize(
    "kind", ["contact.ended", "contact.offered", "agent.state", "note", "wrap_up", 'a"b', "offered"]
)
def test_platform_that_uses_our_own_names_is_kept_apart_from_what_we_say(kind: str) -> None:
    floor = Bench()
    contact = floor.arrives()
    before = floor.contact(contact)
    event = msgspec.structs.replace(call_event("any", at=floor.now), type=kind, details={"text": "forged"})
    for _ in range(2):
        floor.do(c.TakeEvent(event=event, contact_id=new_id()))
        assert [told.type for told in floor.last.effects if isinstance(told, Happened)] == [f"call.other:{kind}"]
        assert floor.contact(contact).state is before.state
        assert floor.contact(contact).timeline[-1].kind == f"call.other:{kind}"
    floor.call("cleared")
    floor.do(c.TakeEvent(event=event, contact_id=new_id()))
    (late,) = [effect for effect in floor.last.effects if isinstance(effect, AddEntry)]
    assert late.entry.kind == f"call.other:{kind}"


def test_event_for_an_unknown_call_opens_it_in_the_state_it_implies() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.call("established", agent="ann", from_="+861", to="100")
    assert floor.contact(contact).state is ContactState.ACTIVE
    assert floor.states("ann", "bob") == [AgentState.BUSY, AgentState.READY]
    floor.call("cleared")
    assert ended(floor).outcome == "answered"


def test_switch_connects_another_agent_than_the_one_offered() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.call("established", agent="bob")
    assert floor.states("ann", "bob") == [AgentState.READY, AgentState.BUSY]
    assert floor.contact(contact).agents == ("bob",)


def test_agent_taken_by_the_switch_gives_back_what_was_on_offer() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives(call_id="c1")
    floor.call("established", "c2", agent="ann", to="100")
    assert floor.contact(contact).state is ContactState.WAITING
    floor.call("cleared", "c2")
    assert floor.agent("ann").state is AgentState.WORKING_AFTER_CALL


def test_number_that_no_queue_answers_is_recorded_as_unrouted() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives("999")
    assert floor.contact(contact).state is ContactState.ARRIVING
    floor.call("cleared")
    assert ended(floor).outcome == "unrouted"


def test_dialling_out_and_back_to_the_break_it_came_from_flex_290() -> None:
    floor = Bench()
    floor.do(c.Connect(agent_id="ann"))
    floor.do(c.NotReady(agent_id="ann", reason="paperwork"))
    floor.do(c.Dial(agent_id="ann", contact_id="018f0000-0000-7000-8000-000000000001", to="+86139", source="pbx"))
    assert floor.orders() == ["call.dial"]
    call_id = "018f0000-0000-7000-8000-000000000001"
    floor.call("established", call_id, agent="ann", direction="outbound")
    assert floor.contact(call_id).state is ContactState.CONNECTING
    floor.call("established", call_id)
    assert floor.contact(call_id).state is ContactState.ACTIVE
    floor.call("cleared", call_id)
    assert ended(floor).outcome == "answered"
    floor.wait(31)
    assert (floor.agent("ann").state, floor.agent("ann").reason) == (AgentState.NOT_READY, "paperwork")


def test_number_that_comes_late_still_gives_the_caller_name_and_place() -> None:
    floor = Bench()
    other = floor.arrives(call_id="c0")
    floor.wait(30)
    contact = floor.call("queued", queue="cards")
    caller = c.Recognised(customer=c.CustomerCard(id="7", name="Wang", tier="gold"), profile=b"{}")
    floor.call("offered", from_="+861", to="100", caller=caller)
    floor.on("ann")
    assert floor.offered_to(contact) == "ann"
    assert floor.offered_to(other) is None
    assert floor.state.store.profiles[contact] == b"{}"


def test_call_that_ended_is_remembered_for_ten_minutes_and_not_for_ever() -> None:
    floor = Bench()
    for call_id in ("c1", "c2"):
        floor.arrives(call_id=call_id)
        floor.call("cleared", call_id)
        floor.now += 60
    floor.now += 479
    for seconds, kept in ((0, 2), (1, 1), (59, 1), (1, 0)):
        floor.now += seconds
        floor.do(c.Expire())
        assert len(floor.state.store.ended) == kept
