"""X-Twilio-Signature, by the official library: who signs with an auth token of ours is the platform."""

from collections.abc import Iterable, Mapping

from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator, get_signature_algorithm

from app.core.errors import Unauthenticated
from app.telephony.adapters.twilio.addresses import RETRY
from app.telephony.adapters.twilio.request import Webhook

SIGNATURE = b"x-twilio-signature"
SETTINGS = b"x-twilio-webhooks-signature-settings"


def sign(token: str, url: str, form: Mapping[str, list[str]]) -> str:
    """The header of a request to `url` with this form."""
    signature: str = RequestValidator(token).compute_signature(url, form)
    return signature


def verify(headers: Mapping[bytes, bytes], hook: Webhook, base: str | None, tokens: Iterable[str]) -> None:
    """Raise `Unauthenticated` unless one of `tokens` signed the request.

    What is signed is the address as the platform knows it: `base` (the configured public address, since behind a
    proxy the request itself shows another one) and the target of the request.
    """
    signature = headers.get(SIGNATURE, b"").decode("latin-1")
    if not signature:
        raise Unauthenticated("The request is not signed: X-Twilio-Signature is needed.")
    if base is None:
        raise Unauthenticated("The source has no public_url, which the signature is about; set it.")
    algorithm = get_signature_algorithm(headers.get(SETTINGS, b"").decode("latin-1")).upper()
    if algorithm not in (HMAC_SHA1, HMAC_SHA256):
        raise Unauthenticated(f"The signature must be {HMAC_SHA1} or {HMAC_SHA256}.")
    url = base.rstrip("/") + hook.target
    if not any(_signed(token, url, hook, signature, algorithm) for token in tokens if token):
        raise Unauthenticated("X-Twilio-Signature matches no auth token of this source at its public_url.")


def _signed(token: str, url: str, hook: Webhook, signature: str, algorithm: str) -> bool:
    """Whether connection overrides (the fragment) count is told differently, so both are accepted: the fragment adds
    nothing that an attacker could choose."""
    validator = RequestValidator(token)
    return any(validator.validate(each, hook.form, signature, algorithm) for each in (url, f"{url}#{RETRY}"))
