"""The floor's orders as what a line does about them. Pure.

Every order may come twice, and for somebody who is gone already: legs have ids made of the order's key, so nobody is
rung twice, and what is wanted of a leg that is over is held to be done.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from app.telephony import dialable
from app.telephony.adapters.asterisk_ari.actions import Action, Perform
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.line import (
    holding,
    names,
    outcomes,
    recordings,
    referring,
    sent_on,
    supervisors,
)
from app.telephony.adapters.asterisk_ari.line.leg import Leg, dialled, is_phone
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.scripts import OFFER
from app.telephony.events import EventType, OrderType
from app.telephony.instructions import AnyInstruction, Collect, HangUp, Say, Script, Voicemail
from app.telephony.port import Delivered, Refused, SwitchCommand
from app.telephony.sentences import BEEP, CALLBACK_OFFER, in_languages

TRANSFERRED = "transferred"


class Order(msgspec.Struct, frozen=True):
    """One order, read: `key` is what its legs are named by, `at` when it is carried out, by the switch's clock."""

    key: str
    at: float
    data: dict[str, Any]

    @property
    def agent(self) -> dict[str, Any]:
        """Whom it is about."""
        return self.data.get("agent") or {}

    @property
    def to(self) -> dict[str, Any]:
        """Where to, as {"number"}, {"agent", "address"} or {"queue"}."""
        to = self.data.get("to")
        return to if isinstance(to, dict) else {"number": to}

    @property
    def ring_seconds(self) -> float | None:
        """How long a phone may ring for it, if it says so."""
        seconds = self.data.get("ring_seconds")
        return seconds if isinstance(seconds, int | float) else None


def obey(line: Line, command: SwitchCommand, now: float) -> list[Action] | Refused:
    """What an order leads to, `now` by the switch's clock."""
    run = _ORDERS.get(command.type)
    if run is None:
        return Refused(f"Asterisk cannot do {command.type}.")
    if line.over:
        return [] if command.type in _DONE_WHEN_OVER else Refused("The call is over.")
    line.contact = line.contact or str(command.data.get("contact_id", ""))
    return run(line, Order(command.key, now, command.data))


def not_obeyed(line: Line, command: SwitchCommand) -> list[Action]:
    """What follows where an order was refused: a phone that has asked for it is told."""
    if command.type != OrderType.TRANSFER:
        return []
    return referring.not_ordered(line, Order(command.key, command.at, command.data).agent.get("id"))


def after_the_end(command: SwitchCommand) -> Delivered | Refused:
    """What becomes of an order for a call that is not on the switch. Whoever is to be hung up on has gone: the floor
    may say so while the news of it are still on their way."""
    if command.type in _DONE_WHEN_OVER:
        return Delivered()
    return Refused("There is no such call on the switch.")


def _connect(line: Line, order: Order) -> list[Action] | Refused:
    return _ring_agent(line, order, order.agent.get("id"), order.agent.get("address"))


def _ring_agent(line: Line, order: Order, agent: Any, address: Any) -> list[Action] | Refused:
    if not address:
        return Refused(f"Agent {agent} has no phone; set their address, such as PJSIP/1001.")
    leg = Leg(names.Name(line.call, names.AGENT, order.key, str(agent)), str(address))
    return line.dial(leg, order.ring_seconds, _shown(line))


def _shown(line: Line) -> str | None:
    """What an agent's phone shows: the customer's number."""
    return line.from_ if line.direction == "inbound" else line.to


def _add(line: Line, order: Order) -> list[Action] | Refused:
    """A colleague, or somebody at a number, comes into the call."""
    if order.to.get("agent"):
        return _ring_agent(line, order, order.to["agent"], order.to.get("address"))
    return _ring_number(line, order)


def _ring_number(line: Line, order: Order, handed: str | None = None) -> list[Action] | Refused:
    number = order.to.get("number")
    address = dialled(line.setup, number)
    if address is None:
        return Refused(f"{number!r} cannot be dialled; {dialable.NUMBER}.")
    leg = Leg(names.Name(line.call, names.PARTY, order.key, handed or ""), address, handed=handed)
    return line.dial(leg, order.ring_seconds, line.setup.caller_id)


def _dial(line: Line, order: Order) -> list[Action] | Refused:
    line.to = order.to.get("number")
    if dialled(line.setup, line.to) is None:
        return Refused(f"{line.to!r} cannot be dialled; {dialable.NUMBER}.")
    return _ring_agent(line, order, order.agent.get("id"), order.agent.get("address"))


def _cancel(line: Line, order: Order) -> list[Action]:
    """Let a phone stop ringing, or drop an agent, or whom one of them consulted (`to`); one who is not there any more
    has been dropped."""
    number = dialled(line.setup, order.to.get("number"))
    agent = str(order.to.get("agent") or order.agent.get("id"))
    found = [leg for leg in line.legs.values() if _meant(leg, agent, number)]
    return [one for leg in found for one in line.drop(leg, outcomes.WITHDRAWN)]


def _meant(leg: Leg, agent: str, number: str | None) -> bool:
    return leg.agent == agent if number is None else leg.role == names.PARTY and leg.address == number


def _disconnect(line: Line, order: Order) -> list[Action]:
    """End the call; an agent who is not the only one on it, or whose caller was sent to a number that rings, only
    leaves, also one who is on it as a supervisor, and one who has gone already has left it to the others."""
    own = supervisors.talker(line, order.agent.get("id"))
    others = {leg.id for leg in line.others(own.id if own is not None else None) if leg.up}
    if order.agent and (others or sent_on.away(line)):
        if own is None:
            return []
        held = line.held and line.holder not in others  # else it is another's who stays to take them back
        back = line.bring_together(line.caller) if held and line.caller is not None else []
        return [*line.drop(own, outcomes.HUNG_UP), *back]
    message = order.data.get("message")
    if message and line.caller is not None:
        return _perform(line, Say(text=str(message), language=line.setup.languages[0]), HangUp())
    return line.end()


def _hold(line: Line, order: Order) -> list[Action] | Refused:
    own = supervisors.talker(line, order.agent.get("id"))
    if own is None or not own.up:
        return Refused("The agent is not on this call.")
    return [requests.vital(each) for each in _held(line, own, order)]


def _held(line: Line, own: Leg, order: Order) -> list[Action]:
    line.holder = own.id
    return [*line.put_on_hold(), line.told(EventType.HELD, own, order.at)]


def _retrieve(line: Line, order: Order) -> list[Action] | Refused:
    own = supervisors.talker(line, order.agent.get("id"))
    if own is None or not own.up or line.caller is None:
        return Refused("The agent is not on this call.")
    back = holding.taken_back(line, own)
    if back is None:
        return Refused(f"The phone of agent {own.talker} itself holds the call; take the caller back there.")
    return back if own.holds else [*back, line.told(EventType.RETRIEVED, own, order.at)]


def _transfer(line: Line, order: Order) -> list[Action] | Refused:
    """The agent leaves; the caller is with whoever stays, or waits for a queue or a colleague, or hears it ring at a
    number."""
    own = supervisors.talker(line, order.agent.get("id"))
    if own is None:
        return Refused("The agent is not on this call.")
    rung = _ring_number(line, order, handed=str(own.talker)) if order.to.get("number") else None
    if isinstance(rung, Refused):
        return rung
    leaves = [line.told(EventType.TRANSFERRED, own, order.at), *line.drop(own, TRANSFERRED)]
    if rung == [] and not sent_on.away(line):  # the order comes again, and the number has come, or will not
        return leaves
    leaves += sent_on.left(line, own, order.key)
    if rung is None:
        sent_on.with_nobody(line, own.id)
    return leaves if rung is None else [*leaves, *sent_on.rings(line, own), *rung]


def _consult(line: Line, order: Order) -> list[Action] | Refused:
    """The caller waits while the agent talks to a colleague, or to somebody at a number, alone."""
    own = supervisors.talker(line, order.agent.get("id"))
    if own is None or not own.up:
        return Refused("The agent is not on this call.")
    added = _add(line, order)
    return added if isinstance(added, Refused) else [*_held(line, own, order), *added]


def _complete(line: Line, order: Order) -> list[Action] | Refused:
    """The agent leaves the caller to whom they consulted, or has left them already."""
    if line.caller is None:
        return Refused("There is no caller.")
    own = supervisors.talker(line, order.agent.get("id"))
    there = [leg for leg in line.others(own.id if own else None) if leg.up]
    if not there:
        return Refused("Nobody is there whom the caller could be left to.")
    for leg in there:
        if leg.role == names.PARTY:  # with them the call ends
            leg.handed = leg.handed or str(order.agent.get("id"))
    together = line.bring_together(line.caller, *(leg.id for leg in there))
    if own is None:
        return [*together, *holding.left(line)]
    return [line.told(EventType.TRANSFERRED, own, order.at), *line.drop(own, TRANSFERRED), *together]


def _reconnect(line: Line, order: Order) -> list[Action] | Refused:
    """Whom the agent consulted goes, and the agent is back with the caller, who waits on if the agent has left too, and
    hears music on while the agent's own phone holds."""
    if line.caller is None:
        return Refused("There is no caller.")
    own = supervisors.talker(line, order.agent.get("id"))
    agent, number = str(order.to.get("agent") or ""), dialled(line.setup, order.to.get("number"))
    consulted = [leg for leg in line.others(own.id if own else None) if _meant(leg, agent, number)]
    dropped = [one for leg in consulted for one in line.drop(leg, outcomes.WITHDRAWN)]
    if own is None:
        return dropped
    if own.holds:
        return [*dropped, *(holding.taken_back(line, own) or [])]
    return [*dropped, *line.bring_together(line.caller), line.told(EventType.RETRIEVED, own, order.at)]


def _script(line: Line, order: Order) -> list[Action] | Refused:
    try:
        return [Perform(msgspec.convert(order.data.get("script"), Script))]
    except msgspec.ValidationError as error:
        return Refused(f"This is no script: {error}")


def _voicemail(line: Line, order: Order) -> list[Action]:
    message = order.data.get("message")
    said = [Say(text=str(message), language=line.setup.languages[0])] if message else []
    beep = [Say(text=text, language=tag) for tag, text in in_languages(BEEP, line.setup.languages)]
    return _perform(line, Voicemail(prompts=tuple(said or beep)))


def _offer_callback(line: Line, order: Order) -> list[Action]:
    offer = in_languages(CALLBACK_OFFER, line.setup.languages)
    return _perform(line, Collect(terminator="", prompts=tuple(Say(text=text, language=tag) for tag, text in offer)))


def _perform(line: Line, *instructions: AnyInstruction) -> list[Action]:
    return [Perform(Script(number=OFFER, instructions=instructions))]


def _listen(line: Line, order: Order) -> list[Action] | Refused:
    """A supervisor comes into the call, or changes what they hear and who hears them."""
    mode, who = str(order.data.get("mode") or "listen"), str(order.agent.get("id"))
    coached = str(order.to.get("agent") or "")
    here = next((leg for leg in _ears_of(line, who) if not leg.withdrawn), None)
    if here is not None:
        return supervisors.replace(line, here, mode, coached)
    address = order.agent.get("address")
    if not address:
        return Refused("There is no phone to listen from; give an address, such as PJSIP/1001.")
    if not is_phone(str(address)):
        return Refused(f"{address!r} is no phone of this switch to listen from; give its name, such as PJSIP/1001.")
    leg = Leg(names.Name(line.call, names.LISTENER, order.key, who), str(address), mode=mode, handed=coached)
    return line.dial(leg, order.ring_seconds, _shown(line))


def _ears_of(line: Line, who: Any) -> list[Leg]:
    """By what a supervisor is in the call, or rung for it."""
    return [leg for leg in line.legs.values() if leg.role == names.LISTENER and leg.name.who == who]


def _stop_listening(line: Line, order: Order) -> list[Action]:
    who = str(order.agent.get("id"))
    return [one for leg in _ears_of(line, who) for one in line.drop(leg, outcomes.WITHDRAWN)]


def _record(line: Line, order: Order) -> list[Action] | Refused:
    recording, do = str(order.data.get("recording") or ""), order.data.get("do")
    if not recording or line.caller is None:
        return Refused("There is nothing to record.")
    match do:
        case "start":
            return recordings.start(line, order.key, recording)
        case "pause":
            return recordings.pause(line, recording, order.at)
        case "resume":
            return recordings.resume(line, recording, order.at)
        case "stop":
            return recordings.stop(line, recording)
    return Refused(f"A recording cannot {do!r}; it can start, pause, resume and stop.")


_ORDERS: dict[str, Callable[[Line, Order], list[Action] | Refused]] = {
    OrderType.CONNECT: _connect,
    OrderType.CANCEL: _cancel,
    OrderType.DISCONNECT: _disconnect,
    OrderType.HOLD: _hold,
    OrderType.RETRIEVE: _retrieve,
    OrderType.TRANSFER: _transfer,
    OrderType.CONFERENCE: _add,
    OrderType.DIAL: _dial,
    OrderType.LISTEN: _listen,
    OrderType.SCRIPT: _script,
    OrderType.VOICEMAIL: _voicemail,
    OrderType.OFFER_CALLBACK: _offer_callback,
    OrderType.STOP_LISTENING: _stop_listening,
    OrderType.RECORD: _record,
    OrderType.CONSULT: _consult,
    OrderType.COMPLETE_TRANSFER: _complete,
    OrderType.RECONNECT: _reconnect,
}
_DONE_WHEN_OVER = (OrderType.CANCEL, OrderType.DISCONNECT, OrderType.SCRIPT)
