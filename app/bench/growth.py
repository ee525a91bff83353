"""(d) How the floor alone takes to more agents, and to more callers who wait: it must not notice."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from statistics import median

import msgspec

from app.bench.bank import PRODUCTS, configuration
from app.bench.core import Lane, callers, pace
from app.bench.field import Field, Ground, open_field
from app.bench.play import Course

AT_ONCE = 50
QUEUE = "cards"
SAME_KIND = 40
"""So many places on comes the next caller for the same queue who speaks the language that all agents speak."""

CHUNK = 200
WARM_UP = 0.3


class Size(msgspec.Struct, frozen=True):
    """What one size of floor came to: `count` agents, or waiting callers."""

    count: int
    per_second: float
    pop: float
    """Median seconds from a command to the screen pop that it causes, one at a time."""


class Growth(msgspec.Struct, frozen=True):
    """From the smallest size to the largest."""

    sizes: list[Size]

    @property
    def slower(self) -> float:
        """How many times as many commands a second the smallest does as the largest."""
        return self.sizes[0].per_second / self.sizes[-1].per_second

    @property
    def later(self) -> float:
        """How many times as long a screen pop takes on the largest as on the smallest."""
        return self.sizes[-1].pop / self.sizes[0].pop


class Crowd:
    """A floor that is ready to be measured, and the two ways to do it. Use one of its subclasses."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def lanes(self) -> Sequence[Lane]:
        """What is done at once."""
        raise NotImplementedError

    async def pop(self) -> float:
        """Seconds from a command to the screen pop that it causes, with nothing else going on."""
        raise NotImplementedError


class ManyAgents(Crowd):
    """All agents are ready; a call finds one of them."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self._places = itertools.count()

    def lanes(self) -> Sequence[Lane]:
        """Whole calls."""
        return callers(self.field, AT_ONCE)

    async def pop(self) -> float:
        """From the arrival of a caller."""
        course = Course(self.field, next(self._places))
        begun = time.perf_counter()
        contact = await course.arrive()
        popped = await self.field.desks.popped(contact)
        await course.abandon()
        return popped.at - begun


class ManyWaiting(Crowd):
    """Few agents; whoever frees takes the first of the callers, and another one joins at the end."""

    def __init__(self, field: Field, agents: Sequence[str]) -> None:
        super().__init__(field)
        self._agents = agents
        self._courses: dict[str, Course] = {}
        self._places = itertools.count(PRODUCTS.index(QUEUE), SAME_KIND)

    async def gather(self, count: int) -> None:
        """Let so many callers wait, and then the agents come."""
        wanted = count + len(self._agents)
        while len(self._courses) < wanted:
            await asyncio.gather(*(self._arrive() for _ in range(min(CHUNK, wanted - len(self._courses)))))
        await self.field.staff(self._agents)

    def lanes(self) -> Sequence[Lane]:
        """Every agent at work."""
        return [partial(self._serve, agent) for agent in self._agents]

    async def pop(self) -> float:
        """From the end of an agent's wrap-up."""
        return await self._serve(self._agents[0])

    async def _serve(self, agent: str) -> float:
        contact = (await self.field.desks.popped(agent)).contact
        course = self._courses.pop(contact)
        await course.serve(contact, agent)
        await self._arrive()
        begun = time.perf_counter()
        await course.wrap_up(contact, agent)
        return (await self.field.desks.seen(agent)).at - begun

    async def _arrive(self) -> None:
        course = Course(self.field, next(self._places))
        self._courses[await course.arrive()] = course


async def by_agents(ground: Ground, counts: Sequence[int], rounds: int, seconds: float, pops: int) -> Growth:
    """Measure floors of these numbers of agents, in turn."""
    async with AsyncExitStack() as floors:
        crowds: list[Crowd] = []
        for count in counts:
            config = configuration(count)
            field = await floors.enter_async_context(open_field(ground, f"agents-{count}", config))
            await field.staff(list(config.agents))
            crowds.append(ManyAgents(field))
        return await _compare(counts, crowds, rounds, seconds, pops)


async def by_waiting(ground: Ground, counts: Sequence[int], rounds: int, seconds: float, pops: int) -> Growth:
    """Measure floors with these numbers of waiting callers, in turn; the same few agents serve each."""
    config = configuration(1000, offer_seconds=3600.0)
    agents = [agent.id for agent in config.agents.values() if QUEUE in dict(agent.skills)][:AT_ONCE]
    async with AsyncExitStack() as floors:
        crowds: list[Crowd] = []
        for count in counts:
            field = await floors.enter_async_context(open_field(ground, f"waiting-{count}", config, by_agent=True))
            crowd = ManyWaiting(field, agents)
            await crowd.gather(count)
            crowds.append(crowd)
        return await _compare(counts, crowds, rounds, seconds, pops)


async def _compare(counts: Sequence[int], crowds: Sequence[Crowd], rounds: int, seconds: float, pops: int) -> Growth:
    rates: dict[int, list[float]] = {count: [] for count in counts}
    popped: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count, crowd in zip(counts, crowds, strict=True):
            rates[count].append((await pace(crowd.field, crowd.lanes(), seconds, WARM_UP)).per_second)
            popped[count] += [await crowd.pop() for _ in range(pops)]
    return Growth([Size(count, median(rates[count]), median(popped[count])) for count in counts])
