"""From the text of a scenario file to a scenario, or to every fault of it in one message. Pure."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import yaml
from pydantic import ValidationError

from app.core.faults import Fault, Faulty, of_model, path, placed, read_yaml
from app.simulation.consistency import inconsistencies
from app.simulation.scenario import Scenario


class ScenarioFaulty(Faulty):
    """The scenario cannot be run; the message lists every fault."""

    code = "scenario-faulty"


def read_scenario(text: str, name: str = "The scenario") -> Scenario:
    """The scenario that a YAML text says. Raises ScenarioFaulty, which calls it by `name`."""
    document = read_yaml(text, partial(ScenarioFaulty, name))
    return checked(document.value, name, document.lines, document.faults)


def checked(document: Any, name: str, lines: Mapping[str, int], found: list[Fault]) -> Scenario:
    """The scenario in parsed YAML. Raises ScenarioFaulty with what was `found` before and all that is wrong."""
    if not isinstance(document, dict):
        what = "is empty" if document is None else f"is a {type(document).__name__}"
        raise ScenarioFaulty(name, [*found, Fault("", what, "a mapping with arrivals and agents")])
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        scenario = None
        found = [*found, *of_model(error, Scenario)]
    found += [Fault(path(at), what, accepted) for at, what, accepted in inconsistencies(document)]
    if found or scenario is None:
        raise ScenarioFaulty(name, placed(found, lines))
    return scenario


def as_yaml(scenario: Scenario) -> str:
    """The scenario as a file that reads back as the same; what is as usual is left out."""
    plain = msgspec.to_builtins(scenario.model_dump(exclude_defaults=True))
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110))
