"""Callers whom another process has sent, or left, to somebody at a number, who may have gone since."""

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted, left_behind
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType
from app.telephony.port import KnownCall, KnownLeg
from tests.telephony.asterisk_ari.gaps.test_resuming import asked, channel, sight, told
from tests.telephony.asterisk_ari.line.test_left_alone import ends
from tests.telephony.asterisk_ari.replay import CALL, SETUP

SENT_TO = str(names.Name(CALL, names.PARTY, "main-2", "anna"))
CONSULTED = str(names.Name(CALL, names.PARTY, "main-2"))
BO = str(names.Name(CALL, names.AGENT, "main-3", "bo"))
HANGS_UP, MUSIC = f"DELETE channels/{CALL}", f"POST channels/{CALL}/moh"
QUIET, RINGS_NO_MORE = f"DELETE channels/{CALL}/moh", f"DELETE channels/{CALL}/ring"
BACK = EventType.SCRIPT_DONE


def taken_up(known: KnownCall, *channels: Channel, bridged: tuple[str, ...] = ()) -> tuple[Line, list[Action]]:
    """The call as another process takes it up, and what follows."""
    there = sight(*channels, bridged=bridged)
    ((line, came),) = adopted(SETUP, there, (), 9.0, {CALL: known})
    return line, [*came, *left_behind(line, known, 9.0)]


def of_numbers(*legs: str, away: bool = True) -> KnownCall:
    return KnownCall(CALL, tuple(KnownLeg(each, None) for each in legs), away=away)


@pytest.mark.parametrize("legs", [(SENT_TO,), ()], ids=["that has rung", "of which nothing was told"])
def test_caller_whose_number_has_not_answered_and_is_gone_comes_back_and_hears_music_instead_of_ringing(
    legs: tuple[str, ...],
) -> None:
    _, came = taken_up(of_numbers(*legs), channel(CALL))
    assert told(came)[-1] == BACK
    (back,) = (each.details for each in came if isinstance(each, Told) and each.type == BACK)
    assert back["transfer"] == "dropped"
    assert asked(came) == [RINGS_NO_MORE, MUSIC]


@pytest.mark.parametrize("number", [SENT_TO, CONSULTED])
def test_caller_whose_number_has_talked_to_them_and_is_gone_is_hung_up_on(number: str) -> None:
    line, came = taken_up(of_numbers(number), channel(CALL), bridged=(CALL,))
    assert BACK not in told(came)
    assert asked(came) == [HANGS_UP]
    assert told(ends(line, CALL)) == [EventType.CLEARED]


def test_caller_whom_an_agent_has_left_alone_is_the_floors_to_decide_about() -> None:
    known = KnownCall(CALL, (KnownLeg(BO, "bo"),))
    _, came = taken_up(known, channel(CALL), bridged=(CALL,))
    assert told(came) == [EventType.OFFERED, EventType.CONNECTION_CLEARED]
    assert asked(came) == []


@pytest.mark.parametrize("state", ["Up", "Ringing"])
def test_caller_whose_number_is_there_stays_with_it(state: str) -> None:
    up = state == "Up"
    there = channel(SENT_TO, state, "Stasis" if up else "AppDial2")
    _, came = taken_up(of_numbers(SENT_TO), channel(CALL), there, bridged=(CALL, SENT_TO) if up else ())
    assert BACK not in told(came)
    assert asked(came) == []


@pytest.mark.parametrize("known", [of_numbers(CONSULTED), KnownCall(CALL, (), left_to=CONSULTED)])
def test_call_of_a_caller_who_was_left_to_a_consulted_number_ends_with_it(known: KnownCall) -> None:
    line, came = taken_up(known, channel(CALL), channel(CONSULTED), bridged=(CALL, CONSULTED))
    assert asked(came) == []
    assert asked(ends(line, CONSULTED)) == [HANGS_UP]


def test_caller_who_was_left_to_a_consulted_number_goes_on_there_as_the_last_agent_hangs_up() -> None:
    known = KnownCall(CALL, (KnownLeg(BO, "bo"), KnownLeg(CONSULTED, None)), left_to=CONSULTED)
    everybody = (CALL, BO, CONSULTED)
    line, _ = taken_up(known, *(channel(each) for each in everybody), bridged=everybody)
    left = ends(line, BO)
    assert (told(left), asked(left)) == ([EventType.TRANSFERRED], [])
    assert asked(ends(line, CONSULTED)) == [HANGS_UP]


def test_consulted_number_to_which_nobody_was_left_leaves_the_caller_to_the_agent() -> None:
    known = KnownCall(CALL, (KnownLeg(BO, "bo"), KnownLeg(CONSULTED, None)))
    line, _ = taken_up(known, channel(CALL), channel(BO), channel(CONSULTED), bridged=(BO, CONSULTED))
    gone = ends(line, CONSULTED)
    assert (told(gone), asked(gone)) == ([EventType.CONNECTION_CLEARED], [])


ANN_AND_BO = (KnownLeg("ann", "ann"), KnownLeg(BO, "bo"))
RINGS, APART = f"POST channels/{CALL}/ring", f"POST bridges/{names.bridge(CALL)}/removeChannel"


def news(came: list[Action]) -> list[tuple[str, str | None]]:
    """What is told of agents."""
    return [(each.type, each.agent) for each in came if isinstance(each, Told) and each.agent]


@pytest.mark.parametrize("number", [SENT_TO, CONSULTED], ids=["sent by another", "in a conference"])
def test_last_agent_who_is_gone_has_left_the_caller_to_the_number_whom_they_talk_to(number: str) -> None:
    line, came = taken_up(KnownCall(CALL, ANN_AND_BO), channel(CALL), channel(number), bridged=(CALL, number))
    assert news(came) == [(EventType.CONNECTION_CLEARED, "ann"), (EventType.TRANSFERRED, "bo")]
    assert asked(came) == []
    assert asked(ends(line, number)) == [HANGS_UP]


def test_number_that_is_consulted_about_a_caller_has_them_only_by_what_the_floor_says_then() -> None:
    known = KnownCall(CALL, (KnownLeg(BO, "bo", held=True), KnownLeg(CONSULTED, None)))
    _, came = taken_up(known, channel(CALL), channel(CONSULTED), bridged=(CONSULTED,))
    assert news(came) == [(EventType.CONNECTION_CLEARED, "bo")]
    assert asked(came) == []


def test_number_in_a_conference_is_nobody_to_whom_a_caller_was_left_while_an_agent_stays() -> None:
    line, _ = taken_up(
        KnownCall(CALL, (KnownLeg("ann", "ann"),)), *map(channel, (CALL, CONSULTED, BO)), bridged=(CALL, CONSULTED, BO)
    )
    assert told(ends(line, BO)) == [EventType.CONNECTION_CLEARED]


@pytest.mark.parametrize("bridged", [True, False], ids=["who talked to the agent", "who hears that already"])
def test_caller_of_an_agent_who_is_gone_hears_the_number_ring_to_which_they_were_sent(bridged: bool) -> None:
    there = channel(SENT_TO, "Ringing", "AppDial2")
    known = KnownCall(CALL, (KnownLeg(BO, "bo"),))
    _, came = taken_up(known, channel(CALL), there, bridged=(CALL,) if bridged else ())
    assert news(came) == [(EventType.TRANSFERRED, "bo")]
    assert asked(came) == ([APART, RINGS] if bridged else [])


def test_caller_on_hold_by_an_agent_who_is_gone_has_the_number_to_which_they_were_sent() -> None:
    known = KnownCall(CALL, (KnownLeg(BO, "bo", held=True),))
    _, came = taken_up(known, channel(CALL), channel(SENT_TO), bridged=(SENT_TO,))
    assert news(came) == [(EventType.TRANSFERRED, "bo")]
    assert asked(came) == [QUIET, f"POST bridges/{names.bridge(CALL)}/addChannel"]


@pytest.mark.parametrize("stays", [False, True])
def test_agent_whose_phone_only_rang_or_beside_whom_another_is_has_left_the_caller_to_nobody(stays: bool) -> None:
    known = KnownCall(CALL, (KnownLeg(BO, "bo", talked=stays), KnownLeg("ann", "ann", talked=stays)))
    here = (CALL, SENT_TO, BO) if stays else (CALL, SENT_TO)
    _, came = taken_up(known, *(channel(each) for each in here), bridged=here)
    assert EventType.TRANSFERRED not in told(came)
    assert (EventType.CONNECTION_CLEARED, "ann") in news(came)
    assert asked(came) == []


def test_number_that_is_gone_with_the_agent_who_has_consulted_it_is_told_first() -> None:
    """Else the floor leaves the caller to it, and they are alone."""
    known = KnownCall(CALL, (KnownLeg(BO, "bo", held=True), KnownLeg(CONSULTED, None)))
    _, came = taken_up(known, channel(CALL))
    assert ends_of(came) == [CONSULTED, BO]
    everybody = (channel(CALL), channel(BO), channel(CONSULTED))
    line, _ = taken_up(known, *everybody, bridged=(BO, CONSULTED))
    assert ends_of(resumed(line, sight(channel(CALL)), 20.0)) == [CONSULTED, BO]


def ends_of(actions: list[Action]) -> list[str | None]:
    """Whose ends are told, in their order."""
    news = [each for each in actions if isinstance(each, Told)]
    return [each.leg_id for each in news if each.type == EventType.CONNECTION_CLEARED]


@pytest.mark.parametrize(("number", "legs"), [(CONSULTED, (KnownLeg(BO, "bo"),)), (SENT_TO, ())])
def test_caller_who_waits_for_an_agent_stays_as_the_number_beside_them_hangs_up(
    number: str, legs: tuple[KnownLeg, ...]
) -> None:
    known = KnownCall(CALL, (*legs, KnownLeg(number, None)), waits=True)
    line, came = taken_up(known, channel(CALL), channel(number), bridged=(CALL, number))
    assert EventType.TRANSFERRED not in told(came)
    assert asked(ends(line, number)) == [APART, MUSIC]


def test_agent_who_has_gone_has_left_the_caller_to_the_supervisor_rather_than_to_the_number_beside_them() -> None:
    sue = str(names.Name(CALL, names.LISTENER, "main-4", "sue"))
    known = KnownCall(CALL, (KnownLeg(BO, "bo"),))
    line, came = taken_up(known, *map(channel, (CALL, sue, CONSULTED)), bridged=(CALL, sue, CONSULTED))
    assert news(came) == [(EventType.CONNECTION_CLEARED, "bo")]
    ends(line, sue)
    assert asked(ends(line, CONSULTED)) == [APART, MUSIC]
