"""A database with the configuration of the floor's tests."""

import pytest

from tests.fixtures.database import Database
from tests.floor.factories import configure


@pytest.fixture
async def bank(database: Database) -> Database:
    """The small bank of the factories."""
    await configure(database.dsn)
    return database
