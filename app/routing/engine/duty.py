"""Who is on duty, whether ready or not: the agents to whom a contact could be offered now or in a moment."""

from collections.abc import Iterator

from app.routing.engine.matching import Matching
from app.routing.engine.requirement import Kind, Requirement, names, satisfies


class _Holders:
    """How many on duty hold a requirement."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Duty:
    """All agents on duty, by kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        self._matching: Matching[dict[str, None], _Holders] = Matching()

    def put(self, agent: str, kind: Kind | None) -> None:
        """An agent is on duty as this kind, or (None) not on duty."""
        before = self._kinds.pop(agent, None)
        if before is not None:
            group, requirements = self._group(before)
            del group[agent]
            for holders in requirements:
                holders.count -= 1
        if kind is not None:
            self._kinds[agent] = kind
            group, requirements = self._group(kind)
            group[agent] = None
            for holders in requirements:
                holders.count += 1

    def __contains__(self, agent: str) -> bool:
        return agent in self._kinds

    def kind(self, agent: str) -> Kind | None:
        """As what kind the agent is on duty, if they are."""
        return self._kinds.get(agent)

    def anyone(self, wanted: Requirement, without: tuple[str, ...] = ()) -> bool:
        """Whether somebody on duty, others than `without`, may take what is wanted."""
        if not wanted.agents and self._holders(wanted)[0].count > len(without) + len(wanted.excluded):
            return True
        out = frozenset(without)
        return any(agent not in out for agent in self._who(wanted))

    def count(self, wanted: Requirement) -> int:
        """How many on duty may take what is wanted."""
        if wanted.agents:
            return sum(1 for _ in self._who(wanted))
        excluded = (self._kinds.get(agent) for agent in set(wanted.excluded))
        return self._holders(wanted)[0].count - sum(1 for kind in excluded if kind and satisfies(kind, wanted))

    def everyone(self) -> Iterator[tuple[str, Kind]]:
        """Each agent on duty with their kind."""
        return iter(self._kinds.items())

    def _who(self, wanted: Requirement) -> Iterator[str]:
        if wanted.agents:
            for agent in wanted.agents:
                kind = self._kinds.get(agent)
                if kind is not None and names(wanted, agent) and satisfies(kind, wanted):
                    yield agent
            return
        for group in self._holders(wanted)[1]:
            yield from (agent for agent in group if agent not in wanted.excluded)

    def _group(self, kind: Kind) -> tuple[dict[str, None], list[_Holders]]:
        return self._matching.of_kind(kind) or self._matching.add_kind(kind, {})

    def _holders(self, wanted: Requirement) -> tuple[_Holders, list[dict[str, None]]]:
        known = self._matching.of_requirement(wanted)
        if known is None:
            known = self._matching.add_requirement(wanted, _Holders())
            known[0].count = sum(map(len, known[1]))
        return known
