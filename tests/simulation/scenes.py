"""Scenarios for tests, written as the file would be."""

from typing import Any

from app.simulation.reading import checked
from app.simulation.results import ClassFigures, Figures
from app.simulation.runs import simulate
from app.simulation.scenario import Scenario


def scene(**document: Any) -> Scenario:
    """A checked scenario; raises ScenarioFaulty."""
    return checked(document, "The scene", {}, [])


def exponential(seconds: float) -> dict[str, Any]:
    """A duration of that mean."""
    return {"distribution": "exponential", "mean_seconds": seconds}


def deterministic(seconds: float) -> dict[str, Any]:
    """Always so long."""
    return {"distribution": "deterministic", "mean_seconds": seconds}


def calls(rate_per_minute: float, seconds: float, name: str = "calls", **more: Any) -> dict[str, Any]:
    """A class with exponential service."""
    return {"name": name, "rate_per_minute": rate_per_minute, "service": exponential(seconds)} | more


def group(count: int = 1, name: str = "agents", **more: Any) -> dict[str, Any]:
    """A group of agents."""
    return {"name": name, "count": count} | more


def figures(**document: Any) -> Figures:
    """What a scenario comes to."""
    return simulate(scene(**document)).figures()


def class_of(told: Figures, name: str) -> ClassFigures:
    """The figures of one class."""
    return next(each for each in told.classes if each.name == name)
