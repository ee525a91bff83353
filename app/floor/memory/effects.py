"""What comes of a command. Everything here is written in the commit of its batch, and told only after it."""

import msgspec

from app.floor.memory.entities import Contact, LiveAgent, Phone
from app.floor.memory.timeline import Entry
from app.ivr.playing.state import AnyRequest


class Effect(msgspec.Struct, frozen=True):
    """Base of all effects."""


class Happened(Effect, frozen=True, kw_only=True):
    """An event of the log, and with `agent` a frame for that agent's sockets; `body` is the JSON object of its data."""

    seq: int
    at: float
    type: str
    body: bytes
    contact: str | None = None
    agent: str | None = None


class SwitchOrder(Effect, frozen=True, kw_only=True):
    """A command to the switch; its `seq` makes the idempotency key."""

    seq: int
    at: float
    source: str
    contact: str
    agent: str | None
    type: str
    body: bytes


class Ask(Effect, frozen=True, kw_only=True):
    """A flow asks for something outside. It is kept with the contact, so it is asked again after a restart."""

    contact: str
    request: AnyRequest


class SaveContact(Effect, frozen=True):
    """The contact as it is now; `profile` only when it is new."""

    contact: Contact
    profile: bytes | None = None


class DropContact(Effect, frozen=True):
    """The contact left the floor."""

    id: str


class SaveAgent(Effect, frozen=True):
    """The agent as they are now."""

    agent: LiveAgent


class SavePhone(Effect, frozen=True):
    """What is said of a phone now; None where nobody says anything of it any more."""

    address: str
    phone: Phone | None


class Audited(Effect, frozen=True, kw_only=True):
    """An act of a supervisor in a call, for the audit log."""

    who: str
    action: str
    thing: str
    after: dict[str, str]


class EndContact(Effect, frozen=True):
    """The contact has ended: its interaction, timeline and queue visits are written in this very commit."""

    contact: Contact
    outcome: str


class AddEntry(Effect, frozen=True, kw_only=True):
    """One more line in the timeline of a contact that has already been written."""

    contact: str
    started_at: float
    entry: Entry


class AnsweredLate(Effect, frozen=True, kw_only=True):
    """A contact that has been written as abandoned was answered by `agent` after all, `talk_seconds` before its end at
    `said_at` by the platform's clock: the news of it came too late."""

    contact: str
    started_at: float
    agent: str
    said_at: float
    talk_seconds: float


class Amend(Effect, frozen=True, kw_only=True):
    """What wrap-up added to an interaction that has already been written."""

    contact: str
    started_at: float
    at: float
    agent: str
    wrap_up_seconds: float
    code: str | None
    note: str | None
