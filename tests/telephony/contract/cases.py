"""The adapters there are, each in the few words that the suites beside this need of it.

A new one adds a `Listener` and a `Speaker` here; how it signs and what it sends are in the folder of its own tests.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from pydantic import SecretStr

from app.core import signing
from app.core.clock import now
from app.telephony.adapters.asterisk_ari.switches import AsteriskSwitches
from app.telephony.adapters.generic import client as generic
from app.telephony.adapters.generic.adapter import GenericInbound
from app.telephony.adapters.twilio import client as twilio
from app.telephony.adapters.twilio import signatures
from app.telephony.adapters.twilio.driver import TwilioDriver
from app.telephony.adapters.twilio.inbound import TwilioInbound
from app.telephony.adapters.twilio.request import read
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.port import Driver, Notice, Steered
from tests.telephony.contract.orders import AT
from tests.telephony.twilio.samples import ACCESS as TWILIO
from tests.telephony.twilio.samples import CALLER, CONTACT, INCOMING, target

Headers = dict[bytes, bytes]


class Sent(NamedTuple):
    """What a platform sends: path and query, and the body."""

    target: str
    body: bytes


class Heard(NamedTuple):
    """What an adapter makes of it."""

    delivery: str
    notice: Notice
    secret: SecretStr | None = None


@dataclass(frozen=True)
class Listener:
    """How one platform tells things. `offered` is a call that comes in from +8613800138000 to +4930111; `ended` and
    `keyed` (the keys 1 and 2) are about the same call; `odd` is a call with NUL and half a surrogate pair in its texts.
    `access` has two secrets. What is `keyed_secret` are the keys 9876, where the platform is told that they are one."""

    access: SourceAccess
    signed: Callable[[str, Sent], Headers]
    receive: Callable[[Sent, Headers, SourceAccess], Heard]
    offered: Sent
    ended: Sent
    keyed: Sent
    odd: Sent
    keyed_secret: Sent | None = None
    steered: Steered[Any] | None = None


@dataclass(frozen=True)
class Speaker:
    """How one platform is ordered about. `access` is a source of it, at an address that is given; `takes_http` where
    orders are requests to that address."""

    access: Callable[[str], SourceAccess]
    opened: Callable[[], Any] = field(repr=False)
    takes_http: bool = True
    nowhere: str = "http://127.0.0.1:1"


GENERIC = SourceAccess("pbx", ("whsec_c2VjcmV0LW9uZS1mb3ItdGhlLXRlc3Q=", "whsec_YW5vdGhlci1zZWNyZXQtZm9yLXRlc3Q="))
_IN = GenericInbound()


def _json(kind: str, **data: object) -> Sent:
    told = {"type": kind, "timestamp": "2027-01-15T07:59:58Z", "data": {"call_id": "c-1", **data}}
    return Sent("/webhooks/cti/pbx", json.dumps(told).encode())


def _sign_generic(secret: str, sent: Sent) -> Headers:
    message = f"evt-{hashlib.sha256(sent.body).hexdigest()}"
    signature = signing.sign(secret, message, int(AT), sent.body)
    told = {"webhook-id": message, "webhook-timestamp": str(int(AT)), "webhook-signature": signature}
    return {name.encode(): value.encode() for name, value in told.items()}


def _hear_generic(sent: Sent, headers: Mapping[bytes, bytes], access: SourceAccess) -> Heard:
    return Heard(_IN.verify(headers, sent.body, access, AT), _IN.parse(access.id, sent.body))


def heard_by(adapter: Steered[Any]) -> Callable[[Sent, Headers, SourceAccess], Heard]:
    """What an adapter of a steered platform makes of a request."""

    def hear(sent: Sent, headers: Headers, access: SourceAccess) -> Heard:
        got = adapter.receive(sent.target, headers, sent.body, access, AT)
        assert got.notice is not None
        return Heard(got.delivery, got.notice, got.secret)

    return hear


def _form(address: str, **more: object) -> Sent:
    return Sent(address, urlencode(INCOMING | more).encode())


def _sign_twilio(token: str, sent: Sent) -> Headers:
    url = f"{TWILIO.public_url}{sent.target}"
    return {b"x-twilio-signature": signatures.sign(token, url, read(*sent).form).encode()}


def _digits(script: int, **query: object) -> str:
    return target("script", call=CALLER, contact=CONTACT, script=script, end="digits", most=4, **query)


LISTENERS = {
    "generic": Listener(
        access=GENERIC,
        signed=_sign_generic,
        receive=_hear_generic,
        offered=_json("call.offered", direction="inbound", to="+4930111", **{"from": "+8613800138000"}),
        ended=_json("call.cleared"),
        keyed=_json("call.digits", script=3, digits="12"),
        odd=_json("call.offered", cause="a\0b\ud83d", note={"\0": ["\ud83d"]}),
    ),
    "twilio": Listener(
        access=TWILIO,
        signed=_sign_twilio,
        receive=heard_by(TwilioInbound()),
        offered=_form(target("voice")),
        ended=_form(target("status"), CallStatus="completed"),
        keyed=_form(_digits(3), Digits="12"),
        odd=Sent(target("voice"), urlencode(INCOMING).encode() + b"&CallerName=a%00b%ED%A0%BD&%00=%ED%A0%BD"),
        keyed_secret=_form(_digits(4, secret=1), Digits="9876", FinishedOnKey="#"),
        steered=TwilioInbound(),
    ),
}


@asynccontextmanager
async def _generic() -> AsyncIterator[Driver]:
    async with generic.open_client() as http:
        yield generic.GenericDriver(http, now)


@asynccontextmanager
async def _twilio() -> AsyncIterator[Driver]:
    async with twilio.open_client() as http:
        yield TwilioDriver(http, now)


@asynccontextmanager
async def _asterisk() -> AsyncIterator[Driver]:
    nothing: Any = None
    made = AsteriskSwitches(SourceDirectory(), nothing, lambda source: nothing, nothing, nothing, now)
    yield made
    await made.stop()


def _asterisk_at(url: str) -> SourceAccess:
    return SourceAccess("pbx", ("the-password",), url, platform="asterisk_ari", account="callfloor")


SPEAKERS = {
    "generic": Speaker(lambda url: msgspec.structs.replace(GENERIC, command_url=url), _generic),
    "twilio": Speaker(lambda url: msgspec.structs.replace(TWILIO, command_url=url), _twilio),
    "asterisk_ari": Speaker(_asterisk_at, _asterisk, takes_http=False, nowhere="ws://127.0.0.1:1/ari"),
}
