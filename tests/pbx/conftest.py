"""A real Asterisk a run, and phones for each test. Mark the tests `enable_socket`."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.demo.pbx.apt import AsteriskMissing
from app.demo.pbx.install import Installation, install
from tests.fixtures.database import Server
from tests.pbx.desk import CallCentre, call_centre
from tests.pbx.site import PbxSite, Phones, started

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def installation() -> Installation:
    """An Asterisk on this disk; the tests are left out, by name, where none can be had."""
    try:
        return install(Path(os.environ.get("CALLFLOOR_ASTERISK", ROOT / "var/asterisk")))
    except AsteriskMissing as error:
        pytest.skip(f"ASTERISK IS MISSING, no real call was made: {error}")


@pytest.fixture(scope="session")
def asterisk(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PbxSite]:
    """A running Asterisk with the agents' phones of `site.AGENTS` and one trunk."""
    with started(installation, tmp_path_factory.mktemp("asterisk")) as site:
        yield site


@pytest.fixture
async def phones(asterisk: PbxSite) -> AsyncIterator[Phones]:
    """Phones at that Asterisk, switched off at the end."""
    async with AsyncExitStack() as stack:
        yield Phones(asterisk, stack)


@pytest.fixture
async def centre(server: Server, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    """A call centre at that Asterisk, whose agents' phones ring at the offer."""
    async with call_centre(server, asterisk, tmp_path) as made:
        yield made
