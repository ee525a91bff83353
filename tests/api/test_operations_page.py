"""The page for operators names what there is to be seen, all of it and nothing else."""

import importlib
import re
from pathlib import Path

import httpx
from prometheus_client import REGISTRY

from app.api.application import Application
from tests.api.test_health import ask

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
NAMED = re.compile(r"`(callfloor_[a-z_]+)(?:\{([a-z_,]+)\})?`")


def families(told: httpx.Response) -> set[str]:
    """The names in Prometheus' text, as a table of them writes them."""
    names = re.findall(r"^# TYPE (callfloor_\w+) (?!unknown)", told.text, re.MULTILINE)
    return {name for name in names if not name.endswith("_created")}


async def test_each_metric_is_on_the_page_and_each_on_the_page_is_told(app: Application) -> None:
    importlib.import_module("app.main")  # every metric is made where it is counted
    named = {name for name, _ in NAMED.findall(PAGE.read_text())}
    assert named == families(await ask(app, "/metrics"))


def test_each_label_on_the_page_is_one_of_its_metric() -> None:
    labels = {
        told: set(known._labelnames)
        for known, names in REGISTRY._collector_to_names.items()
        for told in names
        if hasattr(known, "_labelnames")
    }
    named = {name: set(given.split(",")) for name, given in NAMED.findall(PAGE.read_text()) if given}
    counted = {name: given for name, given in named.items() if name in labels}
    assert len(counted) > 5
    assert counted == {name: labels[name] for name in counted}
