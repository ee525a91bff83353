"""Attended transfers over the stand-in: the customer hears music, then whom it was about."""

import pytest

from app.telephony.port import Delivered, Refused
from tests.fixtures.twilio_cloud.line import Line
from tests.telephony.twilio.desk import ANNA, BEN, Desk, desk

pytestmark = pytest.mark.enable_socket

COLLEAGUE = {"agent": "ben", "address": BEN["address"]}
NUMBER = {"number": "+4930999"}


async def consulting(made: Desk, to: dict[str, str]) -> tuple[Line, Line, Line]:
    """The customer on hold, the agent, and the party who has answered."""
    line, agent = await made.talking()
    assert await made.order("call.consult", line.sid, agent=ANNA, to=to, ring_seconds=30) == Delivered()
    party = await made.cloud.rung(to.get("address") or to["number"])
    party.answer()
    await made.cloud.until(lambda: party.room is not None and made.told("call.held"))
    assert line.heard[-1] == "hold music"
    return line, agent, party


async def test_colleague_takes_the_customer_over() -> None:
    async with desk() as made:
        line, agent, party = await consulting(made, COLLEAGUE)
        await made.cloud.until(lambda: made.legs(line.sid)["ben"] == "connected")
        assert await made.order("call.complete_transfer", line.sid, agent=ANNA, to=COLLEAGUE) == Delivered()
        await made.cloud.until(lambda: agent.over and made.told("call.retrieved"))
        await made.cloud.until(lambda: made.legs(line.sid)["anna"] == "cleared")
        assert [party.over, line.over] == [False, False]


@pytest.mark.parametrize("to", [COLLEAGUE, NUMBER])
async def test_customer_comes_back_and_the_party_goes(to: dict[str, str]) -> None:
    async with desk() as made:
        line, agent, party = await consulting(made, to)
        assert await made.order("call.reconnect", line.sid, agent=ANNA, to=to) == Delivered()
        await made.cloud.until(lambda: party.over and made.told("call.retrieved"))
        assert [agent.over, line.over] == [False, False]


async def test_party_who_still_rings_is_not_rung_any_longer() -> None:
    async with desk() as made:
        line, _ = await made.talking()
        await made.order("call.consult", line.sid, agent=ANNA, to=COLLEAGUE)
        party = await made.cloud.rung(BEN["address"])
        assert await made.order("call.reconnect", line.sid, agent=ANNA, to=COLLEAGUE) == Delivered()
        await made.cloud.until(lambda: party.over)


async def test_customer_does_not_stay_behind_alone_when_the_number_hangs_up() -> None:
    async with desk() as made:
        line, agent, party = await consulting(made, NUMBER)
        await made.order("call.complete_transfer", line.sid, agent=ANNA, to=NUMBER)
        await made.cloud.until(lambda: agent.over)
        party.hang_up()
        await made.cloud.until(lambda: line.over and made.calls[line.sid].over)


async def test_nobody_is_consulted_about_a_call_that_is_not_there() -> None:
    async with desk() as made:
        assert isinstance(await made.order("call.consult", "CA1", agent=ANNA, to=NUMBER), Refused)


async def test_supervisor_changes_what_they_are_in_for_and_leaves() -> None:
    async with desk() as made:
        line, _ = await made.talking()
        boss = {"id": "boss", "address": "client:boss"}
        await made.order("call.listen", line.sid, agent=boss, mode="listen", to={"agent": "anna"})
        phone = await made.cloud.rung("client:boss")
        phone.answer()
        await made.cloud.until(lambda: made.told("call.supervisor_joined"))
        assert made.told("call.supervisor_joined")[0].details["supervisor"] == "boss"
        room = made.cloud.live_room(made.contacts[line.sid])
        assert room is not None
        for mode, heard in (("whisper", (True, False)), ("join", (True, True)), ("listen", (False, False))):
            await made.order("call.listen", line.sid, agent=boss, mode=mode, to={"agent": "anna"})
            assert (room.hears("agent-anna", "listener-boss"), room.hears("customer", "listener-boss")) == heard
        assert await made.order("call.stop_listening", line.sid, agent=boss) == Delivered()
        await made.cloud.until(lambda: phone.over and made.told("call.supervisor_left"))
        assert not line.over


BOSS = {"id": "boss", "address": "client:boss"}


def hears(made: Desk, line: Line, speaker: str) -> bool:
    """Whether the customer hears one participant of their conference."""
    room = made.cloud.live_room(made.contacts[line.sid])
    return room is not None and room.hears("customer", speaker)


async def taken_over(made: Desk) -> tuple[Line, Line]:
    """The customer, and the supervisor who has taken them over from the agent."""
    line, agent = await made.talking()
    await made.order("call.listen", line.sid, agent=BOSS, mode="join", to={"agent": "anna"})
    boss = await made.cloud.rung("client:boss")
    boss.answer()
    await made.cloud.until(lambda: made.told("call.supervisor_joined"))
    await made.order("call.cancel", line.sid, agent=ANNA)
    await made.cloud.until(lambda: agent.over)
    return line, boss


async def test_supervisor_who_has_taken_the_call_over_leaves_the_customer_to_the_colleague_they_consulted() -> None:
    async with desk() as made:
        line, boss = await taken_over(made)
        await made.order("call.consult", line.sid, agent=BOSS, to=COLLEAGUE, ring_seconds=30)
        party = await made.cloud.rung(BEN["address"])
        party.answer()
        await made.cloud.until(lambda: party.room is not None and made.told("call.held"))
        assert await made.order("call.complete_transfer", line.sid, agent=BOSS, to=COLLEAGUE) == Delivered()
        await made.cloud.until(lambda: boss.over and made.told("call.supervisor_left") and made.told("call.retrieved"))
        assert [party.over, line.over] == [False, False]


@pytest.mark.parametrize("kind", ["call.transfer", "call.disconnect"])
async def test_supervisor_who_has_taken_the_call_over_beside_a_colleague_leaves_it(kind: str) -> None:
    async with desk() as made:
        line, boss = await taken_over(made)
        ben = await made.joins(line, BEN)
        assert await made.order(kind, line.sid, agent=BOSS, to={"queue": "cards"}) == Delivered()
        await made.cloud.until(lambda: boss.over)
        assert [ben.over, line.over] == [False, False]


async def test_colleague_transfers_and_leaves_the_customer_to_the_supervisor_who_has_taken_the_call_over() -> None:
    async with desk() as made:
        line, boss = await taken_over(made)
        ben = await made.joins(line, BEN)
        assert await made.order("call.transfer", line.sid, agent=BEN, to={"queue": "cards"}) == Delivered()
        await made.cloud.until(lambda: ben.over)
        assert [boss.over, line.over] == [False, False]
        assert hears(made, line, "listener-boss")


@pytest.mark.parametrize("mode", ["listen", "whisper", "ringing"])
async def test_supervisor_whom_the_customer_does_not_hear_keeps_nobody_from_waiting(mode: str) -> None:
    async with desk() as made:
        line, _ = await made.talking()
        wish = "join" if mode == "ringing" else mode
        await made.order("call.listen", line.sid, agent=BOSS, mode=wish, to={"agent": "anna"})
        boss = await made.cloud.rung("client:boss")
        if mode != "ringing":
            boss.answer()
            await made.cloud.until(lambda: made.told("call.supervisor_joined"))
        before = made.cloud.live_room(made.contacts[line.sid])
        assert await made.order("call.transfer", line.sid, agent=ANNA, to={"queue": "cards"}) == Delivered()
        await made.cloud.until(lambda: line.room not in (None, before))


async def test_customer_on_hold_hears_the_supervisor_who_takes_them_over() -> None:
    async with desk() as made:
        line, agent = await made.talking()
        await made.order("call.hold", line.sid, agent=ANNA)
        await made.cloud.until(lambda: line.heard[-1] == "hold music")
        await made.order("call.listen", line.sid, agent=BOSS, mode="join", to={"agent": "anna"})
        (await made.cloud.rung("client:boss")).answer()
        await made.cloud.until(lambda: made.told("call.supervisor_joined"))
        for kind in ("call.retrieve", "call.cancel"):
            assert await made.order(kind, line.sid, agent=ANNA) == Delivered()
        await made.cloud.until(lambda: agent.over)
        assert hears(made, line, "listener-boss")


async def test_supervisor_whispers_to_one_who_has_taken_the_call_over() -> None:
    async with desk() as made:
        line, boss = await taken_over(made)
        sue = {"id": "sue", "address": "client:sue"}
        assert await made.order("call.listen", line.sid, agent=sue, mode="whisper", to={"agent": "boss"}) == Delivered()
        (await made.cloud.rung("client:sue")).answer()
        await made.cloud.until(lambda: len(made.told("call.supervisor_joined")) == 2)
        assert [boss.over, line.over] == [False, False]
