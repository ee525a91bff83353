"""The contacts of a scenario meet its agents: events in order of time, every decision made by the floor's own engine.

Pure: the virtual time is the time of the event at hand, and the contacts are given. A contact waits, is offered to an
agent who answers after `answer_seconds` and is reserved meanwhile, is served, and the agent wraps up. The caller may
hang up until the agent has answered, which frees a ringing agent at once. Events of the same instant happen in the
order in which they were planned.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Any, NamedTuple

from app.routing.engine.engine import Engine, Pair, Waiting
from app.routing.engine.requirement import Requirement, Selection, sorted_skills
from app.routing.engine.waiting import Place, virtual_arrival
from app.simulation.ledger import Ledger, Outcome
from app.simulation.scenario import Arrival, Queue, Scenario
from app.simulation.staff import Agent, State, Team, changes

FOREVER = float("inf")


class Draw(NamedTuple):
    """A contact as chance made it: when it comes, the service it needs at speed 1, how long it will wait; seconds."""

    at: float
    service: float
    patience: float


class ContactClass:
    """A class of contacts as the loop needs it: each step's requirement, and when each step after the first begins."""

    __slots__ = ("after", "bonus", "index", "name", "precedence", "wanted")

    def __init__(self, index: int, arrival: Arrival, queue: Queue) -> None:
        self.index, self.name = index, arrival.name
        steps = [arrival.requires, *(step.requires for step in arrival.steps)]
        self.wanted = [Requirement(skills=sorted_skills(skills)) for skills in steps]
        self.after = [step.after_seconds for step in arrival.steps]
        tier = queue.tiers.get(arrival.tier or "")
        self.bonus = tier.bonus_seconds if tier else 0.0
        self.precedence = -ranks(queue).get(arrival.tier, 0) if queue.strict_tiers else 0


class Contact:
    """One contact. `agent` is who rings or serves; `ended` when answered or gone."""

    __slots__ = ("agent", "arrived", "ended", "id", "kind", "number", "place", "service", "step")

    def __init__(self, number: int, kind: ContactClass, draw: Draw) -> None:
        self.number, self.kind = number, kind
        self.id = f"{number:08d}"
        self.arrived, self.service = draw.at, draw.service
        self.place = Place(kind.precedence, virtual_arrival(draw.at, kind.bonus), self.id)
        self.step = 0
        self.agent: Agent | None = None
        self.ended = False


Listener = Callable[[float, Contact, Agent, Pair], None]
"""Told of each decision, before it takes effect: the time, who meets whom, and why."""


def ranks(queue: Queue) -> dict[str | None, int]:
    """The rank of each tier: as given, or its position by bonus, where a contact without a tier has rank 0."""
    if any(tier.rank is not None for tier in queue.tiers.values()):
        return {name: tier.rank or 0 for name, tier in queue.tiers.items()}
    order = sorted({0.0, *(tier.bonus_seconds for tier in queue.tiers.values())})
    return {name: order.index(tier.bonus_seconds) - order.index(0.0) for name, tier in queue.tiers.items()}


class Simulation:
    """One run. `waiting` holds the contacts in line by id; `agents` everybody by id; `now` is the virtual time."""

    def __init__(
        self, scenario: Scenario, draws: Sequence[Iterator[Draw]], contacts: int, decided: Listener | None = None
    ) -> None:
        queue = scenario.queue
        self.now = 0.0
        self.engine = Engine(explains=decided is not None)
        self.ledger = Ledger(scenario, contacts)
        self.kinds = [ContactClass(index, arrival, queue) for index, arrival in enumerate(scenario.arrivals)]
        self.teams = [Team(group) for group in scenario.agents]
        self.agents = {agent.id: agent for team in self.teams for agent in team.members}
        self.waiting: dict[str, Contact] = {}
        self.arrived = self.finished = 0
        self._draws, self._decided = draws, decided
        self._selection = Selection(queue.selection)
        self._wrap_up, self._answer = queue.wrap_up_seconds, queue.answer_seconds
        self._events: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._planned = 0
        self._edges = {number: batch for batch, number in enumerate(self.ledger.edges)}
        self._begin(scenario)

    def run(self, progress: Callable[[int], None] | None = None) -> Ledger:
        """Let everything happen; `progress` is told now and then how many contacts are finished."""
        steps = 0
        while self.advance():
            steps += 1
            if progress is not None and not steps & 0x3FFF:
                progress(self.finished)
        return self.ledger

    def advance(self) -> bool:
        """Let the next event happen; False if there is nothing left to happen to any contact."""
        if self.finished == self.ledger.contacts or not self._events:
            return False
        self.now, _, happen, to = heappop(self._events)
        happen(to)
        return True

    def _begin(self, scenario: Scenario) -> None:
        repeat = scenario.repeat_minutes
        for team in self.teams:
            if team.shifts is None:
                self._come(team)
            else:
                self._next_change((team, changes(team.shifts, None if repeat is None else repeat * 60)))
        for kind in self.kinds:
            self._next_arrival(kind)

    def _plan(self, at: float, happen: Callable[[Any], None], to: Any) -> None:
        self._planned += 1
        heappush(self._events, (at, self._planned, happen, to))

    # contacts

    def _next_arrival(self, kind: ContactClass) -> None:
        draw = next(self._draws[kind.index], None)
        if draw is not None:
            self._plan(draw.at, self._arrive, (kind, draw))

    def _arrive(self, what: tuple[ContactClass, Draw]) -> None:
        kind, draw = what
        number, ledger = self.arrived, self.ledger
        if number == ledger.contacts:
            return
        self.arrived += 1
        ledger.kinds[number] = kind.index
        if number in self._edges or number + 1 == ledger.contacts:
            self._mark(number)
        self._next_arrival(kind)
        contact = Contact(number, kind, draw)
        self.engine.put_contact(contact.id, self._waiting_as(contact))
        self.waiting[contact.id] = contact
        pair = self.engine.agent_for(contact.id)
        if pair is not None:
            self._meet(contact, self.agents[pair.agent], pair)
        else:
            self._line_up(contact)
        if draw.patience != FOREVER and not contact.ended:
            self._plan(contact.arrived + draw.patience, self._give_up, contact)

    def _line_up(self, contact: Contact) -> None:
        """No agent was ready: the contact has to wait."""
        self.ledger.lined[contact.number] = 1
        if contact.kind.after:
            self._plan(contact.arrived + contact.kind.after[0], self._loosen, contact)

    def _waiting_as(self, contact: Contact) -> Waiting:
        return Waiting(wanted=contact.kind.wanted[contact.step], place=contact.place, selection=self._selection)

    def _loosen(self, contact: Contact) -> None:
        if contact.id not in self.waiting:
            return
        contact.step += 1
        self.engine.put_contact(contact.id, self._waiting_as(contact))
        after = contact.kind.after
        if contact.step < len(after):
            self._plan(contact.arrived + after[contact.step], self._loosen, contact)
        pair = self.engine.agent_for(contact.id)
        if pair is not None:
            self._meet(contact, self.agents[pair.agent], pair)

    def _give_up(self, contact: Contact) -> None:
        if contact.ended:
            return
        self._end(contact, Outcome.ABANDONED)
        if contact.agent is not None:
            self._free(contact.agent)
        else:
            del self.waiting[contact.id]
            self.engine.put_contact(contact.id, None)

    def _end(self, contact: Contact, outcome: Outcome) -> None:
        contact.ended = True
        self.ledger.outcomes[contact.number] = outcome
        self.ledger.waits[contact.number] = self.now - contact.arrived
        self.finished += 1

    # a contact with an agent

    def _meet(self, contact: Contact, agent: Agent, pair: Pair) -> None:
        if self._decided is not None:
            self._decided(self.now, contact, agent, pair)
        del self.waiting[contact.id]
        self.engine.put_contact(contact.id, None)
        self.engine.put_ready(agent.id, None)
        contact.agent = agent
        agent.served_at = self.now
        if self._answer:
            agent.turn(State.RESERVED, self.now)
            self._plan(self.now + self._answer, self._serve, contact)
        else:
            self._serve(contact)

    def _serve(self, contact: Contact) -> None:
        if contact.ended:
            return
        agent = contact.agent
        assert agent is not None
        self._end(contact, Outcome.ANSWERED)
        agent.turn(State.SERVING, self.now)
        agent.team.answered += 1
        self._plan(self.now + contact.service / agent.team.speed, self._finish, agent)

    def _finish(self, agent: Agent) -> None:
        agent.idle_since = self.now
        if self._wrap_up:
            agent.turn(State.WRAPPING, self.now)
            self._plan(self.now + self._wrap_up, self._free, agent)
        else:
            self._free(agent)

    # agents

    def _free(self, agent: Agent) -> None:
        if not agent.on_shift:
            agent.turn(State.OFF, self.now)
            return
        agent.turn(State.IDLE, self.now)
        self.engine.put_ready(agent.id, agent.standing(self.now))
        pair = self.engine.contact_for(agent.id)
        if pair is not None:
            self._meet(self.waiting[pair.contact], agent, pair)

    def _next_change(self, what: tuple[Team, Iterator[tuple[float, bool]]]) -> None:
        team, told = what
        change = next(told, None)
        if change is not None:
            at, on = change
            self._plan(at, self._change, (team, told, on))

    def _change(self, what: tuple[Team, Iterator[tuple[float, bool]], bool]) -> None:
        team, told, on = what
        if on:
            self._come(team)
        else:
            self._go(team)
        self._next_change((team, told))

    def _come(self, team: Team) -> None:
        for agent in team.members:
            agent.on_shift = True
            self.engine.put_duty(agent.id, team.kind)
            if agent.state is State.OFF:
                if agent.since < self.now:  # not where one shift follows another at once
                    agent.idle_since = self.now
                self._free(agent)

    def _go(self, team: Team) -> None:
        for agent in team.members:
            agent.on_shift = False
            self.engine.put_duty(agent.id, None)
            if agent.state is State.IDLE:
                self.engine.put_ready(agent.id, None)
                agent.turn(State.OFF, self.now)

    def _mark(self, number: int) -> None:
        # a contact may be the first of a batch and the last of all
        for _ in range((number in self._edges) + (number + 1 == self.ledger.contacts)):
            for agent in self.agents.values():
                agent.settle(self.now)
            self.ledger.marks.append([team.read() for team in self.teams])
