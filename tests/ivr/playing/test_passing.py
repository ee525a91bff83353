"""Nodes that a call passes: languages, hours, branches, values, flows within flows."""

import msgspec
import pytest

from app.ivr.playing.state import Frame, ToHangUp
from app.telephony.instructions import HangUp, Pause, Play, Say
from tests.ivr.plays import WORLD, flow_of
from tests.ivr.plays import Play as Call

WAIT = "{type: menu, prompt: {en: 'stay {vars.n}', zh: 请稍候}, choices: {1: end}, otherwise: end}"
ENDS = {"b": "{type: hang_up, prompt: 'yes'}", "c": "{type: hang_up, prompt: 'no'}"}


def heard(node: str) -> list[str]:
    return Call(flow_of(nodes={"a": node} | ENDS)).heard


def test_texts_and_recordings_come_in_the_callers_language_with_its_voice() -> None:
    nodes = {
        "a": "{type: language, value: customer.language, next: s}",
        "s": "{type: say, text: {en: Hello, zh: '您好{customer.name}'}, next: p}",
        "p": "{type: play, media: {en: a.wav, zh: b.wav}, next: t}",
        "t": "{type: say, text: {en: Only English}, next: u}",
        "u": "{type: say, text: {en: Bye, zh: 再见}, language: en, voice: amy, next: x}",
        "x": "{type: hang_up, prompt: [{pause_seconds: 1}, {play: c.wav}, {say: 好}]}",
    }
    assert Call(flow_of(voices={"zh": "xiaoyan"}, nodes=nodes)).last.instructions == (
        Say(text="您好Li Mei", language="zh", voice="xiaoyan"),
        Play(media="b.wav", language="zh"),
        Say(text="Only English", language="en"),
        Say(text="Bye", language="en", voice="amy"),
        Pause(seconds=1),
        Play(media="c.wav", language="zh"),
        Say(text="好", language="zh", voice="xiaoyan"),
        HangUp(),
    )


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [("to: zh", "zh"), ("to: zh-CN", "zh"), ("to: fr", "en"), ("value: \"''\"", "en"), ("value: caller.country", "en")],
)
def test_a_language_that_the_flow_does_not_speak_changes_nothing(wanted: str, spoken: str) -> None:
    call = Call(flow_of(variables={"n": "number"}, nodes={"a": f"{{type: language, {wanted}, next: b}}", "b": WAIT}))
    assert call.state.language == spoken


@pytest.mark.parametrize(
    ("asked", "told"),
    [("hours: bank", "yes"), ("hours: branch", "no"), ("queue: cards", "yes"), ("queue: shut", "no")],
)
def test_hours_of_a_calendar_and_of_a_queue(asked: str, told: str) -> None:
    assert heard(f"{{type: hours, {asked}, open: b, closed: c}}") == [told]


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("customer.tier == 'gold' && queues.cards.waiting > 3", "yes"),
        ("now.weekday == 1 && now.hour == 10 && now.minute == 0 && now.date == '2024-11-25'", "yes"),
        ("customer.verified || caller.number_kind == 'withheld'", "no"),
        ("has(customer.attributes.club) && customer.attributes.club > 1", "no"),
    ],
)
def test_a_branch_goes_where_the_first_true_case_leads(when: str, told: str) -> None:
    node = f'{{type: branch, cases: [{{when: "false", next: c}}, {{when: "{when}", next: b}}], otherwise: c}}'
    assert Call(flow_of(timezone="Asia/Shanghai", nodes={"a": node} | ENDS)).heard == [told]


def test_a_branch_by_the_clock_sees_the_time_zone_of_its_flow() -> None:
    world = msgspec.structs.replace(WORLD, now=WORLD.now + 14 * 3600)  # midnight in Shanghai, Monday elsewhere
    node = '{type: branch, cases: [{when: "now.weekday == 2", next: b}], otherwise: c}'
    assert Call(flow_of(timezone="Asia/Shanghai", nodes={"a": node} | ENDS), world).heard == ["yes"]
    assert Call(flow_of(timezone="Europe/London", nodes={"a": node} | ENDS), world).heard == ["no"]


def test_new_values_are_made_of_the_old_ones() -> None:
    node = "{type: set, values: {n: 2, m: 'vars.n * 1.5', f: true, t: '\"a\" + string(vars.m)'}, next: w}"
    kinds = {"n": {"type": "number", "initial": 4}, "m": "number", "f": "flag", "t": "text"}
    call = Call(flow_of(variables=kinds, nodes={"a": node, "w": WAIT}))
    assert call.vars == {"n": 2.0, "m": 6.0, "f": True, "t": "a0"}


@pytest.mark.parametrize(
    "source", ["'a'", "true", "1 / 0", "vars.n + 1", "[1]", "null", "1.0 / 0.0", "vars.missing", "((", "1e308 * 10.0"]
)
def test_a_value_that_does_not_fit_is_a_fault(source: str) -> None:
    told = Call(
        flow_of(variables={"n": "number"}, nodes={"a": f'{{type: set, values: {{n: "{source}"}}, next: w}}'})
    ).last
    assert told.alert is not None
    assert told.alert.startswith("a: ")
    assert "interpreter" not in told.alert


def test_a_text_does_not_grow_without_end() -> None:
    grow = "{type: set, values: {t: vars.t + vars.t}, next: a}"
    call = Call(flow_of(variables={"t": {"type": "text", "initial": "x"}}, nodes={"a": grow}))
    assert call.last.alert == "a: a text of 1024 characters is too long; at most 1000 are kept"


SUB = flow_of(
    flow="sub",
    timezone="Asia/Shanghai",
    variables={"given": "text", "back": {"type": "number", "initial": 7}},
    nodes={
        "a": "{type: menu, prompt: 'sub {vars.given} {now.hour}', choices: {1: r}, otherwise: deep}",
        "r": "{type: set, values: {back: vars.back + 1.0}, next: return}",
        "deep": "{type: call_flow, flow: sub, values: {given: \"'x'\"}, next: return}",
    },
)
MAIN = flow_of(
    variables={"n": "number"},
    nodes={
        "a": "{type: call_flow, flow: sub, values: {given: customer.name}, into: {n: back}, next: w}",
        "w": WAIT,
    },
)


def test_a_flow_within_a_flow_has_variables_of_its_own_and_gives_back_what_is_wanted() -> None:
    call = Call(MAIN, others={"sub": SUB})
    assert call.heard == ["sub Li Mei 10"]
    assert call.state.frames[0] == Frame("main", "a", {"n": 0.0})
    call.key("1")
    assert call.heard == ["stay 8"]
    assert call.state.frames == (Frame("main", "w", {"n": 8.0}),)


def test_flows_within_flows_have_an_end() -> None:
    call = Call(MAIN, others={"sub": SUB})
    for _ in range(6):
        for _ in range(3):
            assert call.key("9").alert is None
    for _ in range(3):
        call.key("9")
    assert call.last.alert == "sub/deep: plays flows within flows more than 8 deep"


def test_a_flow_that_there_is_not_is_a_fault() -> None:
    assert Call(MAIN).last.alert == "a: there is no flow 'sub'"


def test_return_ends_the_call_where_nobody_called() -> None:
    assert Call(flow_of(nodes={"a": "{type: say, text: x, next: return}"})).last.action == ToHangUp()
