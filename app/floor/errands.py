"""What flows ask for outside is run for while this process owns the floor; what comes of it is a command."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from app.core.errors import Unavailable
from app.core.tasks import Supervisor
from app.floor.commands import FlowAnswered
from app.floor.memory.effects import Ask
from app.ivr.playing.state import AnyRequest, Fetch, Fetched, Verified

log = structlog.get_logger(__name__)

Run = Callable[[str, AnyRequest], Awaitable[FlowAnswered]]
PAUSE_SECONDS = 0.5


class Errands:
    """Runs each request beside the others with `run`, and submits the answer. Lost with the process: the next owner
    asks again, since requests are kept with their contacts."""

    def __init__(self, run: Run, submit: Callable[[FlowAnswered], Awaitable[object]]) -> None:
        self._run = run
        self._submit = submit
        self._tasks: Supervisor | None = None

    def start(self) -> None:
        """Begin."""
        self._tasks = Supervisor()

    def put(self, asks: Iterable[Ask]) -> None:
        """Run for these. Ignored while not started."""
        if self._tasks is not None:
            for ask in asks:
                self._tasks.start(f"errand of {ask.contact}", self._go(ask))

    async def stop(self) -> None:
        """Stop; nobody waits for what has not come yet."""
        if self._tasks is not None:
            tasks, self._tasks = self._tasks, None
            await tasks.stop()

    async def _go(self, ask: Ask) -> None:
        try:
            answer = await self._run(ask.contact, ask.request)
        except Exception:
            log.exception("a request of a flow raised", contact=ask.contact)
            answer = FlowAnswered(contact_id=ask.contact, event=_failed(ask.request))
        while True:
            try:
                await self._submit(answer)
                return
            except Unavailable:
                await asyncio.sleep(PAUSE_SECONDS)


class NoErrands:
    """For a floor whose numbers lead to no flows."""

    def start(self) -> None:
        """Nothing to begin."""

    def put(self, asks: Iterable[Ask]) -> None:
        """Nobody runs."""

    async def stop(self) -> None:
        """Nothing to stop."""


def _failed(request: AnyRequest) -> Fetched | Verified:
    if isinstance(request, Fetch):
        return Fetched(request=request.id, error="the request could not be made")
    return Verified(request=request.id, outcome="failed")
