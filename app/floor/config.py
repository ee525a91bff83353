"""The configuration that the floor decides by, as plain values; read from the records, never changed in place."""

import msgspec

from app.routing.requirement import Skills


class QueueRules(msgspec.Struct, frozen=True, kw_only=True):
    """How one queue requires and offers. Durations are seconds."""

    id: str
    name: str
    requires: Skills = ()
    bonus: float = 0.0
    offer_seconds: float = 20.0
    wrap_up_seconds: float = 30.0
    decline_keeps_ready: bool = True
    language_level: int = 0
    default_language: str | None = None


class AgentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who an agent is, where their phone is, what they can do."""

    id: str
    name: str
    address: str
    skills: Skills = ()


class SourceRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a telephone platform's calls mean: dialled number -> queue, and the queue of any other number."""

    id: str
    numbers: dict[str, str] = {}
    default_queue: str | None = None


class FloorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, by id. `tiers` maps a tier to its bonus in seconds."""

    queues: dict[str, QueueRules] = {}
    agents: dict[str, AgentRecord] = {}
    sources: dict[str, SourceRules] = {}
    tiers: dict[str, float] = {}
    wrap_up_codes: frozenset[str] = frozenset()
    version: int = 0
