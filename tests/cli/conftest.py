"""Fixtures of the tests of commands, in processes of their own or in this one."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.cli.running import data_folder


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for data of the test's own."""
    with data_folder() as folder:
        yield folder


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that ran here has set up the log for itself, to what was standard error then."""
    before, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    yield
    structlog.configure(**before)
    logging.getLogger().handlers[:] = handlers
