"""Cases of customers who are merged, and of those who are told apart again."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.profiles.parts import CASES_SHOWN
from app.customers.usage.alerts import alert
from app.db.engine import WriteSession
from app.db.pool import connection_of
from app.desk.cases.errors import ContactOfAnother
from app.desk.cases.opening import ForAlert, open_for_alert
from app.desk.cases.queries import Wanted, entries, find
from app.desk.cases.working import act, link_contact, solve, write_note
from tests.customers.factories import customer_id, make_agent
from tests.customers.profiles.test_whole import told as profile_of
from tests.customers.usage.telling import NOW
from tests.desk.cases.factories import make_case
from tests.desk.cases.test_opening import alert_of
from tests.history.factories import told
from tests.interactions.factories import make_interaction


async def cases_of(session: WriteSession, who: UUID) -> list[str]:
    """The subjects of a customer's cases by the work list, by their profile, and by their timeline; alike in all."""
    listed = [each.case.subject for each in await find(session, Wanted(customer_id=who), 99, None)]
    shown = [each["subject"] for each in (await profile_of(await connection_of(session), who))["cases"]]
    opened = [each.details["subject"] for each in await told(session, who, kinds=["case"]) if each.what == "open"]
    assert (sorted(opened), shown) == (sorted(listed), listed[:CASES_SHOWN])
    return listed


async def both(session: WriteSession) -> tuple[UUID, UUID]:
    """Two customers, each with two cases open."""
    one, other = await customer_id(session, "One"), await customer_id(session, "Other")
    for who, name, first in ((one, "one", 1), (other, "other", 2)):
        for hours in (first, first + 2):
            due = NOW + timedelta(hours=hours)
            await make_case(session, who, f"{name} {hours}", at=NOW + timedelta(minutes=hours), due_at=due)
    return one, other


async def test_merging_two_people_with_cases_open_keeps_all_of_them_under_the_survivor(session: WriteSession) -> None:
    one, other = await both(session)
    await merge(session, Side(one), Side(other))
    for who in (one, other):
        assert await cases_of(session, who) == ["one 1", "other 2", "one 3", "other 4"]
    found = await find(session, Wanted(customer_id=other), 99, None)
    assert [each.case.customer_id for each in found] == [one, other, one, other]
    assert {each.case.version for each in found} == {1}
    timeline = await told(session, other, kinds=["case"])
    assert [each.details["subject"] for each in timeline] == ["other 4", "one 3", "other 2", "one 1"]


async def test_unmerging_gives_each_their_own_cases_back_with_what_was_done_meanwhile(session: WriteSession) -> None:
    one, other = await both(session)
    lin = await make_agent(session)
    await merge(session, Side(one), Side(other))
    [first, *_] = await find(session, Wanted(customer_id=other), 1, None)
    await act(session, first.case.id, 1, "take", lin, NOW)
    await write_note(session, first.case.id, "while they were one", lin, NOW)
    for_one = await make_case(session, one, "for one", at=NOW)
    for_other = await make_case(session, other, "for other", at=NOW)
    assert (for_one.customer_id, for_other.customer_id) == (one, other)
    assert len(await cases_of(session, other)) == 6
    await unmerge(session, Side(one))
    assert await cases_of(session, one) == ["one 1", "one 3", "for one"]
    assert await cases_of(session, other) == ["other 2", "other 4", "for other"]
    assert [each.act for each in await entries(session, first.case.id, 9, None)] == ["open", "take", "note"]
    assert [each.text for each in await told(session, one, q="while")] == ["while they were one"]
    assert await told(session, other, q="while") == []


async def test_contacts_of_whoever_is_one_with_the_customer_are_about_the_case(session: WriteSession) -> None:
    one, other = await both(session)
    contact = await make_interaction(session, customer_id=other)
    [first, *_] = await find(session, Wanted(customer_id=one), 1, None)
    with pytest.raises(ContactOfAnother):
        await link_contact(session, first.case.id, contact.id, "lin", NOW)
    await merge(session, Side(one), Side(other))
    await link_contact(session, first.case.id, contact.id, "lin", NOW)
    await unmerge(session, Side(one))
    [found] = await find(session, Wanted(contact_id=contact.id), 9, None)
    assert found.case.id == first.case.id


async def test_the_case_of_an_alert_is_of_whom_the_alert_is_of(session: WriteSession) -> None:
    one, other = await customer_id(session, "One"), await customer_id(session, "Other")
    lin, found = await make_agent(session), await alert_of(session, one)
    await merge(session, Side(one), Side(other))
    opened, _ = await open_for_alert(session, found, ForAlert(), lin, NOW)
    assert opened.customer_id == one
    await unmerge(session, Side(one))
    assert (await cases_of(session, one), await cases_of(session, other)) == (["Rule r"], [])
    assert (await alert(session, found)).alert.case_id == opened.id


async def test_a_provisional_customer_keeps_their_case_when_they_become_somebody(session: WriteSession) -> None:
    caller, known = await customer_id(session, "+86138", provisional=True), await customer_id(session, "Amy")
    made = await make_case(session, caller, "called at night", at=NOW)
    await merge(session, Side(caller), Side(known))
    assert await cases_of(session, known) == ["called at night"]
    assert (await solve(session, made.id, 1, "done", "lin", NOW)).customer_id == caller
    assert await cases_of_solved(session, known) == ["called at night"]


async def cases_of_solved(session: WriteSession, who: UUID) -> list[str]:
    """The subjects of a customer's cases that are solved."""
    wanted = Wanted(customer_id=who, statuses=("solved",))
    return [each.case.subject for each in await find(session, wanted, 9, None)]
