"""Fixtures for everybody. None is autouse: a pure test starts no server. Tests may use Unix sockets only, unless
marked `enable_socket`."""

import pytest

from tests.fixtures.database import database, engine, rolled_back, server, session, sessions
from tests.fixtures.site import site

__all__ = ["database", "engine", "rolled_back", "server", "session", "sessions", "site"]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Close the network before pytest-socket reads its options."""
    config.option.disable_socket = True
    config.option.allow_unix_socket = True
