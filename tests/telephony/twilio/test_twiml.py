"""Every instruction as TwiML, and what callers hear while nothing can be committed."""

from xml.etree import ElementTree as ET

import pytest

from app.telephony import instructions as i
from app.telephony.adapters.twilio import fallback, twiml
from app.telephony.adapters.twilio.after import after
from app.telephony.adapters.twilio.languages import heard, spoken
from app.telephony.adapters.twilio.request import read as read_request
from app.telephony.events import CallEvent
from app.telephony.port import SwitchCommand
from tests.fixtures.twilio_cloud.document import Verb, read
from tests.telephony.twilio.samples import ACCESS, CONTACT, PLACE, target
from tests.telephony.twilio.samples import CALLER as CALL

HOOK = "https://desk.example/webhooks/twilio/tw"
ABOUT = f"call={CALL}&contact={CONTACT}"
RETRY = "#rc=3&rp=ct,rt,5xx"
HELLO = i.Say(text="您好 & <welcome>", language="zh")


def script(*instructions: i.AnyInstruction, number: int = 4) -> list[Verb]:
    """The verbs of a script."""
    return read(twiml.script(i.Script(number=number, instructions=instructions), PLACE))


def test_a_script_without_a_final_instruction_comes_back_with_its_number() -> None:
    assert script(HELLO, i.Play(media="https://x/a.mp3"), i.Play(media="hello.wav"), i.Pause(seconds=0.2)) == [
        Verb("Say", "您好 & <welcome>", {"language": "cmn-CN"}),
        Verb("Play", "https://x/a.mp3"),
        Verb("Play", "https://desk.example/media/hello.wav"),
        Verb("Pause", "", {"length": "1"}),
        Verb("Redirect", f"{HOOK}/script?{ABOUT}&script=4{RETRY}", {"method": "POST"}),
    ]


def test_a_greeting_in_two_languages_is_spoken_by_two_voices() -> None:
    greeting = (i.Say(text="中文请按一。", language="zh"), i.Say(text="Press two.", language="en", voice="Polly.Amy"))
    (gather,) = script(i.Collect(prompts=greeting))
    assert gather.inside == [
        Verb("Say", "中文请按一。", {"language": "cmn-CN"}),
        Verb("Say", "Press two.", {"language": "en-US", "voice": "Polly.Amy"}),
    ]


def test_a_script_of_nothing_comes_back_too() -> None:
    assert [verb.name for verb in script()] == ["Redirect"]


def test_input_is_gathered_with_prompts_inside() -> None:
    collect = i.Collect(most=6, terminator="*", first_seconds=4.2, between_seconds=3, prompts=(HELLO,))
    (gather,) = script(collect)
    assert gather == Verb(
        "Gather",
        "",
        {
            "action": f"{HOOK}/script?{ABOUT}&script=4&end=digits&most=6{RETRY}",
            "actionOnEmptyResult": "true",
            "bargeIn": "true",
            "finishOnKey": "*",
            "input": "dtmf",
            "method": "POST",
            "numDigits": "6",
            "timeout": "5",
        },
        [Verb("Say", "您好 & <welcome>", {"language": "cmn-CN"})],
    )


def test_speech_is_listened_for_with_hints() -> None:
    (gather,) = script(i.Collect(speech=True, language="zh-CN", hints=("挂失", "余额"), barge_in=False, terminator=""))
    wanted = {"input": "dtmf speech", "language": "cmn-Hans-CN", "hints": "挂失, 余额", "speechTimeout": "3"}
    assert wanted.items() <= gather.attributes.items()
    assert (gather.attributes["bargeIn"], gather.attributes["finishOnKey"]) == ("false", "")


def test_the_address_of_a_secret_says_that_it_is_one() -> None:
    (gather,) = script(i.Collect(most=6, secret=True))
    assert "&secret=1" in gather.attributes["action"]


def test_who_waits_stands_in_a_conference_of_their_own() -> None:
    say, dial = script(i.Enqueue(queue="gold", music="https://x/m.mp3", prompts=(HELLO,)))
    assert say.name == "Say"
    assert dial.inside == [
        Verb(
            "Conference",
            CONTACT,
            {
                "participantLabel": "customer",
                "beep": "false",
                "startConferenceOnEnter": "false",
                "endConferenceOnExit": "true",
                "waitUrl": f"{HOOK}/wait?{ABOUT}&music=https%3A%2F%2Fx%2Fm.mp3{RETRY}",
                "waitMethod": "POST",
                "statusCallback": f"{HOOK}/conference?{ABOUT}{RETRY}",
                "statusCallbackEvent": "hold",
                "statusCallbackMethod": "POST",
            },
        )
    ]


@pytest.mark.parametrize("document", [script(i.Music()), read(twiml.waiting(PLACE))])
def test_the_platforms_own_music_needs_no_address(document: list[Verb]) -> None:
    (dial,) = document
    assert "waitUrl" not in dial.inside[0].attributes


def test_a_caller_who_comes_from_a_conference_lets_it_end_first() -> None:
    assert [verb.name for verb in read(twiml.waiting(PLACE, settle=True))] == ["Pause", "Dial"]
    for waits in (i.Music(), i.Enqueue(queue="cards")):
        told = i.Script(number=4, instructions=(HELLO, waits))
        assert [verb.name for verb in read(twiml.script(told, PLACE, settle=True))] == ["Say", "Pause", "Dial"]


@pytest.mark.parametrize(
    "asks", [(HELLO,), (i.Collect(),), (HELLO, i.Collect(), i.Enqueue(queue="cards")), (i.Transfer(number="+49301"),)]
)
def test_a_caller_who_comes_from_a_conference_and_may_be_back_at_once_lets_it_end_first(
    asks: tuple[i.AnyInstruction, ...],
) -> None:
    names = [verb.name for verb in read(twiml.script(i.Script(number=4, instructions=asks), PLACE, settle=True))]
    assert (names[0], names.count("Pause")) == ("Pause", 1)
    assert read(twiml.callback_offer(PLACE, "main-4"))[0].name == "Pause"


@pytest.mark.parametrize("last", [i.HangUp(), i.Voicemail()])
def test_a_caller_who_does_not_come_back_hears_at_once_what_is_said(last: i.AnyInstruction) -> None:
    told = i.Script(number=4, instructions=(HELLO, last))
    assert twiml.script(told, PLACE, settle=True) == twiml.script(told, PLACE)


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [("+49301", "Number", "+49301"), ("sip:a@b", "Sip", "sip:a@b"), ("client:anna", "Client", "anna")],
)
def test_a_transfer_dials_and_comes_back(number: str, noun: str, text: str) -> None:
    (dial,) = script(i.Transfer(number=number))
    assert dial.attributes == {"action": f"{HOOK}/script?{ABOUT}&script=4&end=transfer{RETRY}", "method": "POST"}
    (dialled,) = dial.inside
    assert (dialled.name, dialled.text) == (noun, text)
    assert dialled.attributes["statusCallback"] == f"{HOOK}/leg?{ABOUT}&party=transfer{RETRY}"
    assert dialled.attributes["statusCallbackEvent"] == "initiated ringing answered completed"


def test_a_message_is_taken_and_the_call_is_over() -> None:
    say, record, hang_up = script(i.Voicemail(most_seconds=60, prompts=(HELLO,)))
    assert (say.name, hang_up.name) == ("Say", "Hangup")
    assert record.attributes == {
        "action": f"{HOOK}/over?{ABOUT}{RETRY}",
        "method": "POST",
        "maxLength": "60",
        "finishOnKey": "#",
        "playBeep": "true",
        "recordingStatusCallback": f"{HOOK}/recording?{ABOUT}{RETRY}",
        "recordingStatusCallbackEvent": "completed absent",
        "recordingStatusCallbackMethod": "POST",
    }


def test_a_hang_up_is_a_hang_up() -> None:
    assert script(HELLO, i.HangUp())[1] == Verb("Hangup")


def test_a_voice_is_passed_on() -> None:
    (say, _) = script(i.Say(text="Hi", language="en-GB", voice="Polly.Amy"))
    assert say.attributes == {"language": "en-GB", "voice": "Polly.Amy"}


def test_a_long_text_is_spoken_in_pieces_and_nothing_is_lost() -> None:
    text = "一句话。" * 2000
    pieces = [verb.text for verb in script(i.Say(text=text, language="zh")) if verb.name == "Say"]
    assert "".join(pieces) == text
    assert all(piece.endswith("。") for piece in pieces)


def test_what_xml_cannot_hold_is_not_spoken() -> None:
    assert script(i.Say(text="a\x00b\x07c", language="en"))[0].text == "a\ufffdb c"


@pytest.mark.parametrize(
    ("tag", "say", "listen"),
    [
        ("zh", "cmn-CN", "cmn-Hans-CN"),
        ("zh-CN", "cmn-CN", "cmn-Hans-CN"),
        ("zh-Hans", "cmn-CN", "cmn-Hans-CN"),
        ("zh-Hans-CN", "cmn-CN", "cmn-Hans-CN"),
        ("zh-Hant-TW", "cmn-TW", "cmn-Hant-TW"),
        ("zh-Hant", "cmn-TW", "cmn-Hant-TW"),
        ("zh-SG", "cmn-CN", "cmn-Hans-CN"),
        ("zh-HK", "yue-HK", "yue-Hant-HK"),
        ("yue", "yue-HK", "yue-Hant-HK"),
        ("en", "en-US", "en-US"),
        ("en_gb", "en-GB", "en-GB"),
        ("de-AT", "de-AT", "de-AT"),
        ("tlh", "tlh", "tlh"),
    ],
)
def test_languages_are_those_of_the_platform(tag: str, say: str, listen: str) -> None:
    assert (spoken(tag), heard(tag)) == (say, listen)


def test_an_outage_is_apologised_for_and_the_caller_comes_again() -> None:
    here = target("script", call=CALL, contact=CONTACT, script=3, end="digits", secret=1)
    english, chinese, pause, again = read(fallback.fallback(here, ACCESS))
    assert english.attributes["language"] == "en-US"
    assert chinese.attributes["language"] == "cmn-CN"
    assert pause == Verb("Pause", "", {"length": "5"})
    assert again.text == f"{HOOK}/script?{ABOUT}&script=3&end=digits&secret=1&attempt=2{RETRY}"
    later = [verb.name for verb in read(fallback.fallback(target("voice", attempt=2), ACCESS))]
    assert later == ["Pause", "Redirect"]


@pytest.mark.parametrize(("attempt", "last"), [("12", "Redirect"), ("13", "Hangup"), ("999", "Hangup")])
def test_in_the_end_the_caller_is_told_to_call_later(attempt: str, last: str) -> None:
    assert read(fallback.fallback(target("voice", attempt=attempt), ACCESS))[-1].name == last


@pytest.mark.parametrize("attempt", ["nonsense", "-1", "99999"])
def test_a_strange_count_of_attempts_comes_to_an_end(attempt: str) -> None:
    again = read(fallback.fallback(target("voice", attempt=attempt), ACCESS))[-1].text
    assert "attempt=13" in again


def test_in_the_end_the_caller_is_sent_elsewhere_where_that_is_set() -> None:
    elsewhere = type(ACCESS)(ACCESS.id, (), public_url=ACCESS.public_url, emergency_number="+49300")
    last = read(fallback.fallback(target("voice", attempt="13"), elsewhere))
    assert last == [Verb("Dial", "", {}, [Verb("Number", "+49300")])]


@pytest.mark.parametrize(
    ("failed", "path"),
    [
        (f"{HOOK}/script?{ABOUT}&script=3", f"/webhooks/twilio/tw/script?{ABOUT}&script=3"),
        (f"{HOOK}/voice#rc=3", "/webhooks/twilio/tw/voice"),
        ("https://elsewhere.example/voice", "/webhooks/twilio/tw/voice"),
        (None, "/webhooks/twilio/tw/voice"),
    ],
)
def test_the_platforms_own_fallback_leads_back_to_what_failed(failed: str | None, path: str) -> None:
    assert fallback.lost(target("fallback"), failed, ACCESS) == path


@pytest.mark.parametrize(
    ("kind", "agent", "query", "order"),
    [
        ("call.established", "anna", {"party": "agent", "dial": "+8613"}, "call.reach"),
        ("call.established", "anna", {"party": "agent"}, None),
        ("call.established", None, {"party": "customer", "dial": "+8613"}, None),
        ("call.cleared", None, {}, "call.tidy"),
        ("call.failed", None, {"party": "customer"}, "call.tidy"),
        ("call.failed", "anna", {"party": "agent"}, None),
    ],
)
def test_what_twilio_leaves_to_us(kind: str, agent: str | None, query: dict[str, str], order: str | None) -> None:
    event = CallEvent(source="tw", type=kind, call_id=CALL, at=5.0, agent=agent)
    found = after(event, read_request(target("leg", **query), b""), "twilio-1", CONTACT)
    data = {"call_id": CALL, "contact_id": CONTACT} | ({"to": "+8613"} if order == "call.reach" else {})
    assert found == (None if order is None else SwitchCommand("twilio-1", order, 5.0, data))


def test_the_library_writes_what_the_stand_in_reads() -> None:
    document = twiml.callback_offer(PLACE, "main-7")
    assert ET.fromstring(document.encode()).tag == "Response"
    _, gather, dial = read(document)
    assert gather.attributes["action"] == f"{HOOK}/callback?{ABOUT}&offer=main-7{RETRY}"
    assert [verb.attributes["language"] for verb in gather.inside] == ["en-US", "cmn-CN"]
    assert dial.name == "Dial"
