"""A flow is drawn with everything that is in it, and whatever stands in its texts."""

from xml.etree import ElementTree

from app.ivr.drawing.diagrams import mermaid, svg
from app.ivr.drawing.measuring import clipped, width_of
from app.ivr.language.reading import read_flow

FLOW = read_flow("""
flow: bank
title: <Bank> & "sons"
languages: [zh, en]
fallback_queue: service
start: ask
on_fault: sorry
nodes:
  ask:
    type: menu
    title: What is it "about" <b>
    prompt: {zh: 请按键, en: press}
    choices: {1: {title: Cards, next: cards}, 2: cards, 3: {title: Say it, next: tell}, 9: ask}
    otherwise: return
  tell: {type: say, text: {zh: "您好 {customer.name} & <x>", en: hello}, next: cards}
  cards: {type: queue, queue: cards}
  sorry: {type: hang_up}
  lost: {type: set, values: {a: "1"}, next: nowhere}
""")
NAMESPACE = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    """What stands in a picture."""
    return [each.text or "" for each in ElementTree.fromstring(picture).iter(f"{NAMESPACE}text")]


def test_a_picture_names_every_node_and_every_way() -> None:
    there = texts(svg(FLOW))
    assert {'What is it "about" <b>', "tell", "cards", "sorry", "lost", "return"} <= set(there)
    assert {"1 Cards / 2", "3 Say it", "9", "otherwise", "on a fault"} <= set(there)
    assert "say: 您好 {customer.name} & <x>" in there


def test_a_picture_speaks_the_language_that_is_asked_for() -> None:
    assert "say: hello" in texts(svg(FLOW, "en"))


def test_a_picture_is_the_same_every_time_and_titled() -> None:
    assert svg(FLOW) == svg(FLOW)
    title = ElementTree.fromstring(svg(FLOW)).find(f"{NAMESPACE}title")
    assert title is not None
    assert title.text == '<Bank> & "sons"'


def test_mermaid_has_a_line_for_each_node_and_each_way() -> None:
    lines = mermaid(FLOW).splitlines()
    assert lines[0] == "flowchart TD"
    assert '    n1{{"What is it #34;about#34; #60;b#62;<br/>menu: 请按键"}}' in lines
    assert '    n1 -->|"1 Cards / 2"| n3' in lines
    assert '    n1 -->|"9"| n1' in lines
    assert "    n2 --> n3" in lines
    assert '    n0 -->|"on a fault"| n4' in lines
    assert not any("nowhere" in line for line in lines)


def test_chinese_is_twice_as_wide_and_what_is_too_long_ends_in_dots() -> None:
    assert width_of("银行", 10) == 20
    assert clipped("银行银行银行", 10, 41) == "银行银…"
    assert clipped("bank", 10, 100) == "bank"
