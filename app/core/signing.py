"""Standard Webhooks signatures (https://www.standardwebhooks.com), symmetric scheme `v1`, both directions.

Written out rather than taken from the library, which reads its own clock, knows one secret at a time and lets
malformed headers escape as other exceptions; tests hold the two against each other.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Iterable, Mapping
from functools import lru_cache

from app.core.errors import Unauthenticated

TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 16

PREFIX = "whsec_"
_ID = re.compile(rb"[!-~]{1,200}")
_TIMESTAMP = re.compile(rb"[0-9]{1,11}")


def new_secret() -> str:
    """A fresh signing secret in the form of Standard Webhooks."""
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def secret_id(secret: str) -> str:
    """What a secret is called without being told: the beginning of its hash."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


@lru_cache(maxsize=4096)
def key_of(secret: str) -> bytes:
    """The key in a secret (base64, with or without the prefix `whsec_`); empty where the secret is not usable."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX) + "==")
    except (binascii.Error, ValueError):
        return b""


def strict_key(secret: str) -> bytes | None:
    """The key in a secret that is base64 to the letter, of which padding may be left out; None in any other, of which
    `key_of` takes what it can read."""
    text = secret.removeprefix(PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header `webhook-signature` for a message sent at `timestamp` (epoch seconds)."""
    return "v1," + _signature(key_of(secret), message_id.encode(), str(timestamp).encode(), body).decode()


def verify(headers: Mapping[bytes, bytes], body: bytes, secrets: Iterable[str], now: float) -> str:
    """The `webhook-id` of a message that one of `secrets` signed within five minutes of `now`.

    Raises `Unauthenticated` for anything else: missing or malformed headers, old or future time, wrong signature.
    """
    message_id = headers.get(b"webhook-id", b"")
    timestamp = headers.get(b"webhook-timestamp", b"")
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise Unauthenticated(
            "The request is not signed: webhook-id (1 to 200 printable ASCII characters), webhook-timestamp "
            "(whole epoch seconds) and webhook-signature are needed, as Standard Webhooks describes them."
        )
    if abs(int(timestamp) - now) > TOLERANCE_SECONDS:
        raise Unauthenticated(
            f"webhook-timestamp is more than {TOLERANCE_SECONDS} seconds away from this server's clock."
        )
    given = _v1_signatures(headers.get(b"webhook-signature", b""))
    for secret in secrets:
        key = key_of(secret)
        if key and _matches(_signature(key, message_id, timestamp, body), given):
            return message_id.decode()
    raise Unauthenticated("No signature in webhook-signature matches a secret of this source.")


def _signature(key: bytes, message_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    digest = hmac.digest(key, b"%b.%b.%b" % (message_id, timestamp, body), "sha256")
    return binascii.b2a_base64(digest, newline=False)


def _v1_signatures(header: bytes) -> list[bytes]:
    parts = header.split(b" ", MAX_SIGNATURES)[:MAX_SIGNATURES]
    return [part[3:] for part in parts if part.startswith(b"v1,")]


def _matches(expected: bytes, given: list[bytes]) -> bool:
    return any(hmac.compare_digest(expected, signature) for signature in given)
