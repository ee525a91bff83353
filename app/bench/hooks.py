"""(b) The webhooks over HTTP, beside the yardsticks: the same messages, client, server settings and database."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from app.bench.processes import HOST, Cores
from app.bench.signed import PATH, Signer, whole_call
from app.bench.wire import Connection, connections

OURS = "webhooks"
YARDSTICKS = {"A": "/a", "B": "/b"}
"""Names and paths."""

EVENTS = 6
"""Of a call."""

MOST_PER_SECOND = 12_000
"""No rival is expected to take more; so many requests are made ready."""


class Rival(NamedTuple):
    """One who takes events: a name, the port that it listens on, the processor time used meanwhile, its path."""

    name: str
    port: int
    cores: Cores
    path: str = PATH


class Round(msgspec.Struct, frozen=True):
    """What one rival did in one round."""

    rival: str
    per_second: float
    shares: dict[str, float]


class Hooks(msgspec.Struct, frozen=True):
    """All rounds, in the order in which they were run."""

    rounds: list[Round]
    connections: int

    def per_second(self, rival: str) -> float:
        """Events a second, the median of the rounds."""
        return median(each.per_second for each in self.of(rival))

    def ratio(self, one: str, other: str) -> float:
        """How many times the events of `other`: the median over rounds, each compared with its own neighbour."""
        pairs = zip(self.of(one), self.of(other), strict=True)
        return median(mine.per_second / theirs.per_second for mine, theirs in pairs)

    def shares(self, rival: str) -> dict[str, float]:
        """The median share of a core that each process used while the rival was measured."""
        rounds = self.of(rival)
        return {who: median(each.shares[who] for each in rounds) for who in rounds[0].shares}

    def of(self, rival: str) -> list[Round]:
        """One rival's rounds."""
        return [each for each in self.rounds if each.rival == rival]


class Contest:
    """Gives each rival the same load in turn, so that what drifts drifts for all of them."""

    def __init__(self, signer: Signer, agents: Sequence[str], customers: int) -> None:
        self._signer = signer
        self._agents = agents
        self._customers = customers
        self._places = itertools.count()

    async def round(self, rival: Rival, open_connections: int, seconds: float) -> Round:
        """Send whole calls over so many connections for `seconds`, each the next event when the last is answered."""
        lanes = self._lanes(rival, open_connections, seconds)
        async with connections(HOST, rival.port, open_connections) as opened:
            rival.cores.start()
            begun = time.perf_counter()
            counts = await asyncio.gather(
                *(self._send(line, lane, begun + seconds) for line, lane in zip(opened, lanes, strict=True))
            )
            took = time.perf_counter() - begun
        return Round(rival.name, sum(counts) / seconds, rival.cores.shares(took))

    def _lanes(self, rival: Rival, count: int, seconds: float) -> list[list[bytes]]:
        calls = int(MOST_PER_SECOND * seconds / EVENTS / count) + 2
        return [[message for _ in range(calls) for message in self._call(rival.path)] for _ in range(count)]

    def _call(self, path: str) -> list[bytes]:
        place = next(self._places)
        agent = self._agents[place % len(self._agents)]
        return [self._signer.request(body, path) for body in whole_call(place % self._customers, agent)]

    async def _send(self, connection: Connection, lane: list[bytes], until: float) -> int:
        """Events answered in time; the call that is then on its way is played to its end, for the next round."""
        in_time = 0
        for place, message in enumerate(lane):
            if time.perf_counter() >= until and place % EVENTS == 0:
                return in_time
            await connection.post(message)
            in_time += time.perf_counter() < until
        raise AssertionError(f"{len(lane)} requests were not enough for a round")
