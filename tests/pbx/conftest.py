"""A real Asterisk a run, and phones for each test. Mark the tests `enable_socket`."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.demo.pbx.apt import AsteriskMissing
from app.demo.pbx.install import Installation, install
from tests.fixtures.database import Server
from tests.pbx.desk import CallCentre, call_centre
from tests.pbx.site import PbxSite, Phones, started

ROOT = Path(__file__).parents[2]
FIRST = "test_demo.py"
"""One test, and the longest of all: begun last, it would be waited for alone."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: the one above, then those of most tests. xdist goes by their number alone
    unless it is told to leave the order (`--no-loadscope-reorder`)."""
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    number = Counter(item.path for item in ours)
    ours.sort(key=lambda item: (item.path.name != FIRST, -number[item.path], item.path))
    items[:] = [*ours, *(item for item in items if item.path not in number)]


@pytest.fixture(scope="session")
def installation() -> Installation:
    """An Asterisk on this disk; the tests are left out, by name, where none can be had."""
    try:
        return install(Path(os.environ.get("CALLFLOOR_ASTERISK", ROOT / "var/asterisk")))
    except AsteriskMissing as error:
        pytest.skip(f"ASTERISK IS MISSING, no real call was made: {error}")


@pytest.fixture(scope="session")
def switch(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PbxSite]:
    """A running Asterisk with the agents' phones of `site.AGENTS` and one trunk."""
    with started(installation, tmp_path_factory.mktemp("asterisk")) as site:
        yield site


@pytest.fixture
async def phones(switch: PbxSite) -> AsyncIterator[Phones]:
    """Phones at that Asterisk, switched off at the end."""
    async with AsyncExitStack() as stack:
        yield Phones(switch, stack)


class Shared:
    """One call centre for test after test, opened anew after one that leaves something behind."""

    def __init__(self, server: Server, site: PbxSite, folder: Path, **options: Any) -> None:
        self._open = partial(call_centre, server, site, folder, **options)
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._centre: CallCentre | None = None

    def open(self) -> CallCentre:
        """The call centre, in which nothing has happened."""
        if self._centre is None:
            self._centre = self._runner.run(self._stack.enter_async_context(self._open()))
        return self._centre

    def leave(self) -> None:
        """End of a test. Raises AssertionError where it has left something behind."""
        assert self._centre is not None
        try:
            self._runner.run(self._centre.until_left())
        except BaseException:
            self.shut()
            raise

    def shut(self) -> None:
        """Leave the Asterisk to somebody else, until it is opened again."""
        self._centre = None
        self._runner.run(self._stack.aclose())

    def close(self) -> None:
        """The end of the run."""
        self.shut()
        self._runner.close()


@pytest.fixture(scope="session")
def shared(server: Server, switch: PbxSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """The call centre behind `centre`."""
    made = Shared(server, switch, tmp_path_factory.mktemp("centre"))
    yield made
    made.close()


Lasting = Callable[..., Shared]
"""Makes a call centre with options of `call_centre` for all tests of a module."""


@pytest.fixture(scope="module")
def lasting(
    server: Server, shared: Shared, switch: PbxSite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lasting]:
    """For a module whose call centre has something that `shared` has not."""
    shared.shut()
    with ExitStack() as stack:

        def make(**options: Any) -> Shared:
            made = Shared(server, switch, tmp_path_factory.mktemp("centre"), **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def centre(shared: Shared) -> Iterator[CallCentre]:
    """A call centre at that Asterisk, whose agents' phones ring at the offer."""
    yield shared.open()
    shared.leave()


@pytest.fixture
def asterisk(shared: Shared, switch: PbxSite) -> PbxSite:
    """That Asterisk with nobody at it: for a test that is its master, or opens a call centre of its own."""
    shared.shut()
    return switch
