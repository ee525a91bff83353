"""What Twilio leaves to us when something has happened to a call. Pure.

A call that an agent places is two calls there: the customer is dialled when the agent has answered. And a conference
that ends does not hang up on phones that still ring.
"""

from app.telephony.adapters.twilio.request import Webhook
from app.telephony.events import CallEvent, EventType
from app.telephony.port import SwitchCommand

REACH = "call.reach"
"""Dial the customer of a call that an agent places."""

TIDY = "call.tidy"
"""The customer is gone: let nobody ring, and nobody stand in the conference, any longer."""


def after(event: CallEvent, hook: Webhook, delivery: str, contact: str) -> SwitchCommand | None:
    """The command that follows an event of this contact, for the driver, once the event is durable; mostly none.

    Carrying it out twice does no harm: should it be missed, the request may be answered 503 and comes again.
    """
    data = {"call_id": event.call_id, "contact_id": contact or hook.query.get("contact", "")}
    dial = hook.query.get("dial")
    if event.type == EventType.ESTABLISHED and event.agent is not None and dial:
        return SwitchCommand(delivery, REACH, event.at, data | {"to": dial})
    gone = event.type == EventType.CLEARED or (event.type == EventType.FAILED and _customer(hook))
    return SwitchCommand(delivery, TIDY, event.at, data) if gone else None


def _customer(hook: Webhook) -> bool:
    return hook.query.get("party") == "customer"
