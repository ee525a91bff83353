"""What a caller keyed as a secret leaves what a platform told."""

from typing import Any

import msgspec
import pytest

from app.telephony.adapters.generic.parse import parse
from app.telephony.masking import with_reference, without_secret
from app.telephony.port import Notice

PIN = "271828"


def keyed(**data: Any) -> Notice:
    told = {"call_id": "c-1", "from": "+8613800138000", "leg_id": "l-1", "sequence": 7, "script": 3, **data}
    return parse(
        "pbx", msgspec.json.encode({"type": "call.digits", "timestamp": "2026-11-23T10:00:00.123Z", "data": told})
    )


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        ({"digits": PIN, "finished": "terminator"}, PIN),
        ({"digits": f"{PIN}#", "finished": "terminator"}, PIN),
        ({"digits": "", "speech": PIN, "confidence": 0.9}, PIN),
        ({"speech": PIN}, PIN),
        ({"digits": PIN, "note": f"keyed {PIN}"}, PIN),
        ({"digits": "", "finished": "timeout"}, ""),
        ({"digits": "#"}, ""),
        ({}, ""),
    ],
)
def test_the_secret_is_in_neither_event_nor_message_and_how_long_it_was_is(data: dict[str, Any], secret: str) -> None:
    notice = keyed(**data)
    masked, taken = without_secret(notice)
    assert taken == secret
    assert PIN.encode() not in masked.raw
    assert PIN not in repr(masked.event)
    kept = {"finished": data["finished"]} if "finished" in data else {}
    assert masked.event.details == {"script": 3, **kept, "secret": True, "length": len(secret)}
    assert msgspec.structs.replace(masked.event, details=notice.event.details) == notice.event
    assert msgspec.json.decode(masked.raw) == {
        "type": "call.digits",
        "timestamp": "2026-11-23T10:00:00.123Z",
        "data": {"call_id": "c-1", "leg_id": "l-1", "sequence": 7, "script": 3, **kept, "secret": True},
    }


def test_a_reference_stands_in_the_event_for_the_secret() -> None:
    masked, _ = without_secret(keyed(digits=PIN))
    referring = with_reference(masked, "vault:1")
    assert referring.event.details == {**masked.event.details, "secret_ref": "vault:1"}
    assert referring.raw == masked.raw
