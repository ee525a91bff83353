"""Every fault of a flow's meaning is told, all of them at once, each with its place, line, and what would be right."""

import pytest

from app.core.faults import Fault
from app.ivr.checking import checked, faults_of
from app.ivr.known import Known
from app.ivr.reading import FlowFaulty, read, read_flow

KNOWN = Known(
    queues=frozenset({"cards", "service"}),
    skills=frozenset({"cards", "general"}),
    hours=frozenset({"bank"}),
    agents=frozenset({"mei"}),
    teams=frozenset({"vip"}),
    secrets=frozenset({"core"}),
    flows={},
)
HEAD = """\
flow: bank
languages: [zh, en]
fallback_queue: service
variables: {card: text, tries: number, club: flag}
start: ask
nodes:
"""


def faults(nodes: str, known: Known = KNOWN, head: str = HEAD) -> list[Fault]:
    """What is wrong with the meaning of a flow of these nodes, which begin in line 7."""
    flow, lines, found = read(head + nodes)
    assert flow is not None, found
    return faults_of(flow, known, lines)


def only(nodes: str, known: Known = KNOWN, head: str = HEAD) -> tuple[str, str, str, int]:
    """The one thing that is wrong."""
    found = faults(nodes, known, head)
    assert len(found) == 1, found
    return found[0].where, found[0].what, found[0].accepted, found[0].line


ASK = """\
  ask:
    type: menu
    prompt: a
    choices: {1: bye}
    otherwise: bye
"""
BYE = "  bye: {type: hang_up}\n"
GOOD = f"""{ASK.replace("1: bye", "1: card, 2: waiting")}{BYE}\
  card: {{type: collect, prompt: {{zh: 卡, en: card}}, into: card, next: pin, otherwise: bye}}
  pin: {{type: collect, prompt: b, into: pin, secret: true, next: who, otherwise: bye}}
  who: {{type: identify, by: card_number, number: card, pin: pin, found: told, not_found: card}}
  told: {{type: say, text: "Hello {{customer.name}}, {{string(vars.tries)}}", next: waiting}}
  waiting:
    type: queue
    queue: cards
    requires: {{cards: 2}}
    steps: [{{after_seconds: 9, agents: [mei], teams: [vip]}}]
    announcements: {{prompt: "Number {{position}}, {{minutes}} minutes"}}
"""


def test_a_good_flow_has_no_fault() -> None:
    assert faults(GOOD) == []
    assert checked(HEAD + GOOD, KNOWN) == read_flow(HEAD + GOOD)


def test_dangling_edge() -> None:
    assert only(ASK.replace("1: bye", "1: byee") + BYE) == (
        "nodes.ask.choices.1.next",
        "leads to 'byee', which is no node",
        "bye?",
        10,
    )


def test_dangling_start_and_on_fault() -> None:
    head = HEAD.replace("start: ask", "start: akk\non_fault: nowhere")
    found = faults("  bye: {type: hang_up}\n", head=head)
    assert [(each.where, each.what, each.line) for each in found[:2]] == [
        ("start", "leads to 'akk', which is no node", 5),
        ("on_fault", "leads to 'nowhere', which is no node", 6),
    ]


def test_return_is_an_edge_and_no_start() -> None:
    assert faults(ASK.replace("bye", "return")) == []
    assert faults(ASK + BYE, head=HEAD.replace("start: ask", "start: return"))[0][1] == (
        "leads to 'return', which is no node"
    )


def test_unreachable_node() -> None:
    assert only(ASK + BYE + "  lost: {type: say, text: a, next: bye}\n") == (
        "nodes.lost",
        "is reached from nowhere",
        "a node that leads to it, or to be left out",
        13,
    )


def test_the_node_for_faults_is_reached_from_everywhere() -> None:
    head = HEAD.replace("start: ask", "start: ask\non_fault: sorry")
    assert faults(ASK + BYE + "  sorry: {type: hang_up}\n", head=head) == []


def test_loop_without_input() -> None:
    loop = """\
  count: {type: set, values: {tries: vars.tries + 1.0}, next: enough}
  enough: {type: branch, cases: [{when: vars.tries > 3.0, next: bye}], otherwise: count}
"""
    assert only(ASK.replace("1: bye", "1: count") + BYE + loop) == (
        "nodes.count",
        "is in a loop without input: count > enough > count",
        "a menu, collect or survey within the loop, or a way that does not come back",
        13,
    )


def test_a_node_that_leads_to_itself_is_a_loop_without_input() -> None:
    found = faults(ASK.replace("1: bye", "1: again") + BYE + "  again: {type: say, text: a, next: again}\n")
    assert [each.what for each in found] == ["is in a loop without input: again > again"]


def test_a_loop_in_which_a_silent_caller_is_asked_for_ever() -> None:
    nodes = ASK.replace("otherwise: bye", "otherwise: sorry") + BYE + "  sorry: {type: say, text: a, next: ask}\n"
    assert only(nodes) == (
        "nodes.ask",
        "asks a silent caller for ever: ask > sorry > ask",
        "retries, and then a no_input.next or otherwise that does not come back",
        7,
    )


def test_a_silent_caller_is_counted_by_the_flow_itself() -> None:
    nodes = f"""{ASK.replace("otherwise: bye", "otherwise: count")}{BYE}\
  count: {{type: set, values: {{tries: vars.tries + 1.0}}, next: enough}}
  enough: {{type: branch, cases: [{{when: vars.tries > 3.0, next: bye}}], otherwise: ask}}
"""
    assert faults(nodes) == []


def test_menu_without_a_way_out_when_nothing_is_keyed() -> None:
    found = faults(ASK.replace("    otherwise: bye\n", "") + BYE)
    assert [tuple(each) for each in found] == [
        ("nodes.ask", "has no way out when the tries are used up by no input", "otherwise, or no_input.next", 7),
        ("nodes.ask", "has no way out when the tries are used up by no match", "otherwise, or no_match.next", 7),
    ]


def test_menu_without_a_way_out_to_any_end() -> None:
    nodes = ASK.replace("bye", "other") + ASK.replace("ask:", "other:").replace("bye", "ask")
    found = faults(nodes)
    accepted = "a way to a queue, callback, voicemail, transfer, hang_up or return"
    assert ("nodes.ask", "has no way out: no node behind it ends the call", accepted, 7) in found


@pytest.mark.parametrize(
    ("good", "bad", "where", "what", "accepted"),
    [
        ("queue: cards", "queue: card", "nodes.waiting.queue", "is no queue: 'card'", "cards?"),
        ("{cards: 2}", "{loans: 2}", "nodes.waiting.requires.loans", "is no skill: 'loans'", "cards, general"),
        ("[mei]", "[mai]", "nodes.waiting.steps[0].agents[0]", "is no agent: 'mai'", "mei?"),
        ("[vip]", "[vip, gold]", "nodes.waiting.steps[0].teams[1]", "is no team: 'gold'", "vip"),
        (
            "steps: [",
            "survey: csat\n    steps: [",
            "nodes.waiting.survey",
            "is no flow: 'csat'",
            "nothing: there are none",
        ),
        (
            "{string(vars.tries)}",
            "{queues.loan.open}",
            "nodes.told.text.*",
            "is no queue: 'loan'",
            "cards, service",
        ),
    ],
)
def test_unknown_queue_skill_agent_team_flow(good: str, bad: str, where: str, what: str, accepted: str) -> None:
    assert only(GOOD.replace(good, bad, 1))[:3] == (where, what, accepted)


def test_unknown_fallback_queue() -> None:
    head = HEAD.replace("fallback_queue: service", "fallback_queue: serivce")
    assert only(GOOD, head=head) == ("fallback_queue", "is no queue: 'serivce'", "service?", 3)


def test_unknown_hours_agent_secret_and_flow() -> None:
    nodes = f"""{ASK.replace("1: bye", "1: hours, 2: hand, 3: look, 4: other")}{BYE}\
  hours: {{type: hours, hours: shop, open: bye, closed: bye}}
  hand: {{type: transfer, agent: tom}}
  look: {{type: fetch, url: "https://a.b/c", secret: gate, next: bye, failed: bye}}
  other: {{type: call_flow, flow: survey, next: bye}}
"""
    assert [(each.where, each.what, each.line) for each in faults(nodes)] == [
        ("nodes.hours.hours", "is no calendar of hours: 'shop'", 13),
        ("nodes.hand.agent", "is no agent: 'tom'", 14),
        ("nodes.look.secret", "is no secret of the operator: 'gate'", 15),
        ("nodes.other.flow", "is no flow: 'survey'", 16),
    ]


def test_what_is_not_known_is_not_checked() -> None:
    assert faults(GOOD.replace("queue: cards", "queue: any"), Known()) == []


OTHER = read_flow(
    "flow: other\nlanguages: [zh, en]\nfallback_queue: q\nvariables: {x: number}\nstart: a\nnodes:\n" + BYE
)


def test_variables_of_a_sub_flow() -> None:
    nodes = ASK.replace("1: bye", "1: sub") + BYE
    nodes += (
        "  sub: {type: call_flow, flow: other, values: {y: '1', x: \"'a'\"}, into: {card: x, club: z}, next: bye}\n"
    )
    found = faults(nodes, Known(flows={"other": OTHER}))
    assert [(each.where, each.what) for each in found] == [
        ("nodes.sub.values.y", "is no variable of the flow 'other': 'y'"),
        ("nodes.sub.into.club", "is no variable of the flow 'other': 'z'"),
        ("nodes.sub.values.x", "gives a text, and a number is needed: 'a'"),
        ("nodes.sub.into.card", "is a variable of type text, and number is needed: 'card'"),
    ]


def test_a_flow_that_comes_back_to_itself() -> None:
    call = "  sub: {type: call_flow, flow: other, next: bye}\n"
    other = read_flow(
        "flow: other\nlanguages: [zh, en]\nfallback_queue: q\nstart: sub\nnodes:\n"
        + call.replace("other", "bank")
        + BYE
    )
    found = only(ASK.replace("1: bye", "1: sub") + BYE + call, Known(flows={"other": other}))
    assert found[1] == "comes back to this flow: bank > other > bank"


@pytest.mark.parametrize(
    ("when", "what"),
    [
        ("vars.tries + 1", "mixes a whole number and a number with decimals (write 1.0 for 1, or double(...))"),
        ("vars.tries", "gives a number, and true or false is needed"),
        ("customer.tir == 'gold'", "refers to 'tir', which there is not (did you mean tier?)"),
        ("vars.trise > 1.0", "refers to 'trise', which there is not (did you mean tries?)"),
        ("vars.club == 'a'", "true or false is compared with a text"),
        ("vars.card ==", "'vars.card =='"),
    ],
)
def test_wrong_cel_types(when: str, what: str) -> None:
    branch = f'  pick: {{type: branch, cases: [{{when: "{when}", next: bye}}], otherwise: bye}}\n'
    found = only(ASK.replace("1: bye", "1: pick") + BYE + branch)
    assert found[0] == "nodes.pick.cases[0].when"
    assert found[1].startswith(what)
    assert found[2:] == ("true or false, such as customer.tier == 'gold'", 13)


def test_wrong_cel_types_in_texts_sets_and_language() -> None:
    nodes = f"""{ASK.replace("1: bye", "1: a")}{BYE}\
  a: {{type: set, values: {{tries: "'one'", card: vars.tries}}, next: b}}
  b: {{type: language, value: vars.club, next: c}}
  c: {{type: say, text: "{{customer}} and {{customer.nam}}", next: d}}
  d: {{type: say, text: "half a {{ brace", next: bye}}
"""
    assert [(each.where, each.what) for each in faults(nodes)] == [
        ("nodes.a.values.tries", "gives a text, and a number is needed: 'one'"),
        ("nodes.a.values.card", "gives a number, and a text is needed: vars.tries"),
        ("nodes.b.value", "gives true or false, and a text is needed: vars.club"),
        ("nodes.c.text.*", "gives a mapping, and a text is needed: customer"),
        ("nodes.c.text.*", "refers to 'nam', which there is not (did you mean name?): customer.nam"),
        ("nodes.d.text.*", "has a { without a } behind it; a brace itself is written twice"),
    ]


def test_the_place_in_the_line_is_known_to_who_waits_alone() -> None:
    nodes = GOOD.replace("Hello {customer.name}", "Number {position}")
    assert only(nodes)[1].startswith("refers to 'position', which is none of ")


def test_variables_that_are_not_declared_or_of_another_type() -> None:
    nodes = f"""{ASK.replace("1: bye", "1: a")}{BYE}\
  a: {{type: collect, prompt: a, into: crad, next: b, otherwise: bye}}
  b: {{type: collect, prompt: a, into: club, next: c, otherwise: bye}}
  c: {{type: survey, question: csat, prompt: a, into: club, next: d}}
  d: {{type: callback, queue: cards, number: home, no_number: bye}}
"""
    assert [(each.where, each.what, each.accepted) for each in faults(nodes)] == [
        ("nodes.a.into", "is no variable: 'crad'", "card?"),
        ("nodes.b.into", "is a variable of type flag, and text or number is needed: 'club'", "type: text"),
        ("nodes.c.into", "is a variable of type flag, and number or text is needed: 'club'", "type: number"),
        ("nodes.d.number", "is no variable: 'home'", "variables: {home: text, number or flag}"),
    ]


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


def test_a_sub_flow_that_does_not_speak_a_language() -> None:
    nodes = ASK.replace("1: bye", "1: sub") + BYE + "  sub: {type: call_flow, flow: other, next: bye}\n"
    other = OTHER.model_copy(update={"languages": ["zh"]})
    assert only(nodes, Known(flows={"other": other}))[:3] == (
        "nodes.sub.flow",
        "calls a flow that does not speak en",
        "one that speaks en",
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


@pytest.mark.parametrize(
    ("good", "bad", "where", "what"),
    [
        ("{string(vars.tries)}", "{vars.pin}", "nodes.told.text.*", "could speak the secret 'pin'"),
        ("{string(vars.tries)}", "{vars['pin'] + 'a'}", "nodes.told.text.*", "could speak the secret 'pin'"),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next",
            "{type: set, values: {card: vars.pin}, next",
            "nodes.told.values.card",
            "could store the secret 'pin'",
        ),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next",
            "{type: fetch, url: 'https://a.b/{vars.pin}', failed: bye, next",
            "nodes.told.url",
            "could send the secret 'pin'",
        ),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next",
            "{type: fetch, url: 'https://a.b', method: POST, body: {x: [1, '{vars.pin}']}, failed: bye, next",
            "nodes.told.body.x[1]",
            "could send the secret 'pin'",
        ),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next",
            "{type: fetch, url: 'https://a.b', headers: {x: '{vars.pin}'}, failed: bye, next",
            "nodes.told.headers.x",
            "could send the secret 'pin'",
        ),
        (
            "{type: say, text: \"Hello {customer.name}, {string(vars.tries)}\", next: waiting",
            "{type: branch, cases: [{when: vars.pin == '1234', next: waiting}], otherwise: waiting",
            "nodes.told.cases[0].when",
            "looks into the secret 'pin'",
        ),
    ],
)  # fmt: skip
def test_a_secret_that_could_be_spoken_sent_or_stored(good: str, bad: str, where: str, what: str) -> None:
    assert good in GOOD
    accepted = "the number or pin of an identify; a secret goes nowhere else"
    assert only(GOOD.replace(good, bad, 1)) == (where, what, accepted, 16)


def test_a_secret_told_to_somebody_who_waits() -> None:
    assert only(GOOD.replace("Number {position}", "{vars.pin}"))[1] == "could speak the secret 'pin'"


def test_a_secret_that_another_collect_stores() -> None:
    nodes = GOOD.replace("into: card,", "into: pin,").replace("number: card", "number: pin")
    found = faults(nodes)
    assert ("nodes.card.into", "could store the secret 'pin'", "secret: true", 13) in found


def test_a_secret_as_the_number_to_call_back() -> None:
    nodes = GOOD.replace("next: waiting}", "next: back}") + (
        "  back: {type: callback, queue: cards, number: pin, no_number: waiting}\n"
    )
    assert only(nodes)[:2] == ("nodes.back.number", "could store the secret 'pin'")


def test_a_secret_out_of_an_answer_or_a_sub_flow() -> None:
    nodes = GOOD.replace("next: waiting}", "next: look}") + (
        "  look: {type: fetch, url: 'https://a.b', into: {pin: /pin}, next: sub, failed: bye}\n"
        "  sub: {type: call_flow, flow: other, values: {x: vars.pin}, into: {pin: x}, next: waiting}\n"
    )
    found = faults(nodes, Known(flows={"other": OTHER}))
    assert [(each.where, each.what) for each in found] == [
        ("nodes.look.into.pin", "could store the secret 'pin'"),
        ("nodes.sub.values.x", "could store the secret 'pin'"),
        ("nodes.sub.into.pin", "could store the secret 'pin'"),
    ]


def test_a_secret_with_the_name_of_a_variable() -> None:
    what = "is the name of a secret too (pin), and what is in a variable is stored"
    assert only(GOOD, head=HEAD.replace("club: flag", "pin: text")) == (
        "variables.pin",
        what,
        "another name for one of them",
        4,
    )


def test_a_pin_that_is_no_secret() -> None:
    assert only(GOOD.replace("pin: pin", "pin: card"))[:3] == (
        "nodes.who.pin",
        "is 'card', a variable, which is stored",
        "the `into` of a collect with secret: true",
    )
    assert only(GOOD.replace("pin: pin", "pin: pni"))[:3] == ("nodes.who.pin", "is no secret: 'pni'", "pin?")


def test_a_pin_that_is_asked_for_before_it_is_keyed() -> None:
    nodes = GOOD.replace("next: who, otherwise: bye", "next: who, otherwise: who")
    assert only(nodes)[:3] == (
        "nodes.who.pin",
        "has no 'pin' on this way, which one attempt uses up: ask > card > pin > who",
        "pin before it on every way",
    )


def test_a_pin_that_is_used_up_by_an_attempt() -> None:
    nodes = GOOD.replace("not_found: card", "not_found: who")
    assert [each.what for each in faults(nodes)] == [
        "is in a loop without input: who > who",
        "has no 'pin' on this way, which one attempt uses up: ask > card > pin > who > who",
    ]


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    nodes = GOOD.replace("1: card", "1: crd").replace("pin: pin", "pin: card").replace("queue: cards", "queue: x")
    with pytest.raises(FlowFaulty) as raised:
        checked(HEAD + nodes, KNOWN, "bank.yaml")
    lines = [fault["line"] for fault in raised.value.facts["faults"]]
    assert len(lines) > 4
    assert lines == sorted(lines)
    assert str(raised.value).startswith(f"bank.yaml has {len(lines)} faults:\n  nodes.ask.choices.1.next (line 10): ")


def test_faults_of_form_and_of_meaning_come_together_where_the_form_can_be_read() -> None:
    text = HEAD + GOOD.replace("queue: cards", "queue: x") + BYE
    with pytest.raises(FlowFaulty) as raised:
        checked(text, KNOWN)
    assert [fault["what"] for fault in raised.value.facts["faults"]] == [
        "is no queue: 'x'",
        "is there twice, first in line 12",
        "is there twice, first in line 12",
    ]
