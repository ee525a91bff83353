"""A decision of a simulation as one line of a file. Pure: two runs of one seed give the same bytes."""

import msgspec

from app.routing.engine.decision import PassedOver, Rival
from app.routing.engine.engine import Pair
from app.simulation.loop import Contact
from app.simulation.staff import Agent


class DecisionLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who met whom at which second of virtual time, and why; the last five are as in the floor's decision records."""

    at: float
    contact: str
    arrivals: str
    agent: str
    step: int
    waited_seconds: float
    idle_seconds: float
    rule: str
    rank: int
    considered: int
    rivals: tuple[Rival, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()


_ENCODER = msgspec.json.Encoder()


def decision_line(now: float, contact: Contact, agent: Agent, pair: Pair) -> bytes:
    """The line, with its end."""
    line = DecisionLine(
        at=round(now, 6),
        contact=contact.id,
        arrivals=contact.kind.name,
        agent=agent.id,
        step=contact.step,
        waited_seconds=round(now - contact.arrived, 6),
        idle_seconds=round(now - agent.idle_since, 6),
        rule=pair.rule,
        rank=pair.rank,
        considered=pair.considered,
        rivals=pair.rivals,
        passed_over=pair.passed_over,
    )
    return _ENCODER.encode(line) + b"\n"
