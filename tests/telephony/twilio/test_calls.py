"""Whole calls over the stand-in: what callers hear, whom phones ring, and what becomes of the call's legs."""

import msgspec
import pytest

from app.telephony import instructions as i
from app.telephony.events import CallEvent
from app.telephony.instructions import Script
from app.telephony.port import Delivered
from tests.telephony.twilio.desk import ANNA, BEN, CALLER, desk

pytestmark = pytest.mark.enable_socket

MENU = Script(
    number=1,
    instructions=(
        i.Say(text="欢迎", language="zh"),
        i.Collect(most=1, first_seconds=8, prompts=(i.Say(text="Press 1", language="en"),)),
    ),
)
PIN = Script(number=2, instructions=(i.Collect(most=6, secret=True, first_seconds=12),))
MUSIC = Script(number=3, instructions=(i.Enqueue(queue="main", music="https://x/music.mp3"),))


def flow(event: CallEvent) -> Script | None:
    """A menu, a secret, a queue."""
    steps = {"call.offered": MENU, "call.digits": {1: PIN, 2: MUSIC}.get(event.details.get("script", 0))}
    return steps.get(event.type)


async def test_a_caller_passes_a_menu_and_a_secret_and_waits_with_music() -> None:
    async with desk() as made:
        made.script = flow
        line = await made.call()
        await made.cloud.until(lambda: "say en-US: Press 1" in line.heard)
        line.press("1")
        await made.cloud.until(lambda: made.told("call.digits"))
        line.press("407155")
        await made.cloud.until(lambda: line.heard and "music.mp3" in line.heard[-1])
        digits = [event.details for event in made.told("call.digits")]
        assert [(each["digits"], each["finished"]) for each in digits] == [("1", "length"), ("", "length")]
        assert made.secrets == ["407155"]
        assert b"407155" not in msgspec.json.encode((made.events, made.raws))
        assert line.heard[0] == "say cmn-CN: 欢迎"
        line.hang_up()
        await made.cloud.until(lambda: made.calls[line.sid].over)


async def test_silence_is_told_too_and_a_key_during_the_prompt_counts() -> None:
    async with desk() as made:
        made.script = flow
        line = await made.call()
        await made.cloud.until(lambda: made.told("call.digits"))
        first = made.told("call.digits")[0]
        assert (first.details["script"], first.details["finished"]) == (1, "timeout")
        other = await made.call("+49171")
        other.press("1")
        await made.cloud.until(lambda: any(event.call_id == other.sid for event in made.told("call.digits")))
        keyed = next(event for event in made.told("call.digits") if event.call_id == other.sid)
        assert keyed.details["digits"] == "1"
        assert line.heard[:2] == ["say cmn-CN: 欢迎", "say en-US: Press 1"]


async def test_a_call_from_ring_to_hang_up() -> None:
    async with desk() as made:
        line, agent = await made.talking()
        contact = made.contacts[line.sid]
        room = made.cloud.live_room(contact)
        assert room is not None
        assert room.hears("customer", "agent-anna")
        assert await made.order("call.hold", line.sid, agent=ANNA) == Delivered()
        await made.cloud.until(lambda: made.legs(line.sid)["anna"] == "held")
        assert not room.hears("customer", "agent-anna")
        assert line.heard[-1] == "hold music"
        assert await made.order("call.retrieve", line.sid, agent=ANNA) == Delivered()
        await made.cloud.until(lambda: made.legs(line.sid)["anna"] == "connected")
        line.hang_up()
        await made.cloud.until(lambda: agent.over and made.calls[line.sid].over)
        await made.cloud.until(lambda: made.legs(line.sid) == {"customer": "cleared", "anna": "cleared"})
        offered = made.told("call.offered")[0]
        assert (offered.from_, offered.to) == (CALLER, "+4930111")


async def test_an_agent_hangs_up_and_the_caller_stays_until_sent_to_wait() -> None:
    async with desk() as made:
        line, agent = await made.talking()
        agent.hang_up()
        await made.cloud.until(lambda: made.legs(line.sid)["anna"] == "cleared")
        assert not line.over
        again = msgspec.to_builtins(MUSIC)
        assert await made.order("call.script", line.sid, script=again) == Delivered()
        await made.cloud.until(lambda: "music.mp3" in line.heard[-1])
        await made.joins(line, BEN)
        assert made.legs(line.sid)["ben"] == "connected"


@pytest.mark.parametrize(("how", "state"), [("busy", "failed"), ("no-answer", "failed"), ("failed", "failed")])
async def test_a_phone_that_does_not_answer(how: str, state: str) -> None:
    async with desk() as made:
        line = await made.waiting()
        await made.order("call.connect", line.sid, agent=ANNA)
        (await made.cloud.rung(ANNA["address"])).refuse(how)
        await made.cloud.until(lambda: made.legs(line.sid).get("anna") == state)
        assert not line.over
        await made.joins(line, ANNA)


async def test_a_phone_that_rings_can_be_let_go_and_again() -> None:
    async with desk() as made:
        line = await made.waiting()
        await made.order("call.connect", line.sid, agent=ANNA)
        agent = await made.cloud.rung(ANNA["address"])
        for _ in range(2):
            assert await made.order("call.cancel", line.sid, agent=ANNA) == Delivered()
        assert agent.status == "canceled"
        await made.cloud.until(lambda: made.legs(line.sid).get("anna") == "cleared")


async def test_a_caller_who_gives_up_leaves_no_phone_ringing() -> None:
    async with desk() as made:
        line = await made.waiting()
        await made.order("call.connect", line.sid, agent=ANNA)
        agent = await made.cloud.rung(ANNA["address"])
        line.hang_up()
        await made.cloud.until(lambda: agent.over)
        assert agent.status == "canceled"


async def test_a_transfer_to_a_queue_lets_the_caller_wait_for_the_next() -> None:
    async with desk() as made:
        line, agent = await made.talking()
        assert await made.order("call.transfer", line.sid, agent=ANNA, to={"queue": "cards"}) == Delivered()
        await made.cloud.until(lambda: agent.over and line.room is not None)
        await made.cloud.until(lambda: made.legs(line.sid)["anna"] == "cleared")
        await made.joins(line, BEN)
        assert made.legs(line.sid) == {"customer": "initiated", "anna": "cleared", "ben": "connected"}


async def test_a_transfer_to_a_number_sends_the_caller_away() -> None:
    async with desk() as made:
        line, agent = await made.talking()
        assert await made.order("call.transfer", line.sid, agent=ANNA, to={"number": "+49400"}) == Delivered()
        other = await made.cloud.rung("+49400")
        other.answer()
        await made.cloud.until(lambda: agent.over and len(made.told("call.transferred")) == 1)
        assert made.told("call.transferred")[0].agent == "anna"
        other.hang_up()
        await made.cloud.until(lambda: line.over and made.calls[line.sid].over)


async def test_a_caller_whom_an_agent_sends_to_a_busy_number_is_told_so_and_waits_for_the_next() -> None:
    async with desk() as made:
        line, _ = await made.talking()
        for times in (1, 2):
            order = await made.order("call.transfer", line.sid, agent=ANNA, to={"number": "+49400"})
            assert order == Delivered()
            (await made.cloud.rung("+49400")).refuse("busy" if times == 1 else "no-answer")
            await made.cloud.until(lambda times=times: len(made.told("call.script_done")) == times)
            await made.cloud.until(lambda: line.room is not None)
            assert "Nobody could be reached" in line.heard[-3]
            await made.joins(line, BEN)
        assert [each.details["transfer"] for each in made.told("call.script_done")] == ["busy", "no-answer"]
        assert not line.over


async def test_a_colleague_and_a_number_join_and_one_agent_leaves() -> None:
    async with desk() as made:
        line, agent = await made.talking()
        to = {"agent": "ben", "address": BEN["address"]}
        assert await made.order("call.conference", line.sid, agent=ANNA, to=to) == Delivered()
        (await made.cloud.rung(BEN["address"])).answer()
        await made.cloud.until(lambda: made.legs(line.sid).get("ben") == "connected")
        await made.order("call.conference", line.sid, agent=ANNA, to={"number": "+49400"})
        (await made.cloud.rung("+49400")).answer()
        await made.cloud.until(lambda: made.legs(line.sid).get("other") == "connected")
        assert await made.order("call.disconnect", line.sid, agent=ANNA) == Delivered()
        await made.cloud.until(lambda: agent.over and made.legs(line.sid)["anna"] == "cleared")
        assert not line.over
        await made.order("call.disconnect", line.sid)
        await made.cloud.until(lambda: made.calls[line.sid].over)
        assert set(made.legs(line.sid).values()) == {"cleared"}


async def test_the_only_agents_hang_up_ends_the_call() -> None:
    async with desk() as made:
        line, agent = await made.talking()
        assert await made.order("call.disconnect", line.sid, agent=ANNA) == Delivered()
        await made.cloud.until(lambda: line.over and agent.over)


async def test_a_message_before_the_end() -> None:
    async with desk() as made:
        line = await made.waiting()
        assert await made.order("call.disconnect", line.sid, message="We are closed.", reason="closed") == Delivered()
        await made.cloud.until(lambda: line.over)
        assert line.heard[-1] == "say en-US: We are closed."


async def test_supervisors_listen_whisper_and_join() -> None:
    async with desk() as made:
        line, _ = await made.talking()
        room = made.cloud.live_room(made.contacts[line.sid])
        assert room is not None
        for mode in ("listen", "whisper", "join"):
            boss = {"id": mode, "address": f"client:{mode}"}
            order = await made.order("call.listen", line.sid, agent=boss, mode=mode, to={"agent": "anna"})
            assert order == Delivered()
            (await made.cloud.rung(boss["address"])).answer()
            await made.cloud.until(lambda seat=f"listener-{mode}": room.hears(seat, "customer"))
        heard = {
            mode: (room.hears("agent-anna", f"listener-{mode}"), room.hears("customer", f"listener-{mode}"))
            for mode in ("listen", "whisper", "join")
        }
        assert heard == {"listen": (False, False), "whisper": (True, False), "join": (True, True)}
        assert set(made.legs(line.sid)) == {"customer", "anna"}
        await made.order("call.disconnect", line.sid, agent=ANNA)
        await made.cloud.until(lambda: all(each.over for each in made.cloud.lines.values()))


async def test_an_agent_dials_and_the_customer_answers() -> None:
    async with desk() as made:
        contact = "019bc1f4-0000-7000-8000-000000000009"
        assert await made.order("call.dial", contact, agent=ANNA, to=CALLER) == Delivered()
        agent = await made.cloud.rung(ANNA["address"])
        assert all(each.to != CALLER for each in made.cloud.lines.values())
        agent.answer()
        customer = await made.cloud.rung(CALLER)
        customer.extra["by"] = "machine_end_beep"
        customer.answer()
        await made.cloud.until(lambda: made.legs(contact).get("customer") == "connected")
        await made.cloud.until(lambda: made.told("call.answered_by"))
        assert made.told("call.answered_by")[0].details["machine"] is True
        assert made.calls[contact].direction == "outbound"
        await made.order("call.hold", contact, agent=ANNA)
        await made.cloud.until(lambda: made.legs(contact)["anna"] == "held")
        customer.hang_up()
        await made.cloud.until(lambda: agent.over and made.calls[contact].over)


async def test_a_customer_who_does_not_answer_leaves_the_agent_alone_no_longer() -> None:
    async with desk() as made:
        contact = "019bc1f4-0000-7000-8000-000000000009"
        await made.order("call.dial", contact, agent=ANNA, to=CALLER)
        agent = await made.cloud.rung(ANNA["address"])
        agent.answer()
        (await made.cloud.rung(CALLER)).refuse("busy")
        await made.cloud.until(lambda: agent.over and made.calls[contact].over)
        await made.cloud.until(lambda: made.legs(contact) == {"anna": "cleared", "customer": "failed"})


async def test_a_caller_is_offered_a_callback_and_takes_it_or_waits_on() -> None:
    async with desk(0.1) as made:
        line = await made.waiting()
        assert await made.order("call.offer_callback", line.sid) == Delivered()
        await made.cloud.until(lambda: "press 1" in line.heard[-1] or "请按 1" in line.heard[-1])
        line.press("1")
        await made.cloud.until(lambda: line.over)
        assert len(made.told("call.callback_requested")) == 1
        assert "call you back" in line.heard[-2]
        other = await made.waiting()
        await made.order("call.offer_callback", other.sid)
        await made.cloud.until(lambda: len(other.heard) >= 4 and other.room is not None)
        assert other.heard[-1] == "music"


@pytest.mark.parametrize("keys", [True, False])
async def test_a_caller_who_is_back_at_once_when_called_out_of_their_conference_waits_in_another(keys: bool) -> None:
    async with desk(0.2) as made:
        answered = "call.digits" if keys else "call.script_done"
        queued = i.Script(number=6, instructions=(i.Enqueue(queue="cards"),))
        made.script = lambda event: queued if event.type == answered else None
        line = await made.waiting()
        before = line.room
        said = i.Say(text="Hm.", language="en")
        asks = i.Script(number=5, instructions=(i.Collect(terminator="", prompts=(said,)) if keys else said,))
        assert await made.order("call.script", line.sid, script=msgspec.to_builtins(asks)) == Delivered()
        if keys:
            line.press("1")
        await made.cloud.until(lambda: made.told(answered) and (line.over or line.room not in (None, before)))
        assert not line.over


async def test_a_message_is_left() -> None:
    async with desk(0.1) as made:
        line = await made.waiting()
        assert await made.order("call.voicemail", line.sid, message="Bitte sprechen Sie.") == Delivered()
        await made.cloud.until(lambda: line.heard[-1] == "beep")
        line.press("5#")
        await made.cloud.until(lambda: line.over and made.told("call.recording_ready"))
        assert made.told("call.recording_ready")[0].details["seconds"] == 7


async def test_a_script_sends_the_caller_elsewhere_and_comes_back_when_nobody_answers() -> None:
    steps = {
        "call.offered": Script(number=1, instructions=(i.Transfer(number="+49400"),)),
        "call.script_done": Script(number=2, instructions=(i.Say(text="Nobody", language="en"), i.HangUp())),
    }
    async with desk() as made:
        made.script = lambda event: steps.get(event.type)
        line = await made.call()
        (await made.cloud.rung("+49400")).refuse("busy")
        await made.cloud.until(lambda: line.over)
        assert line.heard == ["say en-US: Nobody"]
        assert made.told("call.script_done")[0].details["transfer"] == "busy"
