"""Calls as a platform tells them: signed webhooks, made ready before the clock runs."""

import hmac
from base64 import b64decode, b64encode

import msgspec

from app.bench.bank import PRODUCTS, SOURCE, caller, number
from app.bench.wire import request
from app.core import clock
from app.core.ids import new_id

PATH = f"/webhooks/cti/{SOURCE}"

Facts = dict[str, str | int]


class Signer:
    """Makes signed requests of events (Standard Webhooks)."""

    def __init__(self, secret: str) -> None:
        self._key = b64decode(secret.removeprefix("whsec_"))

    def request(self, body: bytes, path: str = PATH) -> bytes:
        """The request for a message that is sent within five minutes from now."""
        message_id, moment = f"msg_{new_id()}", int(clock.now())
        signed = hmac.digest(self._key, f"{message_id}.{moment}.".encode() + body, "sha256")
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": f"v1,{b64encode(signed).decode()}",
        }
        return request(path, headers, body)


def event(kind: str, call_id: str, sequence: int, **facts: str) -> bytes:
    """The body of one event, as of now."""
    data: Facts = {"call_id": call_id, "direction": "inbound", "sequence": sequence, **facts}
    return msgspec.json.encode({"type": f"call.{kind}", "timestamp": clock.iso(clock.now()), "data": data})


def offered(call_id: str, place: int) -> bytes:
    """The first event of the call of the customer at `place`."""
    return event(
        "offered",
        call_id,
        1,
        **{"from": caller(place), "to": number(PRODUCTS[place % len(PRODUCTS)]), "leg_id": "customer"},
    )


def whole_call(place: int, agent: str) -> list[bytes]:
    """The bodies of one call that the platform itself connects to `agent`."""
    call_id = new_id()
    return [
        offered(call_id, place),
        event("queued", call_id, 2, leg_id="customer"),
        event("delivered", call_id, 3, leg_id="agent", agent=agent),
        event("established", call_id, 4, leg_id="agent", agent=agent),
        event("connection_cleared", call_id, 5, leg_id="agent", agent=agent),
        event("cleared", call_id, 6, cause="normal"),
    ]
