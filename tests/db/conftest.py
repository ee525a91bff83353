"""A folder with data of its own for each test; made once and copied, because making takes most of a second."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.embedded import EmbeddedServer
from tests.db.embedded import throwaway_folder
from tests.fixtures.room import quick_place


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """A folder whose server was started and stopped once."""
    with throwaway_folder(quick_place()) as folder:
        with EmbeddedServer(folder / "db"):
            pass
        yield folder / "db"


@pytest.fixture
def fresh_folder() -> Iterator[Path]:
    """An empty folder."""
    with throwaway_folder(quick_place()) as folder:
        yield folder


@pytest.fixture
def folder(made_once: Path, fresh_folder: Path) -> Path:
    """A folder with a database that nobody serves at the moment."""
    subprocess.run(["cp", "-a", str(made_once), str(fresh_folder / "db")], check=True)
    return fresh_folder / "db"
