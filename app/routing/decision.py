"""Why a contact went to an agent, in one compact record that is kept with the offer."""

import msgspec


class Rival(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who or what came next, and how far behind (seconds of idleness or of virtual arrival)."""

    id: str
    behind_seconds: float


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`rule` is "contact_finds_agent" (agents were idle), "agent_finds_contact" (contacts were waiting) or "named".

    `considered` counts the agents (first rule) or the kinds of waiting contact (second rule) that were compared;
    `rivals` are the nearest that lost; `excluded` the agents who had missed or declined this contact before.
    """

    rule: str
    requires: tuple[tuple[str, int], ...] = ()
    step: int = 0
    waited_seconds: float = 0.0
    bonus_seconds: float = 0.0
    idle_seconds: float = 0.0
    considered: int = 1
    rivals: tuple[Rival, ...] = ()
    excluded: tuple[str, ...] = ()
