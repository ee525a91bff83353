"""(e) Scenes for the engine: centres of any size in which somebody arrives or frees, again and again.

Each scene keeps beside the engine what there is as plain tables, so that others can decide the same thing on it.
"""

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from app.routing.engine.engine import Engine, Pair, Waiting
from app.routing.engine.requirement import Kind, Requirement, Skills, sorted_skills
from app.routing.engine.selection import Standing
from app.routing.engine.waiting import Place, virtual_arrival

SKILLS = tuple(f"skill-{n:02d}" for n in range(50))
ASKED = SKILLS[:40]
"""What callers need; one agent in five holds only other skills, and stands ready whoever waits."""

HELD = 4
TOP = 5
REQUIREMENTS = 200
WISHING = 0.1
"""So many callers wait for an agent of their own."""

BONUSES = (0.0, 0.0, 60.0, 300.0)
DECLINERS = 20
STEP_SECONDS = 0.01


class Chosen(NamedTuple):
    """Whom a decision brought together."""

    agent: str
    contact: str


class Turn(NamedTuple):
    """What happens: a contact arrives (and another one leaves), or an agent frees (who had gone before)."""

    contact: str | None = None
    waiting: Waiting | None = None
    leaves: str | None = None
    agent: str | None = None
    standing: Standing | None = None
    goes: bool = False


def decide(engine: Engine, turn: Turn) -> Pair | None:
    """One decision with everything that the engine must be told for it."""
    pair = None
    if turn.contact is not None:
        if turn.leaves is not None:
            engine.put_contact(turn.leaves, None)
        engine.put_contact(turn.contact, turn.waiting)
        pair = engine.agent_for(turn.contact)
    elif turn.agent is not None:
        if turn.goes:
            engine.put_ready(turn.agent, None)
        engine.put_ready(turn.agent, turn.standing)
        pair = engine.contact_for(turn.agent)
    if pair is not None:
        engine.put_contact(pair.contact, None)
        engine.put_ready(pair.agent, None)
    return pair


class Scene:
    """Agents and waiting contacts as tables, and what happens next. Use one of its subclasses.

    `turn` says what happens, and has written it down already; `told` says what was decided on it.
    """

    name = ""

    def __init__(self, agents: int, waiting: int, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311 - the dice of a load need no cryptography
        self.now = 1_800_000_000.0
        self.duty = {f"agent-{n:05d}": self._kind(n) for n in range(agents)}
        self.ready: dict[str, Standing] = {}
        self.waiting: dict[str, Waiting] = {}
        self.asked = self._asked()
        self._arrived = 0
        self._turns = 0
        self._staff()
        while len(self.waiting) < waiting:
            self._arrives()

    def opened(self) -> Engine:
        """An engine that has been told all that there is."""
        engine = Engine()
        for agent, kind in self.duty.items():
            engine.put_duty(agent, kind)
        for agent, standing in self.ready.items():
            engine.put_ready(agent, standing)
        for contact, waiting in self.waiting.items():
            engine.put_contact(contact, waiting)
        return engine

    def turn(self) -> Turn:
        """Arrivals and agents who free, one after the other."""
        self.now += STEP_SECONDS
        self._turns += 1
        return self._frees() if self._turns % 2 and self._can_free() else self._arrives()

    def told(self, chosen: Chosen | None) -> None:
        """The pair that was made is gone from the tables."""
        if chosen is not None:
            del self.waiting[chosen.contact]
            del self.ready[chosen.agent]

    def _kind(self, number: int) -> Kind:
        skills = SKILLS[len(ASKED) :] if number % 5 == 0 else ASKED
        held = {skill: self.dice.randint(1, TOP) for skill in self.dice.sample(skills, HELD)}
        return Kind(sorted_skills(held), f"team-{number % 20}")

    def _asked(self) -> list[Requirement]:
        """Of what some agent holds: one skill, two, or one of two; levels up to theirs."""
        kinds = [kind for n, kind in enumerate(self.duty.values()) if n % 5]
        return [self._asked_of(self.dice.choice(kinds)) for _ in range(REQUIREMENTS)]

    def _asked_of(self, kind: Kind) -> Requirement:
        skills = self.dice.sample(kind.skills, 2)
        wanted: Skills = tuple(sorted((skill, self.dice.randint(1, level)) for skill, level in skills))
        match self.dice.randrange(4):
            case 0:
                return Requirement(wanted)
            case 1:
                return Requirement(one_of=(wanted,))
            case _:
                return Requirement(wanted[:1])

    def _staff(self) -> None:
        raise NotImplementedError

    def _can_free(self) -> bool:
        return True

    def _frees(self) -> Turn:
        raise NotImplementedError

    def _arrives(self) -> Turn:
        return self._arrival(self.dice.choice(self.asked))

    def _arrival(self, wanted: Requirement, missed_by: tuple[str, ...] = (), leaves: str | None = None) -> Turn:
        key = f"contact-{self._arrived:08d}"
        self._arrived += 1
        place = Place(0, virtual_arrival(self.now, self.dice.choice(BONUSES)), key)
        if leaves is not None:
            del self.waiting[leaves]
        waiting = self.waiting[key] = Waiting(wanted=wanted, place=place, missed_by=missed_by)
        return Turn(contact=key, waiting=waiting, leaves=leaves)

    def _stands(self, agent: str, *, goes: bool = False) -> Turn:
        kind = self.duty[agent]
        idle_since = self.now - self.dice.random()
        standing = self.ready[agent] = Standing(kind=Kind(kind.skills, kind.team), idle_since=idle_since)
        return Turn(agent=agent, standing=standing, goes=goes)


class Busy(Scene):
    """Whoever frees takes the first they may; one agent in five holds nothing that is asked for, and stands ready.

    Without anybody waiting, half of the others stand ready too.
    """

    name = "busy"

    def __init__(self, agents: int, waiting: int, seed: int) -> None:
        self._idle_share = 0.0 if waiting else 0.5
        self._working: deque[str] = deque()
        super().__init__(agents, waiting, seed)

    def told(self, chosen: Chosen | None) -> None:
        """Who was given a contact works."""
        super().told(chosen)
        if chosen is not None:
            self._working.append(chosen.agent)

    def _staff(self) -> None:
        for number, agent in enumerate(self.duty):
            if number % 5 == 0 or self.dice.random() < self._idle_share:
                self._stands(agent)
            else:
                self._working.append(agent)

    def _can_free(self) -> bool:
        return bool(self._working)

    def _frees(self) -> Turn:
        return self._stands(self._working.popleft())

    def _arrives(self) -> Turn:
        if self._working and self.dice.random() < WISHING:
            return self._arrival(Requirement(agents=(self.dice.choice(self._working),)))
        return super()._arrives()


class Stuck(Scene):
    """Everybody is ready but the few experts for whom all wait: no decision finds anything."""

    name = "nobody ready may take them"

    def _kind(self, number: int) -> Kind:
        kind = super()._kind(number)
        top = TOP if number % 100 == 1 else TOP - 1
        return Kind(tuple((skill, top if top == TOP else min(level, top)) for skill, level in kind.skills), kind.team)

    def _asked(self) -> list[Requirement]:
        self._going = self._rounds()
        single = [Requirement(((skill, TOP),)) for skill in ASKED]
        pairs = (sorted(self.dice.sample(ASKED, 2)) for _ in range(REQUIREMENTS - len(ASKED)))
        return single + [Requirement(tuple((skill, TOP) for skill in pair)) for pair in pairs]

    def _staff(self) -> None:
        for number, agent in enumerate(self.duty):
            if number % 100 != 1:
                self._stands(agent)

    def _rounds(self) -> Iterator[str]:
        while True:
            yield from list(self.ready)

    def _frees(self) -> Turn:
        return self._stands(next(self._going), goes=True)

    def _arrives(self) -> Turn:
        leaves = next(iter(self.waiting)) if self._turns else None
        return self._arrival(self.dice.choice(self.asked), leaves=leaves)


class Declined(Scene):
    """All who wait were declined by each of those who are ready; one more who could take any of them is busy."""

    name = "all were declined"

    def _staff(self) -> None:
        *decliners, last = [agent for number, agent in enumerate(self.duty) if number % 5][: DECLINERS + 1]
        self._decliners = tuple(decliners)
        self.duty[last] = Kind(tuple((skill, TOP) for skill in ASKED), self.duty[last].team)
        for agent in decliners:
            self._stands(agent)

    def _frees(self) -> Turn:
        return self._stands(self.dice.choice(self._decliners), goes=True)

    def _arrives(self) -> Turn:
        leaves = next(iter(self.waiting)) if self._turns else None
        return self._arrival(self.dice.choice(self.asked), self._decliners, leaves)
