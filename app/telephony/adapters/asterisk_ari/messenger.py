"""Brings the news of calls to the floor, each once it is taken, and what the floor wants in return to the calls."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import structlog

from app.core.clock import Clock, iso
from app.core.tasks import Supervisor
from app.telephony.adapters.asterisk_ari.actions import Action, Perform, Referred, Stored, Told
from app.telephony.adapters.asterisk_ari.ari.retrying import until_taken
from app.telephony.adapters.asterisk_ari.calls import LiveCall, delivery_of, event_of, raw_of
from app.telephony.adapters.asterisk_ari.fetching_recordings import Tapes
from app.telephony.adapters.asterisk_ari.line import names, referring
from app.telephony.adapters.asterisk_ari.ports import Floor
from app.telephony.adapters.asterisk_ari.prompts import Prompts, unplayable
from app.telephony.events import EventType
from app.telephony.instructions import Script
from app.telephony.port import Notice

log = structlog.get_logger(__name__)


class Messenger:
    """`begin` for each call; `follow` does what its line wants done in answer to the floor."""

    def __init__(
        self,
        source: str,
        floor: Floor,
        prompts: Prompts,
        tapes: Tapes,
        tasks: Supervisor,
        clock: Clock,
        follow: Callable[[LiveCall, Iterable[Action]], None],
    ) -> None:
        self._source = source
        self._floor = floor
        self._prompts = prompts
        self._tapes = tapes
        self._tasks = tasks
        self._clock = clock
        self._follow = follow
        self.keeping: set[str] = set()
        """The recordings on the switch that are on their way."""
        self._telling: set[LiveCall] = set()

    def change(self, prompts: Prompts, tapes: Tapes) -> None:
        """From now on prompts are made by these, and recordings fetched by these."""
        self._prompts, self._tapes = prompts, tapes

    @property
    def busy(self) -> bool:
        """Whether there is news that is not told yet, or a recording on its way."""
        return bool(self._telling or self.keeping)

    def begin(self, call: LiveCall) -> None:
        """Tell the news of this call until it is over."""
        self._telling.add(call)
        self._tasks.start(f"call {call.line.call}", self._run(call))

    def put(self, call: LiveCall, news: Told | Perform | Stored | Referred) -> None:
        """Tell this after all that there was to tell of the call before."""
        if isinstance(news, Stored):
            self.keeping.add(news.name)
        call.news.put_nowait(call.in_order(news) if isinstance(news, Told) else news)

    async def _run(self, call: LiveCall) -> None:
        """Tell the floor what there is to tell of a call, until the call is over."""
        try:
            await self._tell_all(call)
        finally:
            self._telling.discard(call)

    async def _tell_all(self, call: LiveCall) -> None:
        while (news := await call.news.get()) is not None:
            match news:
                case Told():
                    await until_taken(self._source, lambda news=news: self._tell(call, news))  # type: ignore[misc]
                case Stored():
                    self._keep_aside(call, news)
                case Perform(script=script):
                    self._perform(call, script)
                case Referred():
                    await until_taken(self._source, lambda news=news: self._ask_transfer(call, news))  # type: ignore[misc]

    async def _tell(self, call: LiveCall, told: Told) -> None:
        line = call.line
        event = event_of(self._source, line, told)
        contact, script = await self._floor.take(Notice(event, raw_of(event)), delivery_of(event), told.secret)
        line.contact = line.contact or contact
        if script is not None:
            self._perform(call, script)
        elif told.type in (EventType.OFFERED, EventType.DIGITS, EventType.SCRIPT_DONE):
            self._follow(call, line.waits(self._clock()))

    def _perform(self, call: LiveCall, script: Script) -> None:
        """Begin a script in the place of any before it. Prompts take their time, in which other news of the call do not
        wait."""
        call.no_script()
        if not call.over:
            call.preparing = self._tasks.start(f"script of {call.line.call}", self._performed(call, script))

    async def _performed(self, call: LiveCall, script: Script) -> None:
        try:
            media = await self._prompts.playable(script)
        except Exception:  # whatever plays prompts must not cost the news of a call
            log.exception("the prompts of a script could not be made", source=self._source, call=call.line.call)
            media = unplayable(script)
        call.preparing = None
        try:
            self._follow(call, call.line.perform(script, media, self._clock()))
        except Exception:
            log.exception("a script could not be performed", source=self._source, call=call.line.call)

    async def _ask_transfer(self, call: LiveCall, wish: Referred) -> None:
        if not referring.waits(call.line, wish):  # it took too long, or the call is over
            return
        why_not = await self._floor.transfer(wish.contact, wish.agent, wish.target, wish.key)
        if why_not is not None:
            log.info("a transfer that a phone asked for is refused", agent=wish.agent, target=wish.target, why=why_not)
            self._follow(call, referring.declined(call.line, wish))

    def _keep_aside(self, call: LiveCall, stored: Stored) -> None:
        """A recording takes its time, in which other news of the call do not wait."""

        async def keeping() -> None:
            try:
                await until_taken(self._source, lambda: self._keep(call, stored))
            finally:
                self.keeping.discard(stored.name)

        self._tasks.start(f"recording {stored.recording}", keeping())

    async def _keep(self, call: LiveCall, recording: Stored) -> None:
        if recording.recording == names.MESSAGE:  # the contact is known by now, whoever took the call
            recording = msgspec.structs.replace(recording, recording=f"{call.line.contact}.{names.MESSAGE}")
        kept = await self._tapes.keep(recording.recording.rpartition(".")[0] or call.line.contact, recording)
        if not recording.untold:
            kind = EventType.RECORDING_READY if kept else EventType.RECORDING_FAILED
            details: dict[str, Any] = {"recording": recording.recording} if recording.ordered else {}
            seconds = (kept or recording).seconds or 0.0
            details |= {"started_at": iso(recording.started_at), "seconds": round(seconds, 3)}
            await self._tell(call, Told(type=kind, at=self._clock(), details=details))
        if kept is not None:  # last, so that whoever comes after us finds what was not told
            await self._tapes.forget(recording.name)
