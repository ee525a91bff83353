"""What is told of cases elsewhere: to other systems, in the profile, in the history."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.db.engine import Sessions, WriteSession
from app.db.pool import connection_of
from app.desk.cases.working import act, change, close, solve, write_note
from app.subscriptions import records
from tests.customers.factories import customer_id, make_agent
from tests.customers.profiles.test_whole import told as profile_of
from tests.customers.usage.telling import NOW
from tests.desk.cases.factories import make_case
from tests.history.factories import told
from tests.subscriptions.test_customers import told as announced


@pytest.fixture
async def wanted(session: WriteSession) -> None:
    """Somebody wants to know everything of cases."""
    await records.subscribe(session, id="crm", name="CRM", url="https://crm.example/", events=["case.*"])


@pytest.mark.usefixtures("wanted")
async def test_other_systems_are_told_of_each_step_in_ids_and_states_alone(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    case = await make_case(session, who, "secret", description="secret", due_at=NOW)
    await act(session, case.id, 1, "take", lin, NOW)
    await write_note(session, case.id, "secret", lin, NOW)
    await change(session, case.id, 2, {"priority": "urgent", "subject": "secret 2"}, lin, NOW)
    await change(session, case.id, 3, {"priority": "urgent"}, lin, NOW)  # as it is already
    await solve(session, case.id, 3, "secret", lin, NOW)
    await close(session, case.id, 4, lin, NOW)
    found = await announced(session)
    assert [(kind, data["act"], data["status"], data["version"]) for kind, _, data in found] == [
        ("case.opened", "open", "new", 1),
        ("case.changed", "take", "open", 2),
        ("case.changed", "note", "open", 2),
        ("case.changed", "change", "open", 3),
        ("case.changed", "solve", "solved", 4),
        ("case.closed", "close", "closed", 5),
    ]
    assert {subject for _, subject, _ in found} == {f"customer:{who}"}
    assert "secret" not in str(found)
    opened = found[0][2]
    assert (opened["number"], opened["case_id"], opened["customer_id"]) == (case.number, str(case.id), str(who))
    assert (opened["due_at"], found[3][2]["priority"]) == ("2027-01-15T08:00:00.000Z", "urgent")


async def test_what_is_rolled_back_is_never_told(sessions: Sessions) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)
        await records.subscribe(session, id="crm", name="CRM", url="https://crm.example/", events=["case.opened"])
    async with sessions.write() as session:
        await make_case(session, who)
        await session.rollback()
    async with sessions.write() as session:
        kept = await make_case(session, who)
    async with sessions.read() as reading:
        found = list(await reading.scalars(text("select data ->> 'case_id' from webhook_events")))
        assert found == [str(kept.id)]


async def shown(session: WriteSession, who: UUID) -> list[dict[str, Any]]:
    """The cases in the profile."""
    found: list[dict[str, Any]] = (await profile_of(await connection_of(session), who))["cases"]
    return found


async def test_the_profile_tells_the_five_cases_that_are_due_first(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    never = await make_case(session, who, "never", at=NOW)
    assert [each["subject"] for each in await shown(session, who)] == ["never"]
    for hours in (6, 3, 5, 1, 4, 2):
        await make_case(session, who, f"in {hours}", at=NOW, due_at=NOW + timedelta(hours=hours))
    assert [each["subject"] for each in await shown(session, who)] == ["in 1", "in 2", "in 3", "in 4", "in 5"]
    await solve(session, never.id, 1, "done", lin, NOW)
    case = await make_case(session, who, "now", at=NOW, due_at=NOW, category="card", priority="high", owner=lin)
    assert (await shown(session, who))[0] == {
        "id": str(case.id),
        "number": case.number,
        "subject": "now",
        "category": "card",
        "priority": "high",
        "status": "new",
        "owner": lin,
        "team": None,
        "opened_at": "2027-01-15T08:00:00.000Z",
        "due_at": "2027-01-15T08:00:00.000Z",
    }


async def test_what_was_written_of_a_case_is_found_by_words_and_by_who_wrote_it(session: WriteSession) -> None:
    who, other = await customer_id(session), await customer_id(session, "Other")
    case = await make_case(session, who, "Card lost 银行卡遗失", at=NOW, description="in Zürich")
    await make_case(session, other, "Card lost 银行卡遗失", at=NOW)
    await write_note(session, case.id, "她明天再来电话", "mei", NOW)
    await change(session, case.id, 1, {"subject": "Card stolen 被盗"}, "mei", NOW)
    await solve(session, case.id, 2, "新卡已寄出, replaced", "lin", NOW)

    async def found(**asked: Any) -> list[str]:
        return [each.what for each in await told(session, who, kinds=["case"], **asked)]

    assert await found() == ["solve", "change", "note", "open"]
    for q, acts in (
        ("遗失", ["open"]),
        ("银行卡遗失", ["open"]),
        ("zurich", ["open"]),
        ("再来电话", ["note"]),
        ("被盗 STOLEN", ["change"]),
        ("寄出 repl", ["solve"]),
        ("失遗", []),
    ):
        assert await found(q=q) == acts, q
    assert await found(agent="mei") == ["change", "note"]
    assert await found(agent="lin", q="card") == ["open"]
    [changed] = [each for each in await told(session, who, agent="mei") if each.what == "change"]
    assert changed.details["changes"] == {}  # what was written is the text
    assert (changed.text, changed.thing) == ("Card stolen 被盗", str(case.id))
