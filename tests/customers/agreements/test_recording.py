"""A contact is judged in the commit that records it: what is decided, counted, added, and by which clause."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select, text, update

from app.core.clock import now, utc
from app.customers.agreement_models import Agreement, AllowanceCount, AllowanceUse, Due
from app.customers.agreements.queries import Decided, decided_of
from app.customers.agreements.service import finish_due, record_use
from app.customers.duplicates.merging import Side, merge
from app.customers.merge_models import UnknownCaller
from app.customers.models import Customer
from app.customers.recognising import profile
from app.customers.record.parts import GivenTie, replace_ties
from app.db.engine import Sessions, WriteSession
from app.db.partitions import ensure_partitions
from app.db.pool import connection_of
from app.interactions.models import Interaction
from app.interactions.queries import get_interaction
from app.interactions.unknown import adopt
from tests.customers.agreements.factories import ALWAYS, BACK, LI, SOON, THREE, VISITS, promise
from tests.customers.factories import REGION, customer_id
from tests.interactions.factories import make_interaction, this_hour


async def call(session: WriteSession, customer: UUID | None, at: datetime | None = None, **given: Any) -> Interaction:
    return await make_interaction(session, at, customer_id=customer, **given)


async def decided(session: WriteSession, contact: Interaction) -> Decided:
    return await decided_of(session, contact.id, contact.started_at)


async def covered(session: WriteSession, contact: Interaction) -> bool | None:
    return (await decided(session, contact)).covered


async def added(session: WriteSession, contact: Interaction) -> list[tuple[str, str, datetime]]:
    session.expire_all()
    found = await decided(session, contact)
    return [(due.kind, due.clause_id, due.due_at) for due in found.added]


async def used(session: WriteSession) -> list[int]:
    return list(await session.scalars(select(AllowanceCount.used).order_by(AllowanceCount.period)))


async def test_a_contact_without_agreement_is_recorded_and_nothing_else(session: WriteSession) -> None:
    await promise(session, await customer_id(session, "Amy"), ALWAYS)
    for customer in (await customer_id(session, "Bob"), None):
        contact = await call(session, customer)
        assert await decided(session, contact) == Decided([], [])


async def test_what_is_promised_is_added_each_with_its_clause(session: WriteSession) -> None:
    customer = await customer_id(session)
    agreed = await promise(session, customer, ALWAYS, SOON, LI, BACK)
    began = this_hour()
    contact = await call(session, customer, began, outcome="abandoned", agent_id=None)
    found = await decided(session, contact)
    [said] = found.entitlements
    assert (said.agreement_id, said.covered, said.fault) == (agreed.id, True, None)
    assert [(each["clause"], each["text"], each["kept"]) for each in said.promises] == [
        ("1", ALWAYS.text, True),
        ("2", SOON.text, None),
        ("3", LI.text, None),
        ("4", BACK.text, None),
    ]
    ended = began + timedelta(seconds=300)
    assert [(due.kind, due.clause_id, due.clause_text, due.owner, due.due_at) for due in found.added] == [
        ("manager_notice", "3", LI.text, "Li Na", ended),
        ("response", "2", SOON.text, None, began + timedelta(hours=1)),
        ("follow_up", "4", BACK.text, None, ended + timedelta(days=1)),
    ]
    entry = (await get_interaction(session, contact.id)).timeline[-1]
    assert (entry.kind, entry.data["covered"], entry.data["agreement"]) == ("entitlement", True, str(agreed.id))
    assert [one["clause"] for one in entry.data["added"]] == ["2", "3", "4"]


async def test_an_agreement_that_ends_at_midnight_in_the_banks_time_zone(session: WriteSession) -> None:
    await ensure_partitions(await session.connection(), *[datetime(2026, 11, 1, tzinfo=UTC)] * 2)
    customer = await customer_id(session)
    await promise(session, customer, ALWAYS, valid_from=date(2026, 11, 2), valid_until=date(2026, 11, 10))
    for at, wanted in (
        ("2026-11-01T15:59:59.999Z", None),
        ("2026-11-01T16:00:00Z", True),
        ("2026-11-10T15:59:59.999Z", True),
        ("2026-11-10T16:00:00Z", None),  # midnight in Shanghai
    ):
        assert await covered(session, await call(session, customer, datetime.fromisoformat(at))) is wanted, at


async def test_an_agreement_that_begins_on_a_day_of_23_hours(session: WriteSession) -> None:
    """The clocks of Berlin leap on 2026-03-29; that day ends an hour sooner."""
    customer = await customer_id(session)
    day = date(2026, 3, 29)
    agreed = await promise(session, customer, time_zone="Europe/Berlin", valid_from=day, valid_until=day)
    assert agreed.starts_at == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert agreed.ends_at == datetime(2026, 3, 29, 22, tzinfo=UTC)


@pytest.mark.parametrize("status", ["draft", "suspended", "ended"])
async def test_only_what_is_active_counts(session: WriteSession, status: str) -> None:
    customer = await customer_id(session)
    await promise(session, customer, ALWAYS, LI, status=status)
    assert await decided(session, await call(session, customer)) == Decided([], [])


async def test_an_allowance_is_used_up_and_then_the_contact_is_not_covered(session: WriteSession) -> None:
    customer = await customer_id(session)
    await promise(session, customer, THREE)
    contacts = [await call(session, customer) for _ in range(4)]
    assert [await covered(session, one) for one in contacts] == [True, True, True, False]
    assert await used(session) == [4]
    [said] = (await decided(session, contacts[1])).entitlements
    assert (said.promises[0]["used"], said.promises[0]["left"]) == (2, 1)


async def test_what_was_not_answered_uses_nothing_up(session: WriteSession) -> None:
    customer = await customer_id(session)
    await promise(session, customer, THREE, SOON)
    contact = await call(session, customer, outcome="abandoned")
    assert (await covered(session, contact), await used(session)) == (True, [])
    await call(session, customer, direction="outbound")
    assert await used(session) == []


async def test_a_contact_that_is_recorded_twice_counts_once(session: WriteSession) -> None:
    """It is told as abandoned, then as answered, then its customer is taken away and given again."""
    customer = await customer_id(session)
    await promise(session, customer, THREE, SOON, LI)
    contact = await call(session, customer, outcome="abandoned")
    for change in ({"outcome": "answered"}, {"customer_id": None}, {"customer_id": customer}, {"note": "x"}):
        await session.execute(update(Interaction).where(Interaction.id == contact.id).values(change))
    assert await used(session) == [1]
    found = await decided(session, contact)
    assert len(found.entitlements) == 1
    assert [due.kind for due in found.added] == ["manager_notice", "response"]
    timeline = (await get_interaction(session, contact.id)).timeline
    assert [entry.kind for entry in timeline] == ["entitlement"]


async def test_an_answer_that_is_told_late_settles_the_response(session: WriteSession) -> None:
    customer = await customer_id(session)
    await promise(session, customer, SOON)
    contact = await call(session, customer, outcome="abandoned")
    late = {"outcome": "answered", "agent_id": "lin"}
    await session.execute(update(Interaction).where(Interaction.id == contact.id).values(late))
    [due] = (await decided(session, contact)).added
    await session.refresh(due)
    assert (due.done_at, due.done_by, due.done_in) == (contact.ended_at, "lin", contact.id)


async def test_the_call_back_settles_the_response(session: WriteSession) -> None:
    customer = await customer_id(session)
    await promise(session, customer, SOON, LI)
    missed = await call(session, customer, outcome="abandoned")
    back = await call(session, customer, direction="outbound", agent_id="lin")
    done = {due.kind: (due.done_by, due.done_in) for due in await session.scalars(select(Due))}
    assert done == {"response": ("lin", back.id), "manager_notice": (None, None)}
    assert (await decided(session, back)).entitlements == []
    assert await covered(session, missed)


async def test_the_call_back_settles_the_response_though_the_agreement_has_ended(session: WriteSession) -> None:
    customer = await customer_id(session)
    agreed = await promise(session, customer, SOON)
    missed = await call(session, customer, outcome="abandoned")
    agreed.status = "ended"
    back = await call(session, customer, direction="outbound", agent_id="lin")
    [due] = (await decided(session, missed)).added
    assert (due.done_by, due.done_in) == ("lin", back.id)


async def test_an_agreement_that_promises_nothing_covers_nothing(session: WriteSession) -> None:
    customer = await customer_id(session)
    agreed = await promise(session, customer, LI)
    agreed.clauses = []
    await session.flush()
    assert (await decided(session, await call(session, customer))).entitlements == []


async def test_what_is_judged_with_a_contact_is_planned_once(session: WriteSession) -> None:
    """Days of service hours are counted by a kept plan, whichever connection records the contact."""
    kept = await session.scalars(
        text("select proname from pg_proc where 'plan_cache_mode=force_generic_plan' = any(proconfig) order by 1")
    )
    assert set(kept) >= {"entitle_changed", "entitle_recorded", "entitlement_now"}


async def test_who_is_tied_to_a_company_is_covered_by_it(session: WriteSession) -> None:
    company = await customer_id(session, "Acme", kind="company")
    await promise(session, company, ALWAYS, covers=("employee",))
    for name, kind, wanted in (("Amy", "employee", True), ("Bob", "supplier", None)):
        person = await customer_id(session, name)
        await replace_ties(session, person, None, [GivenTie(other_id=company, kind=kind)])
        assert await covered(session, await call(session, person)) is wanted
    past = await customer_id(session, "Cyd")
    tie = GivenTie(other_id=company, kind="employee", valid_until=utc(now()) - timedelta(days=2))
    await replace_ties(session, past, None, [tie])
    assert await covered(session, await call(session, past)) is None


async def test_a_merged_customer_is_covered_through_who_survives_and_the_other_way_round(session: WriteSession) -> None:
    one, other = await customer_id(session, "Amy"), await customer_id(session, "Amy W.")
    await promise(session, one, ALWAYS, product="a")
    await promise(session, other, ALWAYS, product="b")
    await merge(session, Side(one), Side(other))
    for customer in (one, other):
        found = await decided(session, await call(session, customer))
        assert sorted(each.product for each in found.entitlements) == ["a", "b"]


async def test_a_contact_that_gets_its_customer_later_is_judged_then(session: WriteSession) -> None:
    contact = await call(session, None, from_raw="13800138000")
    session.add(UnknownCaller(interaction_id=contact.id, started_at=contact.started_at, number="13800138000"))
    customer = await customer_id(session, numbers=["13800138000"])
    await promise(session, customer, THREE)
    await adopt(session, REGION)
    assert (await covered(session, contact), await used(session)) == (True, [1])


async def test_an_agreement_that_nobody_can_read_does_not_keep_a_contact_from_being_recorded(
    session: WriteSession,
) -> None:
    customer = await customer_id(session)
    agreed = await promise(session, customer, THREE, LI)
    broken = [{"id": "1", "text": "t", "kind": "response_time", "seconds": "soon"}]
    await session.execute(update(Agreement).where(Agreement.id == agreed.id).values(clauses=broken))
    contact = await call(session, customer, outcome="abandoned")
    [said] = (await decided(session, contact)).entitlements
    assert said.covered is None
    assert "soon" in (said.fault or "")
    told = msgspec.json.decode(await profile(await connection_of(session), customer, now()) or b"")
    assert told["customer"]["id"] == str(customer)
    assert told["entitlement"] == {"covered": None, "agreements": [], "due": []}


async def test_where_what_was_decided_cannot_be_kept_the_contact_is_recorded_all_the_same(
    session: WriteSession,
) -> None:
    customer = await customer_id(session)
    await promise(session, customer, LI)
    await session.execute(text(f"drop table entitlements_{this_hour():%Y_%m}"))
    contact = await call(session, customer)
    assert (await get_interaction(session, contact.id)).timeline == ()


async def test_text_is_kept_as_it_is_whatever_it_says(session: WriteSession) -> None:
    """SQL, formulas and quotes in the words of a clause."""
    customer = await customer_id(session)
    words = '\'; drop table dues; -- =1+1 {"kind": "channels"} %s :x \\'
    odd = LI.__class__(id=words[:40], text=words, manager="=cmd|' /C calc'!A0")
    await promise(session, customer, odd)
    [due] = (await decided(session, await call(session, customer))).added
    assert (due.clause_id, due.clause_text, due.owner) == (odd.id, words, odd.manager)


async def test_a_use_that_is_told_twice_counts_once(session: WriteSession) -> None:
    customer = await customer_id(session)
    agreed = await promise(session, customer, VISITS)
    at = utc(now())
    numbers = [
        (await record_use(session, customer, agreed.id, VISITS.id, reference, at, at)).number
        for reference in ("visit 1", "visit 2", "visit 1")
    ]
    assert (numbers, await used(session)) == ([1, 2, 1], [2])


async def test_two_contacts_at_once_cannot_both_have_the_last_of_an_allowance(sessions: Sessions) -> None:
    async with sessions.write() as session:
        customer = await customer_id(session)
        await promise(session, customer, THREE)
        for _ in range(2):
            await call(session, customer)

    async def record() -> Interaction:
        async with sessions.write() as session:
            return await call(session, customer)

    contacts = await asyncio.gather(*(record() for _ in range(6)))
    async with sessions.write() as session:
        said = [await covered(session, one) for one in contacts]
        assert (said.count(True), said.count(False), await used(session)) == (1, 5, [8])
        numbers = select(AllowanceUse.number).order_by(AllowanceUse.number)
        assert list(await session.scalars(numbers)) == list(range(1, 9))


async def test_contacts_of_several_customers_written_crosswise_at_once_do_not_lock_each_other(
    sessions: Sessions,
) -> None:
    async with sessions.write() as session:
        customers = [await customer_id(session, name) for name in "ABCD"]
        for each in customers:
            await promise(session, each, THREE)

    async def record(order: list[UUID]) -> None:
        """One statement, as the floor writes a batch."""
        async with sessions.write() as session:
            await session.execute(
                text("""insert into interactions (id, started_at, ended_at, channel, direction, source_id, call_id,
                            customer_id, outcome, wait_seconds, talk_seconds, hold_seconds)
                        select uuidv7(), :at, :at, 'voice', 'inbound', 'pbx', 'c', who, 'answered', 1, 1, 0
                        from unnest(cast(:who as uuid[])) who"""),
                {"at": this_hour(), "who": order * 5},
            )

    await asyncio.gather(*(record(customers[::step]) for step in (1, -1) * 4))
    async with sessions.write() as session:
        assert await used(session) == [40] * 4


async def test_an_open_change_of_the_customer_does_not_hold_the_recording_up(sessions: Sessions) -> None:
    """The floor commits while somebody has the customer's row locked."""
    async with sessions.write() as session:
        customer = await customer_id(session)
        agreed = await promise(session, customer, THREE, LI)
    async with sessions.write() as editing:
        await editing.get(Customer, customer, with_for_update=True)
        await editing.get(Agreement, agreed.id, with_for_update=True)
        async with sessions.write() as session:
            await session.execute(text("set local lock_timeout = '5s'"))
            contact = await call(session, customer)
            assert await covered(session, contact)


async def test_who_did_what_was_due_is_kept(session: WriteSession) -> None:
    customer = await customer_id(session)
    await promise(session, customer, LI)
    [due] = (await decided(session, await call(session, customer))).added
    at = utc(now())
    done = await finish_due(session, due.id, "lin", "told of 4111 1111 1111 1111", at)
    assert (done.done_at, done.done_by, done.note) == (at, "lin", "told of …1111")
