"""Our signatures and those of the library `standardwebhooks` are the same; whatever is not signed is refused."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from app.core.clock import now as wall_clock
from app.core.errors import Unauthenticated
from app.core.signing import key_of, new_secret, secret_id, sign, strict_key, verify

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OTHER = "whsec_" + base64.b64encode(b"another-secret-of-24-byte").decode()
NOW = 1_800_000_000
BODY = b'{"type": "call.offered"}'


def headers(changed: dict[str, bytes] | None = None, secret: str = SECRET, at: int = NOW) -> dict[bytes, bytes]:
    signed = {
        b"webhook-id": b"msg_1",
        b"webhook-timestamp": str(at).encode(),
        b"webhook-signature": sign(secret, "msg_1", at, BODY).encode(),
    }
    return signed | {name.encode(): value for name, value in (changed or {}).items()}


@given(st.binary(max_size=200), st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_our_signature_is_the_librarys(body: bytes, message_id: str) -> None:
    text = body.hex()
    theirs = Webhook(SECRET).sign(message_id, datetime.fromtimestamp(NOW, UTC), text)
    assert sign(SECRET, message_id, NOW, text.encode()) == theirs


def test_the_library_accepts_what_we_sign() -> None:
    at = int(wall_clock())
    sent = {name.decode(): value.decode() for name, value in headers(at=at).items()}
    assert Webhook(SECRET).verify(BODY, sent) == {"type": "call.offered"}


def test_we_accept_what_the_library_signs() -> None:
    signed = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(NOW, UTC), BODY.decode())
    assert verify(headers({"webhook-signature": signed.encode()}), BODY, (SECRET,), NOW) == "msg_1"


@pytest.mark.parametrize("secrets", [(OTHER, SECRET), (SECRET, OTHER), ("whsec_not base64!", SECRET)])
def test_every_secret_of_a_rotation_verifies(secrets: tuple[str, ...]) -> None:
    assert verify(headers(), BODY, secrets, NOW) == "msg_1"


@pytest.mark.parametrize("version", [b"v2,", b"v1a", b"v1;", b"xxx"])
def test_a_signature_of_another_version_is_none(version: bytes) -> None:
    relabelled = version + headers()[b"webhook-signature"].removeprefix(b"v1,")
    with pytest.raises(Unauthenticated):
        verify(headers({"webhook-signature": relabelled}), BODY, (SECRET,), NOW)


def test_one_matching_signature_of_several_is_enough() -> None:
    both = b"v1,bm90IHRoaXM= v2,abc " + headers()[b"webhook-signature"]
    assert verify(headers({"webhook-signature": both}), BODY, (SECRET,), NOW) == "msg_1"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_of_clock_difference_are_tolerated(seconds: int) -> None:
    assert verify(headers(at=NOW + seconds), BODY, (SECRET,), NOW) == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_or_future_signature_is_refused(seconds: int) -> None:
    with pytest.raises(Unauthenticated, match="300 seconds"):
        verify(headers(at=NOW + seconds), BODY, (SECRET,), NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook-id": b""},
        {"webhook-id": b"with space"},
        {"webhook-id": b"x" * 201},
        {"webhook-id": "é".encode("latin-1")},
        {"webhook-id": b"msg_2"},
        {"webhook-timestamp": b""},
        {"webhook-timestamp": b"yesterday"},
        {"webhook-timestamp": b"nan"},
        {"webhook-timestamp": b"9" * 400},
        {"webhook-timestamp": str(NOW + 1).encode()},
        {"webhook-signature": b""},
        {"webhook-signature": b"v1"},
        {"webhook-signature": b"v1,"},
        {"webhook-signature": b"v1,\xff\xfe not base64"},
        {"webhook-signature": b"v1,=== v1a,x ,, " * 100},
    ],
)
def test_malformed_or_wrong_headers_are_refused(wrong: dict[str, bytes]) -> None:
    with pytest.raises(Unauthenticated):
        verify(headers(wrong), BODY, (SECRET,), NOW)


@pytest.mark.parametrize("secrets", [(), (OTHER,), ("",), ("whsec_",), ("whsec_a",)])
def test_without_the_right_secret_nothing_verifies(secrets: tuple[str, ...]) -> None:
    with pytest.raises(Unauthenticated):
        verify(headers(secret=SECRET), BODY, secrets, NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_a", "whsec_ä"])
def test_who_signs_with_no_key_at_all_is_refused_where_a_secret_is_unusable(secret: str) -> None:
    forged = headers(secret=secret)
    assert verify(forged | headers(), BODY, (secret, SECRET), NOW) == "msg_1"
    with pytest.raises(Unauthenticated):
        verify(forged, BODY, (secret, SECRET), NOW)


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_MDEy", b"012"), ("MDEyMw", b"0123"), ("MDEyMw==", b"0123"), ("whsec_", b""),
        ("whsec_MD Ey", None), ("MDEyM", None), ("MDEy*", None), ("ä", None),
    ],
)  # fmt: skip
def test_a_new_secret_is_base64_to_the_letter(secret: str, key: bytes | None) -> None:
    assert strict_key(secret) == key


def test_sixteen_signatures_are_looked_at_and_an_id_may_have_two_hundred_characters() -> None:
    right, wrong = headers()[b"webhook-signature"], b"v1,bm90IHRoaXM= "
    assert verify(headers({"webhook-signature": wrong * 15 + right}), BODY, (SECRET,), NOW) == "msg_1"
    with pytest.raises(Unauthenticated):
        verify(headers({"webhook-signature": wrong * 16 + right}), BODY, (SECRET,), NOW)
    for odd in ("", "two words", "x" * 201):
        forged = {"webhook-id": odd.encode(), "webhook-signature": sign(SECRET, odd, NOW, BODY).encode()}
        with pytest.raises(Unauthenticated, match="not signed"):
            verify(headers(forged), BODY, (SECRET,), NOW)
    long = "x" * 200
    signed = sign(SECRET, long, NOW, BODY).encode()
    assert verify(headers({"webhook-id": long.encode(), "webhook-signature": signed}), BODY, (SECRET,), NOW) == long


def test_secrets_are_called_by_names_that_do_not_tell_them() -> None:
    made = new_secret()
    assert strict_key(made) is not None
    assert len(key_of(made)) == 32
    assert secret_id(made) not in made
    assert len(secret_id(made)) == 16
    assert secret_id(made) == secret_id(made) != secret_id(new_secret())


def test_an_unusable_secret_has_no_key() -> None:
    """An empty key would sign for everybody, so it is no key."""
    assert key_of("whsec_a") == b""
    assert key_of("whsec_ä") == b""


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        verify(headers(), BODY + b" ", (SECRET,), NOW)
