"""Any flow of a generator, any world, any events: never an exception, never a caller without a wait limit, and a
process that reads the state back goes on in the same way."""

from typing import Any

import msgspec
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.ivr.language.flow import Flow
from app.ivr.language.reading import as_yaml, read_flow
from app.ivr.playing.interpreter import step
from app.ivr.playing.state import (
    AnyEvent,
    Fetched,
    FlowState,
    HungUp,
    Keyed,
    NoInput,
    Said,
    ScriptDone,
    Started,
    Step,
    TimedOut,
    Verified,
    begun,
)
from app.telephony.instructions import Collect, Enqueue, HangUp, Music, Transfer, Voicemail
from tests.ivr.plays import WORLD

NAMES = ["a", "b", "c", "d"]
VARIABLES = {"n": "number", "t": {"type": "text", "initial": "12"}, "f": "flag"}
LAST = (Collect, Enqueue, HangUp, Music, Transfer, Voicemail)
SECRET = "8391"
OFFERS = ("callback", "announcements")

target = st.sampled_from([*NAMES * 3, *["m"] * 8, "return", "nowhere"])
maybe = st.none() | target
GOOD_TEXTS = ["Hello", {"en": "Hi {vars.n}", "zh": "您好"}, "{vars.t} {{", "{customer.name}"]
text = st.sampled_from([*GOOD_TEXTS * 8, "{1 / 0}", "{customer}"])
prompt = text | st.lists(
    st.fixed_dictionaries({"say": text}, optional={"language": st.sampled_from(["en", "zh"])})
    | st.just({"play": "x.wav"})
    | st.just({"pause_seconds": 1}),
    max_size=2,
)
GOOD_FLAGS = ["true", "false", "vars.f", "vars.n > 3", "vars.t == '1'", "queues.cards.open"]
flag = st.sampled_from([*GOOD_FLAGS * 4, "vars.t", "1 / 0 > 0"])
NUMBERS, TEXTS, FLAGS = (
    [1, "vars.n + 1.0", "size(vars.t)"],
    ["vars.t + vars.t", "'x'", "customer.name"],
    [True, "!vars.f"],
)
values = st.fixed_dictionaries(
    {"n": st.sampled_from([*NUMBERS * 4, "vars.t"])},
    optional={
        "t": st.sampled_from([*TEXTS * 4, "1"]),
        "f": st.sampled_from([*FLAGS * 4, "vars.n"]),
    },
)
variable = st.sampled_from(["n", "t", "t", "t", "n", "n", "gone", "f"])
queue = st.sampled_from(["cards", "cards", "cards", "shut", "gone"])
url = st.sampled_from(["https://x.example/{vars.t}"] * 5 + ["https://x.example/{"])
pointers = st.dictionaries(variable, st.sampled_from(["", "/a", "/a/0"]), max_size=2)
copies = st.sampled_from([{}, {"n": "n"}, {"t": "t"}, {"f": "f"}, {"n": "t"}, {"gone": "n"}])
retry = st.fixed_dictionaries({}, optional={"prompt": prompt, "next": target})
listening: dict[str, Any] = {"retries": st.integers(0, 2), "no_input": retry, "no_match": retry, "otherwise": target}


def node(kind: str, given: dict[str, Any], optional: dict[str, Any] | None = None) -> Any:
    return st.fixed_dictionaries({"type": st.just(kind), **given}, optional=optional or {})


MENU = node(
    "menu",
    {"prompt": prompt, "choices": st.dictionaries(st.sampled_from("12#"), target, min_size=1)},
    listening | {"speech": st.booleans(), "barge_in": st.booleans()},
)
nodes = st.one_of(
    node("say", {"text": text, "next": target}, {"language": st.sampled_from(["en", "fr"])}),
    node("play", {"media": st.just({"en": "a.wav"}), "next": target}),
    MENU,
    node("collect", {"prompt": prompt, "into": variable, "next": target}, listening | {"most": st.integers(1, 4)}),
    node("collect", {"prompt": prompt, "into": st.just("pin"), "secret": st.just(True), "next": target}, listening),
    node("language", {"to": st.sampled_from(["zh", "en", "fr"]), "next": target}),
    node("language", {"value": st.sampled_from(["customer.language"] * 4 + ["vars.n"]), "next": target}),
    node("hours", {"hours": st.sampled_from(["bank", "branch", "bank", "gone"]), "open": target, "closed": target}),
    node("hours", {"queue": queue, "open": target, "closed": target}),
    node("identify", {"by": st.just("number"), "found": target, "not_found": target}),
    node(
        "identify",
        {"by": st.just("id_number"), "number": variable, "pin": st.just("pin"), "found": target, "not_found": target},
        {"locked": target, "failed": target, "attempts": st.integers(1, 3), "prompt": prompt},
    ),
    node(
        "branch", {"cases": st.lists(st.fixed_dictionaries({"when": flag, "next": target}), min_size=1, max_size=2)}
    ).flatmap(lambda it: target.map(lambda otherwise: it | {"otherwise": otherwise})),
    node("set", {"values": values, "next": target}),
    node(
        "fetch",
        {
            "url": st.sampled_from(["https://x.example/{vars.t}"] * 5 + ["https://x.example/{"]),
            "next": target,
            "failed": target,
        },
        {
            "into": st.dictionaries(variable, st.sampled_from(["", "/a", "/a/0"]), max_size=2),
            "body": st.just(["{vars.n}"]),
        },
    ),
    node(
        "queue",
        {"queue": queue},
        {"closed": target, "prompt": prompt, "callback": st.just({}), "announcements": st.just({})},
    ),
    node("callback", {"queue": queue, "no_number": target}, {"number": variable, "prompt": prompt}),
    node("voicemail", {"queue": queue, "prompt": prompt}),
    node("transfer", {"agent": st.just("mei")}, {"prompt": prompt}),
    node("survey", {"question": st.just("q"), "prompt": prompt, "next": target}, listening | {"into": variable}),
    node(
        "call_flow",
        {"flow": st.sampled_from(["sub", "main", "gone"]), "next": target},
        {
            "values": values,
            "into": copies,
        },
    ),
    node("hang_up", {}, {"prompt": prompt}),
)


def flows(name: str) -> st.SearchStrategy[Flow]:
    whole = {
        "flow": st.just(name),
        "languages": st.just(["en", "zh"]),
        "fallback_queue": st.just("general"),
        "timezone": st.sampled_from(["UTC", "Asia/Shanghai"]),
        "variables": st.just(VARIABLES),
        "start": st.just("m"),
        "nodes": st.fixed_dictionaries({"m": MENU} | dict.fromkeys(NAMES, nodes)),
    }
    drawn = st.fixed_dictionaries(whole, optional={"on_fault": st.sampled_from([*NAMES, "nowhere"])})
    return drawn.map(lambda document: read_flow(yaml.safe_dump(document, allow_unicode=True)))


@st.composite
def happening(draw: st.DrawFn, state: FlowState, secret: str = SECRET) -> AnyEvent:
    """Something that may happen now: mostly what is waited for, at times anything else."""
    script = state.script - draw(st.sampled_from([0, 0, 0, 0, 0, 1]))
    request = state.request.id if state.request and draw(st.integers(0, 9)) else "0"
    body = draw(st.sampled_from(["", "5", '{"a": "x"}', '{"a": [1]}', "[true]", '"' + "y" * 2000 + '"']))
    answers: list[AnyEvent] = [
        Fetched(request=request, status=draw(st.sampled_from([200, 200, 500])), body=body),
        Fetched(request=request, error="slow"),
        Verified(request=request, outcome=draw(st.sampled_from(["found", "not_found", "locked", "failed", "lost"]))),
    ]
    keys: list[AnyEvent] = [
        Keyed(script=script, digits=draw(st.sampled_from(["1", "2", "#", "", "12", "123456", "1#", "9", "x"]))),
        Keyed(script=script, digits="1"),
        Keyed(script=script, finished="timeout"),
        Keyed(script=script, digits=secret, secret_ref="ref", length=4),
        Said(script=script, text=draw(st.sampled_from(["one", "", secret]))),
        NoInput(script),
    ]
    others: list[AnyEvent] = [ScriptDone(script), TimedOut(script), Started(), HungUp()]
    wanted = answers if state.waiting == "answer" else keys
    return draw(st.sampled_from([*wanted * 6, *others, *answers[:1], *keys[:1]]))


def check(told: Step, before: FlowState, happened: AnyEvent) -> None:
    state = told.state
    assert (told.wait_seconds is None) == state.over
    assert state.over or (told.wait_seconds or 0) > 0
    assert told.alert is None or "the interpreter failed" not in told.alert
    if told.late:
        assert (state, told.instructions, told.action, told.request) == (before, (), None, None)
        return
    if isinstance(happened, HungUp):
        return
    assert told.instructions
    assert isinstance(told.instructions[-1], LAST)
    assert not any(isinstance(each, LAST) for each in told.instructions[:-1])
    assert (told.action is not None) == state.over
    assert (told.request is not None) == (state.waiting == "answer")
    assert state.script == before.script + 1


@settings(max_examples=200, deadline=None)
@given(flows("main"), flows("sub"), st.data())
def test_any_flow_and_any_events(flow: Flow, sub: Flow, data: st.DataObject) -> None:
    state, again = begun(flow), read_flow(as_yaml(flow))
    happened: AnyEvent = Started()
    for _ in range(data.draw(st.integers(8, 25))):
        told = step(flow, state, happened, WORLD, {"sub": sub})
        check(told, state, happened)
        encoded = msgspec.json.encode(state)
        assert step(again, msgspec.json.decode(encoded, type=FlowState), happened, WORLD, {"sub": sub}) == told
        state = told.state
        if state.over:
            break
        happened = data.draw(happening(state))
    event(f"ends {state.waiting}, turns {min(state.turns, 10)}, faults {state.faults}")


@settings(max_examples=100, deadline=None)
@given(flows("main"), st.data())
def test_what_is_keyed_as_a_secret_is_nowhere(flow: Flow, data: st.DataObject) -> None:
    """Even where a platform sends the digits of a secret with it."""
    asks = read_flow(
        yaml.safe_dump(
            yaml.safe_load(as_yaml(flow))
            | {"start": "ask", "on_fault": "a"}
            | {"nodes": yaml.safe_load(as_yaml(flow))["nodes"] | {"ask": ASK}}
        )
    )
    state = step(asks, begun(asks), Started(), WORLD).state
    happened: AnyEvent = Keyed(script=state.script, digits=SECRET, secret_ref="ref", length=4)
    for _ in range(10):
        told = step(asks, state, happened, WORLD)
        assert SECRET.encode() not in msgspec.json.encode(told)
        state = told.state
        if state.over:
            return
        happened = data.draw(happening(state, "0000"))


ASK = {"type": "collect", "prompt": "PIN", "into": "pin", "secret": True, "next": "a"}
