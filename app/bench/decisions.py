"""(e) The engine alone, without the floor: decisions a second, and how long one takes, by the size of the centre."""

import time
from collections.abc import Callable, Sequence
from statistics import median

import msgspec

from app.bench.choosing import SCAN, SQL, Tables, plainly, scan
from app.bench.figures import Latency, latency
from app.bench.scenes import Busy, Chosen, Declined, Scene, Stuck, decide
from app.db.pool import Connection
from app.routing.engine.engine import Engine, Pair
from app.routing.engine.requirement import Requirement

ENGINE = "engine"
SEED = 3
WARM = 2000
"""Decisions to warm up with, until every kind of requirement has been seen: what is new costs more, once."""

CHECKED = 5
"""So many decisions of each scene are compared with their definition."""


class Speed(msgspec.Struct, frozen=True):
    """What one scene came to."""

    scene: str
    agents: int
    waiting: int
    per_second: float
    latency: Latency


class Beside(msgspec.Struct, frozen=True):
    """Decisions a second of the engine and of the yardsticks on equal scenes, in turn: each one's rounds."""

    agents: int
    waiting: int
    rounds: dict[str, list[float]]

    def per_second(self, who: str) -> float:
        """The median of the rounds."""
        return median(self.rounds[who])

    def ratio(self, other: str) -> float:
        """How many times the decisions of a yardstick: the median over rounds, each compared with its neighbour."""
        return median(mine / theirs for mine, theirs in zip(self.rounds[ENGINE], self.rounds[other], strict=True))


class Decisions(msgspec.Struct, frozen=True):
    """All of it."""

    speeds: list[Speed]
    beside: Beside

    def at(self, agents: int, waiting: int) -> list[Speed]:
        """All scenes of one size."""
        return [each for each in self.speeds if (each.agents, each.waiting) == (agents, waiting)]


class WrongDecision(AssertionError):
    """Two ways to make the same decision disagree."""


class SkillsOnly(Busy):
    """What SQL is asked, too: no choice of one among several skills."""

    def _asked(self) -> list[Requirement]:
        return [Requirement(each.skills or each.one_of[0][:1]) for each in super()._asked()]


def speed(scene: Scene, agents: int, waiting: int, seconds: float) -> Speed:
    """Measure one scene for so long, once it is warm; then compare some decisions with the definition."""
    engine = scene.opened()
    by_engine(scene, engine, 0.0, WARM)
    _, taken = by_engine(scene, engine, seconds)
    for _ in range(CHECKED):
        turn = scene.turn()
        right, made = plainly(scene, turn), _chosen(decide(engine, turn))
        _same(made, right, scene)
        scene.told(made)
    return Speed(scene.name, agents, waiting, len(taken) / sum(taken), latency(taken))


def by_engine(scene: Scene, engine: Engine, seconds: float, least: int = 1) -> tuple[list[Chosen | None], list[float]]:
    """Let things happen, at least so many, until the engine has spent so long on them: what it decided, and the seconds
    of each."""
    made: list[Chosen | None] = []
    taken, left = [], seconds
    while left > 0 or len(made) < least:
        turn = scene.turn()
        begun = time.perf_counter()
        pair = decide(engine, turn)
        taken.append(time.perf_counter() - begun)
        left -= taken[-1]
        made.append(_chosen(pair))
        scene.told(made[-1])
    return made, taken


def all_sizes(agents: Sequence[int], waiting: Sequence[int], seconds: float, say: Callable[[str], None]) -> list[Speed]:
    """Every size of centre as a busy day, and those where as many wait as there are agents as the two worst days."""
    told = []
    for staff in agents:
        for length in waiting:
            say(f"decisions, {staff} agents and {length} waiting")
            kinds: list[type[Scene]] = [Busy, Stuck, Declined] if length == staff else [Busy]
            told += [speed(kind(staff, length, SEED), staff, length, seconds) for kind in kinds]
    return told


async def beside(
    connection: Connection, agents: int, waiting: int, rounds: int, seconds: float, say: Callable[[str], None]
) -> Beside:
    """Engine, scan and SQL on equal scenes in turn; all must decide the same. Raises `WrongDecision`."""
    told: dict[str, list[float]] = {ENGINE: [], SCAN: [], SQL: []}
    for number in range(rounds):
        say(f"decisions beside the yardsticks, round {number + 1} of {rounds}")
        mine, scanned, asked = (SkillsOnly(agents, waiting, SEED + number) for _ in told)
        made, taken = by_engine(mine, mine.opened(), seconds)
        told[ENGINE].append(len(taken) / sum(taken))
        tables = Tables(connection)
        await tables.fill(asked)
        for name, (theirs, rate) in (
            (SCAN, _by_scan(scanned, seconds)),
            (SQL, await _by_sql(asked, tables, seconds)),
        ):
            told[name].append(rate)
            for one, other in zip(made, theirs, strict=False):
                _same(one, other, mine)
    return Beside(agents, waiting, told)


def _by_scan(scene: Scene, seconds: float) -> tuple[list[Chosen | None], float]:
    made, begun = [], time.perf_counter()
    while (spent := time.perf_counter() - begun) < seconds:
        scene.turn()
        made.append(scan(scene))
        scene.told(made[-1])
    return made, len(made) / spent


async def _by_sql(scene: Scene, tables: Tables, seconds: float) -> tuple[list[Chosen | None], float]:
    made, begun = [], time.perf_counter()
    while (spent := time.perf_counter() - begun) < seconds:
        made.append(await tables.decide(scene.turn()))
        scene.told(made[-1])
    return made, len(made) / spent


def _chosen(pair: Pair | None) -> Chosen | None:
    return Chosen(pair.agent, pair.contact) if pair is not None else None


def _same(one: Chosen | None, other: Chosen | None, scene: Scene) -> None:
    if one != other:
        raise WrongDecision(f"In the scene {scene.name!r} the engine chose {one}, and {other} was right.")
