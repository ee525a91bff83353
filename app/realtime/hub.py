"""Topics and their subscribers within one process. Knows no domain: a frame is a number and bytes.

Publishing never waits: it costs one append for each subscriber of the topic. Who does not keep up is cut off, because
a queue without an end would only hide that its owner lives in the past.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import NoReturn, Self

UNNUMBERED = 0
"""The sequence number of frames outside the sequence (broadcasts, direct answers)."""


class TooSlow(Exception):
    """The subscriber's queue is full; it must start anew from what it has seen."""


class Dismissed(Exception):
    """All subscribers were sent away; `code` and `reason` say why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Subscription:
    """One subscriber's queue, made by `Hub.subscribe`; use as a context manager. One task at a time may `get`."""

    def __init__(self, hub: "Hub", topic: str, limit: int) -> None:
        self._hub = hub
        self._topic = topic
        self._limit = limit
        self._queue: deque[tuple[int, bytes]] = deque()
        self._filled = asyncio.Event()
        self._over = asyncio.Event()
        self._why: Exception | None = None

    def __enter__(self) -> Self:
        self._hub.enter(self._topic, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hub.leave(self._topic, self)

    def put(self, frame: bytes, seq: int = UNNUMBERED) -> None:
        """Queue a frame for this subscriber only. A full queue ends the subscription."""
        if self._why is not None:
            return
        if len(self._queue) >= self._limit:
            self.end(TooSlow(f"more than {self._limit} frames behind"))
            return
        self._queue.append((seq, frame))
        self._filled.set()

    def end(self, why: Exception) -> None:
        """End the subscription: `get` and `ended` raise `why`, the first one given; what is queued is dropped."""
        self._why = self._why or why
        self._queue.clear()
        self._filled.set()
        self._over.set()

    async def get(self) -> tuple[int, bytes]:
        """The next frame and its sequence number. Raises `TooSlow` or `Dismissed` once the subscription has ended."""
        while not self._queue:
            if self._why is not None:
                raise self._why
            self._filled.clear()
            await self._filled.wait()
        return self._queue.popleft()

    async def ended(self) -> NoReturn:
        """Wait for the end, while `get` may be busy elsewhere, and raise what `get` would."""
        await self._over.wait()
        assert self._why is not None
        raise self._why


class Hub:
    """The subscriptions of this process by topic."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[Subscription, None]] = {}

    def subscribe(self, topic: str, limit: int = 256) -> Subscription:
        """A subscription of at most `limit` waiting frames; it receives from the moment its context is entered."""
        return Subscription(self, topic, limit)

    def publish(self, topic: str, seq: int, frame: bytes) -> None:
        """Hand a frame to all subscribers of `topic`."""
        for subscription in self._topics.get(topic, ()):
            subscription.put(frame, seq)

    def broadcast(self, frame: bytes) -> None:
        """Hand an unnumbered frame to everybody."""
        for subscriptions in self._topics.values():
            for subscription in subscriptions:
                subscription.put(frame)

    def dismiss(self, code: int, reason: str) -> None:
        """Send everybody away: their `get` raises `Dismissed`."""
        for subscriptions in self._topics.values():
            for subscription in subscriptions:
                subscription.end(Dismissed(code, reason))

    def listened(self, topic: str) -> bool:
        """Whether anybody subscribes to `topic`; a frame for nobody need not be made."""
        return topic in self._topics

    def count(self, topic: str) -> int:
        """How many subscribe to `topic`."""
        return len(self._topics.get(topic, ()))

    def enter(self, topic: str, subscription: Subscription) -> None:
        """Called by the subscription's context."""
        self._topics.setdefault(topic, {})[subscription] = None

    def leave(self, topic: str, subscription: Subscription) -> None:
        """Called by the subscription's context."""
        subscriptions = self._topics[topic]
        del subscriptions[subscription]
        if not subscriptions:
            del self._topics[topic]

    @property
    def subscriptions(self) -> int:
        """How many there are."""
        return sum(map(len, self._topics.values()))
