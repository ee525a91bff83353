"""What a caller hears while they wait, as their flow wished it: their place, the wait, the offer to be called back."""

from typing import Any

import msgspec

from app.floor.commands import TellWait
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.parts import Comfort
from app.floor.memory.work import Work
from app.floor.queue import callbacks
from app.floor.queue.offers import release
from app.floor.queue.stays import enter_queue, tell_wait
from app.ivr.language.pacing import longest
from app.ivr.language.phrases import NOT_REACHED, spoken
from app.ivr.playing.announcing import announced
from app.ivr.playing.state import Keyed, NoInput, Said, ScriptDone
from app.telephony.events import OrderType
from app.telephony.instructions import AnyInstruction, Collect, Enqueue, HangUp, Say, Script

LEAST_SECONDS = 15.0
"""Nobody is spoken to more often."""


GOODBYE_SECONDS = 30.0
"""How long a platform may take to hang up on a caller who is promised a callback."""

CALLER_GONE = "caller_gone"
HEARS_ANEW = (ContactState.WAITING, ContactState.OFFERED)
"""States in which something new may be said: from the moment an agent is connected on it would part the two."""


def speak(work: Work, contact: Contact) -> None:
    """Say what is due: the offer to be called back, once, or how long it will still take; music after an offer to which
    nothing came."""
    comfort = contact.comfort
    assert comfort is not None
    if comfort.offered_at is not None and comfort.offered_at <= work.now:
        _offer_callback(work, contact, comfort)
    elif comfort.told_at is not None and comfort.told_at <= work.now:
        _announce(work, contact, comfort)
    else:
        _say(work, contact, _music(contact, comfort))


def given_time(contact: Contact, until: float) -> Contact:
    """With time for an answer, at least until then: for a while it could not be taken."""
    comfort = contact.comfort
    if comfort is None or comfort.asked_until is None:
        return contact
    told_at = None if comfort.told_at is None else max(comfort.told_at, until)
    later = max(comfort.asked_until, until)
    return contact.with_(comfort=msgspec.structs.replace(comfort, asked_until=later, told_at=told_at))


def resume(work: Work, contact: Contact) -> None:
    """The caller waits again, after an agent who has gone: they hear music instead of nothing."""
    if contact.state is ContactState.WAITING and _takes_scripts(work, contact):
        _say(work, contact, _music(contact, contact.comfort or Comfort()))


def give_back(work: Work, contact: Contact) -> None:
    """Nobody was reached at the number to which an agent had sent the caller: they wait where that agent took them
    from, at their old place. Whom we had called ourselves waits for nobody."""
    if contact.call.direction != "inbound":
        work.order(OrderType.DISCONNECT, contact)
        work.store.put_contact(contact.with_(close_at=work.now + GOODBYE_SECONDS))
        return
    enter_queue(work, contact, contact.queue)
    contact = work.store.contacts[contact.id]
    if contact.flow is not None and contact.state is ContactState.WAITING:  # else the platform says so by itself
        text, language = spoken(NOT_REACHED, contact.flow.state.language)
        music = _music(contact, contact.comfort or Comfort())
        _say(work, contact, msgspec.structs.replace(music, prompts=(Say(text=text, language=language),)))


def heard(work: Work, contact: Contact, event: Keyed | Said | NoInput | ScriptDone) -> None:
    """An answer to the offer of a callback; whatever else a waiting caller keys means nothing."""
    comfort = contact.comfort
    if comfort is None or comfort.callback is None or comfort.asked is None or event.script != comfort.asked:
        return
    told_at = None if comfort.told_at is None else min(comfort.told_at, work.now + LEAST_SECONDS)
    contact = contact.with_(comfort=_unasked(comfort, told_at=told_at))
    work.store.put_contact(contact)
    if isinstance(event, Keyed) and event.digits == comfort.callback.key:
        callbacks.ask_callback(work, contact, None)
        contact = work.store.contacts[contact.id]
        if contact.callback_to is not None:
            _say(work, _promised(work, contact), HangUp(reason="callback"))
            return
    _say(work, contact, _music(contact, comfort))


def _promised(work: Work, contact: Contact) -> Contact:
    """The caller is told good-bye: nobody is to take them as long as they are still there, nor are they left there by a
    platform that does not hang up. Their place is the callback's as soon as they are gone."""
    for each in contact.offers:
        release(work, contact, each.agent, CALLER_GONE)
    return contact.with_(
        state=ContactState.ARRIVING,
        offer=None,
        also=(),
        comfort=None,
        ending="callback",
        sent_away=True,
        close_at=work.now + GOODBYE_SECONDS,
    )


def not_heard(work: Work, contact: Contact, script: Script, refused: bool) -> None:
    """What a waiting caller should hear never reached them: music instead, which is tried again. What was `refused` is
    not tried again, nor anything else that was to be said; nothing is simpler than the platform's own music."""
    if contact.state not in HEARS_ANEW:
        return
    if not refused:
        _say(work, contact, _music(contact, contact.comfort or Comfort()))
    elif script.instructions != (plain := (Enqueue(queue=contact.queue or ""),)):
        _say(work, contact.with_(comfort=None), *plain)


def _offer_callback(work: Work, contact: Contact, comfort: Comfort) -> None:
    wanted = comfort.callback
    comfort = msgspec.structs.replace(comfort, offered_at=None)
    if wanted is None or contact.callback_to is not None:
        work.store.put_contact(contact.with_(comfort=comfort))
        return
    collect = Collect(terminator="", prompts=wanted.prompts)
    number = _say(work, contact.with_(comfort=comfort), collect)
    told = work.store.contacts[contact.id]
    heard_by = work.now + longest((collect,)) + LEAST_SECONDS
    told_at = None if comfort.told_at is None else max(comfort.told_at, heard_by)  # nothing may cut the offer off
    comfort = msgspec.structs.replace(comfort, asked=number, asked_until=heard_by, told_at=told_at)
    work.store.put_contact(told.with_(callback_asked=True, comfort=comfort))


def _announce(work: Work, contact: Contact, comfort: Comfort) -> None:
    assert comfort.announce is not None
    every = max(LEAST_SECONDS, comfort.announce.every_seconds)
    work.store.put_contact(contact.with_(comfort=msgspec.structs.replace(comfort, told_at=work.now + every)))
    told = tell_wait(work, TellWait(contact_id=contact.id))
    prompts = announced(comfort.announce, told["position"], told["estimated_wait_seconds"])
    contact = work.store.contacts[contact.id]
    _say(work, contact, msgspec.structs.replace(_music(contact, comfort), prompts=prompts))


def _takes_scripts(work: Work, contact: Contact) -> bool:
    """Whether the contact's platform plays what we say: one that has a queue of its own plays its own music there."""
    rules = work.store.config.sources.get(contact.call.source)
    return contact.flow is not None or (rules is not None and rules.steered)


def _music(contact: Contact, comfort: Comfort) -> Enqueue:
    return Enqueue(queue=contact.queue or "", music=comfort.music)


def _unasked(comfort: Comfort, **changes: Any) -> Comfort:
    return msgspec.structs.replace(comfort, asked=None, asked_until=None, **changes)


def _say(work: Work, contact: Contact, *instructions: AnyInstruction) -> int:
    """Tell the platform a script of the next number; gives it. Nobody answers any more to what was asked before."""
    number = contact.last_script + 1
    if contact.comfort is not None:
        contact = contact.with_(comfort=_unasked(contact.comfort))
    if contact.flow is None:
        contact = contact.with_(script=number)
    else:
        state = msgspec.structs.replace(contact.flow.state, script=number)
        contact = contact.with_(flow=msgspec.structs.replace(contact.flow, state=state))
    work.store.put_contact(contact)
    work.instruct(contact, Script(number=number, instructions=instructions))
    return number
