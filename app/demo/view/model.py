"""What the live view knows: the last snapshot of the floor, and what the floor's socket told since the start. Pure."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.demo.bank import QUEUES

POPS_KEPT = 40
RATE_WINDOW = 60.0
BARS = 24
BAR_SECONDS = 5.0
QUEUE_ORDER = {queue.id: place for place, queue in enumerate(QUEUES)}


class ScreenPop(NamedTuple):
    """One offer as it appeared on an agent's screen: when it was told, the contact, for whom and why."""

    at: str
    contact: dict[str, Any]
    agent: str
    why: dict[str, Any]


@dataclass
class FloorPicture:
    """Built up by `take` (frames of /ws/floor), `look` (GET /api/v1/floor) and `hear` (the platform's figures).

    Instants are epoch seconds by this machine's clock.
    """

    started_at: float
    queues: list[dict[str, Any]] = field(default_factory=list)
    agents: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    platform: dict[str, int] = field(default_factory=dict)
    pops: deque[ScreenPop] = field(default_factory=lambda: deque(maxlen=POPS_KEPT))
    outcomes: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    popped: int = 0
    offered: int = 0
    seq: int = 0
    up: bool = False
    degraded: bool = False
    times_up: int = 0
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=5000))
    _reserved: dict[str, str] = field(default_factory=dict)
    _talked: set[str] = field(default_factory=set)

    def look(self, snapshot: dict[str, Any]) -> None:
        """Take over a snapshot of the floor."""
        self.queues = sorted(snapshot["queues"], key=lambda queue: QUEUE_ORDER.get(queue["id"], 99))
        self.agents = snapshot["agents"]
        self.contacts = snapshot["contacts"]
        self._reserved = {agent["offer"]: agent["name"] for agent in self.agents if agent.get("offer")}

    def hear(self, figures: dict[str, int]) -> None:
        """Take over the platform's own figures."""
        self.platform = figures

    def take(self, frame: dict[str, Any], now: float) -> None:
        """Take in one frame of the floor's socket; unknown types only move the sequence."""
        self.seq = max(self.seq, frame.get("seq") or 0)
        kind = frame.get("type")
        if kind in ("link.up", "link.down"):
            self.up = kind == "link.up"
            self.times_up += self.up
        elif kind == "welcome" and "queues" in frame:
            self.look({"contacts": []} | frame)
        elif kind in ("degraded", "restored"):
            self.degraded = kind == "degraded"
        elif kind == "agent.state" and frame["agent"].get("offer"):
            self._reserved[frame["agent"]["offer"]] = frame["agent"]["name"]
        elif kind == "contact.opened" and frame["contact"]["direction"] == "inbound":
            self.offered += 1
            self.arrivals.append(now)
        elif kind == "contact.offered":
            self._popped(frame)
        elif kind == "contact.updated":
            self._answered(frame["contact"], frame["contact"]["state"] == "active")
        elif kind == "contact.ended":
            self.outcomes[frame["outcome"]] += 1
            self._answered(frame["contact"], frame["outcome"] == "answered")
            self._talked.discard(frame["contact"]["id"])

    def _answered(self, contact: dict[str, Any], answered: bool) -> None:
        if answered and contact["direction"] == "inbound" and contact["id"] not in self._talked:
            self._talked.add(contact["id"])
            self.answered += 1

    def _popped(self, frame: dict[str, Any]) -> None:
        self.popped += 1
        contact = frame["contact"]
        agent = self._reserved.get(contact["id"], "")
        self.pops.appendleft(ScreenPop(frame["at"], contact, agent, frame["why"]))

    def waiting(self, queue: str) -> list[dict[str, Any]]:
        """Who waits in a queue (or is just being offered), longest first."""
        here = [c for c in self.contacts if c["queue"] == queue and c["state"] in ("waiting", "offered")]
        return sorted(here, key=lambda contact: str(contact["queued_at"]))

    def calls_are_on(self) -> bool:
        """Whether a call lived when the floor was last looked at; after-call work is none."""
        return any(contact["state"] != "wrap_up" for contact in self.contacts)

    def by_state(self) -> Counter[str]:
        """How many agents are in which state."""
        return Counter(str(agent["state"]) for agent in self.agents)

    def calls_a_minute(self, now: float) -> int:
        """How many calls came in during the last minute."""
        return sum(1 for at in self.arrivals if at > now - RATE_WINDOW)

    def bars(self, now: float) -> list[int]:
        """Arrivals in each of the last `BARS` spans of `BAR_SECONDS`, oldest first."""
        counts = [0] * BARS
        for at in self.arrivals:
            back = int((now - at) / BAR_SECONDS)
            if 0 <= back < BARS:
                counts[BARS - 1 - back] += 1
        return counts
