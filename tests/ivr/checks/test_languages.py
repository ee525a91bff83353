"""Every text in every language."""

from app.ivr.language.known import Known
from tests.ivr.checks.scenes import ASK, BYE, GOOD, HEAD, OTHER, faults, only


def test_missing_language() -> None:
    nodes = GOOD.replace("{zh: 卡, en: card}", "{zh: 卡}")
    assert only(nodes) == ("nodes.card.prompt[0].say", "is missing in the language en", "en: a text", 13)


def test_missing_language_of_a_recording_and_of_a_retry() -> None:
    nodes = ASK.replace("1: bye", "1: ring") + "    no_input: {prompt: {en: again}}\n" + BYE
    nodes += "  ring: {type: play, media: {en: a.wav}, next: bye}\n"
    assert [(each.where, each.what) for each in faults(nodes)] == [
        ("nodes.ask.no_input.prompt[0].say", "is missing in the language zh"),
        ("nodes.ring.media", "is missing in the language zh"),
    ]


def test_a_part_in_a_language_of_its_own_needs_that_one_only() -> None:
    parts = "[{say: 卡, language: zh}, {say: {en: card}, language: en}, {play: {en: a.wav}, language: en}]"
    assert faults(GOOD.replace("{zh: 卡, en: card}", parts)) == []
    nodes = GOOD.replace("{zh: 卡, en: card}", "[{say: {zh: 卡}, language: en}, {say: carte, language: fr}]")
    assert [(each.where, each.what, each.accepted) for each in faults(nodes)] == [
        ("nodes.card.prompt[0].say", "is missing in the language en", "en: a text"),
        ("nodes.card.prompt[1].language", "is a language that the flow does not speak: fr", "zh, en"),
    ]


def test_a_sub_flow_that_does_not_speak_a_language() -> None:
    nodes = ASK.replace("1: bye", "1: sub") + BYE + "  sub: {type: call_flow, flow: other, next: bye}\n"
    other = OTHER.model_copy(update={"languages": ["zh"]})
    assert only(nodes, Known(flows={"other": other}))[:3] == (
        "nodes.sub.flow",
        "calls a flow that does not speak en",
        "one that speaks en",
    )


def test_a_voice_of_a_language_that_the_flow_does_not_speak() -> None:
    assert only(GOOD, head=HEAD.replace("start: ask", "voices: {zh: xiao, fr: marie}\nstart: ask")) == (
        "voices.fr",
        "is a language that the flow does not speak: fr",
        "zh, en",
        5,
    )


def test_a_language_that_the_flow_does_not_speak() -> None:
    nodes = f"""{ASK.replace("1: bye", "1: {next: a, words: {fr: [carte]}}")}{BYE}\
  a: {{type: say, text: {{zh: 卡, en: card, de: Karte}}, next: b}}
  b: {{type: language, to: fr, next: c}}
  c: {{type: say, text: {{en: card}}, language: en, next: bye}}
"""
    assert [(each.where, each.what, each.accepted) for each in faults(nodes)] == [
        ("nodes.ask.choices.1.words.fr", "is a language that the flow does not speak: fr", "zh, en"),
        ("nodes.a.text.de", "is a language that the flow does not speak: de", "zh, en"),
        ("nodes.b.to", "is a language that the flow does not speak: fr", "zh, en"),
    ]
