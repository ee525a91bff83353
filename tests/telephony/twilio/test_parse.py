"""Twilio's requests as events of ours, from payloads in the form of its documentation."""

from typing import Any

import msgspec
import pytest

from app.core.errors import Invalid
from app.telephony.adapters.twilio.request import read
from tests.telephony.twilio.samples import AGENT_LEG, CALLER, CONTACT, INCOMING, NOW, leg, target, told

OURS = {"call": CALLER, "contact": CONTACT}
THEN_LATER = "Fri, 15 Jan 2027 08:00:30 +0000"
GATHERED = INCOMING | {"CallStatus": "in-progress", "msg": "Gather End"}


def test_an_incoming_call_is_offered() -> None:
    said = told("voice", INCOMING)
    event = said.notice.event
    assert (event.source, event.type, event.call_id, event.at) == ("tw", "call.offered", CALLER, NOW)
    assert (event.direction, event.from_, event.to, event.leg_id) == ("inbound", "+8613800138000", "+4930111", CALLER)
    assert said.asks
    assert event.details == {"StirVerstat": "TN-Validation-Passed-A"}
    assert msgspec.json.decode(said.notice.raw)["form"] == {name: str(value) for name, value in INCOMING.items()}


@pytest.mark.parametrize("number", ["anonymous", "ANONYMOUS", "Restricted", "+266696687", "+7378742833", ""])
def test_a_number_that_is_withheld_is_not_known(number: str) -> None:
    assert told("voice", INCOMING | {"From": number}).notice.event.from_ is None


@pytest.mark.parametrize(
    ("party", "status", "kind", "cause"),
    [
        ("agent", "initiated", "call.initiated", None),
        ("agent", "ringing", "call.delivered", None),
        ("agent", "in-progress", "call.established", None),
        ("agent", "completed", "call.connection_cleared", "normal"),
        ("agent", "busy", "call.failed", "busy"),
        ("agent", "no-answer", "call.failed", "no_answer"),
        ("agent", "failed", "call.failed", "failed"),
        ("agent", "canceled", "call.connection_cleared", "withdrawn"),
        ("agent", "teleported", "call.teleported", None),
        ("customer", "ringing", "call.delivered", None),
        ("customer", "in-progress", "call.established", None),
        ("customer", "completed", "call.cleared", "normal"),
        ("customer", "no-answer", "call.failed", "no_answer"),
        ("customer", "canceled", "call.cleared", "withdrawn"),
        ("other", "in-progress", "call.conferenced", None),
        ("other", "completed", "call.connection_cleared", "normal"),
        ("other", "busy", "call.failed", "busy"),
        ("listener", "in-progress", "call.supervisor_joined", None),
        ("listener", "completed", "call.supervisor_left", "normal"),
        ("transfer", "initiated", "call.transferred", None),
        ("transfer", "in-progress", "call.transfer_in-progress", None),
        ("transfer", "busy", "call.transfer_busy", "busy"),
    ],
)
def test_legs_that_we_made(party: str, status: str, kind: str, cause: str | None) -> None:
    event = told("leg", leg(status), **OURS, party=party, agent="anna").notice.event
    assert (event.type, event.cause, event.call_id) == (kind, cause, CALLER)
    moves_the_agent = party in ("agent", "transfer")
    assert event.agent == ("anna" if moves_the_agent else None)
    assert event.leg_id == (None if party == "transfer" else AGENT_LEG)
    assert event.at == NOW - 2
    assert event.sequence == (None if party == "transfer" else 2)
    assert (event.from_, event.to) == (None, None)


def test_a_leg_of_a_call_that_we_placed_is_outbound() -> None:
    event = told("leg", leg("ringing"), call=CONTACT, contact=CONTACT, party="customer").notice.event
    assert (event.direction, event.call_id) == ("outbound", CONTACT)


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        ("completed", "call.cleared", "normal"),
        ("canceled", "call.cleared", "withdrawn"),
        ("no-answer", "call.cleared", "no_answer"),
        ("in-progress", "call.in-progress", None),
    ],
)
def test_what_becomes_of_the_caller(status: str, kind: str, cause: str | None) -> None:
    form = INCOMING | {"CallStatus": status, "CallDuration": "12", "Timestamp": THEN_LATER, "SequenceNumber": "0"}
    event = told("status", form).notice.event
    assert (event.type, event.cause, event.leg_id, event.sequence) == (kind, cause, CALLER, None)
    assert event.at == NOW
    assert event.details == {"CallDuration": "12", "StirVerstat": "TN-Validation-Passed-A"}


@pytest.mark.parametrize(
    ("form", "query", "said"),
    [
        ({"Digits": "2", "FinishedOnKey": ""}, {"most": 1}, {"digits": "2", "finished": "length"}),
        ({"Digits": "123", "FinishedOnKey": "#"}, {"most": 8}, {"digits": "123", "finished": "terminator"}),
        ({"Digits": "12", "FinishedOnKey": ""}, {"most": 4}, {"digits": "12", "finished": "timeout"}),
        ({}, {"most": 1}, {"digits": "", "finished": "timeout"}),
        (
            {"SpeechResult": "挂失银行卡", "Confidence": "0.91"},
            {"most": 1},
            {"digits": "", "finished": "timeout", "speech": "挂失银行卡", "confidence": 0.91},
        ),
        (
            {"SpeechResult": "yes", "Confidence": "sure"},
            {},
            {"digits": "", "finished": "timeout", "speech": "yes", "confidence": None},
        ),
    ],
)
def test_input_of_the_caller(form: dict[str, str], query: dict[str, Any], said: dict[str, Any]) -> None:
    heard = told("script", GATHERED | form, **OURS, script=7, end="digits", **query)
    assert heard.notice.event.type == "call.digits"
    assert heard.notice.event.details == {"script": 7, "StirVerstat": "TN-Validation-Passed-A"} | said
    assert heard.secret is None
    assert heard.asks


@pytest.mark.parametrize(
    ("form", "secret", "finished"),
    [
        ({"Digits": "407155", "FinishedOnKey": "#"}, "407155", "terminator"),
        ({"Digits": "407155", "FinishedOnKey": ""}, "407155", "length"),
        ({"SpeechResult": "407155", "UnstableSpeechResult": "407155"}, "407155", "timeout"),
        ({}, "", "timeout"),
    ],
)
def test_a_secret_is_handed_apart(form: dict[str, str], secret: str, finished: str) -> None:
    heard = told("script", GATHERED | form, **OURS, script=7, end="digits", most=6, secret=1)
    details = heard.notice.event.details
    assert heard.secret is not None
    assert heard.secret.get_secret_value() == secret
    assert "407155" not in repr(heard)
    assert (details["secret"], details["keyed"], details["digits"]) == (True, bool(secret), "")
    assert details["finished"] == finished
    assert b"407155" not in msgspec.json.encode((heard.notice, heard.delivery))
    other = told("script", GATHERED | {"Digits": "999999"}, **OURS, script=7, end="digits", most=6, secret=1)
    assert other.delivery == heard.delivery


@pytest.mark.parametrize(
    ("kind", "form", "query", "type_", "details"),
    [
        ("script", {}, {"script": 3}, "call.script_done", {"script": 3}),
        (
            "script",
            {"DialCallStatus": "busy"},
            {"script": 3, "end": "transfer"},
            "call.script_done",
            {"script": 3, "transfer": "busy", "DialCallStatus": "busy"},
        ),
        ("callback", {"Digits": "1"}, {"offer": "main-9"}, "call.callback_requested", {"Digits": "1"}),
        ("callback", {"Digits": "5"}, {"offer": "main-9"}, "call.callback_declined", {"Digits": "5"}),
        (
            "machine",
            {"AnsweredBy": "machine_end_beep"},
            {"party": "customer"},
            "call.answered_by",
            {"answered_by": "machine_end_beep", "machine": True, "AnsweredBy": "machine_end_beep"},
        ),
        ("machine", {"AnsweredBy": "human"}, {}, "call.answered_by", {"answered_by": "human", "machine": False}),
        (
            "recording",
            {"RecordingSid": "RE1", "RecordingUrl": "https://x/RE1", "RecordingDuration": "7"},
            {},
            "call.recording_ready",
            {"media": "https://x/RE1", "seconds": 7, "status": "completed"},
        ),
        ("recording", {"RecordingStatus": "absent"}, {}, "call.recording_absent", {"status": "absent"}),
    ],
)
def test_other_facts(
    kind: str, form: dict[str, str], query: dict[str, Any], type_: str, details: dict[str, Any]
) -> None:
    event = told(kind, {"CallSid": CALLER} | form, **OURS, **query).notice.event
    assert event.type == type_
    assert details.items() <= event.details.items()
    assert event.call_id == CALLER


@pytest.mark.parametrize(
    ("said", "label", "kind"),
    [
        ("participant-hold", "customer", "call.held"),
        ("participant-unhold", "customer", "call.retrieved"),
        ("participant-hold", "agent-anna", "call.conference_participant-hold"),
        ("participant-join", "customer", "call.conference_participant-join"),
    ],
)
def test_what_happens_in_the_conference(said: str, label: str, kind: str) -> None:
    form = {"ConferenceSid": "CF1", "CallSid": CALLER, "StatusCallbackEvent": said, "ParticipantLabel": label}
    event = told("conference", form | {"SequenceNumber": "4", "Timestamp": "?"}, **OURS).notice.event
    assert (event.type, event.agent, event.sequence, event.at) == (kind, None, None, NOW)
    assert (event.leg_id is None) == (kind in ("call.held", "call.retrieved"))


def test_an_event_of_the_conference_itself_names_no_call() -> None:
    event = told("conference", {"ConferenceSid": "CF1", "StatusCallbackEvent": "conference-end"}, **OURS).notice.event
    assert (event.type, event.call_id) == ("call.conference_conference-end", CALLER)


@pytest.mark.parametrize(
    ("kind", "form", "query", "where"),
    [
        ("voice", {"CallStatus": "ringing"}, {}, "CallSid"),
        ("voice", {"CallSid": "x" * 201}, {}, "CallSid"),
        ("script", {"CallSid": CALLER}, {}, "script"),
        ("script", {"CallSid": CALLER}, {"script": "-1"}, "script"),
        ("nonsense", {"CallSid": CALLER}, {}, "path"),
    ],
)
def test_what_cannot_be_understood_names_its_faults(
    kind: str, form: dict[str, str], query: dict[str, Any], where: str
) -> None:
    with pytest.raises(Invalid) as caught:
        told(kind, form, **query)
    assert where in [fault["where"] for fault in caught.value.facts["faults"]]


def test_too_many_fields_are_no_form() -> None:
    with pytest.raises(Invalid):
        read(target("voice"), b"a=1&" * 501)


def test_what_the_database_cannot_keep_is_repaired() -> None:
    said = told("voice", INCOMING | {"CallerName": "NUL \x00", "SipHeader_X": b"\xff\xfe"})
    assert said.notice.event.details["CallerName"] == "NUL \ufffd"
    assert b"\\u0000" not in said.notice.raw


DELIVERIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("voice", INCOMING, {}),
    ("voice", INCOMING | {"CallSid": AGENT_LEG}, {}),
    ("status", leg("completed"), {}),
    ("leg", leg("ringing", 1), OURS | {"party": "agent"}),
    ("leg", leg("in-progress", 2), OURS | {"party": "agent"}),
    ("script", GATHERED, OURS | {"script": 1, "end": "digits"}),
    ("script", GATHERED, OURS | {"script": 2, "end": "digits"}),
    ("script", GATHERED, OURS | {"script": 2}),
    ("conference", {"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-hold", "SequenceNumber": 1}, OURS),
    ("conference", {"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-hold", "SequenceNumber": 3}, OURS),
    ("conference", {"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-hold"}, OURS),
    ("callback", GATHERED, OURS | {"offer": "main-1"}),
    ("callback", GATHERED, OURS | {"offer": "main-2"}),
]


def test_each_delivery_has_its_own_id() -> None:
    assert len({told(kind, form, **query).delivery for kind, form, query in DELIVERIES}) == len(DELIVERIES)


@pytest.mark.parametrize(("kind", "form", "query"), DELIVERIES)
def test_a_repetition_has_the_same_id(kind: str, form: dict[str, Any], query: dict[str, Any]) -> None:
    again = told(kind, form, **query, attempt=2) if kind in ("voice", "script") else told(kind, form, **query)
    assert told(kind, form, **query).delivery == again.delivery
