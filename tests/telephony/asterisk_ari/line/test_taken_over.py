"""A supervisor who has taken a call over does with it what any agent does who has one."""

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Referred, Request, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight
from app.telephony.adapters.asterisk_ari.line import names, referring
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import OrderType
from app.telephony.port import Refused
from tests.telephony.asterisk_ari.gaps.test_adopting import news, seen
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_left_alone import asked, ends
from tests.telephony.asterisk_ari.line.test_orders import AGENT, BO, a_line, order
from tests.telephony.asterisk_ari.line.test_referring import wish
from tests.telephony.asterisk_ari.replay import ANNA, CALL

CHO = {"id": "cho", "address": "PJSIP/cho"}
EAR = str(names.Name(CALL, names.LISTENER, "main-5", "cho"))
BO_S = str(names.Name(CALL, names.AGENT, "main-6", "bo"))
TALK = names.bridge(CALL)


def answers(line: Line, leg: str) -> list[Action]:
    return line.take(Event(type="StasisStart", channel=Channel(id=leg, state="Up"), args=("leg",)), 3.0)


def taken(*, invited: bool = False) -> Line:
    """Cho has taken Anna's call, and may have been rung for it as an agent before; that phone is being hung up."""
    line = a_line(talking=True)
    line.contact = "c-1"
    if invited:
        order(line, OrderType.CONFERENCE, key="main-4", agent=AGENT, to={"agent": "cho", "address": "PJSIP/cho"})
        order(line, OrderType.CANCEL, key="main-4b", agent=CHO)
    order(line, OrderType.LISTEN, key="main-5", agent=CHO, mode="join", to={"agent": "anna"})
    answers(line, EAR)
    order(line, OrderType.CANCEL, key="main-5b", agent=AGENT)
    ends(line, ANNA)
    return line


def told(came: list[Action] | Refused) -> list[tuple[str, str | None, str | None]]:
    assert not isinstance(came, Refused), came
    return [(each.type, each.leg_id, each.agent) for each in came if isinstance(each, Told)]


@pytest.mark.parametrize("invited", [False, True])
def test_caller_is_held_and_taken_back(invited: bool) -> None:
    line = taken(invited=invited)
    held = order(line, OrderType.HOLD, agent=CHO)
    assert told(held) == [("call.held", EAR, "cho")]
    assert not isinstance(held, Refused)
    assert f"POST channels/{CALL}/moh" in asked(held)
    back = order(line, OrderType.RETRIEVE, key="main-8", agent=CHO)
    assert told(back) == [("call.retrieved", EAR, "cho")]
    assert f"POST bridges/{TALK}/addChannel" in asked(list(back) if not isinstance(back, Refused) else [])


@pytest.mark.parametrize("to", [{"queue": "cards"}, BO])
def test_caller_is_transferred(to: dict[str, str]) -> None:
    line = taken()
    came = order(line, OrderType.TRANSFER, agent=CHO, to=to)
    assert told(came) == [("call.transferred", EAR, "cho")]
    assert not isinstance(came, Refused)
    assert {f"DELETE channels/{EAR}", f"POST channels/{CALL}/moh"} <= set(asked(came))
    assert told(ends(line, EAR)) == [("call.supervisor_left", EAR, None)]


def test_caller_who_is_sent_to_a_number_comes_back_as_sent_by_them() -> None:
    line = taken()
    order(line, OrderType.TRANSFER, agent=CHO, to={"number": "5550001"})
    ends(line, EAR)
    (party,) = [leg for leg in line.legs.values() if leg.role == names.PARTY]
    assert party.handed == "cho"
    busy = line.take(Event(type="ChannelDestroyed", channel=Channel(id=party.id), cause=17), 5.0)
    back = next(each for each in busy if isinstance(each, Told) and each.type == "call.script_done")
    assert back.details["agent"] == "cho"


@pytest.mark.parametrize("completes", [True, False])
def test_colleague_is_consulted_and_has_the_caller_or_goes(completes: bool) -> None:
    line = taken()
    held = order(line, OrderType.CONSULT, key="main-6", agent=CHO, to=BO)
    assert told(held) == [("call.held", EAR, "cho")]
    joined = answers(line, BO_S)
    assert [each.query["channel"] for each in joined if isinstance(each, Request) and "channel" in each.query] == [BO_S]
    if completes:
        came = order(line, OrderType.COMPLETE_TRANSFER, key="main-8", agent=CHO, to=BO)
        assert told(came) == [("call.transferred", EAR, "cho")]
        goes, stays = EAR, BO_S
    else:
        came = order(line, OrderType.RECONNECT, key="main-8", agent=CHO, to=BO)
        assert told(came) == [("call.retrieved", EAR, "cho")]
        goes, stays = BO_S, EAR
    assert not isinstance(came, Refused)
    gone = {f"DELETE channels/{each}" for each in (CALL, EAR, BO_S)} & set(asked(came))
    assert gone == {f"DELETE channels/{goes}"}
    after = asked(ends(line, goes))
    assert not any("moh" in each for each in after), after
    assert {CALL, stays} <= line.together


def test_phone_of_a_supervisor_who_has_the_call_may_ask_the_floor_for_a_transfer() -> None:
    line = taken()
    asks = referring.asked(line, wish("bo", EAR), 9.0)[0]
    assert isinstance(asks, Referred)
    assert (asks.agent, asks.channel) == ("cho", EAR)


@pytest.mark.parametrize(("event", "kind"), [("ChannelHold", "call.held"), ("ChannelUnhold", "call.retrieved")])
def test_hold_at_the_phone_of_a_supervisor_is_told_whatever_they_are_in_the_call_for_and_of_who_has_gone_is_not(
    event: str, kind: str
) -> None:
    line = taken()
    pressed = Event(type=event, channel=Channel(id=EAR))
    assert told(line.take(pressed, 9.0)) == [(kind, EAR, "cho")]
    order(line, OrderType.LISTEN, key="main-9", agent=CHO, mode="listen", to={"agent": "anna"})
    assert told(line.take(pressed, 9.5)) == [(kind, EAR, "cho")]
    order(line, OrderType.STOP_LISTENING, key="main-10", agent=CHO)
    assert line.take(pressed, 9.6) == []


def left_to_who_holds() -> Line:
    """Cho's phone holds while Anna is there, whom Cho has let off the call then."""
    line = a_line(talking=True)
    line.contact = "c-1"
    order(line, OrderType.LISTEN, key="main-5", agent=CHO, mode="join", to={"agent": "anna"})
    answers(line, EAR)
    line.take(Event(type="ChannelHold", channel=Channel(id=EAR)), 4.0)
    order(line, OrderType.CANCEL, key="main-5b", agent=AGENT)
    after = asked(ends(line, ANNA))
    assert {f"POST bridges/{TALK}/removeChannel", f"POST channels/{CALL}/moh"} <= set(after)
    return line


def test_caller_hears_music_once_only_phones_are_there_that_hold_until_one_does_no_more() -> None:
    line = left_to_who_holds()
    came = line.take(Event(type="ChannelUnhold", channel=Channel(id=EAR)), 9.0)
    assert told(came) == [("call.retrieved", EAR, "cho")]
    assert asked(came) == [f"DELETE channels/{CALL}/moh", f"POST bridges/{TALK}/addChannel"]
    assert line.together == {CALL, EAR}


def test_caller_whom_only_a_phone_holds_is_taken_back_by_it_and_not_by_command() -> None:
    line = left_to_who_holds()
    assert isinstance(order(line, OrderType.RETRIEVE, key="main-8", agent=CHO), Refused)
    assert line.together == {EAR}
    back = line.take(Event(type="ChannelUnhold", channel=Channel(id=EAR)), 9.0)
    assert told(back) == [("call.retrieved", EAR, "cho")]
    assert line.together == {CALL, EAR}


@pytest.mark.parametrize("comes", ["agent", "supervisor"])
def test_caller_whom_only_a_phone_holds_hears_who_comes(comes: str) -> None:
    line = left_to_who_holds()
    if comes == "agent":
        order(line, OrderType.CONFERENCE, key="main-6", agent=CHO, to=BO)
        leg = BO_S
    else:
        sue = {"id": "sue", "address": "PJSIP/sue"}
        order(line, OrderType.LISTEN, key="main-7", agent=sue, mode="join", to={"agent": "cho"})
        leg = str(names.Name(CALL, names.LISTENER, "main-7", "sue"))
    answers(line, leg)
    assert line.together == {CALL, EAR, leg}


def test_caller_whom_only_a_phone_holds_does_not_hear_who_is_consulted_about_them() -> None:
    line = left_to_who_holds()
    order(line, OrderType.CONSULT, key="main-6", agent=CHO, to=BO)
    answers(line, BO_S)
    line.take(Event(type="ChannelUnhold", channel=Channel(id=EAR)), 9.0)
    assert line.together == {EAR, BO_S}


def test_caller_whom_only_a_phone_holds_hears_music_on_when_it_goes() -> None:
    line = left_to_who_holds()
    after = asked(ends(line, EAR))
    assert not any("moh" in each for each in after)
    assert (line.music, line.left_on_hold) == (True, False)


def test_phone_of_who_only_listens_may_not() -> None:
    line = taken()
    order(line, OrderType.LISTEN, key="main-9", agent=CHO, mode="listen", to={"agent": "anna"})
    assert not any(isinstance(each, Referred) for each in referring.asked(line, wish("bo", EAR), 9.0))
    assert isinstance(order(line, OrderType.HOLD, agent=CHO), Refused)


def test_whisper_is_heard_by_a_supervisor_who_has_the_call() -> None:
    line = taken()
    sue = {"id": "sue", "address": "PJSIP/sue"}
    order(line, OrderType.LISTEN, key="main-7", agent=sue, mode="whisper", to={"agent": "cho"})
    came = answers(line, str(names.Name(CALL, names.LISTENER, "main-7", "sue")))
    assert any(each.startswith(f"POST channels/{EAR}/snoop") for each in asked(came))


def test_caller_whom_they_hold_is_still_held_after_a_restart() -> None:
    there: Sight = sight(channel(CALL), channel(EAR), bridged=(EAR,))
    line, came = seen(there)
    assert line.held
    assert "call.script_lost" not in [kind for kind, _, _ in news(came)]
    assert told(order(line, OrderType.RETRIEVE, agent=CHO)) == [("call.retrieved", EAR, "cho")]


@pytest.mark.parametrize("when", ["rings", "has answered"])
def test_caller_who_is_sent_to_a_number_beside_a_joined_supervisor_is_joined_to_it_after_a_restart(when: str) -> None:
    party = str(names.Name(CALL, names.PARTY, "main-9", "anna"))
    number = channel(party, state="Ringing") if when == "rings" else channel(party)
    line, _ = seen(sight(channel(CALL), channel(EAR), number, bridged=(EAR,)))
    assert not line.held
    if when == "rings":
        answers(line, party)
    assert line.together == {CALL, EAR, party}


def test_hang_up_of_an_agent_who_has_gone_already_leaves_the_caller_to_who_is_there() -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONFERENCE, key="main-6", agent=AGENT, to=BO)
    answers(line, BO_S)
    ends(line, ANNA)
    assert order(line, OrderType.DISCONNECT, key="main-9", agent=AGENT) == []
    alone = order(line, OrderType.DISCONNECT, key="main-10", agent={"id": "bo", "address": "PJSIP/bo"})
    assert not isinstance(alone, Refused)
    assert f"DELETE channels/{CALL}" in asked(alone)


def test_caller_on_hold_from_before_a_restart_is_heard_again_once_the_phone_takes_the_hold_off() -> None:
    line, _ = seen(sight(channel(CALL), channel(EAR), bridged=(EAR,)))
    came = line.take(Event(type="ChannelUnhold", channel=Channel(id=EAR)), 9.0)
    assert told(came) == [("call.retrieved", EAR, "cho")]
    assert {CALL, EAR} <= set(line.together)


def test_caller_on_hold_from_before_a_restart_does_not_hear_what_others_consult_about_them() -> None:
    line, _ = seen(sight(channel(CALL), channel(EAR), channel(BO_S), bridged=(EAR, BO_S)))
    for phone in (EAR, BO_S):
        line.take(Event(type="ChannelHold", channel=Channel(id=phone)), 9.0)
        line.take(Event(type="ChannelUnhold", channel=Channel(id=phone)), 9.5)
    assert line.together == {EAR, BO_S}
