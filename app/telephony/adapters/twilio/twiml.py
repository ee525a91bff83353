"""Scripts as TwiML, through the official library. Pure.

Who waits stands in a conference of their own, named by the contact: agents, colleagues and supervisors are dialled
into it, so that hold, transfer and listening are the same for everybody.
"""

import math
import re
from collections.abc import Iterable
from typing import Any

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from app.core import wire
from app.telephony import instructions as i
from app.telephony import sentences
from app.telephony.adapters.twilio import limits
from app.telephony.adapters.twilio.addresses import Kind, Place
from app.telephony.adapters.twilio.languages import heard, spoken

CUSTOMER = "customer"
"""The label of the customer in their conference."""

LEG_EVENTS = "initiated ringing answered completed"

SETTLE_SECONDS = 1
"""In this time a conference has ended that the caller was called out of."""

_SAID = (i.Say, i.Play, i.Pause)
_UNSPEAKABLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def script(told: i.Script, place: Place, *, settle: bool = False) -> str:
    """The TwiML of a script. One without a final instruction comes back to us with its number. With `settle` the
    conference that the caller comes from has ended before they enter one of the same name: also by what is answered
    when they have keyed something at once, or heard a word."""
    response = VoiceResponse()
    first = next((each for each in told.instructions if not isinstance(each, _SAID)), None)
    waits = isinstance(first, i.Music | i.Enqueue)
    if settle and not waits and not isinstance(first, i.HangUp | i.Voicemail):
        response.pause(length=SETTLE_SECONDS)
    for each in told.instructions:
        _add(response, each, told.number, place, settle and waits)
    if not told.instructions or isinstance(told.instructions[-1], _SAID):
        response.redirect(place.address(Kind.SCRIPT, script=told.number), method="POST")
    return text_of(response)


def waiting(place: Place, *, settle: bool = False) -> str:
    """The caller waits, with the platform's own music. With `settle` a conference that they come from ends first."""
    response = VoiceResponse()
    wait(response, place, None, settle=settle)
    return text_of(response)


def hang_up(message: str | None = None, language: str = "en") -> str:
    """Say something, if there is something to say, and end the call."""
    response = VoiceResponse()
    if message:
        say(response, message, language)
    response.hangup()
    return text_of(response)


def voicemail(message: str | None, place: Place) -> str:
    """Take a message without a script of a flow; afterwards the call is over."""
    language = place.access.languages[0] if place.access.languages else "en"
    prompts = [(language, message)] if message else sentences.in_languages(sentences.BEEP, place.access.languages)
    said = tuple(i.Say(text=text, language=tag) for tag, text in prompts)
    return script(i.Script(number=0, instructions=(i.Voicemail(prompts=said),)), place)


def callback_offer(place: Place, offer: str) -> str:
    """Ask whether the caller would rather be called back; without an answer, or with another, they wait on, in a
    conference of the same name as the one that they come from. `offer` tells one asking from another."""
    response = VoiceResponse()
    response.pause(length=SETTLE_SECONDS)
    action = place.address(Kind.CALLBACK, offer=offer)
    gather = response.gather(input="dtmf", num_digits=1, timeout=5, action=action, method="POST", finish_on_key="")
    for tag, text in sentences.in_languages(sentences.CALLBACK_OFFER, place.access.languages):
        say(gather, text, tag)
    wait(response, place, None)
    return text_of(response)


def callback_taken(place: Place) -> str:
    """Say that the callback will come, and end the call: the place in the line is kept."""
    response = VoiceResponse()
    for tag, text in sentences.in_languages(sentences.CALLBACK_TAKEN, place.access.languages):
        say(response, text, tag)
    response.hangup()
    return text_of(response)


def not_reached(place: Place) -> str:
    """Say that nobody was reached at the number to which the caller was sent; they wait for somebody here."""
    response = VoiceResponse()
    for tag, text in sentences.in_languages(sentences.NOT_REACHED, place.access.languages):
        say(response, text, tag)
    wait(response, place, None)
    return text_of(response)


def music(media: str) -> str:
    """What is played to who waits."""
    response = VoiceResponse()
    response.play(media, loop=0)
    return text_of(response)


def text_of(response: VoiceResponse) -> str:
    """The document."""
    text: str = response.to_xml()
    return text


def say(parent: Any, text: str, language: str, voice: str | None = None) -> None:
    """Speak a text; a long one in several pieces, since there is a limit to each."""
    clean = _UNSPEAKABLE.sub(" ", wire.keepable(text)).strip()
    for piece in limits.pieces(clean):
        parent.say(piece, language=spoken(language), voice=voice)


def wait(response: VoiceResponse, place: Place, media: str | None, *, settle: bool = False) -> None:
    """Put the caller into the conference; its end is the end of the call, and the caller's end is its end. With
    `settle` one that they come from ends first, for a word or a chime before this may be over sooner than that is."""
    if settle:
        response.pause(length=SETTLE_SECONDS)
    dial = Dial()
    dial.conference(
        place.contact,
        participant_label=CUSTOMER,
        beep="false",
        start_conference_on_enter=False,
        end_conference_on_exit=True,
        wait_url=place.address(Kind.WAIT, music=media) if media else None,
        wait_method="POST" if media else None,
        status_callback=place.address(Kind.CONFERENCE),
        status_callback_event="hold",
        status_callback_method="POST",
    )
    response.append(dial)


def _add(response: VoiceResponse, each: i.AnyInstruction, number: int, place: Place, settle: bool) -> None:
    match each:
        case i.Say() | i.Play() | i.Pause():
            _prompt(response, each, place)
        case i.Collect():
            _collect(response, each, number, place)
        case i.Music():
            wait(response, place, each.media, settle=settle)
        case i.Enqueue():
            _prompts(response, each.prompts, place)
            wait(response, place, each.music, settle=settle)
        case i.Transfer():
            _transfer(response, each, number, place)
        case i.Voicemail():
            _record(response, each, place)
        case i.HangUp():
            response.hangup()


def _prompts(parent: Any, prompts: Iterable[i.Prompt], place: Place) -> None:
    for prompt in prompts:
        _prompt(parent, prompt, place)


def _prompt(parent: Any, prompt: i.Prompt, place: Place) -> None:
    match prompt:
        case i.Say():
            say(parent, prompt.text, prompt.language, prompt.voice)
        case i.Play():
            parent.play(media_address(prompt.media, place))
        case i.Pause():
            parent.pause(length=whole(prompt.seconds))


def media_address(media: str, place: Place) -> str:
    """Where a recording is fetched; a name without an address is one of ours, under /media."""
    if media.startswith(("https://", "http://")):
        return media
    return f"{(place.access.public_url or '').rstrip('/')}/media/{media}"


def _collect(response: VoiceResponse, each: i.Collect, number: int, place: Place) -> None:
    """The platform has one time limit for the first key and those after it: the longer of ours."""
    action = place.address(Kind.SCRIPT, script=number, end="digits", most=each.most, secret=1 if each.secret else None)
    gather = Gather(
        input="dtmf speech" if each.speech else "dtmf",
        action=action,
        method="POST",
        action_on_empty_result=True,
        num_digits=each.most,
        finish_on_key=each.terminator,
        timeout=whole(max(each.first_seconds, each.between_seconds)),
        barge_in=each.barge_in,
    )
    if each.speech:
        gather.attrs |= {"speechTimeout": whole(each.between_seconds)}
        gather.attrs |= {"language": heard(each.language)} if each.language else {}
        likely = limits.hints(each.hints)
        gather.attrs |= {"hints": likely} if likely else {}
    _prompts(gather, each.prompts, place)
    response.append(gather)


def _transfer(response: VoiceResponse, each: i.Transfer, number: int, place: Place) -> None:
    action = place.address(Kind.SCRIPT, script=number, end="transfer")
    dial = Dial(action=action, method="POST", caller_id=place.shown)
    dialled(dial, each.number, place.address(Kind.LEG, party="transfer"))
    response.append(dial)


def dialled(dial: Dial, number: str, callback: str) -> None:
    """Whom to dial: a number, a SIP address or a client of the platform."""
    told = {"status_callback": callback, "status_callback_event": LEG_EVENTS, "status_callback_method": "POST"}
    if number.startswith(("sip:", "sips:")):
        dial.sip(number, **told)
    elif number.startswith("client:"):
        dial.client(number.removeprefix("client:"), **told)
    else:
        dial.number(number, **told)


def _record(response: VoiceResponse, each: i.Voicemail, place: Place) -> None:
    _prompts(response, each.prompts, place)
    response.record(
        action=place.address(Kind.OVER),
        method="POST",
        max_length=whole(each.most_seconds),
        finish_on_key=each.finish_on,
        play_beep=True,
        recording_status_callback=place.address(Kind.RECORDING),
        recording_status_callback_method="POST",
        recording_status_callback_event="completed absent",
    )
    response.hangup()


def whole(seconds: float) -> int:
    """Whole seconds, at least one."""
    return max(1, math.ceil(seconds))
