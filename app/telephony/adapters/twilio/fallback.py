"""What a caller hears while the journal is down: we apologise, wait, and try again, or send them elsewhere. Pure."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from twilio.twiml.voice_response import Dial, VoiceResponse

from app.telephony import sentences
from app.telephony.adapters.twilio import twiml
from app.telephony.adapters.twilio.addresses import RETRY
from app.telephony.directory import SourceAccess

ATTEMPTS = 12
"""After so many attempts the caller is sent to the emergency number, or asked to call later."""

PAUSE_SECONDS = 5
APOLOGY_EVERY = 3
"""The apology is repeated at every third attempt, not at each."""


def fallback(target: str, access: SourceAccess, shown: str | None = None) -> str:
    """The answer to a request for TwiML (its path and query) that cannot be served. `shown` is what the emergency
    number sees; None: the caller's own.

    The caller comes back to the same address: what was committed though it could not be said is answered as before.
    """
    attempt, again = _again(target, access)
    response = VoiceResponse()
    if attempt > ATTEMPTS:
        _give_up(response, access, shown)
        return twiml.text_of(response)
    if attempt % APOLOGY_EVERY == 1:
        for language, text in sentences.in_languages(sentences.APOLOGY, access.languages):
            twiml.say(response, text, language)
    response.pause(length=PAUSE_SECONDS)
    response.redirect(again, method="POST")
    return twiml.text_of(response)


def _give_up(response: VoiceResponse, access: SourceAccess, shown: str | None) -> None:
    if access.emergency_number:
        dial = Dial(caller_id=shown)
        dial.number(access.emergency_number)
        response.append(dial)
        return
    for language, text in sentences.in_languages(sentences.GOODBYE, access.languages):
        twiml.say(response, text, language)
    response.hangup()


def _again(target: str, access: SourceAccess) -> tuple[int, str]:
    """Which attempt this was, and the address of the next one."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    said = query.pop("attempt", "1")
    attempt = int(said) if said.isdecimal() and len(said) < 4 else ATTEMPTS
    query["attempt"] = str(attempt + 1)
    return attempt, f"{_base(access)}{parts.path}?{urlencode(query)}#{RETRY}"


def lost(target: str, failed: str | None, access: SourceAccess) -> str:
    """The path and query that the platform could not reach when it asks for its fallback (`target`): the one that it
    names as failed, or that of a new call where it names none of ours."""
    base = _base(access)
    if base and failed is not None and failed.startswith(f"{base}/"):
        return failed.removeprefix(base).partition("#")[0]
    return urlsplit(target).path.removesuffix("/fallback") + "/voice"


def _base(access: SourceAccess) -> str:
    return (access.public_url or "").rstrip("/")
