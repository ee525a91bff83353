"""What a flow names outside itself, and how a text is judged."""

import json

import yaml

from app.ivr.records.judging import KINDS, Things, judge
from tests.ivr.texts import text_of

NOTHING = Things({kind: frozenset() for kind in KINDS}, {})
CARDS = Things({**NOTHING.ids, "queue": frozenset({"cards"})}, {})

EVERYTHING = text_of(
    open={"type": "hours", "hours": "day", "open": "ask", "closed": "end"},
    also={"type": "hours", "queue": "loans", "open": "long", "closed": "end"},
    long={
        "type": "branch",
        "cases": [{"when": "queues.wealth.open && queues.wealth.waiting < 9 && hours.night.open", "next": "ask"}],
        "otherwise": "ask",
    },
    ask={
        "type": "queue",
        "queue": "cards",
        "requires": {"zh": 3},
        "agents": ["mei"],
        "survey": "after",
        "steps": [{"after_seconds": 30, "requires": {"en": 1}, "teams": ["vip"]}],
    },
    sub={"type": "call_flow", "flow": "identify", "next": "end"},
    away={"type": "transfer", "agent": "tom"},
    end={"type": "hang_up"},
)


def test_everything_that_a_flow_names_is_found() -> None:
    uses = judge(EVERYTHING, NOTHING, None).uses
    assert len(set(uses)) == len(uses)
    assert {(use.kind, use.id, use.node, use.where) for use in uses} == {
        ("queue", "cards", "", "fallback_queue"),
        ("queue", "cards", "start", "nodes.start.queue"),
        ("hours", "day", "open", "nodes.open.hours"),
        ("queue", "loans", "also", "nodes.also.queue"),
        ("queue", "wealth", "long", "nodes.long.cases[0].when"),
        ("hours", "night", "long", "nodes.long.cases[0].when"),
        ("queue", "cards", "ask", "nodes.ask.queue"),
        ("skill", "zh", "ask", "nodes.ask.requires.zh"),
        ("agent", "mei", "ask", "nodes.ask.agents[0]"),
        ("flow", "after", "ask", "nodes.ask.survey"),
        ("skill", "en", "ask", "nodes.ask.steps[0].requires.en"),
        ("team", "vip", "ask", "nodes.ask.steps[0].teams[0]"),
        ("flow", "identify", "sub", "nodes.sub.flow"),
        ("agent", "tom", "away", "nodes.away.agent"),
    }


def test_what_there_is_not_is_a_fault_where_it_is_named() -> None:
    found = judge(EVERYTHING, NOTHING, None)
    faults = {fault["where"]: fault for fault in found.faults}
    lines = EVERYTHING.splitlines()
    for use in found.uses:
        fault = faults[use.where]
        assert use.id in lines[fault["line"] - 1], fault
        assert fault["node"] == (use.node or None)


def test_form_and_meaning_are_told_together_in_the_order_of_the_text() -> None:
    found = judge(text_of(odd={"type": "say", "text": "Hi {nobody}", "next": "nowhere"}), NOTHING, "other").faults
    assert [each["line"] for each in found] == sorted(each["line"] for each in found)
    assert {"flow", "fallback_queue", "nodes.odd.next", "nodes.odd.text"} <= {
        each["where"].removesuffix(".*") for each in found
    }


def test_a_sub_flow_is_known_by_its_published_text() -> None:
    calls = {"type": "call_flow", "flow": "other", "values": {"none": "1"}, "next": "start"}
    there = CARDS._replace(ids={**CARDS.ids, "flow": frozenset({"other"})}, flows={"other": text_of(flow="other")})
    found = judge(text_of(calls=calls), there, "main").faults
    assert [each["where"] for each in found] == ["nodes.calls.values.none"]


FETCHING = text_of(
    asks={"type": "fetch", "url": "https://bank.example", "secret": "core", "next": "start", "failed": "start"}
)


def test_a_secret_that_the_operator_has_not_set_is_a_fault_where_it_is_known_which_there_are() -> None:
    def told(secrets: frozenset[str] | None) -> dict[str, str]:
        found = judge(FETCHING, CARDS, "main", secrets).faults
        return {each["where"]: each["accepted"] for each in found if "secret" in each["where"]}

    assert told(None) == told(frozenset({"core"})) == {}
    assert told(frozenset({"cores"})) == {"nodes.asks.secret": "cores?"}
    assert "CALLFLOOR_FLOW_SECRETS" in told(frozenset())["nodes.asks.secret"]


def test_a_flow_that_is_not_published_yet_is_told_as_such() -> None:
    (fault,) = [each for each in judge(EVERYTHING, NOTHING, None).faults if each["where"] == "nodes.sub.flow"]
    assert fault["what"] == "is no published flow: 'identify'"
    assert "published" in fault["accepted"]


def test_a_sound_flow_has_no_fault() -> None:
    assert judge(text_of(), CARDS, "main").faults == []


def test_a_flow_says_itself_which_one_it_is() -> None:
    fault = judge(text_of(), CARDS, "other").faults
    assert [(each["where"], each["line"], each["accepted"]) for each in fault] == [("flow", 1, "other")]


def test_a_text_in_json_is_read_alike() -> None:
    text = json.dumps(yaml.safe_load(text_of()))
    assert judge(text, CARDS, "main").faults == []
