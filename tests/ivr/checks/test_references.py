"""Whatever a flow names must be there."""

import pytest

from app.ivr.language.known import Known
from app.ivr.language.reading import read_flow
from tests.ivr.checks.scenes import ASK, BYE, GOOD, HEAD, OTHER, faults, only


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


def test_a_flow_that_calls_itself_is_told_so_and_not_that_it_is_not_published_yet() -> None:
    nodes = ASK.replace("1: bye", "1: sub") + BYE + "  sub: {type: call_flow, flow: bank, next: bye}\n"
    assert only(nodes)[:2] == ("nodes.sub.flow", "comes back to this flow: bank > bank")


def test_a_circle_of_other_flows_is_theirs_to_be_told_of() -> None:
    calls = (
        "languages: [zh, en]\nfallback_queue: q\nstart: sub\nnodes:\n  sub: {type: call_flow, flow: %s, next: bye}\n"
    )
    circle = {one: read_flow(f"flow: {one}\n" + calls % two + BYE) for one, two in (("a", "b"), ("b", "a"))}
    nodes = ASK.replace("1: bye", "1: sub") + BYE + "  sub: {type: call_flow, flow: a, next: bye}\n"
    assert faults(nodes, Known(flows=circle)) == []


def test_of_a_flow_that_there_is_not_no_variables_are_missed() -> None:
    nodes = ASK.replace("1: bye", "1: sub") + BYE
    nodes += "  sub: {type: call_flow, flow: nobody, values: {y: '1'}, into: {card: x}, next: bye}\n"
    assert only(nodes)[:2] == ("nodes.sub.flow", "is no flow: 'nobody'")


def test_a_queue_that_is_looked_up_by_a_variable_is_not_missed() -> None:
    assert faults(GOOD.replace("{string(vars.tries)}", "{queues[vars.card].waiting}")) == []


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
