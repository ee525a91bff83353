"""What callers hear while they wait, and again after somebody has gone: nobody is left in silence."""

from typing import Any

import msgspec

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.configuration.config import FlowBook, SourceRules
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from app.ivr.language.reading import read_flow
from app.ivr.playing.state import Fetched
from app.telephony.instructions import Script
from tests.floor.factories import CONFIG, Bench
from tests.floor.flow_line import FLOWS, MAIN, Line, config, outcomes

STEERED = SourceRules(id="pbx", numbers={"100": "cards"}, steered=True)


def scripts(floor: Bench) -> list[dict[str, Any]]:
    """The scripts that the last command ordered."""
    told = [e for e in floor.last.effects if isinstance(e, SwitchOrder) and e.type == "call.script"]
    return [msgspec.json.decode(each.body)["script"] for each in told]


def desk(source: SourceRules = STEERED) -> Bench:
    """The small bank behind a platform that has no queues of its own."""
    return Bench(msgspec.structs.replace(CONFIG, sources={"pbx": source}))


def dropped(floor: Bench) -> str:
    """A caller without a flow whose agent's leg has dropped some seconds ago."""
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.call("connection_cleared", agent="ann")
    floor.wait(5)
    assert floor.contact(contact).state is ContactState.WAITING
    return contact


def test_caller_without_a_flow_hears_music_again_after_the_agents_leg_dropped() -> None:
    floor = desk()
    contact = dropped(floor)
    assert scripts(floor) == [{"number": 1, "instructions": [{"do": "queue", "queue": "cards"}]}]
    floor.on("bob")
    floor.answers("bob", contact)
    floor.do(c.Release(agent_id="bob", by="sue"))
    floor.wait(5)
    assert [each["number"] for each in scripts(floor)] == [2]


def test_platform_with_a_queue_of_its_own_is_told_no_script_where_no_flow_is() -> None:
    floor = desk(msgspec.structs.replace(STEERED, steered=False))
    dropped(floor)
    assert scripts(floor) == []


def not_said(floor: Bench, contact: str, script: dict[str, Any], *, refused: bool = True) -> list[dict[str, Any]]:
    """The platform does not take a script; gives those that are told instead."""
    told = msgspec.convert(script, Script)
    floor.do(
        c.OrderFailed(
            order_id=1, order_type="call.script", contact_id=contact, agent_id=None, detail="too long", refused=refused,
            script=told,
        )
    )  # fmt: skip
    return scripts(floor)


def fetched(line: Line) -> tuple[str, dict[str, Any]]:
    """A caller whose flow tells them what was fetched: an order of its own."""
    contact = line.rings()
    line.presses("2")
    (ask,) = line.asked()
    answer = Fetched(request=ask.request.id, status=200, body='{"balance": 7}')
    line.do(c.FlowAnswered(contact_id=contact, event=answer))
    return contact, scripts(line)[0]


def waits(line: Line) -> str:
    contact = line.rings()
    line.presses("1")
    return contact


def test_script_that_the_platform_refuses_leads_to_the_node_for_faults_and_is_told() -> None:
    text = MAIN.replace("{balance: /balance}, next: told", "{balance: /balance}, next: ask") + (
        "  ask: {type: menu, prompt: Long., choices: {1: bye}, otherwise: bye}\n"
        "  sorry: {type: menu, prompt: Sorry., choices: {1: bye}, otherwise: bye}\non_fault: sorry\n"
    )
    book = FlowBook(current={"main": 1, "survey": 1}, versions={**FLOWS, ("main", 1): read_flow(text)})
    line = Line(msgspec.structs.replace(config(), flows=book))
    contact, script = fetched(line)
    (sorry,) = not_said(line, contact, script)
    assert sorry["instructions"][0]["prompts"][0]["text"] == "Sorry."
    assert len(line.told("flow.alert")) == 1
    (apology,) = not_said(line, contact, sorry)
    assert [each["do"] for each in apology["instructions"]] == ["say", "queue"]
    assert line.contact(contact).queue == "loans"


def test_goodbye_that_is_refused_is_no_silence_but_the_end() -> None:
    line = Line()
    contact, script = fetched(line)
    assert script["instructions"][-1]["do"] == "hang_up"
    assert not_said(line, contact, script) == []
    assert (line.orders(), len(line.told("flow.alert"))) == (["call.disconnect"], 1)


def test_announcement_that_is_refused_leaves_music_and_is_not_tried_again() -> None:
    line = Line()
    contact = waits(line)
    line.wait(10)
    (music,) = not_said(line, contact, scripts(line)[0])
    assert music["instructions"] == [{"do": "queue", "queue": "cards"}]
    assert len(line.told("flow.alert")) == 1
    assert not_said(line, contact, music) == []
    line.wait(300)
    assert scripts(line) == []


def test_announcement_that_did_not_get_through_is_no_fault_of_the_flow() -> None:
    line = Line()
    contact = waits(line)
    line.wait(10)
    (music,) = not_said(line, contact, scripts(line)[0], refused=False)
    assert (music["instructions"][0]["do"], line.told("flow.alert")) == ("queue", [])
    line.wait(60)
    assert scripts(line)[-1]["instructions"][0]["prompts"]


def test_failure_of_a_script_is_nothing_to_who_has_been_told_something_newer_or_talks() -> None:
    line = Line()
    contact = waits(line)
    line.wait(10)
    (offer,) = scripts(line)
    line.presses("9", script=offer["number"])
    assert not_said(line, contact, offer) == []
    line.on("ann")
    line.answers("ann", contact)
    newest = {"number": line.contact(contact).last_script, "instructions": [{"do": "music"}]}
    assert not_said(line, contact, newest) == []


def promised(line: Line) -> str:
    """A caller who has taken the offer of a callback while an agent is asked to take them."""
    contact = waits(line)
    line.wait(10)
    (offer,) = scripts(line)
    line.on("ann")
    line.presses("1", script=offer["number"])
    return contact


def test_caller_who_was_told_good_bye_is_offered_to_nobody_and_the_agent_has_missed_nothing() -> None:
    line = Line()
    contact = promised(line)
    assert (line.offered_to(contact), line.states("ann")) == (None, [AgentState.READY])
    line.call("cleared")
    (callback,) = line.state.store.contacts.values()
    assert line.offered_to(callback.id) == "ann"


def test_platform_that_does_not_hang_up_after_a_promise_keeps_neither_the_caller_nor_the_callback() -> None:
    line = Line()
    contact = promised(line)
    line.wait(30)
    assert line.orders() == ["call.disconnect"]
    (callback,) = line.state.store.contacts.values()
    assert (callback.callback_of, line.offered_to(callback.id)) == (contact, "ann")


def test_transfer_by_a_flow_of_which_the_platform_says_nothing_ends_by_time() -> None:
    line = Line()
    contact = line.rings()
    line.presses("8")
    line.wait(119)
    assert line.contact(contact).sent_away
    line.wait(1)
    assert (outcomes(line), line.orders()) == (["swept"], [])


def test_transfer_by_a_flow_lasts_as_long_as_it_takes_once_the_number_rings() -> None:
    line = Line()
    line.rings()
    line.presses("8")
    line.call("transferred")
    line.wait(3600)
    line.call("cleared")
    assert outcomes(line) == ["transferred"]


def test_caller_who_comes_back_from_a_number_is_not_closed_at_the_limit_of_the_transfer() -> None:
    line = Line()
    contact = line.rings()
    line.presses("8")
    line.call("script_done", details={"script": line.said["script"], "transfer": "busy"})
    line.wait(600)
    assert line.contact(contact).state is ContactState.WAITING


def test_first_announcement_does_not_cut_off_what_is_said_on_the_way_into_the_queue() -> None:
    text = MAIN.replace("start: menu", "start: hello").replace("{first_seconds: 20, every_seconds: 30}", "{}") + (
        "  hello: {type: say, text: 'Welcome to the bank, whose agents are all speaking.', next: cards}\n"
    )
    book = FlowBook(current={"main": 1, "survey": 1}, versions={**FLOWS, ("main", 1): read_flow(text)})
    line = Line(msgspec.structs.replace(config(), flows=book))
    line.rings()
    line.wait(8)
    assert scripts(line) == []
    line.wait(2)
    (told,) = scripts(line)
    assert told["instructions"][0]["prompts"][0]["do"] == "say"


def test_offer_of_a_callback_that_is_never_answered_ends_by_time_with_music() -> None:
    text = MAIN.replace("    announcements: {first_seconds: 20, every_seconds: 30}\n", "")
    book = FlowBook(current={"main": 1, "survey": 1}, versions={**FLOWS, ("main", 1): read_flow(text)})
    line = Line(msgspec.structs.replace(config(), flows=book))
    contact = waits(line)
    line.wait(10)
    (offer,) = scripts(line)
    line.wait(60)
    (music,) = scripts(line)
    assert [each["do"] for each in music["instructions"]] == ["queue"]
    line.presses("1", script=offer["number"])
    assert (line.heard(), line.contact(contact).callback_to, line.contact(contact).speaks_at) == ([], None, None)


def test_outage_takes_no_time_from_the_offer_of_a_callback() -> None:
    line = Line()
    waits(line)
    line.wait(10)
    (offer,) = scripts(line)
    line.now += 600
    line.do(c.TakeOver())
    line.do(c.Expire())
    assert scripts(line) == []
    line.presses("1", script=offer["number"])
    assert line.heard() == ["hang_up"]
