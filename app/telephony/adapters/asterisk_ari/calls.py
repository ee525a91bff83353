"""A call while it lives, and its news in the words of the floor."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from app.telephony.adapters.asterisk_ari.actions import Perform, Referred, Request, Stored, Told
from app.telephony.adapters.asterisk_ari.ari.connection import ANSWER_SECONDS, Answered
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import CallEvent
from app.telephony.port import Delivered, Missed, Outcome, Refused

Sent = tuple[Request, "asyncio.Future[Answered]"]
"""A request that is under way."""


TICK = 0.001
"""Seconds; news is told to the millisecond."""

WAITING_SECONDS = 5.0
"""For longer no event waits to be read."""


class LiveCall:
    """A line, what waits to be told of it, and the instants that it waits for."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.news: asyncio.Queue[Told | Perform | Stored | Referred | None] = asyncio.Queue()
        self.over = False
        self.preparing: asyncio.Task[None] | None = None
        """Makes the prompts of a script that is to be performed."""
        self.channels: set[str] = set()
        """Its channels on the switch, also those that have gone."""
        self._timers: set[asyncio.TimerHandle] = set()
        self._told_at: dict[str, float] = {}

    def in_order(self, told: Told) -> Told:
        """The same, not before what was told of its leg last. An order may be done while an event waits to be read that
        came before it; what is told of that later holds now, and would be taken for late news otherwise. What is much
        older comes of a clock that was set."""
        if told.leg_id is None:
            return told
        last = self._told_at.get(told.leg_id, 0.0)
        waited = last - told.at < WAITING_SECONDS
        at = self._told_at[told.leg_id] = max(round(told.at, 3), round(last + TICK, 3)) if waited else told.at
        return msgspec.structs.replace(told, at=at)

    def wake_in(self, seconds: float, wake: Callable[[], None]) -> None:
        """Call `wake` then, unless the call is over."""

        def due() -> None:
            self._timers.discard(timer)
            wake()

        if not self.over:
            timer = asyncio.get_running_loop().call_later(max(0.0, seconds), due)
            self._timers.add(timer)

    def stop_timers(self) -> None:
        """No instant is waited for any more."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def no_script(self) -> None:
        """The script whose prompts are being made is not wanted any more."""
        if self.preparing is not None:
            self.preparing.cancel()
            self.preparing = None

    def close(self) -> None:
        """It is over; what was not told yet still is."""
        self.over = True
        self.stop_timers()
        self.no_script()
        self.news.put_nowait(None)


def event_of(source: str, line: Line, told: Told) -> CallEvent:
    """The news as an event."""
    return CallEvent(
        source=source,
        type=told.type,
        call_id=line.call,
        at=round(told.at, 3),
        direction=line.direction,
        from_=line.from_,
        to=line.to,
        leg_id=told.leg_id,
        agent=told.agent,
        cause=told.cause,
        details=told.details,
    )


def delivery_of(event: CallEvent) -> str:
    """What is the same over all attempts to tell it."""
    about = event.details.get("script", event.details.get("recording", ""))
    return f"{event.call_id}:{event.type}:{event.leg_id or ''}:{event.at:.3f}:{about}"


def raw_of(event: CallEvent) -> bytes:
    """What is kept of it."""
    data: dict[str, Any] = {
        "call_id": event.call_id,
        "direction": event.direction,
        "from": event.from_,
        "to": event.to,
        "leg_id": event.leg_id,
        "agent": event.agent,
        "cause": event.cause,
        **event.details,
    }
    told = {key: value for key, value in data.items() if value is not None}
    return msgspec.json.encode({"type": event.type, "at": event.at, "data": told})


def seen(sent: "asyncio.Future[Any]") -> None:
    """The connection has ended before the answer; the resynchronisation sees to what came of the request."""
    if not sent.cancelled():
        sent.exception()


async def all_answered(source: str, sent: list[Sent]) -> Outcome:
    """What becomes of an order with these requests: refused with a vital one, missed where the switch may not have got
    them all; it may take them, too, after nobody waits any more."""
    for _, answer in sent:
        answer.add_done_callback(seen)
    if sent:
        await asyncio.wait([answer for _, answer in sent], timeout=ANSWER_SECONDS)
    outcomes = [_outcome(source, request, answer) for request, answer in sent]
    refused = (each for each in outcomes if isinstance(each, Refused))
    missed = (each for each in outcomes if isinstance(each, Missed))
    return next(refused, None) or next(missed, None) or Delivered()


def _outcome(source: str, request: Request, answer: "asyncio.Future[Answered]") -> Outcome:
    if not answer.done():
        return Missed(f"Asterisk {source} did not answer in time.")
    if (error := answer.exception()) is not None:
        return Missed(str(error))
    told = answer.result()
    if request.fails_by(told.status):
        return Refused(f"Asterisk {source} answered {told.status} to {request.method} {request.path}: {told.body}")
    return Delivered()
