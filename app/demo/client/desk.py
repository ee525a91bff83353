"""What an agent's screen knows, put together from the frames of the socket. Pure."""

from dataclasses import dataclass, field
from typing import Any

from app.demo.client.link import Frame


@dataclass
class Pop:
    """What came with an offer: the caller's profile, why this agent was chosen, and until when it stands."""

    profile: dict[str, Any] = field(default_factory=dict)
    why: dict[str, Any] = field(default_factory=dict)
    expires_at: str | None = None


@dataclass
class Desk:
    """One agent's view of the floor: their own state, the contacts that concern them, and whether the line is up."""

    agent: dict[str, Any] = field(default_factory=dict)
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    pops: dict[str, Pop] = field(default_factory=dict)
    up: bool = False
    degraded: bool = False

    @property
    def offer(self) -> str | None:
        """The contact on offer."""
        return self.agent.get("offer")

    @property
    def call(self) -> str | None:
        """The contact that the agent is connected (or being connected) to."""
        contacts: list[str | None] = list(self.agent.get("contacts") or (None,))
        return contacts[-1]

    @property
    def wrap_up(self) -> str | None:
        """The contact whose after-call work is open."""
        return self.agent.get("wrap_up")

    @property
    def present(self) -> dict[str, Any] | None:
        """The contact that matters most right now, as last told."""
        return self.contacts.get(self.offer or self.call or self.wrap_up or "")

    def take(self, frame: Frame) -> None:
        """Bring the picture up to date; frames of unknown types change nothing."""
        kind = str(frame.get("type"))
        if kind == "welcome":
            self._welcomed(frame)
        elif kind in ("link.up", "link.down"):
            self.up = kind == "link.up"
        elif kind in ("degraded", "restored"):
            self.degraded = kind == "degraded"
        elif kind == "agent.state":
            self.agent = frame["agent"]
            self._clear_away()
        elif "contact" in frame and kind.startswith("contact."):
            self._contact_told(frame)

    def _welcomed(self, frame: Frame) -> None:
        self.agent, self.degraded = frame["agent"], bool(frame.get("degraded"))
        self.contacts = {contact["id"]: contact for contact in frame["contacts"]}
        for contact in frame["contacts"]:
            if "profile" in contact or contact["id"] not in self.pops:
                self.pops[contact["id"]] = _pop(contact)
        self._clear_away()

    def _contact_told(self, frame: Frame) -> None:
        contact = frame["contact"]
        if frame["type"] == "contact.offered":
            self.pops[contact["id"]] = _pop(frame)
        if frame["type"] == "contact.offered" or contact["id"] in self.contacts or contact["id"] in self._mine():
            self.contacts[contact["id"]] = contact

    def _mine(self) -> set[str]:
        return {key for key in (self.offer, *(self.agent.get("contacts") or ()), self.wrap_up) if key}

    def _clear_away(self) -> None:
        """Forget what no longer concerns this agent."""
        mine = self._mine()
        self.contacts = {key: contact for key, contact in self.contacts.items() if key in mine}
        self.pops = {key: pop for key, pop in self.pops.items() if key in mine}


def _pop(told: dict[str, Any]) -> Pop:
    return Pop(told.get("profile") or {}, told.get("why") or {}, told.get("expires_at"))
