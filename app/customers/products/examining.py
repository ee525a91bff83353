"""What is wrong with a model, before it is published: names that nothing has, values that cannot be, rules that leave
nothing to choose. Pure."""

from collections.abc import Iterator, Sequence

import msgspec

from app.customers.products.engine import MORE_WORK, Explanation, Puzzle
from app.customers.products.flaws import flaws
from app.customers.products.model import Chosen, Model, Requires, named, within
from app.customers.products.solver import Effort

EXPLAINED = 20
"""So many dead values are told at once, each with its reasons."""


class Dead(msgspec.Struct, frozen=True):
    """A value that nobody can ever choose, and why."""

    option: str
    value: Chosen
    why: Explanation


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `faults` are of the text; where there are none, `contradiction` says why nothing can be
    configured at all, and `dead` names values that nobody can choose. `circles` only warn: options that need each other
    in a ring can be had together or not at all."""

    faults: list[dict[str, str]]
    contradiction: Explanation | None = None
    dead: tuple[Dead, ...] = ()
    circles: tuple[tuple[str, ...], ...] = ()

    @property
    def sound(self) -> bool:
        """Whether it can be published."""
        return not (self.faults or self.contradiction or self.dead)


def examined(model: Model, where: str, work: int = MORE_WORK) -> Examined:
    """Look for everything that is wrong with the model. Raises TooHard."""
    faults = list(flaws(model, where))
    if faults:
        return Examined(faults=faults)
    puzzle = Puzzle(model, None, Effort(work))
    circles = tuple(_circles(model))
    contradiction = puzzle.why_not({})
    if contradiction is not None:
        return Examined(faults=[], contradiction=contradiction, circles=circles)
    dead = []
    for option_id, value in _impossible(puzzle):
        why = puzzle.why_not({}, (option_id, value))
        assert why is not None, "it was found to be impossible"
        dead.append(Dead(option_id, value, why))
        if len(dead) == EXPLAINED:
            break
    return Examined(faults=[], dead=tuple(dead), circles=circles)


def _impossible(puzzle: Puzzle) -> Iterator[tuple[str, Chosen]]:
    """Options with values that nobody can choose; True: no value at all."""
    for state in puzzle.explored({}):
        if state.state == "ruled_out" and not state.excluded:
            yield state.option, True
        yield from ((state.option, value) for value in state.excluded if value is not False)


def _circles(model: Model) -> Iterator[tuple[str, ...]]:
    """Rings of options of which each requires the next, each ring once, from its first option."""
    needs: dict[str, list[str]] = {option.id: [] for option in model.options}
    for rule in model.rules:
        if isinstance(rule, Requires) and rule.when is not None:
            wanted = [name for _, each in within(rule.needs) for name in named(each) if name in needs]
            for name in (name for _, each in within(rule.when) for name in named(each) if name in needs):
                needs[name] += [one for one in wanted if one != name]
    seen: set[str] = set()
    for start in needs:
        if start not in seen and (ring := _ring(start, needs)):
            yield ring
            seen.update(ring)


def _ring(start: str, needs: dict[str, list[str]]) -> tuple[str, ...]:
    """The shortest way from an option back to itself."""
    ways: list[Sequence[str]] = [(start,)]
    reached: set[str] = set()
    for way in ways:
        for after in needs[way[-1]]:
            if after == start:
                return tuple(way)
            if after not in reached:
                reached.add(after)
                ways.append((*way, after))
    return ()
