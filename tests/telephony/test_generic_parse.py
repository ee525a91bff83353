"""Bodies of the generic CTI webhook: what is known is typed, what is unknown is kept, what is wrong is named."""

from typing import Any

import msgspec
import pytest

from app.core.errors import Invalid
from app.telephony.adapters.generic.parse import parse
from app.telephony.events import CallEvent

FACTS: dict[str, Any] = {
    "call_id": "c-1",
    "direction": "inbound",
    "from": "+8613800138000",
    "to": "+8695555",
    "leg_id": "l-1",
    "sequence": 1,
}
OFFERED: dict[str, Any] = {"type": "call.offered", "timestamp": "2026-11-23T10:00:00.123Z", "data": FACTS}


def body(top: dict[str, Any] | None = None, /, **data: Any) -> bytes:
    return msgspec.json.encode({**OFFERED, **(top or {}), "data": {**FACTS, **data}})


def faults_of(sent: bytes) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parse("pbx", sent)
    return {each["where"]: each["accepted"] for each in refused.value.facts["faults"]}


def test_every_field_arrives() -> None:
    assert parse("pbx", body(agent="1001", queue="cards", cause="busy")).event == CallEvent(
        source="pbx",
        type="call.offered",
        call_id="c-1",
        at=1795428000.123,
        direction="inbound",
        from_="+8613800138000",
        to="+8695555",
        leg_id="l-1",
        agent="1001",
        queue="cards",
        sequence=1,
        cause="busy",
    )


def test_an_unknown_type_and_unknown_data_are_kept() -> None:
    event = parse("pbx", body({"type": "call.parked"}, digits="42", status={"code": 7})).event
    assert event.type == "call.parked"
    assert event.details == {"digits": "42", "status": {"code": 7}}


@pytest.mark.parametrize("number", ["anonymous", "1001", "sip:bob@x", "\N{TELEPHONE RECEIVER}", "9" * 40, "a/b c"])
def test_any_number_is_kept_raw(number: str) -> None:
    assert parse("pbx", body({}, **{"from": number})).event.from_ == number


def test_empty_strings_and_nulls_mean_not_known() -> None:
    event = parse("pbx", body({}, agent="", leg_id="", to=None, **{"from": ""})).event
    assert (event.agent, event.leg_id, event.to, event.from_) == (None, None, None, None)


def test_an_unknown_direction_is_kept_but_not_believed() -> None:
    event = parse("pbx", body(direction="sideways")).event
    assert (event.direction, event.details) == (None, {"direction": "sideways"})


@pytest.mark.parametrize("channel", ["voice", "chat", "web.chat-2", 5, None, ["chat"], {"of": "chat"}])
def test_the_channel_is_kept_as_it_is(channel: object) -> None:
    assert parse("pbx", body(channel=channel)).event.details == {"channel": channel}


@pytest.mark.parametrize("channel", ["", "Chat", "two words", "x" * 65, "\N{SPEECH BALLOON}", "chat\n"])
def test_a_text_that_is_no_channel_is_kept_but_not_believed(channel: str) -> None:
    assert parse("pbx", body(channel=channel)).event.details == {"channel": {"unknown": channel}}


@pytest.mark.parametrize("number", ["+8613900000000", "", 5, None])
def test_a_request_for_a_callback_keeps_the_number(number: object) -> None:
    event = parse("pbx", body({"type": "call.callback_requested"}, number=number)).event
    assert (event.type, event.details) == ("call.callback_requested", {"number": number})


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("2026-11-23T18:00:00+08:00", 1795428000.0),
        ("2026-11-23t10:00:00z", 1795428000.0),
        ("2026-11-23T10:00:00.123456789Z", 1795428000.123457),
    ],
)
def test_rfc_3339_in_all_its_forms(stamp: str, at: float) -> None:
    assert parse("pbx", body({"timestamp": stamp})).event.at == pytest.approx(at, abs=1e-6)


@pytest.mark.parametrize(
    "stamp",
    ["2026-11-23T10:00:00", "yesterday", 1795428000, None, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"],
)
def test_a_time_without_zone_or_out_of_range_is_refused(stamp: object) -> None:
    assert faults_of(body({"timestamp": stamp})) == {
        "timestamp": "an RFC 3339 time with its zone, 2000 to 2099",
    }


@pytest.mark.parametrize("call_id", ["", "x" * 201, 5, None, ["c"]])
def test_a_call_needs_a_proper_id(call_id: object) -> None:
    assert faults_of(body(call_id=call_id)) == {"data.call_id": "a string of 1 to 200 characters"}


@pytest.mark.parametrize("sequence", [-1, 2**53, 10**300, "1", 1.5, True])
def test_a_sequence_is_a_whole_number_of_sane_size(sequence: object) -> None:
    assert list(faults_of(body(sequence=sequence))) == ["data.sequence"]


def test_all_faults_are_told_at_once() -> None:
    sent = b'{"type": 5, "data": {"from": 13800138000, "sequence": "one"}}'
    assert list(faults_of(sent)) == ["type", "timestamp", "data.call_id", "data.from", "data.sequence"]


@pytest.mark.parametrize("sent", [b"", b"[]", b"null", b"not json", b'{"type"', b"\xff\xfe"])
def test_what_is_no_object_is_refused(sent: bytes) -> None:
    assert list(faults_of(sent)) == ["body"]


def test_what_postgresql_cannot_keep_is_repaired_in_event_and_raw() -> None:
    notice = parse("pbx", body(call_id="c\x00", name="NUL \x00"))
    assert notice.event.call_id == "c\ufffd"
    assert notice.event.details == {"name": "NUL \ufffd"}
    assert b"\\u0000" not in notice.raw


def test_the_raw_message_is_the_one_sent() -> None:
    assert msgspec.json.decode(parse("pbx", body({"extra": 1})).raw) == {**OFFERED, "extra": 1}


@pytest.mark.parametrize("bonus", [120, -5.5, "much", None])
def test_a_bonus_of_the_contact_is_kept_as_sent(bonus: object) -> None:
    assert parse("pbx", body({}, bonus_seconds=bonus)).event.details["bonus_seconds"] == bonus
