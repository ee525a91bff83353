"""What `callfloor staff --scenario` is asked, and the search for it with its progress."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.cli.forecast import SHRINKAGE, Faults, Range, number, read_targets, text_in
from app.core.errors import Invalid
from app.routing.staffing.staffing import Targets
from app.simulation.reading import ScenarioFaulty, read_scenario
from app.simulation.scenario import Scenario
from app.simulation.staffing import Found, staff_floor
from app.simulation.trials import MOST_RUNS, Progress

COST = Range(0, 1e6, open_low=True)
_OF_A_FORECAST = ("--contacts", "--aht", "--interval", "--patience")


class MixQuestion(NamedTuple):
    """A scenario, and what it is to reach."""

    path: Path
    scenario: Scenario
    targets: Targets
    costs: dict[str, float]
    shrinkage: float


def mix_question(
    faults: Faults, path: Path, options: Mapping[str, str | None], costs: Sequence[str], *, profile: Path | None
) -> MixQuestion | None:
    """What is asked. What is wrong goes to `faults`, and then there may be no question."""
    for name in _OF_A_FORECAST:
        if options[name] is not None:
            faults.found(name, "the scenario says it", f"{name} or --scenario, one of them")
    if profile is not None:
        faults.found("--profile", "the scenario says what comes", "--profile or --scenario, one of them")
    scenario = _scenario(faults, path)
    if scenario is None:
        read_targets(faults, options)
    targets = read_targets(faults, options, scenario.queue.short_abandon_seconds) if scenario else None
    given = options["--shrinkage"]
    shrinkage = None if given is None else number(faults, "--shrinkage", given, SHRINKAGE)
    prices = _costs(faults, costs, [group.name for group in scenario.agents] if scenario else None)
    if scenario is None or targets is None:
        return None
    if targets.abandon_rate is not None and all(arrival.patience is None for arrival in scenario.arrivals):
        faults.found("--max-abandoned", "nobody of the scenario ever leaves", "a scenario with patience")
    return MixQuestion(path, scenario, targets, prices, shrinkage or 0.0)


def found(faults: Faults, asked: MixQuestion, *, in_total: bool) -> Found | None:
    """The mix; what cannot be reached is a fault."""
    try:
        with _progress([group.name for group in asked.scenario.agents]) as progress:
            return staff_floor(
                asked.scenario,
                asked.targets,
                costs=asked.costs,
                in_total=in_total,
                shrinkage=asked.shrinkage,
                progress=progress,
            )
    except Invalid as error:
        _keep(faults, asked.path, error)
        return None


def _scenario(faults: Faults, path: Path) -> Scenario | None:
    text = text_in(faults, "--scenario", path, "a scenario in YAML; see docs/simulation.md")
    if text is None:
        return None
    try:
        return read_scenario(text, str(path))
    except ScenarioFaulty as error:
        _keep(faults, path, error)
        return None


def _keep(faults: Faults, path: Path, error: Invalid) -> None:
    for each in error.facts["faults"]:
        line = f" line {each['line']}" if each.get("line") else ""
        where = f", {each['where']}" if each["where"] else ""
        faults.found(f"{path}{line}{where}", each["what"], each["accepted"])


def _costs(faults: Faults, given: Sequence[str], groups: Sequence[str] | None) -> dict[str, float]:
    """Costs by group; names are not looked at where the groups are not known."""
    costs: dict[str, float] = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        if not equals:
            faults.found("--cost", f"{text!r} names no group and cost", "a group, = and a number, such as experts=1.5")
        elif groups is not None and name not in groups:
            faults.found("--cost", f"there is no group {name!r}", ", ".join(groups))
        elif name in costs:
            faults.found("--cost", f"{name!r} is there twice", "one cost a group")
        else:
            costs[name] = number(faults, f"--cost {name}", value, COST) or 1.0
    return costs


@contextmanager
def _progress(groups: Sequence[str]) -> Iterator[Progress | None]:
    """A bar on standard error, if that is a terminal. How many runs it takes is not known, so the bar only moves."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("beginning", total=None)

        def tell(mix: tuple[int, ...], run: int, contacts: int) -> None:
            agents = ", ".join(f"{count} {escape(name)}" for count, name in zip(mix, groups, strict=True))
            bar.update(task, description=f"run {run} (at most {MOST_RUNS}), {contacts:,} contacts: {agents}")

        yield tell
