"""A flow is read from what a person writes, in its short forms too, and every fault of its form is told at once."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.ivr.language.edges import edges_of
from app.ivr.language.flow import schema
from app.ivr.language.nodes import CollectNode, MenuNode, SayNode, SetNode
from app.ivr.language.reading import FlowFaulty, as_document, as_yaml, read, read_flow

GOOD = """
flow: bank
languages: [zh, en]
timezone: Asia/Shanghai
fallback_queue: general
variables: {balance: number, account: {type: text, initial: "x"}}
start: hi
nodes:
  hi: {type: say, text: {zh: 您好, en: "Hello {vars.account}"}, next: ask}
  ask:
    type: menu
    prompt: {zh: 按一, en: press one}
    choices: {1: bye, "*": {next: bye, words: {en: [bye]}}, 0: key}
    no_input: {prompt: x}
    otherwise: bye
  key: {type: collect, prompt: [{say: a}, {play: x.wav}, foo], into: pin, secret: true, next: put}
  put: {type: set, values: {balance: 3, account: "'a'"}, next: wait}
  wait: {type: queue, queue: cards, requires: {cards: 3}, steps: [{after_seconds: 30}], closed: bye}
  bye: {type: hang_up}
"""


def faults(text: str) -> dict[str, tuple[str, str, int]]:
    """What is wrong with a text, by place: what, what would be accepted, and the line."""
    with pytest.raises(FlowFaulty) as raised:
        read_flow(text)
    return {each["where"]: (each["what"], each["accepted"], each["line"]) for each in raised.value.facts["faults"]}


def test_short_forms_are_read_into_long_ones() -> None:
    nodes = read_flow(GOOD).nodes
    say, ask, key, put = nodes["hi"], nodes["ask"], nodes["key"], nodes["put"]
    assert isinstance(say, SayNode)
    assert isinstance(ask, MenuNode)
    assert isinstance(key, CollectNode)
    assert isinstance(put, SetNode)
    assert say.text == {"zh": "您好", "en": "Hello {vars.account}"}
    assert {each: choice.next for each, choice in ask.choices.items()} == {"1": "bye", "*": "bye", "0": "key"}
    assert [each.say or each.play for each in key.prompt] == [{"*": "a"}, {"*": "x.wav"}, {"*": "foo"}]
    assert put.values == {"balance": "3", "account": "'a'"}


def test_a_flow_reads_back_as_the_same_from_yaml_and_from_json() -> None:
    flow = read_flow(GOOD)
    assert read_flow(as_yaml(flow)) == flow
    assert read_flow(json.dumps(as_document(flow))) == flow


def test_the_schema_for_editors_takes_the_short_forms() -> None:
    document = json.loads(json.dumps(yaml.safe_load(GOOD)))
    Draft202012Validator(schema()).validate(document)
    document["nodes"]["hi"]["txt"] = "a"
    assert not Draft202012Validator(schema()).is_valid(document)


@pytest.mark.parametrize(
    ("good", "bad", "where", "what", "line"),
    [
        (", next: ask}", "}", "nodes.hi.next", "is missing", 9),
        ("next: ask}", "nxt: ask, next: x}", "nodes.hi.nxt", "unknown key", 9),
        ("1: bye", "12: bye", "nodes.ask.choices.12", "is no name", 13),
        ("1: bye", "1: {nxt: bye, next: x}", "nodes.ask.choices.1.nxt", "unknown key", 13),
        ("type: say", "type: sya", "nodes.hi.type", "is 'sya'", 9),
        ("type: say, ", "", "nodes.hi.type", "is missing", 9),
        ("otherwise: bye", "retries: 99", "nodes.ask.retries", "is 99", 15),
        ("zh: 您好", "zh: 5", "nodes.hi.text.zh", "is 5", 9),
        ("zh: 您好", "z_h: a", "nodes.hi.text.z_h", "is no name", 9),
        ("Asia/Shanghai", "Mars", "timezone", "is no time zone", 4),
        ("[zh, en]", "[zh, zh]", "languages[1]", "is named twice", 3),
        ('initial: "x"', "initial: 4", "variables.account.initial", "is no text", 6),
        ("balance: number", "balance: numer", "variables.balance.type", "is 'numer'", 6),
        ("{say: a}", "{say: a, play: b}", "nodes.key.prompt[0]", "one thing", 16),
        ("{say: a}", "{pause_seconds: 1, language: en}", "nodes.key.prompt[0].language", "does not belong", 16),
        ("into: pin, ", "", "nodes.key.into", "is missing", 16),
        ("into: pin, ", "into: pin, least: 9, most: 3, ", "nodes.key.most", "is below least", 16),
        ("cards: 3", "cards: 9", "nodes.wait.requires.cards", "is 9", 18),
        ("bye: {type", "return: {type", "nodes.return", "word for leaving", 19),
        ("start: hi", "start: hi\nstart: ask", "start", "is there twice", 8),
    ],
)
def test_a_fault_is_told_with_node_and_line(good: str, bad: str, where: str, what: str, line: int) -> None:
    assert good in GOOD
    found = faults(GOOD.replace(good, bad, 1))
    assert list(found) == [where]
    assert what in found[where][0]
    assert found[where][1]
    assert found[where][2] == line


@pytest.mark.parametrize(
    ("name", "place", "line"),
    [("1", "nodes.1", 19), ("no", "nodes.0", 8), ("a b", "nodes.a b", 19), ("'[key]'", "nodes.[key]", 19)],
)
def test_a_node_whose_name_is_no_text_or_no_name_is_told(name: str, place: str, line: int) -> None:
    """YAML reads a bare 1 as a number, and a bare no as false."""
    found = faults(GOOD.replace("  bye: {type: hang_up}", f"  {name}: {{type: hang_up}}"))
    assert found[place][0].startswith("is no name")
    assert found[place][1].startswith("a text")
    assert found[place][2] == line
    inner = faults(GOOD.replace("  bye: {type: hang_up}", f"  {name}: {{type: say, nxt: hi}}"))
    assert inner[f"{place}.nxt"][:2] == ("is an unknown key", "next?")
    assert f"{place}.type" in faults(GOOD.replace("  bye: {type: hang_up}", f"  {name}: {{}}"))
    assert (
        "is an unknown key" in faults(GOOD.replace("start: hi", f"{name}: 1\nstart: hi"))[place.removeprefix("nodes.")]
    )


def test_an_unknown_kind_of_node_is_told_with_the_kinds_that_there_are() -> None:
    assert faults(GOOD.replace("type: say", "type: sya"))["nodes.hi.type"][1] == "say?"
    assert "hang_up" in faults(GOOD.replace("type: say", "type: 5"))["nodes.hi.type"][1]


@pytest.mark.parametrize("node", ["5", "[1]", "hello", ""])
def test_a_node_that_is_no_mapping_is_told_in_words(node: str) -> None:
    text = f"flow: x\nlanguages: [zh]\nfallback_queue: cards\nstart: hi\nnodes:\n  hi: {node}\n"
    with pytest.raises(FlowFaulty) as refused:
        read_flow(text)
    [fault] = refused.value.facts["faults"]
    assert (fault["where"], fault["line"]) == ("nodes.hi", 6)
    assert fault["accepted"].startswith("a mapping whose type is one of branch, call_flow, ")


@pytest.mark.parametrize("text", ["", "5", "- a", "a: [", "\x00", "!!python/object:os.system {}", "x" * 1_000_001])
def test_what_is_no_flow_at_all(text: str) -> None:
    assert list(faults(text)) == [""]


def test_all_faults_are_told_at_once() -> None:
    bad = GOOD.replace("1: bye", "12: bye").replace("Asia/Shanghai", "Mars").replace("cards: 3", "cards: 9")
    assert set(faults(bad)) == {"timezone", "nodes.ask.choices.12", "nodes.wait.requires.cards"}
    assert read(bad).flow is None


def test_the_edges_of_a_node_are_told_with_their_place() -> None:
    nodes = read_flow(GOOD).nodes
    assert [(each.where, each.target) for each in edges_of(nodes["ask"])] == [
        (("choices", "1", "next"), "bye"),
        (("choices", "*", "next"), "bye"),
        (("choices", "0", "next"), "key"),
        (("otherwise",), "bye"),
    ]
    assert [each.label for each in edges_of(nodes["wait"])] == ["closed"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.integers(0, len(GOOD)), st.integers(0, 30))
def test_whatever_is_written_somewhere_is_told_or_read(text: str, at: int, instead: int) -> None:
    try:
        flow = read_flow(GOOD[:at] + text + GOOD[at + instead :])
    except FlowFaulty:
        return
    assert read_flow(as_yaml(flow)) == flow
