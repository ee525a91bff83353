"""How calls begin: from outside, or at an agent's phone. From there they go to a colleague's phone, which is nobody
else's business, or to a number, which is a call of theirs to a customer. Pure."""

from app.telephony.adapters.asterisk_ari.actions import Action, Request, Told
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.leg import Leg, Setup, dialled
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType

UNALLOCATED = 1
"""Q.850: there is nobody at this number."""

DIALLED = "phone"
"""Stands for the order of a leg that nobody ordered."""


class PrivateCall(Line):
    """Two phones of ours. The floor learns nothing of it; with either of them it ends."""

    def take(self, event: Event, now: float) -> list[Action]:
        """See `Line`."""
        return _untold(super().take(event, now))

    def refused(self, request: Request, status: int, now: float, signed_on: bool = False) -> list[Action]:
        """See `Line`."""
        return _untold(super().refused(request, status, now, signed_on))

    def lost(self, at: float, cause: str) -> list[Action]:
        """See `Line`."""
        return _untold(super().lost(at, cause))

    def waits(self, now: float | None = None) -> list[Action]:
        """The colleague was not reached: there is nothing to wait for."""
        return self.end()


Begun = tuple[Line, list[Action]]
"""A call, and what follows of its beginning."""


def came(setup: Setup, event: Event, channel: Channel) -> Begun:
    """A call from outside."""
    line = Line(setup, channel.id, caller=channel.id)
    line.from_, line.to = channel.caller.number or None, event.dialled or None
    return line, [Told(type=EventType.OFFERED, at=event.at, leg_id=channel.id)]


def begun(setup: Setup, event: Event, channel: Channel, agent: str | None, colleague: str | None) -> Begun:
    """A call from a phone: `agent` is whose it is, `colleague` the address of the phone that was dialled, if it is
    one."""
    if colleague is not None:
        return _private(setup, channel, colleague)
    if agent is None or dialled(setup, event.dialled) is None:
        line = PrivateCall(setup, channel.id, caller=channel.id)
        return line, [requests.hang_up(channel.id, UNALLOCATED)]
    return _outward(setup, event, channel, agent)


def _private(setup: Setup, channel: Channel, colleague: str) -> Begun:
    line = PrivateCall(setup, channel.id, caller=channel.id)
    leg = Leg(names.Name(channel.id, names.PARTY, DIALLED), colleague, handed=channel.address)
    shown = f"{channel.caller.name} <{channel.caller.number}>" if channel.caller.number else None
    return line, [*line.ringback(), *line.dial(leg, caller_id=shown)]


def _outward(setup: Setup, event: Event, channel: Channel, agent: str) -> Begun:
    """Told like a call that the agent dials by command: their phone has answered, the customer's is rung."""
    line = Line(setup, channel.id, direction="outbound")
    line.to = event.dialled
    name = names.Name(channel.id, names.AGENT, DIALLED, agent)
    leg = line.legs[channel.id] = Leg(name, channel.address, up=True, rang=True, channel=channel.id)
    news = [line.told(kind, leg, event.at) for kind in (EventType.OFFERED, EventType.ESTABLISHED)]
    return line, [*news, requests.answer(channel.id), *line.call_customer(leg)]


def _untold(actions: list[Action]) -> list[Action]:
    return [each for each in actions if not isinstance(each, Told)]
