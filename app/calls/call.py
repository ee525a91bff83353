"""A call: its parties' legs and whether it is over. Built up from events in any order; never moves backwards."""

import msgspec

from app.calls.leg import ENDINGS, MOST_MARKS, Leg, LegState, Mark, Party
from app.telephony.events import CallEvent
from app.telephony.events import EventType as E

CUSTOMER_LEG = "customer"
MOST_LEGS = 200
"""Events that tell of more are passed over: no call has so many parties, but a platform may lose count of its own."""

TALKING = (LegState.CONNECTED, LegState.HELD)
_OPENS_LEG = frozenset({E.OFFERED, E.QUEUED, E.DELIVERED, E.ESTABLISHED, E.CONFERENCED, E.HELD, E.RETRIEVED})
_MOVES_LEG = _OPENS_LEG | {E.FAILED, E.CONNECTION_CLEARED, E.DIVERTED, E.TRANSFERRED}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call on one platform. Instants are epoch seconds by the platform's clock."""

    source: str
    id: str
    direction: str = "inbound"
    from_: str | None = None
    to: str | None = None
    legs: tuple[Leg, ...] = ()
    opened_at: float = 0.0
    cleared_at: float | None = None
    cause: str | None = None

    @property
    def customer(self) -> Leg | None:
        """The customer's newest leg."""
        return next((leg for leg in reversed(self.legs) if leg.party is Party.CUSTOMER), None)

    @property
    def over(self) -> bool:
        """Whether the customer is gone: the call was cleared or failed, or the customer's own leg ended."""
        return self.cleared_at is not None or (self.customer is not None and self.customer.ended)

    @property
    def held(self) -> bool:
        """Whether somebody is on hold."""
        return any(leg.state is LegState.HELD for leg in self.legs)

    def leg_of(self, agent: str) -> Leg | None:
        """The newest leg by which that agent talks, or else the newest: the end of an earlier one, which only rang, may
        never be told, and one that was told of late is no newer for that."""
        own = sorted((leg for leg in self.legs if leg.agent == agent), key=lambda leg: leg.began)
        return next((leg for leg in reversed(own) if leg.state in TALKING), own[-1] if own else None)

    @property
    def said_at(self) -> float:
        """The youngest instant, by the platform's clock, at which anything is known to have happened to a leg."""
        return max((mark.at for leg in self.legs for mark in leg.marks), default=self.opened_at)

    def answered_by(self, agent: str) -> bool:
        """Whether that agent is connected, talking or holding."""
        leg = self.leg_of(agent)
        return leg is not None and leg.state in TALKING

    def seconds(self, bucket: str, now: float, party: Party) -> float:
        """Seconds spent in `bucket` over all legs of one kind of party."""
        return sum(leg.seconds(bucket, now) for leg in self.legs if leg.party is party)


def open_call(event: CallEvent) -> Call:
    """The call that an event is the first news of, in the state that the event implies."""
    call = Call(
        source=event.source,
        id=event.call_id,
        direction="outbound" if event.direction == "outbound" else "inbound",
        from_=event.from_,
        to=event.to,
        opened_at=event.at,
    )
    return take(call, event)


def take(call: Call, event: CallEvent) -> Call:
    """The call after an event. `event.agent` must already be an agent's id where the agent is known.

    An event that says nothing new about the legs returns an equal call.
    """
    call = _complete(call, event)
    if event.type == E.CLEARED or (event.type == E.FAILED and _about_whole_call(call, event)):
        return _clear(call, event)
    if event.type not in _MOVES_LEG:
        return call
    return _mark(call, event)


def close(call: Call, at: float, cause: str) -> Call:
    """End a call whose end the platform has not told, at an instant of the platform's clock; every leg ends."""
    ending = CallEvent(source=call.source, type=E.CLEARED, call_id=call.id, at=at, cause=cause)
    return _clear(call, ending)


def take_off(call: Call, agent: str, at: float) -> Call:
    """The call without an agent's part in it, which the platform has not ended: from this instant of its clock."""
    for leg in call.legs:
        if leg.agent == agent and not leg.ended:
            call = _with(call, leg, _ended_by(leg, Mark(max(leg.since, at), E.CONNECTION_CLEARED)))
    return call


def take_over(call: Call, agent: str, leg_id: str, at: float) -> Call:
    """The call with an agent on it from this instant by a new leg, and by none that they may have had; unchanged where
    it has too many."""
    if len(call.legs) >= MOST_LEGS:
        return call
    call = take_off(call, agent, at)
    event = CallEvent(source=call.source, type=E.ESTABLISHED, call_id=call.id, at=at, agent=agent, leg_id=leg_id)
    return _with(call, None, _new_leg(call, event).told(Mark(at, E.ESTABLISHED)))


def _complete(call: Call, event: CallEvent) -> Call:
    return msgspec.structs.replace(
        call,
        from_=call.from_ or event.from_,
        to=call.to or event.to,
        opened_at=min(call.opened_at, event.at),
    )


def _about_whole_call(call: Call, event: CallEvent) -> bool:
    return event.agent is None and event.leg_id is None


def _clear(call: Call, event: CallEvent) -> Call:
    mark = Mark(event.at, E.CONNECTION_CLEARED, event.sequence)
    return msgspec.structs.replace(
        call,
        legs=tuple(leg if leg.ended else _ended_by(leg, mark) for leg in call.legs),
        cleared_at=event.at if call.cleared_at is None else call.cleared_at,
        cause=call.cause or event.cause or ("failed" if event.type == E.FAILED else "cleared"),
    )


def _ended_by(leg: Leg, mark: Mark) -> Leg:
    """The end of a call ends a leg even where the leg's own last fact claims to be younger."""
    told = leg.told(mark)
    return told if told.ended else leg.told(Mark(leg.since, mark.kind))


def _find(call: Call, leg_id: str) -> Leg | None:
    return next((leg for leg in reversed(call.legs) if leg.id.split("#")[0] == leg_id), None)


def _mark(call: Call, event: CallEvent) -> Call:
    known = _of_its_time(call, _leg_meant(call, event), event)
    leg = known
    if leg is None or _comes_back(leg, event):
        if len(call.legs) >= MOST_LEGS:
            return call
        leg = _with_told_before(_new_leg(call, event), leg, event)
    elif event.leg_id is not None and leg.id == _unnamed(event):
        leg = msgspec.structs.replace(leg, id=event.leg_id)
    mark = Mark(event.at, _kind(leg, event.type), event.sequence)
    return _with(call, known if known is not None and not _comes_back(known, event) else None, leg.told(mark))


def _with_told_before(new: Leg, ended: Leg | None, event: CallEvent) -> Leg:
    """The leg of a party who has come back, with what has happened since they had: told before, it was taken for news
    of the leg that had ended. What is said to have happened in the very same instant is of that leg, unless the
    platform's own order says otherwise: many tell whole seconds."""
    since = (mark for mark in ended.marks if _after(mark, event)) if ended is not None else ()
    return msgspec.structs.replace(new, marks=tuple(since)[: MOST_MARKS // 2])


def _after(mark: Mark, event: CallEvent) -> bool:
    if mark.sequence is not None and event.sequence is not None:
        return mark.sequence > event.sequence
    return mark.at > event.at


def _unnamed(event: CallEvent) -> str:
    """The id of a party's leg as long as no event has named it."""
    return CUSTOMER_LEG if event.agent is None else f"agent:{event.agent}"


def _leg_meant(call: Call, event: CallEvent) -> Leg | None:
    """The leg that an event is about: the one it names, or else the newest of the party it names."""
    if event.leg_id is not None:
        named = _find(call, event.leg_id)
        return named if named is not None or event.type == E.FAILED else _find(call, _unnamed(event))
    if event.agent is not None:
        return call.leg_of(event.agent)
    if event.type in (E.HELD, E.RETRIEVED):
        talking = [leg for leg in call.legs if leg.party is Party.AGENT and not leg.ended]
        if len(talking) == 1:
            return talking[0]
    return call.customer


def _of_its_time(call: Call, leg: Leg | None, event: CallEvent) -> Leg | None:
    """The leg that an event is about: what ended before it began was an earlier leg of the same party, by which they
    have been on the call before; so was what has happened, or is told once more to have, before that one ended."""
    if leg is None or event.at >= leg.began:
        return leg
    own = (each for each in reversed(call.legs) if (each.party, each.agent) == (leg.party, leg.agent))
    named = (each for each in own if event.leg_id is None or each.id.split("#")[0] == leg.id.split("#")[0])
    ends = event.type in ENDINGS
    return next((each for each in named if each.began <= event.at and (ends or event.at <= each.since)), leg)


def _comes_back(leg: Leg, event: CallEvent) -> bool:
    return leg.ended and event.type in _OPENS_LEG and event.at > leg.since


def _kind(leg: Leg, kind: str) -> str:
    """A transfer ends the leg of the agent who transfers; the customer stays."""
    if kind == E.TRANSFERRED and leg.party is Party.CUSTOMER:
        return "noted"
    return kind


def _new_leg(call: Call, event: CallEvent) -> Leg:
    leg_id = event.leg_id or _unnamed(event)
    again = sum(1 for leg in call.legs if leg.id.split("#")[0] == leg_id)
    party = Party.AGENT
    if event.agent is None:
        here = call.customer is not None and not call.customer.ended
        party = Party.OTHER if here else Party.CUSTOMER
    return Leg(id=f"{leg_id}#{again + 1}" if again else leg_id, party=party, agent=event.agent)


def _with(call: Call, before: Leg | None, leg: Leg) -> Call:
    legs = (*call.legs, leg) if before is None else tuple(leg if one is before else one for one in call.legs)
    return msgspec.structs.replace(call, legs=legs)
