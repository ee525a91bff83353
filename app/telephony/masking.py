"""What a caller keyed as a secret, taken out of what a platform told: it is in neither event nor message then. Pure."""

from typing import Any

import msgspec

from app.telephony.port import Notice

_DETAILS = ("script", "finished")
_DATA = ("call_id", "leg_id", "sequence", "script", "finished")


def without_secret(notice: Notice) -> tuple[Notice, str]:
    """The notice with only what is known to be none, and what was keyed or said; the event tells how much that was."""
    event = notice.event
    keyed = _text(event.details.get("digits")).removesuffix("#")  # some platforms send the key that ends it, too
    secret = keyed or _text(event.details.get("speech"))
    kept = {name: event.details[name] for name in _DETAILS if name in event.details}
    said: dict[str, Any] = msgspec.json.decode(notice.raw)
    data: dict[str, Any] = said.get("data") or {}
    told = {name: data[name] for name in _DATA if name in data}
    raw = {"type": event.type, "timestamp": said.get("timestamp"), "data": {**told, "secret": True}}
    masked = msgspec.structs.replace(event, details={**kept, "secret": True, "length": len(secret)})
    return Notice(masked, msgspec.json.encode(raw)), secret


def with_reference(notice: Notice, reference: str) -> Notice:
    """The notice with a reference to the secret that was taken out of it."""
    details = {**notice.event.details, "secret_ref": reference}
    return msgspec.structs.replace(notice, event=msgspec.structs.replace(notice.event, details=details))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
