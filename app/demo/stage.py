"""The demo as a whole: built up, shown, taken down in order; the data stays."""

import asyncio
import fcntl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import httpx
from sqlalchemy import func, select

from app.core import clock
from app.core.errors import Conflict
from app.core.tasks import Supervisor
from app.db.embedded import EmbeddedServer
from app.db.engine import Sessions, create_engine
from app.db.errors import EmbeddedServerError
from app.db.migrate import prepare
from app.demo.bank import AGENTS, PASSWORD, QUEUES, SOURCE, SUPERVISOR
from app.demo.carriers import Carrier, Tell, carrier_of
from app.demo.cast import AGENTS as AGENTS_CHILD
from app.demo.cast import SERVER, DemoPlan, start_agents, start_server
from app.demo.children import Children
from app.demo.client.account import Account
from app.demo.lifeline import stop_asked
from app.demo.pbx.apt import AsteriskMissing
from app.demo.pbx.server import AsteriskFailed
from app.demo.seed import Seeded, ensure_seeded
from app.demo.spectator import Spectator
from app.demo.view.lines import Result
from app.demo.view.model import FloorPicture
from app.floor.journal.models import LiveContact
from app.interactions.models import Interaction

Show = Callable[[FloorPicture, str | None, Callable[[], int | None]], Coroutine[Any, Any, None]]


class Occupied(Conflict):
    """Another demo works in the folder."""

    code: ClassVar[str] = "occupied"


class Stage:
    """Plays a demo. `tell` is called with the name of each part as it stands and a word about it; `show` draws the
    picture (and is given a line about what carries the calls, and the server's process id) until it is cancelled."""

    def __init__(self, plan: DemoPlan, tell: Tell, show: Show) -> None:
        self._plan = plan
        self._tell = tell
        self._show = show
        self._stop = asyncio.Event()
        self._trouble: list[BaseException] = []

    async def play(self) -> Result | None:
        """Run until stopped by a signal or at the end of the plan's time; None if that came before all of it stood.

        Raises what a person has to put right.
        """
        async with AsyncExitStack() as stack:
            self._stop = stack.enter_context(stop_asked())
            stack.enter_context(alone_in(self._plan.folder))
            try:
                url = await self._set_up(stack)
                carrier = await stack.enter_async_context(carrier_of(self._plan, self._tell))
            except (EmbeddedServerError, AsteriskMissing, AsteriskFailed):
                if self._stop.is_set():  # Ctrl-C at a terminal reaches the programs that make them, too
                    return None
                raise
            engine = create_engine(url, pool=2)
            stack.push_async_callback(engine.dispose)
            return await self._perform(Sessions(engine), carrier)

    async def _set_up(self, stack: AsyncExitStack) -> str:
        """The database's address."""
        folder = self._plan.folder / "database"
        database = EmbeddedServer(folder)
        url = await asyncio.to_thread(database.start)
        stack.push_async_callback(asyncio.to_thread, database.stop)
        await prepare(url)
        self._tell("database", f"embedded PostgreSQL in {folder}")
        return url

    async def _perform(self, sessions: Sessions, carrier: Carrier) -> Result | None:
        if self._stop.is_set():
            return None
        seeded = await ensure_seeded(sessions, carrier.switch, self._plan.size)
        before = await _interactions(sessions)
        self._tell("demo bank", _bank_line(self._plan, seeded, before))
        picture = await self._run_processes(seeded, carrier)
        if self._trouble:
            raise self._trouble[0]
        if picture is None:
            return None
        return Result(
            clock.now() - picture.started_at,
            picture.offered,
            picture.answered,
            picture.outcomes["abandoned"],
            picture.popped,
            await _interactions(sessions) - before,
            await _still_on(sessions),
        )

    async def _run_processes(self, seeded: Seeded, carrier: Carrier) -> FloorPicture | None:
        """Start everybody, show them, and stop them: first who calls, then who answers, last the server."""
        if self._stop.is_set():
            return None
        watch, looking = Supervisor(self._died), Supervisor(self._died)
        children = Children(self._plan.folder / "log", watch)
        async with httpx.AsyncClient(timeout=5.0) as client:
            account = Account(client, self._plan.url, SUPERVISOR, PASSWORD)
            spectator = Spectator(account, client, carrier.figures)
            try:
                await start_server(self._plan, children, client, self._stop)
                if self._stop.is_set():
                    return None
                self._tell("server", f"{self._plan.url}   API at {self._plan.url}/docs")
                spectator.start(looking)
                await spectator.up()  # before anybody calls, or the first calls would not be counted
                await start_agents(self._plan, children)
                await carrier.start_callers(self._plan, children, seeded.secret)
                self._tell("people", carrier.word)
                looking.start("carrier", carrier.watch())
                show = self._show(spectator.picture, carrier.line, lambda: children.pid(SERVER))
                showing = looking.start("view", show)
                await self._until_stopped()
                showing.cancel()
            finally:
                for name in (carrier.callers, AGENTS_CHILD):
                    await children.stop(name)
                await spectator.catch_up()
                await looking.stop()
                await children.stop(SERVER)
                await watch.stop()
        return spectator.picture

    async def _until_stopped(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._plan.seconds):
                await self._stop.wait()

    def _died(self, name: str, error: BaseException) -> None:
        self._trouble.append(error)
        self._stop.set()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other demos out of the folder; raises `Occupied` if one is there. The lock ends with the process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Occupied(f"The demo runs already in {folder}. Use that one, or give this one --var FOLDER.") from None
        yield


async def _interactions(sessions: Sessions) -> int:
    async with sessions.read() as session:
        counted = select(func.count()).select_from(Interaction).where(Interaction.source_id == SOURCE)
        return await session.scalar(counted) or 0


async def _still_on(sessions: Sessions) -> int:
    """Calls that nobody hung up before the server stopped: its next start finds them."""
    alive = func.coalesce(LiveContact.state["state"].as_string(), "") != "wrap_up"
    async with sessions.read() as session:
        counted = select(func.count()).select_from(LiveContact).where(alive)
        return await session.scalar(counted) or 0


def _bank_line(plan: DemoPlan, seeded: Seeded, past: int) -> str:
    size = f"{plan.size.customers:,} customers, {len(AGENTS)} agents, {len(QUEUES)} queues, {past:,} past calls"
    return f"{size} ({'new' if seeded.new else 'kept from last time'})"
