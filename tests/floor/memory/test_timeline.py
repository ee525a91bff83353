"""The timeline of a live contact does not grow without end, and what was left out of it is told."""

import msgspec
import pytest

from app.core.ids import new_id
from app.floor import commands as c
from app.floor.configuration.config import AgentRecord
from app.floor.journal.batch import Batch
from app.floor.memory.effects import EndContact, Happened, SaveContact
from app.floor.memory.entities import Contact
from app.floor.memory.timeline import FIRST_LINES, LAST_LINES, LEFT_OUT, MOST_LINES, Entry, Timeline, with_line
from app.floor.state import FloorState, Outcome
from tests.floor.factories import CONFIG, T0, call_event

MANY = 1_000


class Declined:
    """A caller who is offered to many agents in turn, each of whom declines; no invariant is checked in between."""

    def __init__(self, agents: int) -> None:
        records = [
            AgentRecord(id=f"agent-{n}", name="A", address=str(n), skills=(("cards", 3),)) for n in range(agents)
        ]
        self.state = FloorState(msgspec.structs.replace(CONFIG, agents={each.id: each for each in records}))
        self.now = T0
        self.events: list[Happened] = []
        self.sizes: list[int] = []
        for each in records:
            self.do(c.Connect(agent_id=each.id))
            self.do(c.Ready(agent_id=each.id))
        self.id = str(self.tells("offered", to="100").answer.body["contact_id"])
        for _ in range(agents - 1):
            self.declines()

    @property
    def contact(self) -> Contact:
        return self.state.store.contacts[self.id]

    @property
    def asked(self) -> str:
        offer = self.contact.offer
        assert offer is not None
        return offer.agent

    def do(self, command: c.Command) -> Outcome:
        self.now += 0.001
        outcome = self.state.apply(command, self.now)
        assert outcome.answer.ok, outcome.answer.body
        self.events += [each for each in outcome.effects if isinstance(each, Happened)]
        self.sizes += [
            len(msgspec.json.encode(each.contact.timeline)) for each in outcome.effects if isinstance(each, SaveContact)
        ]
        return outcome

    def tells(self, kind: str, **more: str) -> Outcome:
        return self.do(c.TakeEvent(event=call_event(kind, at=self.now, **more), contact_id=new_id()))

    def declines(self) -> None:
        self.do(c.DeclineOffer(agent_id=self.asked, contact_id=self.id))


def left_out(lines: Timeline) -> Entry:
    (line,) = [each for each in lines if each.kind == LEFT_OUT]
    return line


def test_contact_that_is_offered_to_a_thousand_agents_in_turn_stays_small_and_its_history_true() -> None:
    floor = Declined(MANY)
    beginning = floor.contact.timeline[:FIRST_LINES]
    last = floor.asked
    floor.do(c.AcceptOffer(agent_id=last, contact_id=floor.id))
    floor.tells("established", agent=last)
    ended = floor.tells("cleared")
    assert max(floor.sizes) < 50_000, "each commit writes all of it"
    (end,) = [each for each in ended.effects if isinstance(each, EndContact)]
    lines = end.contact.timeline
    assert len(lines) == MOST_LINES
    assert [each.kind for each in beginning[:3]] == ["call.offered", "contact.queued", "contact.offered"]
    assert lines[:FIRST_LINES] == beginning
    offers = [each for each in lines if each.kind == "contact.offered"]
    assert offers[-1].data == {"agent": last, "rule": "contact_finds_agent"}
    assert [each.kind for each in lines[-3:]] == ["call.established", "call.cleared", "contact.ended"]
    gone = left_out(lines).data
    told = [each for each in floor.events if each.type == "contact.offered"]
    assert gone["kinds"]["contact.offered"] + len(offers) == len(told) == MANY, "the events have every one"
    assert gone["lines"] == sum(gone["kinds"].values())
    assert set(gone["kinds"]) == {"contact.offered", "offer.withdrawn"}, "what happened once is still told"


def test_lines_are_written_in_their_order_and_those_left_out_stand_between_the_others() -> None:
    floor = Declined(200)
    batch = Batch()
    batch.add(floor.tells("cleared").effects)
    rows = batch.rows()["entries"]
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    (place,) = [n for n, row in enumerate(rows) if row[3] == LEFT_OUT]
    until = msgspec.json.decode(rows[place][4])["until"]
    assert (place, rows[place - 1][2] <= rows[place][2] < until < rows[-LAST_LINES][2]) == (FIRST_LINES, True)


@pytest.mark.parametrize("junk", ["call.mystery", "call.held", "x{n}", "call.x{n}", "contact.offered"])
def test_platform_that_never_stops_talking_crowds_nothing_out(junk: str) -> None:
    floor = Declined(60)
    floor.do(c.AcceptOffer(agent_id=floor.asked, contact_id=floor.id))
    for n in range(700):
        event = msgspec.structs.replace(call_event("x", at=floor.now), type=junk.format(n=n), details={"n": n})
        floor.do(c.TakeEvent(event=event, contact_id=new_id()))
    lines = floor.contact.timeline
    assert len(lines) == MOST_LINES
    assert sum(1 for each in lines if each.kind == "contact.offered") == 60
    assert len(left_out(lines).data["kinds"]) == 1, "whatever names it invents are one kind"
    assert lines[-1].data["n"] == 699


def test_after_call_work_is_never_left_out() -> None:
    lines: Timeline = ()
    for n in range(MOST_LINES + 200):
        lines = with_line(lines, Entry(float(n), "wrap_up" if 100 <= n < 150 else "contact.offered", {"n": n}))
    assert len(lines) == MOST_LINES
    assert [each.data["n"] for each in lines if each.kind == "wrap_up"] == list(range(100, 150))
    assert left_out(lines).data["kinds"] == {"contact.offered": 201}


def test_timeline_that_is_longer_from_before_is_shortened() -> None:
    long = tuple(Entry(float(n), "contact.offered", {}) for n in range(20_000))
    lines = with_line(long, Entry(20_000.0, "contact.ended", {}))
    assert (len(lines), left_out(lines).data["lines"]) == (MOST_LINES, 19_702)
