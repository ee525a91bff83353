"""SIP as text: messages, passwords, offers, dialogs."""

import pytest

from app.demo.pbx.sip import sdp
from app.demo.pbx.sip.dialog import Dialog
from app.demo.pbx.sip.digest import authorization
from app.demo.pbx.sip.message import Message, MessageFaulty, parameter, response, uri, user

INVITE = (
    b"INVITE sip:anna@127.0.0.20:5062 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKabc\r\n"
    b'f: "Lin Mei" <sip:+8613800138000@127.0.0.1>;tag=theirs\r\n'
    b"t: <sip:anna@127.0.0.20>\r\n"
    b"i: one-call\r\n"
    b"CSeq: 42 INVITE\r\n"
    b"m: <sip:asterisk@127.0.0.1:5060>\r\n"
    b"l: 3\r\n\r\nabc"
)


def test_a_message_is_read_in_its_short_form_too() -> None:
    message = Message.parse(INVITE)
    assert (message.method, message.number, message.branch) == ("INVITE", 42, "z9hG4bKabc")
    assert (message.call_id, message.status, message.body) == ("one-call", None, "abc")
    assert user(message.want("From")) == "+8613800138000"
    assert uri(message.want("Contact")) == "sip:asterisk@127.0.0.1:5060"
    with pytest.raises(MessageFaulty):
        message.want("Expires")


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"BYE sip:a SIP/2.0\r\nno colon\r\n\r\n"]
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(MessageFaulty):
        Message.parse(data)


def test_an_answer_goes_the_way_the_request_came() -> None:
    request = Message.parse(INVITE)
    answer = Message.parse(response(request, 486, (("To", "<sip:anna@127.0.0.20>;tag=ours"),)).encode())
    assert (answer.status, answer.reason, answer.method) == (486, "Busy Here", "INVITE")
    assert answer.branch == request.branch
    assert answer.all("To") == ["<sip:anna@127.0.0.20>;tag=ours"]
    assert answer.get("Content-Length") == "0"


def test_a_password_is_proved_as_the_rfc_does_it() -> None:
    challenge = Message(
        "SIP/2.0 401 Unauthorized",
        (("WWW-Authenticate", 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'),),
    )
    name, value = authorization(challenge, "Mufasa", "Circle Of Life", "GET", "/dir/index.html") or ("", "")
    assert name == "Authorization"
    assert parameter(f";{value}".replace(", ", ";").replace('"', ""), "response") == "670fd8c2df070c60b045671b8b24ff02"
    assert authorization(Message("SIP/2.0 486 Busy Here", ()), "a", "b", "INVITE", "sip:c") is None


def test_the_offer_says_where_and_which_way() -> None:
    told = sdp.read(sdp.write("127.0.0.20", 4000, 2, "sendonly"))
    assert told == sdp.Sound(("127.0.0.20", 4000), 101, "sendonly")
    assert told.answer == "recvonly"
    assert sdp.read("") is None
    away = sdp.read("c=IN IP4 127.0.0.1\r\nm=audio 0 RTP/AVP 0\r\n")
    assert away == sdp.Sound(None, 101, "sendrecv")


def test_requests_of_a_dialog_count_and_what_belongs_to_one_does_not() -> None:
    dialog = Dialog("127.0.0.20:5062", "sip:anna@127.0.0.20:5062", "<sip:anna@a>;tag=o", "<sip:b@b>;tag=t", "sip:b@b")
    first, second = dialog.request("INVITE"), dialog.request("BYE")
    assert (first.number, second.number) == (1, 2)
    cancel, ack = dialog.request("CANCEL", of=first), dialog.acknowledged(first)
    assert (cancel.number, cancel.branch) == (1, first.branch)
    assert (ack.number, ack.method) == (1, "ACK")
    assert ack.branch != first.branch
    assert dialog.replaces == f"{dialog.call_id}%3Bto-tag%3Dt%3Bfrom-tag%3Do"
