"""The configuration that the floor decides by, as plain values; read from the records, never changed in place."""

import msgspec

from app.ivr.language.flow import Flow
from app.routing.engine.capacity import ONE_CALL, VOICE, Blending, Capacity
from app.routing.engine.requirement import Kind, Selection, Skills
from app.routing.hours.calendar import Hours
from app.routing.overflow.rules import OverflowRule


class LooserStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a queue requires from `after_seconds` of waiting on: the whole of it, so what is not named is dropped."""

    after_seconds: float
    requires: Skills = ()
    one_of: tuple[Skills, ...] = ()
    agents: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    language_level: int = 0


class QueueRules(msgspec.Struct, frozen=True, kw_only=True):
    """How one queue requires and offers. Durations are seconds.

    `requires`, `one_of`, `agents`, `teams` and `excluded` are what is required at first; `steps` what from later on,
    each the whole requirement again. Before all of them stand the customer's own agent, for `preferred_seconds`, and
    whom they spoke to last, for `last_agent_seconds`. Languages come on top, at the level of the step.
    """

    id: str
    name: str
    requires: Skills = ()
    bonus: float = 0.0
    offer_seconds: float = 20.0
    wrap_up_seconds: float = 30.0
    decline_keeps_ready: bool = True
    language_level: int = 0
    default_language: str | None = None
    one_of: tuple[Skills, ...] = ()
    agents: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    steps: tuple[LooserStep, ...] = ()
    preferred_seconds: float = 0.0
    last_agent_seconds: float = 0.0
    selection: Selection = Selection.LONGEST_IDLE
    strict_tiers: bool = False
    offer_agents: int = 1
    wrap_up_ends: str = "automatic"
    overflow: tuple[OverflowRule, ...] = ()
    hours: Hours | None = None
    record: str = "off"


class TierRules(msgspec.Struct, frozen=True):
    """What a tier is worth: seconds of waiting, and its rank where a queue is strict (higher first)."""

    bonus: float = 0.0
    rank: int = 0


class AgentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who an agent is, where their phone is, what they can do. With `auto_accept` what is offered is accepted for them
    in the same moment: their phone rings at the offer."""

    id: str
    name: str
    address: str
    skills: Skills = ()
    team: str | None = None
    capacity: Capacity = ONE_CALL
    blending: Blending = Blending.EXCLUSIVE
    auto_accept: bool = False

    @property
    def needs_phone(self) -> bool:
        """Whether they take calls, and not only what is written."""
        return any(channel == VOICE for channel, _ in self.capacity)

    @property
    def kind(self) -> Kind:
        """What routing sees of them when nothing occupies them."""
        return Kind(self.skills, self.team, tuple(channel for channel, _ in self.capacity))


class SourceRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a telephone platform's calls mean: dialled number -> queue or flow, and where any other number leads.
    `written` has for a number that the set-up writes with spaces, dashes and the like, without them, how it does.

    `steered`: the platform has no queues of its own, so that a waiting caller hears what we say, and nothing else.
    """

    id: str
    numbers: dict[str, str] = {}
    default_queue: str | None = None
    flows: dict[str, str] = {}
    default_flow: str | None = None
    written: dict[str, str] = {}
    steered: bool = False


class FlowBook(msgspec.Struct, frozen=True, kw_only=True):
    """The flows that calls go through, by id and version; `current` is the version that a call begins with."""

    current: dict[str, int] = {}
    versions: dict[tuple[str, int], Flow] = {}


class FloorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, by id; of teams their names. `former` are agents who were made inactive: they get nothing, but may be
    on a call yet."""

    queues: dict[str, QueueRules] = {}
    agents: dict[str, AgentRecord] = {}
    former: dict[str, AgentRecord] = {}
    sources: dict[str, SourceRules] = {}
    tiers: dict[str, TierRules] = {}
    wrap_up_codes: frozenset[str] = frozenset()
    teams: dict[str, str] = {}
    hours: dict[str, Hours] = {}
    flows: FlowBook = FlowBook()
    region: str = "CN"
    version: int = 0

    def person(self, agent_id: str) -> AgentRecord | None:
        """Who this is, an agent or a former one."""
        return self.agents.get(agent_id) or self.former.get(agent_id)
