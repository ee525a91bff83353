"""Requests as Twilio sends them, in the form of its documentation."""

from typing import Any
from urllib.parse import urlencode

from app.core.clock import FrozenClock
from app.telephony.adapters.twilio.addresses import Place
from app.telephony.adapters.twilio.parse import Told, parse
from app.telephony.adapters.twilio.request import read
from app.telephony.directory import SourceAccess

NOW = FrozenClock().instant  # 2027-01-15 08:00:00 UTC
THEN = "Fri, 15 Jan 2027 07:59:58 +0000"
CALLER = "CA5e1f0c0000000000000000000000abcd"
AGENT_LEG = "CA5e1f0c00000000000000000000000a01"
CONTACT = "019bc1f4-0000-7000-8000-000000000001"
ACCESS = SourceAccess(
    "tw",
    ("token-new", "token-old"),
    platform="twilio",
    account="AC" + "1" * 32,
    public_url="https://desk.example",
    caller_id="+4930111",
)
PLACE = Place(ACCESS, CALLER, CONTACT)
INCOMING = {
    "AccountSid": ACCESS.account,
    "ApiVersion": "2010-04-01",
    "CallSid": CALLER,
    "CallStatus": "ringing",
    "Called": "+4930111",
    "CalledCity": "",
    "CalledCountry": "DE",
    "Caller": "+8613800138000",
    "CallerCountry": "CN",
    "Direction": "inbound",
    "From": "+8613800138000",
    "FromCountry": "CN",
    "StirVerstat": "TN-Validation-Passed-A",
    "To": "+4930111",
    "ToCountry": "DE",
}


def target(kind: str, **query: Any) -> str:
    """Path and query of a request."""
    return f"/webhooks/twilio/tw/{kind}" + (f"?{urlencode(query)}" if query else "")


def told(kind: str, form: dict[str, Any], **query: Any) -> Told:
    """What a request says."""
    return parse("tw", read(target(kind, **query), urlencode(form).encode()), NOW)


def leg(status: str, sequence: int = 2, **more: Any) -> dict[str, Any]:
    """A status callback of a leg that we made."""
    form = INCOMING | {
        "CallSid": AGENT_LEG,
        "CallStatus": status,
        "CallbackSource": "call-progress-events",
        "Direction": "outbound-api",
        "From": "+4930111",
        "To": "sip:anna@desk.example",
        "SequenceNumber": sequence,
        "Timestamp": THEN,
    }
    return form | more
