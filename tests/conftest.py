"""Fixtures for everybody. None is autouse: a pure test starts no server. Tests may use Unix sockets only, unless
marked `enable_socket`."""

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which real calls were not made, where there is no Asterisk or no browser."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = sorted(report.nodeid for report in skipped if report.nodeid.startswith("tests/pbx/"))
    if left_out:
        terminalreporter.section("LEFT OUT: tests over a real switch", sep="!", red=True)
        for name in left_out:
            terminalreporter.line(name)
