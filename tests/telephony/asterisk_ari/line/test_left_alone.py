"""Nobody is left alone, ringing or listening to nothing, whatever was lost or refused."""

from typing import Any

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Request, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Dialplan, Event
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType, OrderType
from app.telephony.instructions import Music, Script
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_orders import AGENT, BO, a_line, order
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP

SUE: dict[str, Any] = {"id": "sue", "address": "PJSIP/sue"}
LISTENER = str(names.Name(CALL, names.LISTENER, "main-7", "sue"))


def up(line: Line, leg: str) -> list[Action]:
    return line.take(Event(type="StasisStart", channel=Channel(id=leg, state="Up"), args=("leg",)), 3.0)


def ends(line: Line, leg: str) -> list[Action]:
    return line.take(Event(type="StasisEnd", channel=Channel(id=leg)), 4.0)


def gone(line: Line, leg: str) -> list[Action]:
    return line.take(Event(type="ChannelDestroyed", channel=Channel(id=leg)), 4.1)


def asked(actions: Any) -> list[str]:
    return [f"{each.method} {each.path}" for each in actions if isinstance(each, Request)]


def listened(mode: str) -> Line:
    line = a_line(talking=True)
    order(line, OrderType.LISTEN, agent=SUE, mode=mode, to={"agent": "anna"})
    up(line, LISTENER)
    return line


def spy_of(line: Line) -> str:
    return next(leg.id for leg in line.legs.values() if leg.role == names.SPY)


def test_hang_up_that_a_gap_swallowed_is_asked_again() -> None:
    line = a_line(talking=True)
    ends(line, CALL)  # the requests of this go nowhere
    assert f"DELETE channels/{ANNA}" in asked(resumed(line, sight(channel(ANNA)), 9.0))


def test_leg_that_was_withdrawn_in_a_gap_is_hung_up_on_afterwards() -> None:
    line = a_line()
    order(line, OrderType.CONNECT, key="main-1", agent=AGENT)
    order(line, OrderType.CANCEL, agent=AGENT)
    there = sight(channel(CALL), channel(ANNA, state="Ringing", app=""))
    assert f"DELETE channels/{ANNA}" in asked(resumed(line, there, 9.0))


def test_spy_that_cannot_be_made_is_not_asked_for_again_and_again() -> None:
    line = listened("listen")
    refused = Request(method="POST", path="snoop", leg=spy_of(line))
    came = line.refused(refused, 500, 4.0)
    assert [each for each in asked(came) if "/snoop/" in each] == []
    assert f"DELETE channels/{LISTENER}" in asked(came)


def test_room_of_a_listener_goes_with_the_call() -> None:
    line = listened("listen")
    spy = spy_of(line)
    up(line, spy)
    ends(line, CALL)
    assert any("listening" in each and each.startswith("DELETE bridges/") for each in asked(ends(line, spy)))


def test_caller_whom_a_supervisor_leaves_as_the_last_one_hears_music() -> None:
    line = listened("join")
    order(line, OrderType.CANCEL, key="main-8", agent=AGENT)
    ends(line, ANNA)
    assert any(each.endswith("/moh") for each in asked(ends(line, LISTENER)))


def test_reconnecting_leaves_a_supervisor_who_has_joined() -> None:
    line = listened("join")
    order(line, OrderType.CONSULT, key="main-8", agent=AGENT, to=BO)
    came = order(line, OrderType.RECONNECT, key="main-9", agent=AGENT, to=BO)
    hung_up = [each for each in asked(came) if each.startswith("DELETE channels/") and not each.endswith("/moh")]
    assert [each for each in hung_up if "agent" in each] == hung_up != []


def test_caller_sent_to_a_number_is_known_as_such_after_a_restart() -> None:
    before = a_line(talking=True)
    order(before, OrderType.TRANSFER, agent=AGENT, to={"number": "13900002222"})
    party = next(leg.id for leg in before.legs.values() if leg.role == names.PARTY)
    there = sight(channel(CALL), channel(party), bridged=(CALL, party))
    ((line, _),) = adopted(SETUP, there, set(), 9.0)
    came = ends(line, party)
    assert f"DELETE channels/{CALL}" in asked(came)


def test_caller_whose_number_is_not_reached_after_a_restart_comes_back() -> None:
    before = a_line(talking=True)
    order(before, OrderType.TRANSFER, agent=AGENT, to={"number": "13900002222"})
    party = next(leg.id for leg in before.legs.values() if leg.role == names.PARTY)
    ((line, _),) = adopted(SETUP, sight(channel(CALL), channel(party, state="Ringing", app="")), set(), 9.0)
    gone = Event(type="ChannelDestroyed", channel=Channel(id=party), cause=17, tech_cause=486)
    told = [each for each in line.take(gone, 10.0) if isinstance(each, Told)]
    assert [each.details.get("transfer") for each in told if each.type == EventType.SCRIPT_DONE] == ["busy"]


def test_phone_whose_own_call_nobody_knows_any_more_is_not_left_in_silence() -> None:
    phone = Channel(id="1.5", name="PJSIP/anna-1", state="Up", dialplan=Dialplan("bo", "Stasis", "callfloor,phone,bo"))
    ((line, came),) = adopted(SETUP, sight(phone), set(), 9.0)
    assert asked(came) == ["DELETE channels/1.5"]
    assert [each for each in came if isinstance(each, Told)] == []
    assert any(isinstance(each, Ended) for each in ends(line, "1.5"))
    assert adopted(SETUP, sight(phone), {"1.5"}, 9.0) == []


@pytest.mark.parametrize(
    ("soft", "flag", "word"), [(True, 1, "dropped"), (True, 32, "hung_up"), (False, 16, "hung_up")]
)
def test_an_agent_from_whom_no_sound_comes_has_not_hung_up_on_the_caller(soft: bool, flag: int, word: str) -> None:
    line = a_line(talking=True)
    assert line.take(Event(type="ChannelHangupRequest", channel=Channel(id=ANNA), soft=soft, cause=flag), 4.0) == []
    told = [each for each in ends(line, ANNA) if isinstance(each, Told)]
    assert [(each.type, each.agent, each.cause) for each in told] == [(EventType.CONNECTION_CLEARED, "anna", word)]


def after_a_restart(mode: str) -> Line:
    """Sue listens to the caller and anna, as another process finds them."""
    before = listened(mode)
    rest = [leg for leg in before.legs if leg != ANNA]
    talking = (CALL, ANNA, LISTENER) if mode == "join" else (CALL, ANNA)
    there = sight(channel(CALL), channel(ANNA), *(channel(each) for each in rest), bridged=talking)
    if mode != "join":
        there.rooms[LISTENER] = names.spying(before.legs[spy_of(before)].name)
    ((line, _),) = adopted(SETUP, there, set(), 9.0)
    return line


def test_caller_whom_a_supervisor_leaves_as_the_last_one_hears_music_also_after_a_restart() -> None:
    line = after_a_restart("join")
    ends(line, ANNA)
    assert any(each.endswith("/moh") for each in asked(ends(line, LISTENER)))


def test_caller_is_not_parted_from_a_supervisor_who_had_joined_before_a_restart() -> None:
    line = after_a_restart("join")
    ends(line, ANNA)
    assert line.perform(Script(number=1, instructions=(Music(),)), [], 10.0) == []


@pytest.mark.parametrize("mode", ["listen", "whisper"])
def test_spy_of_a_supervisor_goes_with_them_also_after_a_restart(mode: str) -> None:
    line = after_a_restart(mode)
    assert f"DELETE channels/{spy_of(line)}" in asked(ends(line, LISTENER))


def test_supervisor_who_listened_before_a_restart_hears_by_a_new_spy_once_they_are_put_elsewhere() -> None:
    line = after_a_restart("listen")
    spy = spy_of(line)
    came = asked(order(line, OrderType.LISTEN, key="main-9", agent=SUE, mode="whisper", to={"agent": "anna"}))
    assert f"DELETE channels/{spy}" in came
    made = [each for each in came if "/snoop/" in each]
    assert len(made) == 1
    assert not made[0].endswith(spy), "its name is taken"


def test_supervisor_who_joins_after_a_restart_hears_no_spy_any_more() -> None:
    line = after_a_restart("listen")
    spy = spy_of(line)
    came = asked(order(line, OrderType.LISTEN, key="main-9", agent=SUE, mode="join"))
    assert f"DELETE channels/{spy}" in came
    assert f"POST bridges/{names.bridge(CALL)}/addChannel" in came
