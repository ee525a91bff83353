"""What goes wrong around the floor: platforms that do not answer, clocks that disagree, rules that change."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.calls.leg import LegState
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.invariants import check
from app.floor.memory.effects import EndContact, SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench


def ended(floor: Bench) -> EndContact:
    return next(e for e in floor.last.effects if isinstance(e, EndContact))


def talking(floor: Bench) -> str:
    """A call that ann has taken."""
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    return contact


def failed(contact: str, order: str, agent: str = "ann") -> c.OrderFailed:
    return c.OrderFailed(order_id=1, order_type=order, contact_id=contact, agent_id=agent, detail="refused")


def test_customer_who_hangs_up_first_closes_every_leg_by_the_platforms_clock() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.now += 200
    floor.call("connection_cleared", leg_id="customer", at=floor.now - 140)
    agent = ended(floor).contact.call.leg_of("ann")
    assert agent is not None
    assert (agent.state, agent.talk_seconds) == (LegState.CLEARED, 60)
    assert floor.contact(contact).state is ContactState.WRAP_UP


def test_transfer_that_the_switch_refused_is_forgotten() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49")))
    floor.do(failed(contact, "call.transfer"))
    floor.call("connection_cleared", agent="ann")
    floor.wait(5)
    assert floor.contact(contact).state is ContactState.WAITING


def test_transfer_to_a_number_that_never_happened_leaves_nobody_alone() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49")))
    floor.call("connection_cleared", agent="ann")
    floor.wait(5)
    assert floor.contact(contact).state is ContactState.WAITING


def test_caller_whom_the_switch_sent_elsewhere_is_not_queued_again() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49")))
    floor.call("connection_cleared", agent="ann")
    floor.call("transferred")
    floor.wait(60)
    assert floor.contact(contact).state is ContactState.ARRIVING


def test_caller_whom_the_switch_queues_again_waits_again() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    floor.call("transferred", agent="ann")
    floor.call("queued", queue="cards")
    assert floor.offered_to(contact) == "bob"


def test_platform_clock_ahead_makes_no_ghost_call_of_a_late_offer() -> None:
    floor = Bench()
    floor.on("ann")
    floor.call("queued", at=floor.now + 3, queue="cards")
    floor.call("cleared", at=floor.now + 4)
    floor.call("offered", at=floor.now + 2, to="100")
    assert floor.state.store.contacts == {}


YEARS = 70 * 365 * 86_400


@pytest.mark.parametrize("years", [YEARS, -YEARS // 2])
@pytest.mark.parametrize("wrong", ["offered", "established", "cleared"])
def test_event_of_another_year_makes_no_talk_of_years_and_hides_no_later_call(wrong: str, years: float) -> None:
    floor = Bench()
    floor.on("ann")

    def at(kind: str) -> float:
        return floor.now + years * (kind == wrong)

    contact = floor.call("offered", at=at("offered"), to="100")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("established", at=at("established"), agent="ann")
    floor.wait(30)
    floor.call("cleared", at=at("cleared"))
    leg = ended(floor).contact.call.leg_of("ann")
    assert leg is not None
    assert leg.talk_seconds == 30
    floor.wait(1)
    assert floor.arrives() != contact


def test_call_that_is_told_days_later_keeps_its_own_times() -> None:
    floor = Bench()
    floor.on("ann")
    then = floor.now - 3 * 86_400
    contact = floor.call("offered", at=then, to="100")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("established", at=then + 20, agent="ann")
    floor.call("cleared", at=then + 80)
    leg = ended(floor).contact.call.leg_of("ann")
    assert leg is not None
    assert leg.talk_seconds == 60


def test_new_rules_reach_those_who_wait_already() -> None:
    floor = Bench()
    floor.on("cho")
    contact = floor.arrives("100")
    config = floor.state.store.config
    eased = msgspec.structs.replace(config.queues["cards"], requires=(("zh", 1),), bonus=99.0)
    floor.do(c.Configure(config=msgspec.structs.replace(config, queues={**config.queues, "cards": eased})))
    assert floor.offered_to(contact) == "cho"
    assert floor.contact(contact).bonus == 99.0


def test_agent_who_is_removed_gives_back_the_offer_and_is_logged_off() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    config = floor.state.store.config
    left = {key: record for key, record in config.agents.items() if key != "ann"}
    floor.do(c.Configure(config=msgspec.structs.replace(config, agents=left)))
    assert floor.states("ann") == [AgentState.LOGGED_OFF]
    assert floor.offered_to(contact) == "bob"


def test_agent_is_not_kept_by_a_call_whose_end_never_comes_opensips_3123() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.wait(15)
    assert floor.states("ann") == [AgentState.WORKING_AFTER_CALL]


def test_hang_up_that_the_platform_refuses_ends_the_contact() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    (order,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    floor.do(msgspec.structs.replace(failed(contact, "call.disconnect"), order_id=order))
    assert ended(floor).outcome == "swept"


def test_dialling_into_silence_ends_by_itself() -> None:
    floor = Bench()
    floor.on("ann")
    floor.do(c.Dial(agent_id="ann", contact_id="018f0000-0000-7000-8000-000000000001", to="+49", source="pbx"))
    floor.wait(181)
    assert floor.states("ann") == [AgentState.READY]


def test_phone_that_is_given_up_is_told_to_stop_ringing_freeswitch_2529() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.now += 30
    floor.do(c.Expire())
    orders = [e for e in floor.last.effects if isinstance(e, SwitchOrder)]
    assert [(o.type, o.agent) for o in orders] == [("call.cancel", "ann")]


def test_outage_blames_nobody_for_the_offer_they_could_not_take() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.now += 25
    floor.do(c.Resumed())
    floor.do(c.Expire())
    assert floor.offered_to(contact) == "ann"
    floor.wait(20)
    assert floor.agent("ann").reason == "no_answer"


def test_platforms_own_word_for_why_the_customer_left_is_kept_asterisk_393() -> None:
    floor = Bench()
    floor.arrives()
    floor.call("connection_cleared", cause="caller gave up")
    assert ended(floor).contact.call.cause == "caller gave up"


def test_outage_gives_the_platform_time_to_say_that_it_hung_up() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.now += 60
    floor.do(c.TakeOver())
    floor.do(c.Expire())
    floor.call("cleared")
    assert ended(floor).outcome == "answered"


def test_colleague_talks_on_when_one_of_a_conference_hangs_up() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.call("conferenced", agent="dee")
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.call("connection_cleared", agent="ann")
    floor.wait(60)
    assert floor.contact(contact).agents == ("dee",)


def test_caller_whom_only_the_agents_phone_left_waits_on_for_as_long_as_it_takes() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.call("connection_cleared", agent="ann")
    floor.do(c.LogOff(agent_id="ann"))
    floor.wait(60)
    assert floor.contact(contact).state is ContactState.WAITING


def test_swept_caller_is_no_abandon_of_four_hours() -> None:
    floor = Bench()
    floor.arrives()
    floor.now += 5 * 3600
    floor.do(c.Expire())
    assert [visit.outcome for visit in ended(floor).contact.visits] == ["swept"]


def test_colleague_who_takes_a_transfer_is_no_second_answer_of_the_queue() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("transferred", agent="ann")
    floor.answers("bob", contact)
    floor.call("cleared")
    assert [(v.outcome, v.agent) for v in ended(floor).contact.visits] == [("answered", "ann")]


def test_name_that_comes_late_is_shown_to_the_agent_at_once() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.call("queued", queue="cards")
    caller = c.Recognised(customer=c.CustomerCard(id="7", name="Wang", tier="gold"), profile=b'{"customer":7}')
    floor.call("offered", from_="+861", caller=caller)
    (frame,) = floor.told("contact.updated")
    assert (frame.agent, frame.contact) == ("ann", contact)
    assert b'"profile":{"customer":7}' in frame.body


def test_platform_that_talks_too_much_does_not_push_out_the_end() -> None:
    floor = Bench()
    floor.arrives()
    for digit in range(320):
        floor.call("digits", details={"digits": str(digit)})
    floor.call("cleared")
    assert [e.kind for e in ended(floor).contact.timeline][-1] == "contact.ended"


def test_outbound_call_that_the_agent_leaves_is_hung_up() -> None:
    floor = Bench()
    floor.on("ann")
    call_id = "018f0000-0000-7000-8000-000000000001"
    floor.do(c.Dial(agent_id="ann", contact_id=call_id, to="+49", source="pbx"))
    floor.call("established", call_id, agent="ann")
    floor.call("connection_cleared", call_id, agent="ann")
    assert floor.orders() == ["call.disconnect"]
    floor.wait(15)
    assert call_id not in floor.state.store.contacts


def test_agent_whom_the_switch_took_has_not_missed_the_offer() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives(call_id="c1")
    floor.call("established", "c2", agent="ann", to="100")
    assert floor.contact(contact).missed_by == ()


def test_agent_who_hangs_up_before_the_phone_is_answered_has_no_broken_phone() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.call("connection_cleared", agent="ann")
    assert floor.states("ann") == [AgentState.READY]
    assert floor.offered_to(contact) == "bob"


def test_what_is_no_number_is_not_dialled() -> None:
    floor = Bench()
    floor.on("ann")
    call_id = "018f0000-0000-7000-8000-000000000001"
    problem = floor.refused(c.Dial(agent_id="ann", contact_id=call_id, to="e", source="pbx"))
    assert problem["faults"][0]["where"] == "to"


def test_agent_who_is_removed_while_talking_finishes_and_is_logged_off() -> None:
    floor = Bench()
    contact = talking(floor)
    config = floor.state.store.config
    left = {key: record for key, record in config.agents.items() if key != "ann"}
    floor.do(c.Configure(config=msgspec.structs.replace(config, agents=left)))
    assert floor.states("ann") == [AgentState.BUSY]
    floor.call("cleared")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    assert floor.states("ann") == [AgentState.LOGGED_OFF]


def test_call_id_used_again_during_wrap_up_is_a_new_call() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    old = talking(floor)
    floor.call("cleared")
    floor.now += 10
    new = floor.arrives()
    assert new != old
    assert floor.offered_to(new) == "bob"
    assert floor.states("ann") == [AgentState.WORKING_AFTER_CALL]
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=old))
    assert floor.call("digits") == new


def test_order_that_was_never_sent_costs_nobody_their_readiness() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    never = c.OrderFailed(
        order_id=9, order_type="call.connect", contact_id=contact, agent_id="ann", detail="late", attempts=0
    )
    floor.do(never)
    assert (floor.offered_to(contact), floor.states("ann")) == ("ann", [AgentState.RESERVED])


def test_agent_who_hangs_up_before_the_phone_rings_costs_the_caller_nothing_whatever_the_platform_says() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    assert floor.orders() == ["call.cancel"]
    assert floor.offered_to(contact) == "bob"
    floor.wait(19)
    assert floor.offered_to(contact) == "bob"


def test_answer_told_only_after_the_end_of_the_agents_part_makes_an_answered_call_issabel_41() -> None:
    floor = Bench()
    floor.on("ann")
    floor.arrives()
    floor.call("connection_cleared", agent="ann", at=floor.now + 30, sequence=3)
    floor.call("established", agent="ann", at=floor.now + 10, sequence=2)
    floor.call("cleared", at=floor.now + 31)
    (end,) = [each for each in floor.last.effects if isinstance(each, EndContact)]
    assert (end.outcome, end.contact.served_by) == ("answered", ("ann",))
    assert [(visit.outcome, visit.agent) for visit in end.contact.visits] == [("answered", "ann")]


def test_call_that_is_taken_for_a_new_one_and_given_back_is_that_of_who_wraps_it_up() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.call("cleared")
    assert floor.contact(contact).state is ContactState.WRAP_UP
    store, again = floor.state.store, floor.contact(contact).with_(id=new_id())
    store.begin_batch()
    store.begin()
    store.put_contact(again)
    assert store.calls == {("pbx", "c1"): again.id}
    store.rollback_batch()
    assert store.calls == {("pbx", "c1"): contact}
    check(floor.state)
    store.begin()
    store.put_contact(again)
    store.drop_contact(again.id)
    assert store.calls == {("pbx", "c1"): contact}
