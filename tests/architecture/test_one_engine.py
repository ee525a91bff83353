"""The floor and the simulation decide by the same code: a figure of the simulator is a promise about the floor."""

import ast
import gc
from pathlib import Path

import pytest

import app.routing.engine.engine as routing
from app.simulation.runs import simulation_of
from tests.simulation.scenes import calls, group, scene

APP = Path(__file__).parents[2] / "app"
ENGINE = "app.routing.engine.engine"
MATCHING = {"app.routing.engine.selection": "ReadyPool", "app.routing.engine.waiting": "WaitingLine"}


def imports(room: str) -> set[tuple[str, str]]:
    """What the modules of a room import: (module, name)."""
    return {
        (node.module or "", alias.name)
        for path in (APP / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("room", ["floor", "simulation"])
def test_floor_and_simulation_import_the_one_engine(room: str) -> None:
    gc.disable()  # what is collected amid a parse makes CPython 3.11 miscount its depth (SystemError)
    try:
        taken = imports(room)
    finally:
        gc.enable()
    assert (ENGINE, "Engine") in taken
    assert not set(MATCHING.items()) & taken, "only the engine matches"


def test_there_is_one_engine_and_the_simulation_runs_it() -> None:
    named = [path for path in APP.rglob("*.py") if "class Engine" in path.read_text()]
    assert named == [APP / "routing" / "engine" / "engine.py"]
    simulation = simulation_of(scene(contacts=1, arrivals=[calls(1, 1)], agents=[group(1)]))
    assert type(simulation.engine) is routing.Engine
