"""Why a contact went to an agent, in one compact record that is kept with the offer."""

import msgspec

from app.routing.engine.requirement import Requirement, Selection


class Rival(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who or what came next, and how far behind: for agents by the selection's measure (seconds of idleness, levels,
    occupancy), for contacts by seconds of virtual arrival."""

    id: str
    behind: float


class PassedOver(msgspec.Struct, frozen=True):
    """Who stood before the one that was chosen and could not be: an agent who was idle longer, a contact that waited
    longer. `why` names what was missing: "skill:cards:3" (the level that is required), "one_of:...", "phone", "team",
    "agents", "excluded", "missed"."""

    id: str
    why: tuple[str, ...]


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`rule` is "contact_finds_agent" (agents were idle), "agent_finds_contact" (contacts were waiting), "named",
    "beside" (offered to one more agent at the same time) or "overflow": the queue did not take the contact, or not for
    longer; then `because` names what was looked at (`When`), `measured` what was found, `limit` what is allowed, and
    `to` what was done ("queue:ID" or a `Do`).

    `step` counts the requirement's steps from 0, `rank` the place in the line from 1 whatever others require.
    `considered` counts the agents (first rule) or the contacts at the head of their kind (second rule) that could have
    been chosen; `rivals` are the nearest that lost, `passed_over` those before it that could not be chosen, `excluded`
    the agents who had missed or declined this contact before.
    """

    rule: str
    selection: Selection = Selection.LONGEST_IDLE
    wanted: Requirement = Requirement()
    step: int = 0
    rank: int = 1
    waited_seconds: float = 0.0
    bonus_seconds: float = 0.0
    precedence: int = 0
    idle_seconds: float = 0.0
    considered: int = 1
    rivals: tuple[Rival, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    excluded: tuple[str, ...] = ()
    because: str = ""
    measured: float = 0.0
    limit: float = 0.0
    to: str = ""
