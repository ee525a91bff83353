"""Passwords in SIP: the digest of RFC 2617, as Asterisk asks for it."""

import re
import secrets
from hashlib import md5

from app.demo.pbx.sip.message import Message

CHALLENGES = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


def authorization(challenge: Message, user: str, password: str, method: str, address: str) -> tuple[str, str] | None:
    """The header that answers a challenge; None if the response is none."""
    asked, given = CHALLENGES.get(challenge.status or 0, ("", ""))
    text = challenge.get(asked) if asked else None
    if text is None:
        return None
    said = dict(re.findall(r'(\w+)="?([^",]+)', text))
    secret = _digest(f"{user}:{said['realm']}:{password}")
    what = _digest(f"{method}:{address}")
    values = {"username": user, "realm": said["realm"], "nonce": said["nonce"], "uri": address}
    if "qop" in said:
        own = secrets.token_hex(8)
        values["response"] = _digest(f"{secret}:{said['nonce']}:00000001:{own}:auth:{what}")
        values["cnonce"] = own
    else:
        values["response"] = _digest(f"{secret}:{said['nonce']}:{what}")
    if "opaque" in said:
        values["opaque"] = said["opaque"]
    quoted = ", ".join(f'{name}="{value}"' for name, value in values.items())
    bare = ", qop=auth, nc=00000001" if "qop" in said else ""
    return given, f"Digest {quoted}, algorithm=MD5{bare}"


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
