"""One order of each type, as the floor gives it."""

from typing import Any

from app.core.clock import FrozenClock
from app.telephony.events import OrderType as O
from app.telephony.port import SwitchCommand

AT = FrozenClock().instant
ABOUT = {"call_id": "CA5e1f0c0000000000000000000000abcd", "contact_id": "019bc1f4-0000-7000-8000-000000000001"}
ANNA = {"id": "anna", "address": "sip:anna@desk.example"}
BEN = {"agent": "ben", "address": "sip:ben@desk.example"}
NUMBER = {"number": "+4930123"}
SCRIPT = {"number": 4, "instructions": [{"do": "say", "text": "您好", "language": "zh"}, {"do": "music"}]}
DATA: dict[O, dict[str, Any]] = {
    O.CONNECT: {"agent": ANNA, "ring_seconds": 20.0},
    O.CANCEL: {"agent": ANNA},
    O.DISCONNECT: {"message": "Goodbye.", "reason": "closed"},
    O.HOLD: {"agent": ANNA},
    O.RETRIEVE: {"agent": ANNA},
    O.TRANSFER: {"agent": ANNA, "to": NUMBER},
    O.CONFERENCE: {"agent": ANNA, "to": BEN, "ring_seconds": 20.0},
    O.CONSULT: {"agent": ANNA, "to": NUMBER, "ring_seconds": 20.0},
    O.COMPLETE_TRANSFER: {"agent": ANNA, "to": NUMBER},
    O.RECONNECT: {"agent": ANNA, "to": NUMBER},
    O.DIAL: {"agent": ANNA, "to": "+4930123"},
    O.OFFER_CALLBACK: {"queue": "cards"},
    O.LISTEN: {"agent": {"id": "sofia", "address": "9001"}, "mode": "whisper", "to": {"agent": "anna"}},
    O.STOP_LISTENING: {"agent": {"id": "sofia", "address": "9001"}},
    O.RECORD: {"do": "start", "recording": "019bc1f4-0000-7000-8000-000000000001.1"},
    O.SCRIPT: {"script": SCRIPT},
    O.VOICEMAIL: {"queue": "cards", "message": "Please speak."},
}


def order(kind: str, key: str = "main-7") -> SwitchCommand:
    """A command of this type; one that nobody knows has no data of its own."""
    return SwitchCommand(key, str(kind), AT, ABOUT | DATA.get(kind, {}))  # type: ignore[call-overload]
