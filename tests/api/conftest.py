"""The HTTP application over a database that keeps nothing and a floor in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from app.api.application import Application, http_app
from app.api.http.services import FloorStatus, Services
from app.auth.access_tokens import Principal, Role, TokenService
from app.auth.passwords import Passwords
from app.auth.sign_in import SignIn
from app.core.clock import Clock, FrozenClock
from app.core.errors import Unavailable
from app.credit.desk import CreditDesk
from app.credit.port import Bureau, Question, Rating, Unanswered
from app.customers.profiles.reads import ReadLog
from app.customers.profiles.whole import Profiles
from app.db.engine import ReadSession, Sessions, WriteSession, create_engine
from app.db.errors import translated
from app.floor.commands import Answer, Command
from app.floor.configuration.config import FloorConfig
from app.floor.state import FloorState
from app.recordings.archive import Archive
from app.recordings.store import folder_store
from tests.fixtures.announced import hold_uncommitted
from tests.fixtures.database import Database, beneath
from tests.fixtures.documented import Description, Documented

ClientAs = Callable[[Role | None], httpx.AsyncClient]


class MemoryFloor:
    """The floor's state machine without its journal; `gone` makes it refuse as one that is owned elsewhere."""

    def __init__(self, clock: Clock) -> None:
        self.state = FloorState(FloorConfig())
        self.clock = clock
        self.status: FloorStatus = "owner"

    async def submit(self, command: Command, scope: str | None = None, id: str | None = None) -> Answer:  # noqa: A002
        """Apply at once."""
        if self.status != "owner":
            raise Unavailable("The floor is owned by another process.", retry_after=3)
        return self.state.apply(command, self.clock()).answer


class NoBureaus:
    """Bureaus that nobody reaches; tests of them serve their own."""

    async def ask(self, bureau: Bureau, question: Question) -> Rating | Unanswered:
        """Reach nobody."""
        return Unanswered("nobody is reached")


class OneTransaction(Sessions):
    """Sessions within one transaction that is rolled back at the end; their commits are savepoints."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._how: dict[str, Any] = {
            "bind": connection,
            "expire_on_commit": False,
            "join_transaction_mode": "create_savepoint",
        }

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """A session whose changes are forgotten."""
        with translated():
            async with ReadSession(**self._how) as session:
                yield session

    snapshot = read

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """A session whose changes the next session sees."""
        with translated():
            async with WriteSession(**self._how) as session, session.begin():
                yield session


@pytest.fixture
async def kept_apart(rolled_back: Database) -> AsyncIterator[Sessions]:
    """Sessions of which nothing stays; fast, but not for several at once."""
    engine = create_engine(rolled_back.url, poolclass=NullPool)
    async with engine.connect() as connection:
        outer = await connection.begin()
        yield OneTransaction(connection)
        await hold_uncommitted(connection)
        await outer.rollback()
    await engine.dispose()


@pytest.fixture
def clock() -> FrozenClock:
    """The instant at which everything happens."""
    return FrozenClock()


@pytest.fixture
def floor(clock: FrozenClock) -> MemoryFloor:
    """The floor, without configuration."""
    return MemoryFloor(clock)


@pytest.fixture
def services(kept_apart: Sessions, clock: FrozenClock, floor: MemoryFloor, tmp_path: Path) -> Services:
    """Services over the test's database; passwords are hashed cheaply."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    tokens = TokenService(b"k" * 32, clock)
    return Services(
        sessions=kept_apart,
        lend=lambda: beneath(kept_apart),
        tokens=tokens,
        passwords=passwords,
        sign_in=SignIn(kept_apart, passwords, tokens, clock),
        clock=clock,
        floor=floor,
        archive=Archive(kept_apart, folder_store(tmp_path / "recordings"), clock, days=30),
        credit=CreditDesk(kept_apart, NoBureaus(), clock),
        profiles=Profiles(lambda: beneath(kept_apart), clock),
        reads=ReadLog(kept_apart, clock),
    )


@pytest.fixture(scope="session")
def built() -> Application:
    """The application as it is served, without a lifespan; made once because that takes a while."""
    return http_app()


@pytest.fixture(scope="session")
def description(built: Application) -> Description:
    """What the application promises of its answers."""
    return Description(built.openapi())


@pytest.fixture
def app(built: Application, services: Services) -> Application:
    """The application with this test's services."""
    built.state.services = services
    return built


@pytest.fixture
def committing(app: Application, services: Services, sessions: Sessions) -> None:
    """Let this test's requests have connections of their own, and commit."""
    app.state.services = replace(services, sessions=sessions, lend=lambda: beneath(sessions))


@pytest.fixture
async def client_as(app: Application, services: Services, description: Description) -> AsyncIterator[ClientAs]:
    """A client that is signed in with a role (its login is the role's name), or with None not at all."""
    async with AsyncExitStack() as stack:

        def make(role: Role | None) -> httpx.AsyncClient:
            headers = {}
            if role is not None:
                headers["Authorization"] = f"Bearer {services.tokens.issue(Principal(role, role.title(), role))}"
            transport = Documented(app, description)
            client = httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
            stack.push_async_callback(client.aclose)
            return client

        yield make


@pytest.fixture
def admin(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an administrator."""
    return client_as("administrator")


def faults(answer: httpx.Response) -> list[str]:
    """The places of the faults in a 422 answer."""
    assert answer.status_code == 422, answer.text
    found: list[dict[str, Any]] = answer.json()["faults"]
    return [fault["where"] for fault in found]
