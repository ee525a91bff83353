"""Supervisors whom another process has let into a call, and who may have gone since."""

import pytest

from app.telephony.adapters.asterisk_ari.actions import Told
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.events import EventType
from app.telephony.port import KnownCall, KnownLeg, KnownSupervisor
from tests.telephony.asterisk_ari.gaps.test_resuming import asked, channel, told
from tests.telephony.asterisk_ari.gaps.test_sent_on_before import BACK, BO, HANGS_UP, MUSIC, SENT_TO, taken_up
from tests.telephony.asterisk_ari.line.test_left_alone import ends
from tests.telephony.asterisk_ari.replay import CALL

SUE = str(names.Name(CALL, names.LISTENER, "main-4", "sue"))
IN_IT = (KnownSupervisor(SUE, "sue"),)
LEFT = EventType.SUPERVISOR_LEFT


def test_caller_whom_a_supervisor_had_who_is_gone_hears_music_and_that_is_told() -> None:
    line, came = taken_up(KnownCall(CALL, (), supervisors=IN_IT), channel(CALL), bridged=(CALL,))
    (left,) = (each for each in came if isinstance(each, Told) and each.type == LEFT)
    assert (left.leg_id, left.agent, left.details) == (SUE, None, {"supervisor": "sue"})
    assert asked(came) == [f"POST bridges/{names.bridge(CALL)}/removeChannel", MUSIC]
    assert line.music


def test_caller_of_an_agent_has_them_on_after_a_supervisor_has_gone() -> None:
    known = KnownCall(CALL, (KnownLeg(BO, "bo"),), supervisors=IN_IT)
    _, came = taken_up(known, channel(CALL), channel(BO), bridged=(CALL, BO))
    assert told(came)[-1] == LEFT
    assert asked(came) == []


@pytest.mark.parametrize("joined", [True, False])
def test_supervisor_who_is_there_is_not_told_to_have_gone(joined: bool) -> None:
    known = KnownCall(CALL, (KnownLeg(BO, "bo"),), supervisors=IN_IT)
    bridged = (CALL, BO, SUE) if joined else (CALL, BO)
    _, came = taken_up(known, *(channel(each) for each in (CALL, BO, SUE)), bridged=bridged)
    assert LEFT not in told(came)
    assert HANGS_UP not in asked(came)


AWAY = KnownCall(CALL, (KnownLeg(SENT_TO, None),), away=True, supervisors=IN_IT)


def test_caller_whom_the_number_has_left_is_hung_up_on_also_where_a_supervisor_has_listened_who_is_gone() -> None:
    _, came = taken_up(AWAY, channel(CALL), bridged=(CALL,))
    assert (told(came)[-1], asked(came)) == (LEFT, [HANGS_UP])


def test_caller_whom_the_number_has_left_to_a_supervisor_comes_back_once_they_go() -> None:
    line, came = taken_up(AWAY, channel(CALL), channel(SUE), bridged=(CALL, SUE))
    assert asked(came) == []
    gone = ends(line, SUE)
    assert told(gone) == [LEFT, BACK]
    assert MUSIC in asked(gone)


def test_caller_whom_a_supervisor_had_who_is_gone_goes_on_with_the_number_to_which_they_were_sent() -> None:
    known = KnownCall(CALL, (KnownLeg(SENT_TO, None),), supervisors=IN_IT)
    _, came = taken_up(known, channel(CALL), channel(SENT_TO), bridged=(CALL, SENT_TO))
    assert told(came)[-2:] == [EventType.TRANSFERRED, LEFT]
    assert asked(came) == []
