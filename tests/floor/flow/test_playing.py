"""Callers in flows: keys lead on, whatever comes late or not at all harms nobody, and the flow's end is the floor's."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.configuration.config import FlowBook
from app.floor.memory.effects import Ask
from app.floor.memory.entities import ContactState
from app.floor.state import FloorState
from app.ivr.language.reading import read_flow
from app.ivr.language.world import CustomerView
from app.ivr.playing.state import Fetch, Fetched, Verified, Verify
from tests.floor.factories import CONFIG, call_event
from tests.floor.flow_calls import recognised
from tests.floor.flow_line import CONTACT, FLOWS, MAIN, Line, config, outcomes


def test_menu_leads_to_a_queue_with_the_requirement_and_bonus_of_the_flow() -> None:
    line = Line()
    line.on("bob", "ann")
    contact = line.rings()
    assert (line.heard(), line.contact(contact).queue) == (["collect"], None)
    line.presses("1")
    assert line.heard() == ["queue"]
    assert (line.contact(contact).queue, line.contact(contact).bonus) == ("cards", 30)
    assert line.offered_to(contact) == "ann"  # bob has cards at 2 only


BY_SEGMENT = """
flow: main
languages: [en]
fallback_queue: cards
start: which
nodes:
  which:
    type: branch
    cases: [{when: "'dormant' in customer.segments", next: loans}]
    otherwise: cards
  loans: {type: queue, queue: loans}
  cards: {type: queue, queue: cards}
"""


@pytest.mark.parametrize(("segments", "queue"), [(["dormant", "young"], "loans"), (["young"], "cards"), ([], "cards")])
def test_flow_leads_on_by_the_segments_of_the_customer(segments: list[str], queue: str) -> None:
    book = FlowBook(current={"main": 1}, versions={("main", 1): read_flow(BY_SEGMENT)})
    line = Line(msgspec.structs.replace(config(), flows=book))
    caller = recognised(CustomerView(known=True, id="c1", name="Ann", segments=segments))
    event = call_event("offered", "c1", line.now, from_="+8613800138000", to="500")
    line.do(c.TakeEvent(event=event, contact_id=CONTACT, caller=caller))
    assert line.contact(CONTACT).queue == queue


def test_same_key_twice_and_a_late_key_change_nothing() -> None:
    line = Line()
    contact = line.rings()
    line.presses("9")
    assert (line.heard()[-1], line.said["script"]) == ("collect", 2)
    before = line.contact(contact).flow
    line.presses("1", script=1)
    assert (line.contact(contact).flow, line.heard()) == (before, [])


def test_caller_who_keys_nothing_and_a_platform_that_says_nothing_come_to_a_queue_in_the_end() -> None:
    line = Line()
    contact = line.rings()
    for _ in range(20):
        line.wait(60)
        if line.contact(contact).state is ContactState.WAITING:
            break
    assert line.contact(contact).queue == "cards"


def test_fetched_answer_is_spoken_and_ends_the_call_as_served_by_the_flow() -> None:
    line = Line()
    contact = line.rings()
    line.presses("2")
    (ask,) = line.asked()
    assert isinstance(ask.request, Fetch)
    line.do(
        c.FlowAnswered(contact_id=contact, event=Fetched(request=ask.request.id, status=200, body='{"balance": 7}'))
    )
    (script,) = line.ordered()
    assert script["instructions"][0]["text"] == "It is 7."
    line.call("cleared")
    assert outcomes(line) == ["self_served"]


def test_fetch_that_is_never_answered_is_given_up_by_the_floor() -> None:
    line = Line()
    contact = line.rings()
    line.presses("2")
    line.wait(60)
    assert line.contact(contact).queue == "cards"


def test_request_is_asked_again_by_the_next_owner() -> None:
    line = Line()
    contact = line.rings()
    line.presses("2")
    (ask,) = line.asked()
    line.do(c.TakeOver())
    assert line.asked() == [Ask(contact=contact, request=ask.request)]


def test_state_survives_as_json_and_any_process_goes_on_with_it() -> None:
    line = Line()
    contact = line.rings()
    kept = msgspec.json.encode(line.contact(contact))
    other = Line()
    other.state = FloorState(config(), line.state.seq)
    other.state.store.contacts[contact] = msgspec.json.decode(kept, type=type(line.contact(contact)))
    other.state.store.reindex(config())
    other.now, other.said = line.now, line.said
    other.presses("1")
    assert other.contact(contact).queue == "cards"


def test_call_keeps_the_version_with_which_it_began() -> None:
    line = Line()
    contact = line.rings()
    newer = read_flow(MAIN.replace("queue: cards", "queue: loans"))
    book = FlowBook(current={"main": 2, "survey": 1}, versions={**FLOWS, ("main", 2): newer})
    line.do(c.Configure(config=msgspec.structs.replace(config(), flows=book)))
    line.presses("1")
    assert line.contact(contact).queue == "cards"


def test_version_that_is_gone_costs_nobody_the_call() -> None:
    line = Line()
    contact = line.rings()
    line.do(c.Configure(config=msgspec.structs.replace(config(), flows=FlowBook())))
    line.presses("1")
    assert (line.contact(contact).state, line.heard()) == (ContactState.WAITING, ["say", "queue"])
    assert line.told("flow.alert")


def test_queue_that_was_removed_since_the_flow_was_published_leads_to_the_fallback() -> None:
    line = Line()
    contact = line.rings()
    left = {key: rules for key, rules in CONFIG.queues.items() if key != "cards"}
    line.do(c.Configure(config=config(queues=left)))
    line.presses("1")
    assert line.contact(contact).queue == "loans"
    assert line.told("flow.alert")


@pytest.mark.parametrize("keys", ["", "1", "2", "3", "4", "5", "51234", "6"])
def test_caller_may_hang_up_at_every_node(keys: str) -> None:
    line = Line()
    contact = line.rings()
    for key in keys[:1]:
        line.presses(key)
    if len(keys) > 1:
        line.presses("", secret_ref="r1", length=4)
    line.call("connection_cleared")
    assert len(outcomes(line)) == 1
    left = [each for each in line.state.store.contacts.values() if each.id == contact]
    assert left == []


def test_promised_callback_takes_a_place_in_the_line() -> None:
    line = Line()
    contact = line.rings()
    line.presses("3")
    assert line.heard()[-1] == "hang_up"
    line.call("cleared")
    assert outcomes(line) == ["callback"]
    (callback,) = line.state.store.contacts.values()
    assert (callback.callback_of, callback.queue, callback.call.to) == (contact, "cards", "+8613800138000")


def test_message_is_an_outcome_of_its_own() -> None:
    line = Line()
    line.rings()
    line.presses("4")
    assert line.heard()[-1] == "voicemail"
    line.call("cleared")
    assert outcomes(line) == ["voicemail"]


def proves(line: Line, outcome: str) -> str:
    contact = line.rings()
    line.presses("5")
    line.presses("", secret_ref="r1", length=6)
    line.presses("", secret_ref="r2", length=4)
    (ask,) = line.asked()
    assert isinstance(ask.request, Verify)
    assert (ask.request.number_ref, ask.request.secret_ref) == ("r1", "r2")
    known = c.Recognised(customer=c.CustomerCard("k1", "Wang", "gold"), profile=b"{}") if outcome == "found" else None
    event = Verified(request=ask.request.id, outcome=outcome, customer="k1" if known else None)  # type: ignore[arg-type]
    line.do(c.FlowAnswered(contact_id=contact, event=event, caller=known))
    line.ordered()
    return contact


def test_caller_who_proves_who_they_are_is_served_as_who_they_are() -> None:
    line = Line()
    contact = line.contact(proves(line, "found"))
    assert contact.customer is not None
    assert (contact.verified, contact.customer.name, contact.queue, contact.bonus) == (True, "Wang", "cards", 90)


def test_locked_identification_is_told_politely_and_alerts() -> None:
    line = Line()
    contact = proves(line, "locked")
    assert line.told("flow.alert")
    assert line.heard()[0] == "say"
    assert line.contact(contact).queue == "loans"


def test_waiting_caller_is_offered_a_callback_once_and_told_their_place_again_and_again() -> None:
    line = Line()
    contact = line.rings()
    line.presses("1")
    line.wait(10)
    (script,) = line.ordered()
    assert [each["do"] for each in script["instructions"]] == ["collect"]
    line.presses("5")
    line.wait(16)
    (script,) = line.ordered()
    (queue,) = script["instructions"]
    assert (queue["do"], queue["prompts"][0]["text"]) == ("queue", "You are number 1 in the queue.")
    line.wait(30)
    assert len(line.ordered()) == 1
    assert line.contact(contact).state is ContactState.WAITING


def test_key_on_the_offer_is_a_promise() -> None:
    line = Line()
    contact = line.rings()
    line.presses("1")
    line.wait(10)
    line.ordered()
    line.presses("1")
    assert line.heard() == ["hang_up"]
    line.call("cleared")
    assert outcomes(line) == ["callback"]
    assert contact not in line.state.store.contacts


def test_caller_is_asked_how_it_was_when_the_agent_has_gone() -> None:
    line = Line()
    line.on("ann")
    contact = line.rings()
    line.presses("1")
    line.answers("ann", contact)
    line.call("connection_cleared", agent="ann")
    (script,) = line.ordered()
    assert script["instructions"][0]["do"] == "collect"
    line.presses("5")
    assert [e.data["rating"] for e in line.contact(contact).timeline if e.kind == "flow.survey"] == [5]
    line.call("cleared")
    assert outcomes(line) == ["answered"]
    assert line.states("ann") == [AgentState.WORKING_AFTER_CALL]


def test_flow_looks_at_the_queues_of_the_running_floor() -> None:
    line = Line()
    contact = line.rings()
    line.presses("7")
    assert (line.contact(contact).queue, line.told("flow.alert")) == ("cards", [])
    other = Line()
    other.arrives(call_id="c0")
    other.do(c.TakeEvent(event=call_event("offered", "c1", other.now, to="500"), contact_id=CONTACT))
    other.said = {"script": 1}
    other.presses("7")
    assert other.heard()[-1] == "voicemail"


def test_number_that_is_not_reached_brings_the_caller_back_to_a_queue() -> None:
    line = Line()
    contact = line.rings()
    line.presses("8")
    assert line.heard()[-1] == "transfer"
    line.said = line._tells("script_done", details={"script": line.said["script"], "transfer": "busy"})
    assert line.heard() == ["say", "queue"]
    assert (line.contact(contact).queue, line.contact(contact).state) == ("loans", ContactState.WAITING)


def test_offer_of_a_callback_is_not_cut_off_by_an_announcement() -> None:
    line = Line()
    line.rings()
    line.presses("1")
    line.wait(10)
    (offer,) = line.ordered()
    line.wait(15)
    assert [script["number"] for script in line.ordered()] == [offer["number"]]  # nothing newer
    line.presses("1", script=offer["number"])
    assert line.heard() == ["hang_up"]


def test_key_on_the_offer_counts_while_an_agent_is_rung() -> None:
    line = Line()
    contact = line.rings()
    line.presses("1")
    line.wait(10)
    line.ordered()
    line.on("ann")
    assert line.offered_to(contact) == "ann"
    line.presses("1")
    assert line.heard() == ["hang_up"]
    line.call("cleared")
    assert outcomes(line) == ["callback"]


def talks(line: Line) -> str:
    line.on("ann")
    contact = line.rings()
    line.presses("1")
    line.answers("ann", contact)
    return contact


def test_released_agent_and_failed_leg_are_no_end_that_one_is_asked_about() -> None:
    line = Line()
    contact = talks(line)
    line.do(c.Release(agent_id="ann", by="sue"))
    assert (line.contact(contact).in_flow, line.contact(contact).requeue_at) == (False, line.now + 5)
    other = Line()
    contact = talks(other)
    other.call("failed", agent="ann")
    assert (other.contact(contact).in_flow, other.contact(contact).requeue_at) == (False, other.now + 5)


def test_caller_who_is_handed_to_a_number_is_not_asked_how_it_was() -> None:
    line = Line()
    contact = talks(line)
    line.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49301")))
    line.call("connection_cleared", agent="ann")
    assert line.ordered() == []


def test_agent_who_hangs_up_leaves_the_caller_for_the_survey() -> None:
    line = Line()
    contact = talks(line)
    line.do(c.HangUp(agent_id="ann", contact_id=contact))
    assert line.orders() == ["call.cancel"]
    line.call("connection_cleared", agent="ann")
    assert len(line.ordered()) == 1


def test_outage_takes_no_time_from_a_caller_who_was_asked_something() -> None:
    line = Line()
    contact = line.rings()
    line.now += 600
    line.do(c.TakeOver())
    line.do(c.Expire())
    line.presses("1")
    assert line.contact(contact).queue == "cards"


def test_caller_whom_the_switch_connects_out_of_a_flow_is_the_agents_and_hears_nothing_more_of_it() -> None:
    line = Line()
    line.on("ann")
    contact = line.rings()
    line.call("established", agent="ann")
    assert (line.contact(contact).state, line.contact(contact).in_flow) == (ContactState.ACTIVE, False)
    line.wait(600)
    assert line.ordered() == []
    line.call("connection_cleared", agent="ann")
    line.wait(5)
    assert line.contact(contact).state is ContactState.WAITING


def test_caller_whom_the_platform_sends_elsewhere_out_of_a_flow_is_told_nothing_more() -> None:
    line = Line()
    contact = line.rings()
    line.call("transferred")
    line.wait(600)
    assert (line.ordered(), line.contact(contact).in_flow, line.contact(contact).sent_away) == ([], False, True)


def test_what_may_be_a_secret_is_one_also_under_a_number_that_no_script_has_had() -> None:
    line = Line()
    contact = line.rings()
    run = line.contact(contact).flow
    assert run is not None
    assert not any(run.may_be_secret(each) for each in (run.state.script, 99, None))
    line.presses("5")
    run = line.contact(contact).flow
    assert run is not None
    now = run.state.script
    assert [run.may_be_secret(each) for each in (now - 1, now)] == [False, True]
    assert all(run.may_be_secret(each) for each in (now + 1, 0, -1, 999, True, "1", None, 1.0))
