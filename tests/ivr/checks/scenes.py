"""Small flows to spoil, and what is wrong with them."""

from app.core.faults import Fault
from app.ivr.checks.checking import faults_of
from app.ivr.language.known import Known
from app.ivr.language.reading import read, read_flow

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

OTHER = read_flow(
    "flow: other\nlanguages: [zh, en]\nfallback_queue: q\nvariables: {x: number}\nstart: a\nnodes:\n" + BYE
)
