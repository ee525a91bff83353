"""Fixtures of the tests that run whole processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import data_folder


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for data of the test's own."""
    with data_folder() as folder:
        yield folder
