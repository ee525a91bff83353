"""The sound of one call: RTP out, a packet every 20 ms, and what comes in."""

import asyncio
import math
import socket
import struct
from collections import deque
from collections.abc import Iterable
from random import Random
from typing import Any

from app.core.tasks import Supervisor
from app.demo.pbx.sound import digits
from app.demo.pbx.sound.tones import LOUD, amplitude, samples, tone
from app.demo.pbx.sound.ulaw import FRAME, RATE

FRAME_SECONDS = FRAME / RATE
HEADER = struct.Struct("!BBHII")
PCMU = 0
VERSION = 0x80
KEPT_FRAMES = 500
PAUSE_FRAMES = 4
"""Between two keys."""


class Stream(asyncio.DatagramProtocol):
    """Sends a tone to `remote` while that is known, and keeps what was heard in the last ten seconds."""

    def __init__(self, host: str, hertz: int) -> None:
        self.remote: tuple[str, int] | None = None
        self.event_type = digits.EVENT_TYPE
        self.silent = False
        """Nothing is sent: the phone holds the call."""
        self.pressed = ""
        """The keys that the other side pressed."""
        self.packets = 0
        self._tone = tone(hertz)
        self._heard: deque[tuple[float, bytes]] = deque(maxlen=KEPT_FRAMES)
        self._last_key: bytes = b""
        self._events: deque[bytes | None] = deque()
        self._pressed_all = asyncio.Event()
        self._closed = False
        self._dice = Random()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, 0))
        self.port: int = self._socket.getsockname()[1]
        """Where sound is to be sent to."""

    def start(self, tasks: Supervisor) -> None:
        """Begin to send and to listen."""
        tasks.start("rtp", self._run())

    def sound_as(self, hertz: int) -> None:
        """Send another tone from now on; silence for 0."""
        self._tone = tone(hertz)

    async def press(self, keys: str) -> None:
        """Press keys one after the other; returns when the last one is up."""
        for key in keys:
            self._events.extend(digits.events(key, FRAME))
            self._events.extend([None] * PAUSE_FRAMES)
        self._pressed_all.clear()
        await self._pressed_all.wait()

    def loudness(self, hertz: float, seconds: float = 0.4) -> float:
        """The amplitude of a tone in the last `seconds`; 0 when less than half of that arrived."""
        since = asyncio.get_running_loop().time() - seconds
        frames = [frame for at, frame in self._heard if at >= since]
        if len(frames) < seconds / FRAME_SECONDS / 2:
            return 0.0
        return amplitude(samples(frames), hertz)

    def level(self, seconds: float = 0.4) -> float:
        """How loud it is, whatever is heard (root mean square of the last `seconds`)."""
        since = asyncio.get_running_loop().time() - seconds
        heard = samples(frame for at, frame in self._heard if at >= since)
        return math.sqrt(sum(sample * sample for sample in heard) / len(heard)) if heard else 0.0

    def tones(self, among: Iterable[int], seconds: float = 0.4) -> set[int]:
        """Those of the tones that are heard."""
        return {hertz for hertz in among if self.loudness(hertz, seconds) > LOUD}

    def heard(self) -> list[bytes]:
        """The packets that were heard in the last ten seconds, oldest first."""
        return [frame for _, frame in self._heard]

    def forget(self) -> None:
        """Listen anew: nothing was heard before now."""
        self._heard.clear()

    def close(self) -> None:
        """Neither send nor hear any more."""
        self._closed = True
        self._pressed_all.set()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """A packet: sound, or a key."""
        if len(data) <= HEADER.size:
            return
        kind, payload = data[1] & 0x7F, data[HEADER.size :]
        if kind == PCMU:
            self.packets += 1
            self._heard.append((asyncio.get_running_loop().time(), payload))
        elif kind == digits.EVENT_TYPE:
            key, stamp = digits.ended_key(payload), data[4:8]
            if key is not None and stamp != self._last_key:
                self._last_key = stamp
                self.pressed += key

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        out, _ = await loop.create_datagram_endpoint(lambda: self, sock=self._socket)
        try:
            await self._send(out)
        finally:
            out.close()

    async def _send(self, out: asyncio.DatagramTransport) -> None:
        loop, source = asyncio.get_running_loop(), self._dice.getrandbits(32)
        number, clock, began = self._dice.getrandbits(15), self._dice.getrandbits(30), self._dice.getrandbits(30)
        due = loop.time()
        while not self._closed:
            event = self._next_event()
            if event is None:
                began = clock
            if self.remote is not None and not self.silent:
                kind, stamp, payload = (
                    (PCMU, clock, self._frame(clock)) if event is None else (self.event_type, began, event)
                )
                out.sendto(self._packet(kind, number, stamp, source, payload), self.remote)
                number += 1
            clock += FRAME
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _next_event(self) -> bytes | None:
        if self._events:
            return self._events.popleft()
        self._pressed_all.set()
        return None

    def _frame(self, clock: int) -> bytes:
        place = clock % RATE // FRAME * FRAME
        return self._tone[place : place + FRAME]

    @staticmethod
    def _packet(kind: int, number: int, stamp: int, source: int, payload: bytes) -> bytes:
        return HEADER.pack(VERSION, kind, number & 0xFFFF, stamp & 0xFFFFFFFF, source) + payload
