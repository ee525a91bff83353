"""Fixtures for everybody. None is autouse: a pure test starts no server. Tests may use Unix sockets only, unless
marked `enable_socket`."""

from itertools import groupby

import pytest
import structlog
import uvloop  # noqa: F401 - it keeps the sockets that it finds when it is loaded, so before the network is closed
from hypothesis import HealthCheck, settings

from tests.fixtures.database import database, engine, rolled_back, server, session, sessions
from tests.fixtures.site import site

__all__ = ["database", "engine", "rolled_back", "server", "session", "sessions", "site"]


# The same is tried each time: a check must say something of the change, not of luck, and how long a try takes is no
# property. `--hypothesis-profile=chance` tries others.
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("chance", settings.get_profile("same"), derandomize=False)
settings.load_profile("same")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Close the network before pytest-socket reads its options."""
    config.option.disable_socket = True
    config.option.allow_unix_socket = True
    # what is usual shows all locals of all frames in colour: half a minute for one error of a server under test
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand the files of slow tests out here and there in the first half, so that few of them run at a time and none is
    waited for at the end, and the others by their number of tests. xdist goes by that number alone unless it is told to
    leave the order (`--no-loadscope-reorder`)."""
    files = [list(file) for _, file in groupby(items, key=lambda item: item.path)]
    slow = [file for file in files if any(item.get_closest_marker("slow") for item in file)]
    quick = sorted((file for file in files if file not in slow), key=len, reverse=True)
    apart = len(quick) // (2 * len(slow)) + 1 if slow else 0
    for place, file in enumerate(slow):
        quick.insert(place * (apart + 1), file)
    items[:] = [item for file in quick for item in file]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which real calls were not made, where there is no Asterisk or no browser."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = sorted(report.nodeid for report in skipped if report.nodeid.startswith("tests/pbx/"))
    if left_out:
        terminalreporter.section("LEFT OUT: tests over a real switch", sep="!", red=True)
        for name in left_out:
            terminalreporter.line(name)
