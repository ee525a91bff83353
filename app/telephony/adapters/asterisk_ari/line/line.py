"""One call on one Asterisk: what the switch tells of it becomes news for the floor and requests to the switch.

Pure: no I/O and no clock. The shell hands in events, orders and instants, does what comes out in its order, and feeds
back what was refused. Between two events a call is always in one of few places: the customer hears a script, hears
music, is in the bridge with others, or is gone.
"""

from collections.abc import Callable, Sequence

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Request, Told, Wake
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Event
from app.telephony.adapters.asterisk_ari.line import (
    holding,
    names,
    outcomes,
    recordings,
    referring,
    refusals,
    scripts,
    sent_on,
    supervisors,
)
from app.telephony.adapters.asterisk_ari.line.leg import Leg, Setup, dialled, endpoint
from app.telephony.adapters.asterisk_ari.line.moments import LINGER, LINGER_SECONDS, Soon
from app.telephony.adapters.asterisk_ari.line.player import Alternatives, Player
from app.telephony.events import EventType
from app.telephony.instructions import Script

RING_SECONDS = {names.AGENT: 25.0, names.CUSTOMER: 60.0, names.PARTY: 45.0, names.LISTENER: 25.0}


class Line:
    """`call` is the call's id for the floor, `caller` the customer's channel (none yet where we call them); `holder` is
    by which channel they were put on hold last, as far as this process knows, and `perhaps_music` says that it does not
    know whether they hear any; `ringing`: they hear that somebody is rung for them; `number_gone`: whoever was at the
    number to which they were sent has gone, and left them with supervisors only."""

    def __init__(self, setup: Setup, call: str, *, caller: str | None = None, direction: str = "inbound") -> None:
        self.setup = setup
        self.call = call
        self.caller = caller
        self.direction = direction
        self.contact = ""
        self.from_: str | None = None
        self.to: str | None = None
        self.legs: dict[str, Leg] = {}
        self.gone: set[str] = set()
        self.dead: set[str] = set()
        self.player = Player(call)
        self.answered = False
        self.held = False
        self.holder = ""
        self.left_on_hold = False
        self.number_gone = False
        self.over = False
        self.together: set[str] = set()
        self.tapes: dict[str, float] = {}
        self.pauses: dict[str, list[tuple[float, float | None]]] = {}
        self.messages: dict[str, float] = {}
        self.spies = 0
        self.late = False
        self.bridged = False
        self.music = False
        self.chosen: str | None = None
        self.perhaps_music = False
        self.ringing = False
        self.soon = Soon()
        self._message: str | None = None
        self.done = 0

    # -- what the switch tells

    def take(self, event: Event, now: float) -> list[Action]:
        """An event about one of the call's channels, playbacks or recordings."""
        channel = event.channel.id if event.channel is not None else ""
        match event.type:
            case "StasisStart":
                return self._arrived(channel, event)
            case "ChannelStateChange" if event.channel is not None and event.channel.state == "Ringing":
                return self._rings(channel, event)
            case "StasisEnd" | "ChannelDestroyed":
                return self._left(channel, event, now)
            case "ChannelDtmfReceived" if channel == self.caller and not self.together:
                return scripts.played_on(self, self.player.key(event.digit, now), now)
            case "ChannelHangupRequest" if event.dead:
                self.dead.add(channel)
            case "ChannelHold" | "ChannelUnhold":
                return holding.told(self, channel, event)
            case "PlaybackFinished" if event.playback is not None:
                return scripts.played_on(self, self.player.played(event.playback.id, event.playback.state, now), now)
            case "RecordingStarted" | "RecordingFinished" | "RecordingFailed" if event.recording is not None:
                return recordings.told(self, event.type, event.recording, event.at)
        return []

    def wake(self, token: str, now: float) -> list[Action]:
        """An instant that was asked for has come."""
        if self.soon.due(token):
            return [] if self.over else [*self.perhaps_alone(), *self.waits()]
        if token == LINGER:
            self.late = True
            return [*recordings.given_up(self, now), *self.nobody_left()]
        if token.startswith(referring.PATIENCE):
            return referring.overdue(self, token)
        return scripts.played_on(self, self.player.wake(token, now), now)

    def refused(self, request: Request, status: int, now: float, signed_on: bool = False) -> list[Action]:
        """The switch did not take a request. A leg that cannot be made has failed (`signed_on`: its phone is there);
        whatever else is refused speaks of something that is gone, whose end is told as well."""
        leg = self.legs.get(request.leg or "")
        if leg is None:
            unplayed = self.player.unplayed(request.path, now) if status != 404 else []
            return [*refusals.follow(self, request, status, now), *scripts.played_on(self, unplayed, now)]
        if status == 409:  # we made it before: the order came again
            return []
        cause = outcomes.not_made(status, phone_away=leg.role in names.PHONES and not signed_on)
        return self._lost(leg, cause, now, now)

    def lost(self, at: float, cause: str) -> list[Action]:
        """The switch is gone, or knows nothing of the call any more."""
        self.over = True
        self.legs.clear()
        return [Told(type=EventType.CLEARED, at=at, cause=cause), Ended()]

    def records(self, recording: str) -> bool:
        """Whether a recording of this name is being made of the call, or was begun by a process that is no more."""
        return recording in self.recordings or names.is_message(self.call, recording)

    @property
    def recordings(self) -> tuple[str, ...]:
        """The recordings that are being made of the call."""
        return (*self.tapes, *self.messages)

    # -- what the floor wants

    def perform(self, script: Script, media: Sequence[Alternatives], now: float) -> list[Action]:
        """Carry out a script for the customer, unless they talk to somebody; `media` are those of its prompts."""
        talks = self.caller in self.together and any(each.up and each.speaks for each in self.legs.values())
        if self.over or self.caller is None or self.held or talks:
            return []
        self.done = 0
        begun = self.player.begin(self.caller, script, media, now)
        return [*self._apart(), *self._no_music(), *self._answer(), *scripts.played_on(self, begun, now)]

    def waits(self, now: float | None = None) -> list[Action]:
        """The customer waits: they hear music, unless they hear something else; soon, where an agent rings at `now`."""
        if self.over or self.caller is None or self.together or self.player.script is not None or self.music:
            return []
        if sent_on.away(self):
            return []
        if now is not None and any(leg.role == names.AGENT for leg in self.legs.values()):
            return [*self._answer(), self.soon.begin(now)]
        return [*self._answer(), *self.play_music()]

    def dial(self, leg: Leg, seconds: float | None = None, caller_id: str | None = None) -> list[Action]:
        """Ring somebody for this call; asked for twice it is done once."""
        if leg.id in self.legs or leg.id in self.gone:
            return []
        self.legs[leg.id] = leg
        rings = seconds or RING_SECONDS[leg.role]
        ours = {"X-Callfloor-Contact": self.contact, "X-Callfloor-Call": self.call}
        headers = ours if leg.role in names.PHONES else None  # to a carrier they would mean nothing, and say too much
        like = self.caller if self.answered else None
        return [requests.originate(leg.id, endpoint(leg.address), self.setup.app, rings, caller_id, like, headers)]

    def drop(self, leg: Leg, why: str) -> list[Action]:
        """End a leg ourselves."""
        leg.withdrawn = leg.withdrawn or why
        waits = leg.referring or leg.undecided or leg.due
        return referring.dropped(self, leg) if waits else [requests.hang_up(leg.id)]

    def bring_together(self, *channels: str) -> list[Action]:
        """Let these hear each other, and whoever is in the bridge already; a caller for whom only phones were left that
        hold hears who comes."""
        done: list[Action] = []
        if self.left_on_hold and self.caller is not None and not self.together.issuperset(channels):
            channels = (*channels, self.caller) if self.caller not in channels else channels
        if self.caller in channels:
            done = [*self._quiet(), *self._no_music(), *self.no_ringback(), *self._answer()]
            self.held = self.left_on_hold = False
        if not self.bridged:
            self.bridged = True
            done.append(requests.bridge(names.bridge(self.call)))
        come = [each for each in channels if each not in self.together]  # whoever is there would leave and come again
        self.together.update(come)
        return [*done, *([requests.join(names.bridge(self.call), *come)] if come else [])]

    def put_on_hold(self, held: bool = True) -> list[Action]:
        """The customer hears music apart from the others; unless they are `held`, whoever comes next is theirs."""
        self.held, self.left_on_hold = held, False
        return [*self._apart(), *self.play_music()]

    def ringback(self) -> list[Action]:
        """The customer hears that somebody is rung for them."""
        if self.caller is None:
            return []
        self.ringing = True
        return [*self._quiet(), *self._no_music(), *self._answer(), requests.ringback(self.caller)]

    def no_ringback(self) -> list[Action]:
        """End of that."""
        if not self.ringing or self.caller is None:
            return []
        self.ringing = False
        return [requests.no_ringback(self.caller)]

    def end(self) -> list[Action]:
        """Hang up on everybody."""
        for customer in self.rung_customers():
            customer.withdrawn = customer.withdrawn or outcomes.WITHDRAWN
        channels = [self.caller] if self.caller is not None else []
        return [*self._quiet(), *(requests.hang_up(each) for each in channels), *self._legs_end()]

    def _legs_end(self) -> list[Action]:
        return [referring.hang_up(leg) for leg in self.legs.values()]

    def others(self, leaving: str | None = None) -> list[Leg]:
        """The legs that are a reason for the call to go on when `leaving` (a channel) is gone."""
        return [leg for leg in self.legs.values() if leg.id != leaving and leg.speaks and not leg.withdrawn]

    def rung_customers(self) -> list[Leg]:
        """Whom we call for an agent, and who has not answered."""
        return [leg for leg in self.legs.values() if leg.role == names.CUSTOMER and not leg.up]

    def for_nobody(self) -> list[Action]:
        """A customer is not rung any longer once the agent who wants to talk to them has gone."""
        rung = self.rung_customers()
        if self.caller is not None or any(leg not in rung for leg in self.others()):
            return []
        return [one for leg in rung for one in self.drop(leg, outcomes.WITHDRAWN)]

    def of_agent(self, agent: str | None) -> Leg | None:
        """The newest leg of an agent."""
        return next((leg for leg in reversed(self.legs.values()) if agent and leg.agent == agent), None)

    def told(self, kind: str, leg: Leg, at: float, cause: str | None = None) -> Told:
        """News of a leg."""
        return Told(type=kind, at=at, leg_id=leg.id, agent=leg.talker, cause=cause)

    # -- legs

    def _arrived(self, channel: str, event: Event) -> list[Action]:
        leg = self.legs.get(channel)
        if leg is None or leg.up:
            return []
        leg.up = True
        if self.over or leg.withdrawn:
            return [requests.hang_up(channel)]
        return _ON_ANSWER[leg.role](self, leg, event)

    def _agent_up(self, leg: Leg, event: Event) -> list[Action]:
        news, self.number_gone = self.told(EventType.ESTABLISHED, leg, event.at), False
        if self.caller is None:
            return [news, *self.call_customer(leg)]
        joined = (leg.id,) if self.held else (self.caller, leg.id)
        return [*self.bring_together(*joined), news]

    def call_customer(self, leg: Leg) -> list[Action]:
        """The agent who dials is on the line: now the customer is rung."""
        name = names.Name(self.call, names.CUSTOMER, leg.name.order)
        customer = Leg(name, dialled(self.setup, self.to) or "")
        return [*self.dial(customer, caller_id=self.setup.caller_id), requests.ringback(leg.id)]

    def _customer_up(self, leg: Leg, event: Event) -> list[Action]:
        self.caller, self.answered = leg.id, True
        del self.legs[leg.id]
        talkers = [each.id for each in self.legs.values() if each.up and each.role == names.AGENT]
        silent = [requests.no_ringback(each) for each in talkers]
        return [*silent, *self.bring_together(leg.id, *talkers), self.told(EventType.ESTABLISHED, leg, event.at)]

    def _rings(self, channel: str, event: Event) -> list[Action]:
        leg = self.legs.get(channel)
        if leg is None or leg.rang or leg.role in supervisors.ROLES:
            return []
        leg.rang = True
        return [self.told(EventType.DELIVERED, leg, event.at)]

    # -- ends

    def _left(self, channel: str, event: Event, now: float) -> list[Action]:
        """The first of StasisEnd and ChannelDestroyed ends a channel; the other one finds nothing to end. With
        StasisEnd a phone's session still has its channel, for the end of which `referring.answered` waits."""
        cause = outcomes.NO_SOUND if channel in self.dead else event.cause
        if channel == self.caller and not self.over:
            self.over = True
            self.player.stop()  # what was played has ended with the channel
            return [*self._legs_end(), *self._cleared(event.at, cause), Wake(now + LINGER_SECONDS, LINGER)]
        leg = self.legs.get(channel)
        if leg is None:
            return []
        if event.type == "StasisEnd" and (not leg.up or leg.answers):
            return []
        why = outcomes.ended(cause) if leg.up else outcomes.unanswered(cause, event.tech_cause, leg.rang)
        return self._lost(leg, leg.withdrawn or why, event.at, now)

    def _cleared(self, at: float, cause: int | None) -> list[Action]:
        cleared = Told(type=EventType.CLEARED, at=at, cause=outcomes.ended(cause))
        return [cleared, *self.nobody_left()]

    def nobody_left(self) -> list[Action]:
        """What is to be done once the last channel of a call is gone."""
        if not self.over or self.legs or ((self.tapes or self.messages) and not self.late):
            return []
        return [requests.no_bridge(names.bridge(self.call)), Ended()] if self.bridged else [Ended()]

    def _lost(self, leg: Leg, cause: str, at: float, now: float) -> list[Action]:
        """A leg is over."""
        self.legs.pop(leg.id, None)
        self.gone.add(leg.id)
        self.together.discard(leg.id)
        if self.over:
            last = _ON_END[leg.role](self, leg, cause, at) if leg.role in (names.SPY, names.TAPE) else []
            return [*referring.answered(leg), *last, *self.nobody_left()]
        ended = [*_ON_END[leg.role](self, leg, cause, at), *(holding.left(self) if leg.up else [])]
        return [*ended, self.soon.begin(now)] if leg.agent and leg.up and not self.over else ended

    def _agent_lost(self, leg: Leg, cause: str, at: float) -> list[Action]:
        ended = leg.up or leg.withdrawn is not None
        news = self.told(EventType.CONNECTION_CLEARED if ended else EventType.FAILED, leg, at, cause)
        if self.caller is None and not self.others():
            self.over = True
            return [news, *self.end(), Told(type=EventType.CLEARED, at=at, cause=cause), *self.nobody_left()]
        there = any(each.up for each in self.others())
        self.held, self.left_on_hold = self.held and there, self.left_on_hold and there
        if sent_on.left_there(self, leg):
            back = self.bring_together(self.caller or "") if self.held else []
            return [self.told(EventType.TRANSFERRED, leg, at), *back]
        return [news, *self.for_nobody()]

    def _customer_lost(self, leg: Leg, cause: str, at: float) -> list[Action]:
        """Whom we called was not reached."""
        self.over = True
        news = self.told(EventType.FAILED, leg, at, cause)
        return [news, *self.end(), *self.nobody_left()]

    def perhaps_alone(self) -> list[Action]:
        """A customer whom the last other one has left hears music instead of nothing, or that it rings for them."""
        if any(leg.up for leg in self.others()):
            return []
        self.held = self.left_on_hold = False
        if self.caller not in self.together:
            return []
        return [*self._apart(), *self.ringback()] if sent_on.away(self) else self.put_on_hold(held=False)

    # -- the customer's place

    def _answer(self) -> list[Action]:
        if self.answered or self.caller is None:
            return []
        self.answered = True
        return [requests.answer(self.caller)]

    def _apart(self) -> list[Action]:
        if self.caller is None or self.caller not in self.together:
            return []
        self.together.discard(self.caller)
        return [requests.part(names.bridge(self.call), self.caller)]

    def _quiet(self) -> list[Action]:
        return self.player.stop()

    def choose_music(self, name: str | None) -> list[Action]:
        """The customer hears music of this class from now on, None: the switch's own."""
        self.chosen = name
        return self.play_music()

    def play_music(self) -> list[Action]:
        """The customer hears music of the class that was chosen for them last, also on hold."""
        assert self.caller is not None
        self.music = True
        return [requests.music(self.caller, self.chosen)]

    def _no_music(self) -> list[Action]:
        self.soon.never()
        if not (self.music or self.perhaps_music) or self.caller is None:
            return []
        self.music = self.perhaps_music = False
        return [requests.no_music(self.caller)]


_ON_ANSWER: dict[str, Callable[[Line, Leg, Event], list[Action]]] = {
    names.AGENT: Line._agent_up,
    names.CUSTOMER: Line._customer_up,
    names.PARTY: sent_on.answers,
    names.LISTENER: supervisors.listener_up,
    names.SPY: supervisors.spy_up,
    names.TAPE: recordings.tape_up,
}
_ON_END: dict[str, Callable[[Line, Leg, str, float], list[Action]]] = {
    names.AGENT: Line._agent_lost,
    names.CUSTOMER: Line._customer_lost,
    names.PARTY: sent_on.lost,
    names.LISTENER: supervisors.listener_lost,
    names.SPY: supervisors.spy_lost,
    names.TAPE: recordings.tape_lost,
}
