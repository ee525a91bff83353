"""What Twilio would not take is made to fit, and nothing of it is lost."""

from urllib.parse import quote, urlencode

import msgspec
import pytest

from app.telephony import instructions as i
from app.telephony.adapters.twilio import dialling, limits, request, twiml
from app.telephony.adapters.twilio.inbound import Received, TwilioInbound
from app.telephony.adapters.twilio.signatures import sign
from app.telephony.directory import SourceAccess
from tests.fixtures.twilio_cloud.document import read
from tests.telephony.twilio.samples import ACCESS, CONTACT, INCOMING, NOW, PLACE, target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Short.",
        "a" * 3000,
        "a" * 3001,
        "One sentence. " * 700,
        "一句话。" * 2000,
        "字" * 1200,
        "🙂" * 900,
        "Half in English; 一半中文。" * 300,
        "." * 9000,
        "." + "a" * 2999 + "字",
    ],
    ids=lambda text: f"{text[:8]}x{len(text)}",
)
def test_a_text_of_any_length_in_any_writing_is_within_twilios_limits_13521(text: str) -> None:
    found = list(limits.pieces(text))
    assert "".join(found) == text
    assert all(len(each.encode()) <= 3000 and len(quote(each, safe="")) <= 4500 for each in found)
    assert all(found)


def test_a_text_is_cut_after_a_sentence_where_there_is_one() -> None:
    assert all(each.endswith("。") for each in limits.pieces("一句话。" * 500))
    assert [len(each) for each in limits.pieces("字" * 700)] == [500, 200]


def test_the_stand_in_takes_a_long_chinese_text_in_pieces() -> None:
    told = i.Script(number=1, instructions=(i.Say(text="一句话。" * 400, language="zh"), i.HangUp()))
    assert [verb.name for verb in read(twiml.script(told, PLACE))] == ["Say", "Say", "Say", "Say", "Hangup"]


def test_hints_are_phrases_parted_by_commas_13330() -> None:
    assert limits.hints(["lost, stolen", "  block   my card ", "x" * 101, ","]) == "lost stolen, block my card"
    assert len(limits.hints(f"word {n}" for n in range(900)).split(", ")) == 500


def test_a_label_has_no_slashes_and_is_not_too_long_16024() -> None:
    assert dialling.label_of("a/b%2Fc%2fd") == "agent-a_b_c_d"
    one, other = dialling.label_of("x" * 300 + "1"), dialling.label_of("x" * 300 + "2")
    assert len(one) == len(other) == 128
    assert one != other
    assert dialling.label_of("x" * 122) == "agent-" + "x" * 122


SHOWN = [
    ("+8613800138000", None),
    ("anonymous", "+4930111"),
    ("ANONYMOUS", "+4930111"),
    ("+266696687", "+4930111"),
    ("client:ann", "+4930111"),
    ("sip:ann@office.example", "+4930111"),
    ("", "+4930111"),
]


def signed(kind: str, caller: str, access: SourceAccess, **query: str) -> tuple[str, Received]:
    """A request of the platform about this caller's call, and what is read of it."""
    sent = target(kind, **query), urlencode(INCOMING | {"From": caller}).encode()
    signature = sign(access.secrets[0], f"{access.public_url}{sent[0]}", request.read(*sent).form)
    headers = {b"x-twilio-signature": signature.encode()}
    return sent[0], TwilioInbound().receive(sent[0], headers, sent[1], access, NOW)


@pytest.mark.parametrize(("caller", "shown"), SHOWN)
def test_who_has_no_number_to_show_is_sent_on_under_ours_13214(caller: str, shown: str | None) -> None:
    _, received = signed("voice", caller, ACCESS)
    script = i.Script(number=1, instructions=(i.Transfer(number="+49301"),))
    reply = TwilioInbound().answer(received, ACCESS, CONTACT, script)
    (dial,) = read(reply.body.decode())
    assert dial.attributes.get("callerId") == shown


@pytest.mark.parametrize(("caller", "shown"), SHOWN)
def test_who_has_no_number_to_show_reaches_the_emergency_number_under_ours_13214(
    caller: str, shown: str | None
) -> None:
    access = msgspec.structs.replace(ACCESS, emergency_number="+49300")
    asked, received = signed("voice", caller, access, attempt="13")
    (dial,) = read(TwilioInbound().unavailable(asked, access, received).body.decode())
    assert (dial.name, dial.attributes.get("callerId")) == ("Dial", shown)
