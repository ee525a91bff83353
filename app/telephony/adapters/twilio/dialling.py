"""Whom to dial into a call's conference, with which rights there. Pure."""

from typing import Any

import msgspec
from twilio.twiml.voice_response import Dial, VoiceResponse

from app.telephony.adapters.twilio import limits, twiml
from app.telephony.adapters.twilio.addresses import Kind, Place
from app.telephony.adapters.twilio.after import REACH
from app.telephony.adapters.twilio.twiml import CUSTOMER, LEG_EVENTS
from app.telephony.events import OrderType
from app.telephony.port import Refused

Value = str | int | bool | list[str]
LISTENER = "listener-"
RING_SECONDS = {"agent": 25, "customer": 60, "other": 45, "listener": 25}
"""An agent's phone rings shorter than the floor waits for it."""
SOONER_SECONDS = 5
LEAST_RING_SECONDS = 5


class Wanted(msgspec.Struct, frozen=True):
    """One participant to be: the unique label, and the fields of the request."""

    label: str
    fields: dict[str, Value]

    def also(self, **more: Value) -> "Wanted":
        """With further fields."""
        return Wanted(self.label, self.fields | more)


def label_of(agent: str) -> str:
    """What an agent is called in a conference."""
    return limits.label(f"agent-{agent}")


def party(to: dict[str, Any]) -> str:
    """What somebody is called who was added to a call: a colleague, or a number."""
    return label_of(str(to["agent"])) if to.get("agent") else limits.label(f"other-{to.get('number')}")


def rung(wanted: Wanted, seconds: object) -> Wanted:
    """A phone that the floor waits `seconds` for gives up a little before that, so that it can say why."""
    if not isinstance(seconds, int | float):
        return wanted
    return wanted.also(Timeout=max(LEAST_RING_SECONDS, int(seconds) - SOONER_SECONDS))


def listener_of(agent: dict[str, Any]) -> str:
    """What a supervisor is called in a conference."""
    return limits.label(f"{LISTENER}{agent.get('id')}")


def labels_of(agent: dict[str, Any]) -> tuple[str, str]:
    """What an agent may be called who talks to the customer: their own, or, where they have taken the call over, that
    of the supervisor as whom they were let in."""
    return label_of(str(agent.get("id"))), listener_of(agent)


def rights(mode: str | None, coached: str | None) -> dict[str, Value] | Refused:
    """What a supervisor may do in a conference: hear, be heard by the agent `coached`, be heard by all."""
    if mode == "join":
        return {"Muted": False, "Coaching": False}
    if mode != "whisper":
        return {"Muted": True, "Coaching": False}
    if coached is None:
        return Refused("The agent who is to be coached is not on this call.")
    return {"Muted": False, "Coaching": True, "CallSidToCoach": coached}


def stays(label: str | None, leaving: tuple[str, ...], heard: bool = False) -> bool:
    """Whether a participant is a reason for the call to go on when an agent leaves it; of supervisors only one who is
    `heard`, and may have taken it over."""
    return label not in (CUSTOMER, *leaving) and (heard or not (label or "").startswith(LISTENER))


def wanted(
    order: str, place: Place, agent: dict[str, Any], to: dict[str, Any], mode: str | None, coached: str | None
) -> Wanted | Refused:
    """The participant that an order asks for, or why there can be none."""
    match order:
        case OrderType.CONNECT:
            return _agent(place, agent)
        case OrderType.DIAL:
            return _agent(place, agent, dial=to.get("number"))
        case OrderType.CONFERENCE | OrderType.CONSULT if to.get("agent"):
            return _agent(place, {"id": to["agent"], "address": to.get("address")})
        case OrderType.CONFERENCE | OrderType.CONSULT:
            return _participant(place, party(to), to.get("number"), "other")
        case _ if order == REACH:
            return _participant(place, CUSTOMER, to.get("number"), "customer", machine=True)
    return _listener(place, agent, mode, coached)


def handed_over(number: str, place: Place, agent: str | None, order: str) -> str:
    """The caller leaves for a number, as an agent asked by this `order`; when that ends we are told how it went."""
    response = VoiceResponse()
    dial = Dial(action=place.address(Kind.SCRIPT, script=0, end="transfer", order=order), method="POST")
    twiml.dialled(dial, number, place.address(Kind.LEG, party="transfer", agent=agent))
    response.append(dial)
    return twiml.text_of(response)


def _agent(place: Place, agent: dict[str, Any], dial: Any = None) -> Wanted | Refused:
    who = str(agent.get("id"))
    if not agent.get("address"):
        return Refused(f"Agent {who} has no address to ring, such as sip:, client: or a number; set one.")
    return _participant(place, label_of(who), agent["address"], "agent", agent=who, dial=dial)


def _listener(place: Place, agent: dict[str, Any], mode: str | None, coached: str | None) -> Wanted | Refused:
    who = str(agent.get("id"))
    made = _participant(place, listener_of(agent), agent.get("address"), "listener", agent=who)
    allowed = rights(mode, coached)
    if isinstance(made, Refused) or isinstance(allowed, Refused) or mode == "join":
        return allowed if isinstance(allowed, Refused) else made
    return made.also(**{name: value for name, value in allowed.items() if value is not False})


def _participant(
    place: Place, label: str, address: Any, party: str, *, machine: bool = False, **about: str | None
) -> Wanted | Refused:
    if not address:
        return Refused("There is no number to dial.")
    if place.access.caller_id is None:
        return Refused(f"Source {place.access.id} has no caller_id to call from; set a number of the account.")
    label = limits.label(label)
    fields: dict[str, Value] = {
        "To": str(address),
        "From": place.access.caller_id,
        "Label": label,
        "Timeout": RING_SECONDS[party],
        "Beep": "false",
        "StartConferenceOnEnter": party != "listener",
        "EndConferenceOnExit": party == "customer",
        "StatusCallback": place.address(Kind.LEG, party=party, **about),
        "StatusCallbackEvent": LEG_EVENTS.split(),
        "StatusCallbackMethod": "POST",
        "ConferenceStatusCallback": place.address(Kind.CONFERENCE),
        "ConferenceStatusCallbackEvent": "hold",
    }
    if machine:
        fields |= {"MachineDetection": "Enable", "AmdStatusCallback": place.address(Kind.MACHINE, party=party)}
    return Wanted(label, fields)
