"""Whatever is written in a flow and whatever a caller does: no exception, no silence for ever, no way back in time."""

from typing import Any

import msgspec
import pytest

from app.ivr.language.flow import Flow
from app.ivr.language.nodes import AnyNode
from app.ivr.language.phrases import APOLOGY
from app.ivr.playing.interpreter import ENTER, GO_ON, step
from app.ivr.playing.state import FlowState, HungUp, Keyed, Started, TimedOut, ToHangUp, ToQueue, begun
from tests.ivr.plays import WORLD, Play, flow_of

FALSE = '{type: branch, cases: [{when: "vars.t", next: end}], otherwise: end}'
BAD = {"a": "{type: say, text: Welcome, next: bad}", "bad": FALSE}
KINDS = {"t": "text"}


def test_every_kind_of_node_has_a_handler() -> None:
    kinds = {*AnyNode.__origin__.__args__}  # type: ignore[attr-defined]
    assert set(ENTER) == kinds
    assert set(GO_ON) < kinds


def test_a_fault_apologises_queues_and_alerts() -> None:
    told = Play(flow_of(variables=KINDS, nodes=BAD)).last
    assert told.action == ToQueue(queue="general")
    assert [each.text for each in told.instructions if hasattr(each, "text")] == ["Welcome", APOLOGY["en"]]
    assert told.alert == "bad: 'vars.t' gives a str, neither true nor false"


def test_a_fault_leads_to_on_fault_once() -> None:
    fault = "{type: menu, prompt: Sorry, choices: {1: bad, 2: end}, otherwise: end}"
    play = Play(flow_of(variables=KINDS, on_fault="f", nodes=BAD | {"f": fault}))
    assert (play.heard, play.at, play.last.action) == (["Welcome", "Sorry"], "f", None)
    assert play.last.alert is not None
    assert play.key("1").action == ToQueue(queue="general")


def test_a_fault_in_on_fault_itself_queues_at_once() -> None:
    told = Play(flow_of(variables=KINDS, on_fault="bad", nodes=BAD)).last
    assert told.action == ToQueue(queue="general")
    assert told.alert is not None
    assert told.alert.count("gives a str") == 2


def test_a_fault_in_a_sub_flow_leads_to_the_nearest_on_fault() -> None:
    sub = flow_of(flow="sub", variables=KINDS, nodes=BAD)
    main = flow_of(
        on_fault="f",
        nodes={"a": "{type: call_flow, flow: sub, next: end}", "f": "{type: hang_up, prompt: main}"},
    )
    assert Play(main, others={"sub": sub}).heard == ["Welcome", "main"]
    sub = sub.model_copy(update={"on_fault": "end"})
    assert Play(main, others={"sub": sub}).heard == ["Welcome"]


@pytest.mark.parametrize("first", ["nowhere", "a"])
def test_edges_that_lead_nowhere_and_loops_are_faults(first: str) -> None:
    told = Play(flow_of(nodes={"a": f"{{type: say, text: x, next: {first}}}"})).last
    assert told.action == ToQueue(queue="general")
    assert told.alert in ("nowhere: there is no node 'nowhere'", "a: passes more than 100 nodes without waiting")


def test_a_call_does_not_go_round_for_ever() -> None:
    play = Play(flow_of(nodes={"a": "{type: menu, prompt: x, choices: {1: a}, otherwise: a}"}))
    for _ in range(499):
        assert play.key("1").action is None
    assert play.key("1").action == ToQueue(queue="general")


WAITING = {
    "menu": "{type: menu, prompt: x, choices: {1: end}, otherwise: end}",
    "collect": "{type: collect, prompt: x, into: t, next: end, otherwise: end}",
    "survey": "{type: survey, question: q, prompt: x, next: end}",
    "fetch": "{type: fetch, url: 'https://x.example', next: end, failed: end}",
}


@pytest.mark.parametrize("kind", WAITING)
def test_a_caller_may_hang_up_at_every_node_that_waits(kind: str) -> None:
    play = Play(flow_of(variables=KINDS, nodes={"a": WAITING[kind]}))
    told = play.tell(HungUp())
    assert (told.state.over, told.state.request, told.wait_seconds, told.action) == (True, None, None, None)
    assert told.notes[0].node == "a"
    for event in (TimedOut(1), HungUp(), Started()):
        assert play.tell(event).late


def test_a_caller_may_hang_up_before_the_flow_begins() -> None:
    flow = flow_of(nodes={"a": WAITING["menu"]})
    gone = step(flow, begun(flow), HungUp(), WORLD).state
    assert step(flow, gone, Started(), WORLD).late


def test_a_second_start_changes_nothing() -> None:
    play = Play(flow_of(nodes={"a": WAITING["menu"]}))
    assert play.tell(Started()).late


def test_keys_for_what_was_asked_before_are_late_and_the_wait_goes_on() -> None:
    again = "{type: menu, prompt: y, choices: {1: end}, otherwise: end}"
    play = Play(flow_of(nodes={"a": "{type: menu, prompt: x, choices: {1: b}, otherwise: end}", "b": again}))
    first = play.state.script
    waits = play.key("1")
    for event in (Keyed(script=first, digits="1"), TimedOut(first)):
        told = play.tell(event)
        assert (told.late, told.state, told.wait_seconds) == (True, waits.state, waits.wait_seconds)
        assert told.wait_seconds
    assert play.key("1").action == ToHangUp()
    late = play.tell(Keyed(script=play.state.script, digits="1"))
    assert (late.late, late.wait_seconds) == (True, None)


def test_an_event_for_a_node_that_waits_for_nothing_queues_the_caller_and_alerts() -> None:
    play = Play(flow_of(variables=KINDS, nodes={"a": WAITING["collect"]}))
    changed = flow_of(nodes={"a": "{type: say, text: x, next: end}"})
    told = step(changed, play.state, Keyed(script=play.state.script, digits="1"), WORLD)
    assert (told.action, told.alert) == (ToQueue(queue="general"), "a: waits for nothing, and something came")


def test_a_state_that_does_not_fit_its_flow_does_not_leave_the_caller() -> None:
    play = Play(flow_of(variables=KINDS, nodes={"a": WAITING["collect"]}))
    other = flow_of("z", flow="other", nodes={"z": "{type: hang_up}"})
    told = step(other, play.state, TimedOut(1), WORLD)
    assert (told.action, told.alert) == (ToQueue(queue="general"), "a: there is no node 'a'")


def broken(monkeypatch: pytest.MonkeyPatch, flow: Flow) -> Any:
    def fail(*_: object) -> ToHangUp:
        raise RuntimeError("surprise")

    monkeypatch.setitem(ENTER, type(flow.nodes["a"]), fail)
    return step(flow, begun(flow), Started(), WORLD)


def test_even_an_error_of_ours_does_not_leave_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    told = broken(monkeypatch, flow_of(nodes={"a": WAITING["menu"]}))
    assert told.action == ToQueue(queue="general")
    assert told.alert == "a: the interpreter failed: RuntimeError: surprise"


def test_the_state_is_small_json() -> None:
    play = Play(flow_of(variables=KINDS, nodes={"a": WAITING["menu"]}))
    encoded = msgspec.json.encode(play.state)
    assert len(encoded) < 200
    assert msgspec.json.decode(encoded, type=FlowState) == play.state
