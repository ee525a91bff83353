"""The application over a database of the test's own, in which commits are real; and who asks it."""

import pytest

from app.core.clock import FrozenClock, now
from app.db.engine import Sessions
from tests.api.conftest import admin, app, built, client_as, description, floor, services

__all__ = ["admin", "app", "built", "client_as", "clock", "description", "floor", "kept_apart", "services"]


@pytest.fixture
def kept_apart(sessions: Sessions) -> Sessions:
    """Sessions that commit."""
    return sessions


@pytest.fixture
def clock() -> FrozenClock:
    """The present instant, which stands still: the floor and the audit log go by the real one."""
    return FrozenClock(now())
