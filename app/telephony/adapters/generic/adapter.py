"""The listening half of the generic adapter."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.core import signing
from app.telephony.adapters.generic import parse
from app.telephony.directory import SourceAccess
from app.telephony.port import Notice

_encode = msgspec.json.Encoder().encode


class GenericInbound:
    """Signed JSON in, JSON out; see `app.telephony.port.Inbound`."""

    def verify(self, headers: Mapping[bytes, bytes], body: bytes, access: SourceAccess, now: float) -> str:
        """The `webhook-id`; raises `Unauthenticated` if no secret of the source signed this within five minutes."""
        return signing.verify(headers, body, access.secrets, now)

    def parse(self, source: str, body: bytes) -> Notice:
        """The event in a verified body; raises `Invalid` that names every fault."""
        return parse.parse(source, body)

    def reply(self, body: Mapping[str, Any]) -> bytes:
        """The answer as it is: the contact, and the instructions for platforms that can act on them."""
        return _encode(body)
