"""All Asterisk servers that are sources: one connection each, for as long as this process owns the floor."""

import asyncio
from collections.abc import Callable

import httpx
import msgspec
import structlog

from app.core.clock import Clock
from app.core.errors import Unavailable
from app.core.tasks import Supervisor
from app.telephony.adapters.asterisk_ari.ari.connection import Access
from app.telephony.adapters.asterisk_ari.fetching_recordings import Tapes
from app.telephony.adapters.asterisk_ari.line.leg import Setup
from app.telephony.adapters.asterisk_ari.ports import Floor
from app.telephony.adapters.asterisk_ari.prompts import Prompts
from app.telephony.adapters.asterisk_ari.switch import APP, Switch
from app.telephony.directory import SourceAccess, SourceDirectory, place
from app.telephony.port import Connection, Missed, Outcome, RecordingSink, Refused, SwitchCommand
from app.telephony.speech import Speech

log = structlog.get_logger(__name__)

PLATFORM = "asterisk_ari"
LOOK_SECONDS = 1.0
NAMED = 5
"""So many of what may be hundreds are named in a sentence."""


class AsteriskSwitches:
    """Connects to every active source of this platform, follows their configuration, and is their driver (see
    `app.telephony.port.Driver`). One that is switched off is left once its calls have ended. `floor_of` gives where the
    news of a source go."""

    def __init__(
        self,
        directory: SourceDirectory,
        speech: Speech,
        floor_of: Callable[[str], Floor],
        recordings: RecordingSink,
        http: httpx.AsyncClient,
        clock: Clock,
        on_death: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        self._recordings = recordings
        self._on_death = on_death
        self._http = http
        self._directory = directory
        self._speech = speech
        self._floor_of = floor_of
        self._clock = clock
        self._tasks: Supervisor | None = None
        self._running: dict[str, tuple[SourceAccess, Switch, asyncio.Task[None]]] = {}
        self._taken: dict[str, str] = {}
        """Sources that are left alone, because another one has their Asterisk: that one."""

    def start(self) -> None:
        """Begin: this process owns the floor."""
        self._tasks = Supervisor(self._on_death)
        self._tasks.start("sources that are Asterisks", self._follow())

    async def stop(self) -> None:
        """Leave the switches to the next owner; their calls go on."""
        if self._tasks is None:
            return
        tasks, self._tasks = self._tasks, None
        await tasks.stop()
        self._running.clear()

    def connection(self, source: str) -> Connection | None:
        """See `app.telephony.port.Connections`."""
        running = self._running.get(source)
        if running is not None:
            standing = running[1].standing
            return msgspec.structs.replace(standing, trouble=standing.trouble or self._nowhere())
        access = self._directory.get(source)
        if access is None or access.platform != PLATFORM:
            return None
        trouble = "another process owns the floor" if self._tasks is None else "it has not been tried yet"
        return Connection(connected=False, trouble=self._why_taken(source) or trouble)

    def _nowhere(self) -> str | None:
        """What to say of agents' phones that no Asterisk has; nothing while one is away, which may have them."""
        each_lacks = [switch.missing for _, switch, _ in self._running.values()]
        missing = sorted(frozenset.intersection(*each_lacks))
        if not missing:
            return None
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        return (
            f"Agents have phones at addresses without an endpoint: {', '.join(missing[:NAMED])}{more}. "
            "Make the endpoints (callfloor asterisk config), or correct the agents' addresses."
        )

    async def execute(self, access: SourceAccess, command: SwitchCommand) -> Outcome:
        """Hand one order over."""
        running = self._running.get(access.id)
        if running is not None:
            return await running[1].execute(command)
        if _faults(access):
            return Refused(f"Source {access.id} has no {' and no '.join(_faults(access))}; set it.")
        return Missed(self._why_taken(access.id) or f"Source {access.id} is not connected.")

    async def _follow(self) -> None:
        """Connect to what is new or changed, and leave what is no more."""
        while True:
            wanted = self._alone(
                {each.id: each for each in self._directory.of_platform(PLATFORM) if self._needed(each)}
            )
            for source in self._running.keys() - wanted.keys():
                _, _, task = self._running.pop(source)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            for source, access in wanted.items():
                if source not in self._running:
                    self._connect(access)
                elif self._running[source][0] != access:
                    self._change(access)
            await asyncio.sleep(LOOK_SECONDS)

    def _alone(self, wanted: dict[str, SourceAccess]) -> dict[str, SourceAccess]:
        """One source for each Asterisk, as two would take it from each other for ever: whoever has it keeps it."""
        first: dict[str, str] = {}
        taken: dict[str, str] = {}
        for access in sorted(wanted.values(), key=lambda each: (each.id not in self._running, each.id)):
            owner = first.setdefault(place(access.command_url or ""), access.id)
            if owner != access.id:
                taken[access.id] = owner
        self._taken, before = taken, self._taken
        for source in taken.keys() - before.keys():
            log.warning("no connection to an Asterisk", source=source, detail=self._why_taken(source))
        return {key: access for key, access in wanted.items() if key not in taken}

    def _why_taken(self, source: str) -> str | None:
        owner = self._taken.get(source)
        if owner is None:
            return None
        if owner in self._running and not self._running[owner][0].active:
            return f"Source {owner} has calls on this Asterisk that still go on."
        return f"Source {owner} has this Asterisk already; switch one of the two off."

    def _needed(self, access: SourceAccess) -> bool:
        """Whether to be connected to it: it is active, or what it has had of calls is not over and told."""
        if _faults(access):
            return False
        running = self._running.get(access.id)
        if access.active or (running is not None and running[1].busy):
            return True
        floor = self._floor_of(access.id)
        try:
            return bool(floor.calls() or floor.recordings())
        except Unavailable:  # it has just begun
            return running is not None

    def _connect(self, access: SourceAccess) -> None:
        assert self._tasks is not None
        where, setup, prompts, tapes = self._parts(access)
        floor = self._floor_of(access.id)
        switch = Switch(access.id, where, setup, prompts, floor, tapes, self._clock, self._on_death)
        switch.change(where, setup, prompts, tapes, access.active)
        task = self._tasks.start(f"Asterisk {access.id}", switch.run())
        self._running[access.id] = (access, switch, task)

    def _change(self, access: SourceAccess) -> None:
        """Its calls go on, and what is not told of them yet still is."""
        _, switch, task = self._running[access.id]
        switch.change(*self._parts(access), access.active)
        self._running[access.id] = (access, switch, task)
        log.info("an Asterisk is configured anew", source=access.id, active=access.active)

    def _parts(self, access: SourceAccess) -> tuple[Access, Setup, Prompts, Tapes]:
        """What a switch needs that follows from the source's record."""
        languages = access.languages or ("en",)
        setup = Setup(
            app=APP,
            dial=access.dial or "PJSIP/{number}",
            caller_id=access.caller_id,
            languages=languages,
        )
        where = Access(access.command_url or "", access.account or "", access.secrets[0], APP)
        media_url = f"{access.public_url.rstrip('/')}/media" if access.public_url else None
        prompts = Prompts(self._speech, languages, media_url)
        return where, setup, prompts, Tapes(self._http, where, access.id, self._recordings)


def _faults(access: SourceAccess) -> list[str]:
    """What is missing to connect to it."""
    lacks = [name for name in ("command_url", "account") if not getattr(access, name)]
    return lacks if access.secrets else [*lacks, "secret"]
