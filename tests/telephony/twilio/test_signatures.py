"""X-Twilio-Signature against the official library, in both directions."""

import hashlib
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from app.core.errors import Unauthenticated
from app.telephony.adapters.twilio.addresses import RETRY
from app.telephony.adapters.twilio.request import Form, read
from app.telephony.adapters.twilio.signatures import sign, verify
from tests.telephony.twilio.samples import ACCESS, INCOMING, target

TARGET = target("script", call="CA1", contact="c 1", script=3)
URL = f"https://desk.example{TARGET}"
BODY = urlencode([*INCOMING.items(), ("Many", "b"), ("Many", "a"), ("Empty", "")]).encode()
FORM = Form({name: [str(value)] for name, value in INCOMING.items()} | {"Many": ["b", "a"], "Empty": [""]})


def verified(signature: str, *, target: str = TARGET, body: bytes = BODY, base: str | None = ACCESS.public_url) -> None:
    verify({b"x-twilio-signature": signature.encode("latin-1")}, read(target, body), base, ACCESS.secrets)


@pytest.mark.parametrize("token", ACCESS.secrets)
def test_every_token_of_the_source_verifies(token: str) -> None:
    verified(RequestValidator(token).compute_signature(URL, FORM))


def test_what_we_sign_the_library_verifies() -> None:
    assert RequestValidator("token-new").validate(URL, FORM, sign("token-new", URL, FORM))


@pytest.mark.parametrize("base", ["https://desk.example/", "https://desk.example:443", "https://desk.example"])
def test_the_public_address_counts_with_or_without_port_and_slash(base: str) -> None:
    verified(RequestValidator("token-old").compute_signature(URL, FORM), base=base)


def test_an_address_below_a_path_of_a_proxy_verifies() -> None:
    url = f"https://proxy.example/callfloor{TARGET}"
    verified(RequestValidator("token-old").compute_signature(url, FORM), base="https://proxy.example/callfloor")


@pytest.mark.parametrize("signed", ["https://desk.example:8443", "https://desk.example"])
def test_a_port_of_its_own_may_be_signed_or_not(signed: str) -> None:
    verified(RequestValidator("token-old").compute_signature(signed + TARGET, FORM), base="https://desk.example:8443")


def test_a_body_of_json_is_refused_though_its_hash_is_signed() -> None:
    """Voice sends forms; what is signed of JSON is only its hash in the query, and it is none of ours."""
    body = b'{"CallSid": "CA1"}'
    there = f"{TARGET}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator("token-new").compute_signature(f"https://desk.example{there}", {})
    assert RequestValidator("token-new").validate(f"https://desk.example{there}", body.decode(), signature)
    with pytest.raises(Unauthenticated):
        verified(signature, target=there, body=body)


def test_a_field_that_comes_twice_counts_with_both_values() -> None:
    once = Form({**FORM, "Many": ["b"]})
    with pytest.raises(Unauthenticated):
        verified(RequestValidator("token-new").compute_signature(URL, once))


def test_connection_overrides_may_be_signed_or_not() -> None:
    verified(RequestValidator("token-old").compute_signature(f"{URL}#{RETRY}", FORM))


def test_a_shared_key_signs_with_sha256() -> None:
    signature = RequestValidator("token-new").compute_signature(URL, FORM, "HMAC_SHA256")
    headers = {
        b"x-twilio-signature": signature.encode(),
        b"x-twilio-webhooks-signature-settings": b"key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
    }
    verify(headers, read(TARGET, BODY), ACCESS.public_url, ACCESS.secrets)
    with pytest.raises(Unauthenticated):
        verify(headers | {b"x-twilio-webhooks-signature-settings": b"algorithm=ROT13"}, read(TARGET, BODY), None, ())


GOOD = RequestValidator("token-new").compute_signature(URL, FORM)


@pytest.mark.parametrize(
    ("signature", "target", "body", "base"),
    [
        ("", TARGET, BODY, ACCESS.public_url),
        ("no", TARGET, BODY, ACCESS.public_url),
        ("\xff" * len(GOOD), TARGET, BODY, ACCESS.public_url),
        (GOOD, TARGET + "&agent=eve", BODY, ACCESS.public_url),
        (GOOD, TARGET, BODY + b"&Digits=1", ACCESS.public_url),
        (GOOD, TARGET, BODY, "https://elsewhere.example"),
        (GOOD, TARGET, BODY, None),
        (RequestValidator("stranger").compute_signature(URL, FORM), TARGET, BODY, ACCESS.public_url),
        (RequestValidator("").compute_signature(URL, FORM), TARGET, BODY, ACCESS.public_url),
    ],
)
def test_all_else_is_refused(signature: str, target: str, body: bytes, base: str | None) -> None:
    with pytest.raises(Unauthenticated):
        verified(signature, target=target, body=body, base=base)


def test_a_source_without_tokens_trusts_nobody() -> None:
    with pytest.raises(Unauthenticated):
        verify({b"x-twilio-signature": GOOD.encode()}, read(TARGET, BODY), ACCESS.public_url, ("",))
