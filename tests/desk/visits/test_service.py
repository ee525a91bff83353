"""Booking visits, who goes when, the steps of the day, and their history."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.agents.models import Agent
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.errors import CustomerNotFound
from app.customers.record.parts import GivenAddress, replace_addresses
from app.db.engine import WriteSession
from app.db.errors import violated_constraint
from app.desk.visits import queries, service
from app.desk.visits.errors import (
    BusyEngineer,
    NobodyAssigned,
    SiteUnfit,
    UnfitEngineer,
    VisitChanged,
    VisitRefuses,
    VisitUnknown,
)
from app.desk.visits.models import FieldVisitEntry
from app.desk.visits.queries import Wanted
from app.desk.visits.sites import Site
from app.history.source import Asked
from app.history.timeline import timeline
from tests.customers.factories import customer_id, make_agent
from tests.customers.plans import plan_of
from tests.desk.visits.factories import NOW, SITE, booked, by, done, window

CARD = "4111111111111111"


async def history(session: WriteSession, visit_id: object) -> Sequence[FieldVisitEntry]:
    return await queries.entries(session, visit_id, 100, None)  # type: ignore[arg-type]


async def test_a_day_of_a_visit_is_kept_step_by_step(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    made = await booked(session, who)
    assert (made.visit.status, made.visit.version, made.customer_name, made.engineer_name) == (
        *("scheduled", 1, "王小明"),
        None,
    )
    found = made.visit.id
    assert (await service.assign(session, found, lin, by(version=1))).engineer_name == "Lin"
    for act, status in (("dispatch", "dispatched"), ("set_out", "en_route"), ("arrive", "on_site")):
        assert (await service.step(session, found, act, by(lin))).visit.status == status
    over = await service.complete(session, found, "Replaced 已更换", by(lin, hours=25))
    assert (over.visit.status, over.visit.outcome, over.visit.version) == ("completed", "Replaced 已更换", 6)
    assert over.visit.closed_at == NOW + timedelta(hours=25)
    told = await history(session, found)
    assert [(each.who, each.act, each.status, each.engineer) for each in told] == [
        ("sue", "book", "scheduled", None),
        ("sue", "assign", "scheduled", "lin"),
        ("lin", "dispatch", "dispatched", "lin"),
        ("lin", "set_out", "en_route", "lin"),
        ("lin", "arrive", "on_site", "lin"),
        ("lin", "complete", "completed", "lin"),
    ]
    assert (told[0].note, told[1].changes, told[-1].note) == (
        "Replace the terminal 更换终端",
        {"engineer": [None, "lin"]},
        "Replaced 已更换",
    )


async def test_a_visit_that_is_asked_for_gets_an_appointment_later(session: WriteSession) -> None:
    found = (await booked(session, await customer_id(session), None)).visit
    assert (found.status, found.starts_at) == ("requested", None)
    with pytest.raises(VisitRefuses):
        await service.step(session, found.id, "dispatch", by())
    given = await service.schedule(session, found.id, window(), by())
    assert (given.visit.status, given.visit.starts_at) == ("scheduled", NOW + timedelta(days=1))


async def test_a_new_appointment_keeps_the_old_one_and_takes_back_who_was_sent(session: WriteSession) -> None:
    lin = await make_agent(session)
    found = (await booked(session, await customer_id(session))).visit.id
    await service.assign(session, found, lin, by())
    await service.step(session, found, "dispatch", by())
    moved = await service.schedule(session, found, window(48), by(), "rang 客户来电")
    assert (moved.visit.status, moved.visit.engineer) == ("scheduled", lin)
    last = (await history(session, found))[-1]
    assert last.changes == {
        "starts_at": ["2027-01-16T08:00:00.000Z", "2027-01-17T08:00:00.000Z"],
        "ends_at": ["2027-01-16T10:00:00.000Z", "2027-01-17T10:00:00.000Z"],
    }
    assert last.note == "rang 客户来电"


async def test_where_nobody_was_there_a_new_appointment_goes_on_with_it(session: WriteSession) -> None:
    lin = await make_agent(session)
    found = (await booked(session, await customer_id(session))).visit.id
    await service.assign(session, found, lin, by())
    await service.step(session, found, "arrive", by(lin))
    missed = await service.give_up(session, found, "no_access", by(lin), "nobody opened")
    assert (missed.visit.status, missed.visit.outcome) == ("no_access", "nobody opened")
    again = (await service.schedule(session, found, window(48), by())).visit
    assert (again.status, again.outcome, again.closed_at) == ("scheduled", None, None)
    assert "nobody opened" in [each.note for each in await history(session, found)]


async def test_a_new_appointment_goes_without_an_engineer_who_has_left(session: WriteSession) -> None:
    lin = await make_agent(session)
    found = (await booked(session, await customer_id(session))).visit.id
    await service.assign(session, found, lin, by())
    await service.step(session, found, "arrive", by(lin))
    await service.give_up(session, found, "no_access", by(lin), "nobody opened")
    await session.execute(text("update agents set active = false"))
    again = await service.schedule(session, found, window(48), by())
    assert (again.visit.status, again.visit.engineer) == ("scheduled", None)
    assert (await history(session, found))[-1].changes["engineer"] == [lin, None]


async def test_an_engineer_is_not_in_two_places_at_once(session: WriteSession) -> None:
    who, lin, mei = await customer_id(session), await make_agent(session), await make_agent(session, "mei")
    first, second = [(await booked(session, who, begins)).visit.id for begins in (24, 25)]
    await service.assign(session, first, lin, by())
    with pytest.raises(BusyEngineer, match=str(first)) as busy:
        await service.assign(session, second, lin, by())
    assert busy.value.facts["visit_id"] == str(first)
    await service.schedule(session, second, window(26), by())  # it begins when the other one ends
    await service.assign(session, second, lin, by())
    with pytest.raises(BusyEngineer, match=str(first)):
        await service.schedule(session, second, window(23), by())
    await service.assign(session, second, mei, by())
    await service.schedule(session, second, window(23), by())


async def test_an_engineer_is_free_once_a_visit_is_over(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    first, second = [(await booked(session, who)).visit.id for _ in range(2)]
    await service.assign(session, first, lin, by())
    await service.give_up(session, first, "cancel", by(), "not needed")
    assert (await service.assign(session, second, lin, by())).visit.engineer == lin


async def test_the_database_itself_refuses_two_visits_at_once(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await service.assign(session, (await booked(session, who)).visit.id, lin, by())
    other = (await booked(session, who, 25)).visit.id
    with pytest.raises(IntegrityError) as refused:
        async with session.begin_nested():
            await session.execute(text("update field_visits set engineer = 'lin' where id = :id"), {"id": other})
    assert violated_constraint(refused.value) == "engineer_apart"


async def test_nobody_is_sent_who_is_unknown_or_inactive_or_not_there(session: WriteSession) -> None:
    found = (await booked(session, await customer_id(session))).visit.id
    with pytest.raises(NobodyAssigned):
        await service.step(session, found, "set_out", by())
    with pytest.raises(UnfitEngineer, match="'nobody' does not exist"):
        await service.assign(session, found, "nobody", by())
    lin = await make_agent(session)
    (await session.get_one(Agent, lin)).active = False
    await session.flush()
    with pytest.raises(UnfitEngineer, match="does not work any more"):
        await service.assign(session, found, lin, by())


async def test_a_stale_version_is_refused_and_a_note_is_of_none(session: WriteSession) -> None:
    found = (await booked(session, await customer_id(session))).visit.id
    await service.schedule(session, found, window(30), by(version=1))
    with pytest.raises(VisitChanged, match="version 1, but the visit is at version 2"):
        await service.give_up(session, found, "cancel", by(version=1), "x")
    noted = await service.write_note(session, found, f"gate code 77, card {CARD}", by())
    assert (noted.visit.version, (await history(session, found))[-1].note) == (2, "gate code 77, card …1111")
    with pytest.raises(VisitUnknown):
        await service.write_note(session, uuid4(), "x", by())


async def test_nothing_is_booked_for_nobody(session: WriteSession) -> None:
    with pytest.raises(CustomerNotFound):
        await booked(session, uuid4())


async def test_card_numbers_are_cut_wherever_they_are_written(session: WriteSession) -> None:
    lin = await make_agent(session)
    site = Site(lines=f"Room {CARD}")
    made = (await booked(session, await customer_id(session), purpose=f"card {CARD} 卡", site=site)).visit
    assert (made.purpose, made.site_lines) == ("card …1111 卡", "Room …1111")
    await service.assign(session, made.id, lin, by(), f"for {CARD}")
    await service.step(session, made.id, "arrive", by())
    over = await service.complete(session, made.id, f"saw {CARD}", by())
    assert over.visit.outcome == "saw …1111"
    assert [each.note for each in await history(session, made.id)] == [
        *("card …1111 卡", "for …1111", None, "saw …1111")
    ]


async def test_the_site_is_one_of_the_customers_addresses_as_it_is_now(session: WriteSession) -> None:
    who = await customer_id(session)
    with pytest.raises(SiteUnfit, match="names no address"):
        await booked(session, who, site=Site())
    home = GivenAddress(lines="南京路 1", kind="home", city="上海")
    past = GivenAddress(lines="old", kind="office", valid_until=NOW - timedelta(days=1))
    await replace_addresses(session, who, None, [home, past])
    only = (await booked(session, who, site=Site())).visit
    assert (only.site_kind, only.site_lines, only.site_city) == ("home", "南京路 1", "上海")
    await replace_addresses(session, who, None, [home, GivenAddress(lines="外滩 2", kind="work"), past])
    assert (await booked(session, who, site=Site(kind="work"))).visit.site_lines == "外滩 2"
    with pytest.raises(SiteUnfit, match="names several") as several:
        await booked(session, who, site=Site())
    assert "'home', 'work'" in several.value.facts["faults"][0]["accepted"]
    for kind in ("office", "moon"):
        with pytest.raises(SiteUnfit, match="names no address"):
            await booked(session, who, site=Site(kind=kind))
    assert only.site_lines == "南京路 1"


async def found_by(session: WriteSession, **wanted: object) -> list[object]:
    return [row.visit.id for row in await queries.find(session, Wanted(**wanted), 50, None)]  # type: ignore[arg-type]


async def test_lists_are_in_order_and_fit_what_is_asked(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    asked, late, soon = [(await booked(session, who, begins)).visit.id for begins in (None, 50, 20)]
    over = (await done(session, who, lin)).visit.id
    await service.assign(session, late, lin, by())
    assert await found_by(session) == [soon, late, asked]
    assert await found_by(session, customer_id=who, statuses=["completed"]) == [over]
    assert await found_by(session, engineer=lin) == [late]
    assert await found_by(session, engineer="") == [soon, asked]
    day = NOW + timedelta(hours=51)  # amid the window
    assert await found_by(session, since=day, until=day + timedelta(days=1)) == [late]
    assert await found_by(session, since=day + timedelta(hours=1), until=day + timedelta(days=1)) == []
    page = await queries.find(session, Wanted(), 1, None)
    rest = await queries.find(session, Wanted(), 9, (page[0].visit.listed_at, page[0].visit.id))
    assert [row.visit.id for row in rest] == [late, asked]


async def test_merged_customers_visits_are_read_through_who_survives_and_taken_back(session: WriteSession) -> None:
    one, other = await customer_id(session, "Amy"), await customer_id(session, "Amy W.")
    theirs, own = (await booked(session, one)).visit.id, (await booked(session, other, 30)).visit.id
    await merge(session, Side(one), Side(other))
    later = (await booked(session, one, 40)).visit.id
    for each in (one, other):
        assert await found_by(session, customer_id=each) == [theirs, own, later]
    await unmerge(session, Side(one))
    assert await found_by(session, customer_id=one) == [theirs, later]
    assert await found_by(session, customer_id=other) == [own]


async def test_merged_customers_visits_are_on_the_timeline_of_who_survives(session: WriteSession) -> None:
    one, other = await customer_id(session, "Amy"), await customer_id(session, "Amy W.")
    for who in (one, other):
        await booked(session, who)
    asked = Asked(kinds=("visit",), q="终端")
    await merge(session, Side(one), Side(other))
    for each in (one, other):
        assert {entry.customer_id for entry in await timeline(session, each, asked, 9)} == {one, other}
    await unmerge(session, Side(one))
    for each in (one, other):
        assert [entry.customer_id for entry in await timeline(session, each, asked, 9)] == [each]


async def test_the_timeline_and_its_words_are_read_by_their_indexes(session: WriteSession) -> None:
    who = await customer_id(session)
    await booked(session, who)
    many = """insert into field_visit_entries (visit_id, customer_id, at, act, status, note)
        select visit_id, case when n % 2 = 0 then customer_id else uuidv7() end, at - n * interval '1 min', 'note',
               status, case when n % 10 = 0 then '门禁密码' else 'x' end
        from field_visit_entries, generate_series(1, 3000) n"""
    await session.execute(text(many))
    await session.execute(text("analyze field_visit_entries"))
    pages = timeline(session, who, Asked(kinds=("visit",)), 20)
    assert "ix_field_visit_entries_customer_id_at_id" in await plan_of(session, pages, -1)
    words = timeline(session, who, Asked(kinds=("visit",), q="门禁"), 20)
    plan = await plan_of(session, words, -1)
    assert "ix_field_visit_entries_words" in plan
    assert "Seq Scan" not in plan


async def test_what_happened_is_not_rewritten(session: WriteSession) -> None:
    await booked(session, await customer_id(session))
    for statement in ("update field_visit_entries set who = 'x'", "delete from field_visit_entries"):
        with pytest.raises(DBAPIError, match="only ever added"):
            async with session.begin_nested():
                await session.execute(text(statement))


async def test_the_work_list_is_read_by_its_index(session: WriteSession) -> None:
    found = (await booked(session, await customer_id(session))).visit.id
    await session.execute(
        text("""insert into field_visits (customer_id, status, purpose, site_lines, starts_at, ends_at, time_zone,
                                          booked_at)
            select customer_id, 'completed', 'x', 'x', at, at + interval '1 h', 'UTC', at from field_visits
            cross join lateral (select now() - n * interval '1 min' as at from generate_series(1, 3000) n) x
            where id = :id"""),
        {"id": found},
    )
    await session.execute(text("analyze field_visits"))
    plan = await plan_of(session, queries.find(session, Wanted(), 50, None))
    assert "ix_field_visits_live" in plan
    assert "Seq Scan on field_visits" not in plan
    for status in ("completed", "no_access"):
        plan = await plan_of(session, queries.find(session, Wanted(statuses=[status]), 50, None))
        assert "ix_field_visits_status_listed_at_id" in plan


async def test_a_text_that_would_be_sql_is_a_text(session: WriteSession) -> None:
    said = "'); drop table field_visits; --"
    made = await booked(session, await customer_id(session), purpose=said, site=SITE)
    assert (made.visit.purpose, await found_by(session)) == (said, [made.visit.id])
