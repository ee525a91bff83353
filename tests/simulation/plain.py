"""The rules of routing in their plainest form, on what the scenario says and what a simulation shows."""

from itertools import pairwise

from app.routing.engine.engine import Pair
from app.simulation.loop import Contact, Simulation
from app.simulation.scenario import Arrival, Group, Scenario
from app.simulation.staff import Agent, State


def may(arrival: Arrival, group: Group, step: int) -> bool:
    """Whether agents of a group may take a contact of a class that is at that step (0 is the first requirement)."""
    wanted = arrival.steps[step - 1].requires if step else arrival.requires
    return all(group.skills.get(skill, 0) >= level for skill, level in wanted.items())


class Watcher:
    """Looks at a simulation after every event and before every decision."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.groups = {group.name: group for group in scenario.agents}
        self.decisions: list[tuple[float, Contact, Agent, Pair]] = []
        self.simulation: Simulation | None = None

    def eligible(self, contact: Contact, agent: Agent) -> bool:
        """Whether this agent may take this contact now."""
        waited = (self.simulation.now if self.simulation else 0.0) - contact.arrived
        arrival = self.scenario.arrivals[contact.kind.index]
        # a step that begins at this very instant may or may not have begun
        assert contact.step in {
            sum(step.after_seconds < waited - 1e-6 for step in arrival.steps),
            sum(step.after_seconds <= waited + 1e-6 for step in arrival.steps),
        }
        return may(arrival, self.groups[agent.team.name], contact.step)

    def order(self, contact: Contact) -> tuple[float, float, int]:
        """What the waiting stand in order of: rank where tiers are strict, virtual arrival, arrival."""
        queue, tier = self.scenario.queue, self.scenario.arrivals[contact.kind.index].tier
        bonus = queue.tiers[tier].bonus_seconds if tier else 0.0
        by_bonus = -bonus if queue.strict_tiers else 0.0
        return by_bonus, contact.arrived - bonus, contact.number

    def decided(self, now: float, contact: Contact, agent: Agent, pair: Pair) -> None:
        """A decision is about to take effect: it must be for a free agent, and pass over nobody who stood before."""
        assert self.simulation is not None
        self.decisions.append((now, contact, agent, pair))
        assert agent.state is State.IDLE
        assert agent.on_shift
        assert self.simulation.waiting.get(contact.id) is contact
        assert contact.agent is None
        assert self.eligible(contact, agent)
        for other in self.simulation.waiting.values():
            if self.order(other) < self.order(contact):
                assert not self.eligible(other, agent), f"{other.id} was overtaken by {contact.id}"
        if pair.rule == "contact_finds_agent":
            self._best_selected(contact, agent)

    def _best_selected(self, contact: Contact, agent: Agent) -> None:
        wanted = contact.kind.wanted[contact.step].skills

        def measure(each: Agent) -> tuple[float, ...]:
            levels = self.groups[each.team.name].skills
            score = sum(levels.get(skill, 0) for skill, _ in wanted)
            return {
                "longest_idle": (),
                "most_skilled": (-score,),
                "least_skilled": (score, sum(levels.values())),
                "round_robin": (each.served_at,),
            }[self.scenario.queue.selection]

        assert self.simulation is not None
        idle = [a for a in self.simulation.agents.values() if a.state is State.IDLE and self.eligible(contact, a)]
        if self.scenario.queue.selection != "least_occupied":
            assert agent is min(idle, key=lambda each: (*measure(each), each.idle_since, each.id))

    def after_event(self) -> None:
        """Nobody is idle beside a waiting contact that they may take."""
        assert self.simulation is not None
        for agent in self.simulation.agents.values():
            if agent.state is State.IDLE:
                for contact in self.simulation.waiting.values():
                    assert not self.eligible(contact, agent), f"{agent.id} idles beside {contact.id}"


def one_contact_at_a_time(watcher: Watcher) -> None:
    """No agent was given a contact before the one before was over: answered and served, or gone."""
    simulation, queue = watcher.simulation, watcher.scenario.queue
    assert simulation is not None
    for agent in simulation.agents.values():
        own = [(now, contact) for now, contact, other, _ in watcher.decisions if other is agent]
        for (began, contact), (next_began, _) in pairwise(own):
            outcome = simulation.ledger.outcomes[contact.number]
            ended = contact.arrived + simulation.ledger.waits[contact.number]
            if outcome == 1:
                ended += contact.service / agent.team.speed + queue.wrap_up_seconds
            assert began - 1e-6 <= ended <= next_began + 1e-6
