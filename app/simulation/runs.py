"""Running a scenario, or two that the same contacts call."""

from collections.abc import Callable

from app.simulation.ledger import batch_edges
from app.simulation.loop import Listener, Simulation
from app.simulation.results import Results
from app.simulation.scenario import Scenario
from app.simulation.streams import contacts_of, planned

Progress = Callable[[int], None]
"""Told now and then how many contacts are finished."""


def simulation_of(scenario: Scenario, decided: Listener | None = None) -> Simulation:
    """A simulation at its beginning. Raises Invalid where no contact would count."""
    draws = [contacts_of(scenario.seed, arrival) for arrival in scenario.arrivals]
    return Simulation(scenario, draws, planned(scenario), decided)


def simulate(scenario: Scenario, *, progress: Progress | None = None, decided: Listener | None = None) -> Results:
    """The results of a scenario. Raises Invalid where no contact would count."""
    simulation = simulation_of(scenario, decided)
    ledger = simulation.run(progress)
    return Results(scenario, ledger, simulation.now)


def paired(first: Scenario, second: Scenario) -> tuple[Scenario, Scenario]:
    """Both with the first's seed, contacts and warm-up, and with as many batches: what the comparison needs."""
    same = {"seed": first.seed, "warmup": first.warmup}
    if first.contacts is not None or not all(arrival.ends for arrival in second.arrivals):
        same["contacts"] = first.contacts if first.contacts is not None else planned(first)
    second = second.model_copy(update=same)
    sizes = [len(batch_edges(one.warmup, planned(one), first.batches)) for one in (first, second)]
    batches = {"batches": min(sizes)}
    return first.model_copy(update=batches), second.model_copy(update=batches)
