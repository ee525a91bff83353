"""What every listening half owes: it believes nobody unsigned, tells each thing once, and keeps no secret."""

import itertools
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid, Unauthenticated
from app.telephony import instructions as i
from app.telephony.directory import SourceAccess
from app.telephony.events import EventType
from app.telephony.platforms import PLATFORMS
from tests.telephony.contract.cases import LISTENERS, SPEAKERS, Headers, Listener, Sent
from tests.telephony.contract.orders import AT

each_listener = pytest.mark.parametrize("adapter", LISTENERS.values(), ids=LISTENERS)
STEERED = {name: each for name, each in LISTENERS.items() if each.steered is not None}
each_steered = pytest.mark.parametrize("adapter", STEERED.values(), ids=STEERED)

PROMPTS = (i.Say(text="您好 & <b>", language="zh"), i.Play(media="https://desk.example/a.wav"), i.Pause(seconds=0.5))
ENDS = (
    i.Say(text="Good day.", language="en", voice="x"),
    i.Play(media="welcome", language="en"),
    i.Pause(seconds=1.5),
    i.Collect(least=1, most=6, prompts=PROMPTS),
    i.Collect(speech=True, language="yue", hints=("挂失, 补办",), terminator="", barge_in=False),
    i.Collect(secret=True, most=4),
    i.Music(media="https://desk.example/m.mp3"),
    i.Music(),
    i.Enqueue(queue="cards", prompts=PROMPTS),
    i.Transfer(number="+4930123"),
    i.Voicemail(prompts=PROMPTS, most_seconds=600),
    i.HangUp(),
)


def hear(adapter: Listener, sent: Sent, secret: int = 0) -> tuple[str, str, bytes]:
    """Delivery, event as JSON, and message, of what is signed as it should be."""
    got = adapter.receive(sent, adapter.signed(adapter.access.secrets[secret], sent), adapter.access)
    return got.delivery, msgspec.json.encode(got.notice.event).decode(), got.notice.raw


def test_every_platform_is_held_against_the_contract() -> None:
    assert set(SPEAKERS) == set(PLATFORMS)
    assert {name for name in PLATFORMS if name not in LISTENERS} == {"asterisk_ari"}, "it is connected to, and tells"


@each_listener
def test_a_call_that_comes_in_is_offered(adapter: Listener) -> None:
    headers = adapter.signed(adapter.access.secrets[0], adapter.offered)
    event = adapter.receive(adapter.offered, headers, adapter.access).notice.event
    assert (event.type, event.source, event.direction) == (EventType.OFFERED, adapter.access.id, "inbound")
    assert (event.from_, event.to) == ("+8613800138000", "+4930111")
    ended = adapter.receive(adapter.ended, adapter.signed(adapter.access.secrets[0], adapter.ended), adapter.access)
    assert (ended.notice.event.type, ended.notice.event.call_id) == (EventType.CLEARED, event.call_id)


@each_listener
def test_keys_come_with_the_number_of_their_script(adapter: Listener) -> None:
    headers = adapter.signed(adapter.access.secrets[0], adapter.keyed)
    event = adapter.receive(adapter.keyed, headers, adapter.access).notice.event
    assert (event.type, event.details["digits"], event.details["script"]) == (EventType.DIGITS, "12", 3)


@each_listener
def test_every_secret_of_the_source_verifies_so_that_it_can_be_rotated(adapter: Listener) -> None:
    assert len({hear(adapter, adapter.offered, secret) for secret in (0, 1)}) == 1


@each_listener
def test_what_nobody_signed_or_a_stranger_or_for_another_message_is_refused(adapter: Listener) -> None:
    good = adapter.signed(adapter.access.secrets[0], adapter.offered)
    stranger = adapter.signed("whsec_c3RyYW5nZXItc3RyYW5nZXI=", adapter.offered)
    nobody = msgspec.structs.replace(adapter.access, secrets=())
    for sent, headers, access in (
        (adapter.offered, {}, adapter.access),
        (adapter.offered, stranger, adapter.access),
        (adapter.offered, dict.fromkeys(good, b"\xff"), adapter.access),
        (adapter.ended, good, adapter.access),
        (adapter.offered, good, nobody),
    ):
        with pytest.raises(Unauthenticated):
            adapter.receive(sent, headers, access)


@each_listener
def test_a_repetition_has_the_id_of_the_first_and_nothing_else_has_it(adapter: Listener) -> None:
    told = [each for each in (adapter.offered, adapter.ended, adapter.keyed, adapter.keyed_secret) if each]
    first, again = ([hear(adapter, sent)[0] for sent in told] for _ in range(2))
    assert first == again
    assert len(set(first)) == len(told)


@each_listener
def test_what_is_kept_can_be_kept_by_postgresql(adapter: Listener) -> None:
    _, event, raw = hear(adapter, adapter.odd)
    for text in (event, raw.decode()):
        strings = json.dumps(json.loads(text), ensure_ascii=False)
        assert "\\u0000" not in strings
        assert not any(0xD800 <= ord(character) <= 0xDFFF for character in strings)
    assert "\N{REPLACEMENT CHARACTER}" in json.dumps(json.loads(raw), ensure_ascii=False), "nor lost without a trace"


@each_listener
@given(body=st.binary(max_size=60) | st.sampled_from([b"[]", b"null", b"{}", b"=&=", b'{"a":' * 80, b"\xff", b"%00=%"]))
def test_whatever_is_signed_is_an_event_or_named_faults(adapter: Listener, body: bytes) -> None:
    for target in (adapter.offered.target, adapter.keyed.target, adapter.offered.target + "x"):
        sent = Sent(target, body)
        assert all(each["where"] and each["accepted"] for each in _faults(adapter, sent))


@each_steered
def test_a_secret_is_handed_over_apart_and_is_nowhere_else(adapter: Listener) -> None:
    assert adapter.keyed_secret is not None
    headers = adapter.signed(adapter.access.secrets[0], adapter.keyed_secret)
    got = adapter.receive(adapter.keyed_secret, headers, adapter.access)
    assert got.secret is not None
    assert got.secret.get_secret_value() == "9876"
    assert got.notice.event.details["secret"] is True
    assert b"9876" not in got.notice.raw + msgspec.json.encode(got.notice.event) + repr(got).encode()
    assert "9876" not in got.delivery


@each_steered
@pytest.mark.parametrize("last", ENDS, ids=lambda last: type(last).__name__)
def test_every_instruction_can_be_said(adapter: Listener, last: i.AnyInstruction) -> None:
    assert adapter.steered is not None
    sent = adapter.offered
    received = adapter.steered.receive(*_request(adapter, sent))
    scripts = [i.Script(number=n, instructions=(*before, last)) for n, before in enumerate(((), PROMPTS), 1)]
    replies = [adapter.steered.answer(received, adapter.access, "c-1", script) for script in scripts]
    assert [reply.status for reply in replies] == [200, 200]
    assert all(reply.body and reply.type for reply in replies)
    secrets = [secret.encode() for secret in adapter.access.secrets]
    assert not any(secret in reply.body for secret, reply in itertools.product(secrets, replies))


@each_steered
def test_who_is_told_nothing_waits_and_an_end_asks_for_nothing(adapter: Listener) -> None:
    assert adapter.steered is not None
    offered, ended = (adapter.steered.receive(*_request(adapter, sent)) for sent in (adapter.offered, adapter.ended))
    assert adapter.steered.answer(offered, adapter.access, "c-1").body
    assert adapter.steered.answer(ended, adapter.access, "c-1").status in (200, 204)


@each_steered
def test_in_an_outage_a_caller_is_kept_or_the_platform_comes_again(adapter: Listener) -> None:
    assert adapter.steered is not None
    for sent in (adapter.offered, adapter.ended, adapter.keyed):
        received = adapter.steered.receive(*_request(adapter, sent))
        reply = adapter.steered.unavailable(sent.target, adapter.access, received)
        assert (reply.status == 200 and reply.body) or (reply.status == 503 and reply.retry_after)


def _faults(adapter: Listener, sent: Sent) -> list[dict[str, str]]:
    """Why a message that is signed is refused; nothing where it is taken."""
    try:
        adapter.receive(sent, adapter.signed(adapter.access.secrets[0], sent), adapter.access)
    except Invalid as refusal:
        found: list[dict[str, str]] = refusal.facts["faults"]
        return found or [{"where": "", "accepted": ""}]
    return []


def _request(adapter: Listener, sent: Sent) -> tuple[str, Headers, bytes, SourceAccess, float]:
    return sent.target, adapter.signed(adapter.access.secrets[0], sent), sent.body, adapter.access, AT
