"""Supervisors in a call: they come in, change what they are in it for, leave, and take it over."""

import asyncpg
import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.journal.batch import Batch
from app.floor.journal.writer import Journal
from app.floor.memory.effects import Audited, SwitchOrder
from app.floor.memory.entities import ContactState
from app.routing.overflow.rules import Do, OverflowRule, When
from tests.fixtures.database import Database
from tests.floor.factories import CONFIG, Bench


def talking(floor: Bench) -> str:
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    return contact


def inside(floor: Bench, by: str, joined: bool = True) -> None:
    floor.now += 1
    floor.call("supervisor_joined" if joined else "supervisor_left", details={"supervisor": by})


def test_mode_changes_on_the_fly_and_every_act_is_kept() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="1099"))
    assert [e.agent for e in floor.told("contact.supervised")] == [None], "agents are not told"
    (audited,) = [e for e in floor.last.effects if isinstance(e, Audited)]
    assert (audited.who, audited.action, audited.after["mode"]) == ("sue", "call.listened", "listen")
    inside(floor, "sue")
    floor.do(c.Listen(contact_id=contact, by="sue", mode="whisper"))
    (order,) = [e for e in floor.last.effects if isinstance(e, SwitchOrder)]
    said = msgspec.json.decode(order.body)
    assert (said["mode"], said["agent"]) == ("whisper", {"id": "sue", "address": "1099"})
    floor.do(c.StopListening(contact_id=contact, by="sue"))
    assert floor.orders() == ["call.stop_listening"]
    floor.refused(c.StopListening(contact_id=contact, by="sue"))
    kinds = [entry.kind for entry in floor.contact(contact).timeline]
    assert [kind for kind in kinds if "listen" in kind] == [
        "call.listened", "call.listen_begun", "call.listened", "call.listen_stopped",
    ]  # fmt: skip


def test_supervisor_without_a_phone_of_their_own_says_which() -> None:
    floor = Bench()
    contact = talking(floor)
    assert floor.refused(c.TakeCall(contact_id=contact, by="sue"))["accepted"] == ["address"]


@pytest.mark.parametrize("listens", [False, True])
def test_supervisor_who_is_an_agent_serves_the_contact_they_take(listens: bool) -> None:
    floor = Bench()
    contact = talking(floor)
    if listens:
        floor.do(c.Listen(contact_id=contact, by="cho"))
        inside(floor, "cho")
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    if not listens:
        assert floor.orders() == ["call.listen"]
        inside(floor, "cho")
    assert "call.cancel" in floor.orders()
    floor.call("connection_cleared", agent="1001")
    assert (floor.contact(contact).agents, floor.contact(contact).served_by) == (("cho",), ("ann", "cho"))
    assert floor.states("ann", "cho") == [AgentState.WORKING_AFTER_CALL, AgentState.BUSY]
    inside(floor, "cho", joined=False)
    assert floor.states("cho") == [AgentState.WORKING_AFTER_CALL]
    floor.wait(6)
    assert floor.contact(contact).state is ContactState.WAITING


def test_supervisor_from_any_phone_takes_the_call_and_the_caller_waits_again_if_they_go() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="+4917000"))
    inside(floor, "sue")
    assert floor.orders() == ["call.cancel"]
    floor.call("connection_cleared", agent="1001")
    floor.wait(60)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)
    inside(floor, "sue", joined=False)
    floor.wait(5)
    assert floor.contact(contact).state in (ContactState.WAITING, ContactState.OFFERED)


def test_who_was_not_reached_takes_nothing() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="+4917000"))
    inside(floor, "sue", joined=False)
    assert (floor.contact(contact).agents, floor.contact(contact).listeners, floor.orders()) == (("ann",), (), [])


@pytest.mark.parametrize("kind", [c.Listen, c.TakeCall])
def test_supervisor_who_clicks_twice_is_rung_once_and_told_that_it_is_under_way(
    kind: type[c.Listen | c.TakeCall],
) -> None:
    floor = Bench()
    contact = talking(floor)
    asked = kind(contact_id=contact, by="sue", address="1099")
    floor.do(asked)
    assert floor.orders() == ["call.listen"]
    floor.now += 0.2
    problem = floor.refused(asked)
    assert (problem["code"], problem["contact_id"]) == ("under-way", contact)
    lines = [entry.kind for entry in floor.contact(contact).timeline if entry.data.get("by") == "sue"]
    assert len(lines) == 1
    inside(floor, "sue", joined=False)
    floor.do(asked)
    assert floor.orders() == ["call.listen"], "whom the platform could not reach may ask again at once"


def test_supervisor_changes_what_they_are_in_for_while_their_phone_rings_but_not_twice_to_the_same() -> None:
    floor = Bench()
    contact = talking(floor)
    for mode in ("listen", "whisper", "listen"):
        asked = c.Listen(contact_id=contact, by="sue", address="1099", mode=mode)
        floor.do(asked)
        assert floor.refused(asked)["code"] == "under-way"
    inside(floor, "sue")
    whisper = c.Listen(contact_id=contact, by="sue", mode="whisper")
    floor.do(whisper)
    assert floor.refused(whisper)["code"] == "under-way"
    floor.now += 6
    floor.do(whisper)


def test_supervisor_is_rung_again_where_the_platform_has_lost_the_order() -> None:
    floor = Bench()
    contact = talking(floor)
    asked = c.Listen(contact_id=contact, by="sue", address="1099")
    floor.do(asked)
    floor.wait(36)
    floor.do(asked)
    assert floor.orders() == ["call.listen"]


def test_supervisor_whose_phone_rings_still_listens_where_another_could_not_be_let_in() -> None:
    floor = Bench()
    contact = talking(floor)
    for by in ("sue", "mei"):
        floor.do(c.Listen(contact_id=contact, by=by, address=f"phone-{by}"))
        (order,) = [e for e in floor.last.effects if isinstance(e, SwitchOrder)]
    failed = c.OrderFailed(order_id=order.seq, order_type="call.listen", contact_id=contact, agent_id=None, detail="no")
    floor.do(failed)
    inside(floor, "sue")
    assert [(each.by, each.inside) for each in floor.contact(contact).listeners] == [("sue", True)]
    floor.do(c.Listen(contact_id=contact, by="mei", address="phone-mei"))


def test_supervisor_who_serves_the_call_they_took_does_not_listen_to_themselves() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    inside(floor, "cho")
    floor.call("connection_cleared", agent="1001")
    assert floor.refused(c.Listen(contact_id=contact, by="cho"))["state"] == "active"
    inside(floor, "cho", joined=False)
    assert floor.states("cho") == [AgentState.WORKING_AFTER_CALL]


def test_supervisor_has_the_call_by_the_leg_that_their_platform_knows_so_that_a_restart_does_not_part_them() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    floor.now += 1
    floor.call("supervisor_joined", leg_id="channel-9", details={"supervisor": "cho"})
    leg = floor.contact(contact).call.leg_of("cho")
    assert leg is not None
    assert (leg.id, leg.ended) == ("channel-9", False)


def test_supervisor_of_whom_it_is_told_twice_that_they_are_in_is_free_once_they_have_gone() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    for leg_id in ("channel-9", None, "channel-10"):
        floor.now += 1
        floor.call("supervisor_joined", leg_id=leg_id, details={"supervisor": "cho"})
    inside(floor, "cho", joined=False)
    assert (floor.states("cho"), floor.contact(contact).agents) == ([AgentState.WORKING_AFTER_CALL], ("ann",))


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_supervisor_whose_phone_rings_for_a_call_that_the_agent_has_lost_is_rung_no_longer(by: str) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001"))
    floor.now += 1
    floor.call("connection_cleared", agent="1001")
    assert floor.orders() == ["call.stop_listening"]
    assert floor.contact(contact).listeners == ()
    inside(floor, by)
    floor.wait(6)
    assert (floor.contact(contact).state, floor.contact(contact).agents) == (ContactState.WAITING, ())


def test_caller_who_leaves_a_message_is_not_queued_again_when_the_supervisor_hangs_up_who_had_them() -> None:
    rule = OverflowRule(when=When.NO_AGENT, do=Do.VOICEMAIL)
    loans = msgspec.structs.replace(CONFIG.queues["loans"], overflow=(rule,))
    floor = Bench(msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "loans": loans}))
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    inside(floor, "sue")
    floor.call("connection_cleared", agent="1001")
    floor.call("queued", queue="loans")
    assert floor.contact(contact).ending == "voicemail"
    inside(floor, "sue", joined=False)
    floor.wait(1)
    assert [visit.queue for visit in floor.contact(contact).visits] == ["cards", "loans"]


async def test_audit_log_has_it_in_the_same_commit(bank: Database) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="1099"))
    journal, batch = Journal(bank.dsn, "main"), Batch()
    batch.add(floor.last.effects)
    assert await journal.own(0.01)
    await journal.commit(batch, floor.state.seq)
    await journal.close()
    connection = await asyncpg.connect(bank.dsn)
    row = await connection.fetchrow("SELECT who, kind, thing FROM audit_entries WHERE action = 'call.listened'")
    await connection.close()
    assert row is not None
    assert tuple(row) == ("sue", "call", contact)
