"""What an agent asks reaches the floor in its words, once, and is answered after the commit."""

import asyncio
from typing import Any

import msgspec
import pytest

from app.core.errors import Unavailable
from app.floor import commands as c
from tests.api.sockets.desk import open_desk

pytestmark = pytest.mark.enable_socket

ABOUT = {"contact_id": "c-1"}
COMMANDS: list[tuple[str, dict[str, Any], c.Command]] = [
    ("agent.ready", {}, c.Ready(agent_id="li")),
    ("agent.not_ready", {"reason": "lunch"}, c.NotReady(agent_id="li", reason="lunch")),
    ("agent.log_off", {}, c.LogOff(agent_id="li")),
    ("offer.accept", ABOUT, c.AcceptOffer(agent_id="li", contact_id="c-1")),
    ("offer.decline", ABOUT, c.DeclineOffer(agent_id="li", contact_id="c-1")),
    ("call.hold", ABOUT, c.Hold(agent_id="li", contact_id="c-1")),
    ("call.retrieve", ABOUT, c.Retrieve(agent_id="li", contact_id="c-1")),
    ("call.hang_up", ABOUT, c.HangUp(agent_id="li", contact_id="c-1")),
    (
        "call.transfer",
        {**ABOUT, "to": {"queue": "cards"}},
        c.Transfer(agent_id="li", contact_id="c-1", to=c.Destination(queue="cards")),
    ),
    (
        "call.conference",
        {**ABOUT, "to": {"number": "+861"}},
        c.Conference(agent_id="li", contact_id="c-1", to=c.Destination(number="+861")),
    ),
    (
        "call.record",
        {**ABOUT, "do": "start"},
        c.Record(contact_id="c-1", do="start", by="li", agent_id="li"),
    ),
    (
        "call.consult",
        {**ABOUT, "to": {"agent": "bo"}},
        c.ConsultCall(agent_id="li", contact_id="c-1", to=c.Destination(agent="bo")),
    ),
    ("call.complete_transfer", ABOUT, c.CompleteTransfer(agent_id="li", contact_id="c-1")),
    ("call.reconnect", ABOUT, c.ReconnectCall(agent_id="li", contact_id="c-1")),
    ("wrap_up.done", {**ABOUT, "code": "sold"}, c.FinishWrapUp(agent_id="li", contact_id="c-1", code="sold")),
]


@pytest.mark.parametrize(("kind", "data", "asked"), COMMANDS, ids=[row[0] for row in COMMANDS])
async def test_each_command_reaches_the_floor(kind: str, data: dict[str, Any], asked: c.Command) -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        assert await client.ask(2, kind, **data) == {"re": 2, "ok": True}
        assert desk.floor.asked[-1] == asked


async def test_an_outbound_call_gets_an_id_and_a_look_up() -> None:
    async with open_desk() as desk, desk.client() as client:
        desk.floor.answers[c.Dial] = lambda dial: c.Answer(True, {"contact_id": dial.contact_id})
        await client.hello()
        told = await client.ask(2, "call.dial", to="+8613800138000", source="pbx")
        (dial,) = desk.floor.of(c.Dial)
        assert told == {"re": 2, "ok": True, "contact_id": dial.contact_id}
        assert (dial.to, dial.source, dial.caller) == ("+8613800138000", "pbx", c.Recognised(profile=b"{}"))
        assert [(event.direction, event.to) for event in desk.recognised] == [("outbound", "+8613800138000")]


async def test_a_repeated_id_gets_the_same_answer_also_after_reconnection() -> None:
    async with open_desk() as desk:
        desk.floor.answers[c.Ready] = lambda _: c.Answer(True, {"count": len(desk.floor.of(c.Ready))})
        async with desk.client() as client:
            session = (await client.hello())["session"]
            answers = [await client.ask(7, "agent.ready") for _ in range(2)]
        async with desk.client() as client:
            assert (await client.hello(session=session))["session"] == session
            answers.append(await client.ask(7, "agent.ready"))
        assert answers == [{"re": 7, "ok": True, "count": 1}] * 3


@pytest.mark.parametrize(
    ("kind", "contact", "said"),
    [
        ("offer.decline", "c-1", "id 7 was used for offer.accept;"),
        ("offer.accept", "c-2", "id 7 was used for another offer.accept;"),
    ],
)
async def test_an_id_that_comes_again_with_another_command_is_refused(kind: str, contact: str, said: str) -> None:
    async with open_desk() as desk:
        async with desk.client() as client:
            await client.hello(session="tab")
            await client.ask(7, "offer.accept", **ABOUT)
        async with desk.client() as client:
            await client.hello(session="tab")
            problem = (await client.ask(7, kind, contact_id=contact))["problem"]
            assert (problem["status"], problem["used_for"]) == (409, "offer.accept")
            assert problem["detail"].startswith(said)
            assert (await client.ask(7, "offer.accept", **ABOUT))["ok"] is True
        assert len(desk.floor.asked) - len(desk.floor.of(c.Connect)) - len(desk.floor.of(c.Disconnect)) == 1


async def test_ids_of_another_session_or_another_agent_are_other_commands() -> None:
    async with open_desk() as desk, desk.client() as a, desk.client() as b, desk.client() as c_:
        for client, login, session in ((a, "li", "tab"), (b, "li", "tab-2"), (c_, "bo", "tab")):
            await client.hello(login, session=session)
            await client.ask(2, "agent.ready")
        assert [ready.agent_id for ready in desk.floor.of(c.Ready)] == ["li", "li", "bo"]


async def test_a_refusal_names_the_present_state_and_the_socket_lives() -> None:
    async with open_desk() as desk, desk.client() as client:
        body = {"code": "conflict", "detail": "Contact c-1 has ended.", "state": "ended"}
        desk.floor.answers[c.AcceptOffer] = lambda _: c.Answer(False, body)
        await client.hello()
        told = await client.ask(2, "offer.accept", **ABOUT)
        problem = {
            "type": "urn:callfloor:problem:conflict",
            "title": "Conflict",
            "status": 409,
            "detail": "Contact c-1 has ended.",
            "state": "ended",
        }
        assert told == {"re": 2, "ok": False, "problem": problem}
        assert (await client.ask(3, "agent.ready"))["ok"] is True


@pytest.mark.parametrize(("code", "status"), [("not-found", 404), ("invalid", 422), ("never-heard-of", 409)])
async def test_a_refusals_code_tells_its_status(code: str, status: int) -> None:
    async with open_desk() as desk, desk.client() as client:
        desk.floor.answers[c.Ready] = lambda _: c.Answer(False, {"code": code, "detail": "No."})
        await client.hello()
        problem = (await client.ask(2, "agent.ready"))["problem"]
        assert (problem["type"], problem["status"]) == (f"urn:callfloor:problem:{code}", status)


async def test_without_the_journal_a_command_is_refused_and_may_be_repeated() -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        desk.floor.status = "degraded"
        desk.hub.broadcast(b'{"type":"degraded","since":"2026-11-23T10:00:00.000Z"}')
        assert (await client.hear())["type"] == "degraded"
        assert (await client.ask(2, "agent.ready"))["problem"]["status"] == 503
        desk.floor.status = "owner"
        desk.hub.broadcast(b'{"type":"restored"}')
        assert await client.hear() == {"type": "restored"}
        assert await client.ask(2, "agent.ready") == {"re": 2, "ok": True}


@pytest.mark.parametrize("error", [Unavailable("No look-up now."), ZeroDivisionError("a bug")])
async def test_an_error_behind_a_command_is_told_and_the_socket_lives(error: Exception) -> None:
    async with open_desk() as desk, desk.client() as client:

        def broken(_: object) -> c.Answer:
            raise error

        desk.floor.answers[c.Ready] = broken
        await client.hello()
        told = await client.ask(2, "agent.ready")
        assert told["problem"]["status"] == (503 if isinstance(error, Unavailable) else 500)
        assert "a bug" not in msgspec.json.encode(told).decode()
        assert (await client.ask(3, "agent.log_off"))["ok"] is True


async def test_commands_of_a_tab_are_applied_in_the_order_sent() -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        for number in range(50):
            await client.say({"id": number, "type": "agent.not_ready", "reason": str(number)})
        assert [(await client.hear())["re"] for _ in range(50)] == list(range(50))
        assert [asked.reason for asked in desk.floor.of(c.NotReady)] == [str(number) for number in range(50)]


async def test_supervisors_have_commands_of_their_own_and_none_of_the_agents() -> None:
    async with open_desk() as desk, desk.client("/ws/floor") as client:
        await client.hello("sue", "supervisor")
        told = await client.ask(2, "agent.ready")
        accepted = (
            "one of hello, token, ping, pong, call.record, call.listen, call.stop_listening, call.take_over, "
            "profile.open, profile.close"
        )
        assert told["problem"]["faults"][0]["accepted"] == accepted
        assert await client.ask(3, "ping") == {"type": "pong", "re": 3, "ok": True}
        assert desk.floor.asked == []
        assert await client.ask(4, "call.record", contact_id="c-1", do="pause") == {"re": 4, "ok": True}
        await client.ask(5, "call.listen", **ABOUT, address="1009", mode="whisper", to="li")
        await client.ask(6, "call.stop_listening", **ABOUT)
        await client.ask(7, "call.take_over", **ABOUT)
        assert desk.floor.asked == [
            c.Record(contact_id="c-1", do="pause", by="sue"),
            c.Listen(contact_id="c-1", by="sue", address="1009", mode="whisper", to="li"),
            c.StopListening(contact_id="c-1", by="sue"),
            c.TakeCall(contact_id="c-1", by="sue"),
        ]


async def test_frames_of_a_command_come_before_its_answer() -> None:
    async with open_desk() as desk, desk.client() as client:

        def told(command: c.Ready) -> c.Answer:
            desk.floor.happens(command.agent_id)
            return c.Answer(True)

        desk.floor.answers[c.Ready] = told
        await client.hello()
        await client.say({"id": 2, "type": "agent.ready"})
        async with asyncio.timeout(30):
            assert [(await client.hear()).get("seq"), (await client.hear()).get("re")] == [1, 2]
