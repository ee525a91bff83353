"""The flows that ship, on the running floor's state: every conversation beside them goes as it does in a rehearsal."""

from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from app.cli.flow_files import conversations_of, flow_files, good
from app.ivr.language.flow import Flow
from app.ivr.rehearsal.conversation import played
from app.ivr.rehearsal.script_file import Scripted
from app.telephony.instructions import Collect, Say
from tests.floor.flow_calls import FlowCall
from tests.floor.flow_line import outcomes

FOLDER = Path(__file__).parents[3] / "flows"
FILES = {path.stem: path for path in flow_files([FOLDER])}
QUEUES = frozenset(yaml.safe_load((FOLDER / "known.yaml").read_text())["queues"])
SURVEY = "after-call-survey"


@lru_cache
def flow_named(name: str) -> Flow:
    flow = good(FILES[name]).flow
    assert flow is not None
    return flow


@lru_cache
def scripted(name: str) -> Scripted:
    found = conversations_of(FILES[name])
    assert found is not None
    return found


CONVERSATIONS = [(name, number) for name in FILES for number in range(len(scripted(name).conversations))]


def called(name: str) -> FlowCall:
    return FlowCall(QUEUES, {each: flow_named(each) for each in FILES}, asks_afterwards=name == SURVEY)


@pytest.mark.parametrize(
    ("name", "number"), CONVERSATIONS, ids=[f"{n}: {scripted(n).conversations[k].name}" for n, k in CONVERSATIONS]
)
def test_conversation(name: str, number: int) -> None:
    call, script = called(name), scripted(name)
    conversation = script.conversations[number]
    others = {each: flow_named(each) for each in FILES if each != name}
    it = played(flow_named(name), conversation, others, lambda line: script.line_of(number, line), call.advance)
    assert it.failed is None, it
    contact = call.state.store.contacts.get(call.id)
    if contact is not None:
        call.wait(120)  # what who waits is told, and what is offered to them
        call.call("cleared", call.id)
        left = call.state.store.contacts.get(call.id)
        assert left is None or left.wrapping
    assert call.told("flow.alert") == []


@pytest.mark.parametrize(
    ("way", "question"),
    [("A lost card goes", "请为本次服务评分"), ("A lost card by night", "How satisfied were you")],
    ids=["in_chinese", "in_english"],
)
def test_caller_is_asked_how_it_was_in_the_language_that_they_chose(way: str, question: str) -> None:
    call = called("bank-main")
    lost_card = next(it for it in scripted("bank-main").conversations if it.name.startswith(way))
    assert played(flow_named("bank-main"), lost_card, {}, lambda _: 0, call.advance).failed is None
    (asked,) = call.speaks_to("cards-0")
    assert isinstance(asked, Collect)
    assert isinstance(asked.prompts[0], Say)
    assert asked.prompts[0].text.startswith(question)
    flow = call.contact(call.id).flow
    assert flow is not None
    call.call("digits", call.id, details={"script": flow.state.script, "digits": "5"})
    assert [e.data["rating"] for e in call.contact(call.id).timeline if e.kind == "flow.survey"] == [5]
    call.call("cleared", call.id)
    assert outcomes(call) == ["answered"]
