"""Customers of a file as they are afterwards, however often it is imported."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.feeds import runs
from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.faults_files import FaultsThere
from app.customers.feeds.files import Given, import_file
from app.customers.feeds.opening import NOTHING
from app.customers.feeds.runs import FeedBusy, alone
from app.customers.record.finding import Wanted, find_customers
from app.customers.service import change_customer
from app.db.engine import Sessions
from tests.customers.factories import REGION, make_customer, make_tier
from tests.customers.feeds.imports import CUSTOMERS, NOW, SILENT, execute, imported, rows

HEADER = "id,name,latin,tier,mobile,home,mail,street,city,lang,segments,born,branch,score,crm,sms,sms_at\n"
FULL = (
    HEADER + "C1,王小明,Wang Xiaoming,gold,138 0013 8000,010 6666 8888 ext 12,Wang@Example.com,长安街1,北京,zh,"
    '"young,city",1980-02-01,B7,7.5,K1,yes,2026-01-01T00:00:00Z\n'
)
EVERYTHING = """
    select c.external_id, c.name, c.latin_name, c.tier_id, c.language, c.segments, c.attributes, c.version, c.source,
        (select array_agg((n.raw, n.e164, n.label, n.extension, n.source)::text order by n.label)
            from customer_numbers n where n.customer_id = c.id),
        (select array_agg((e.address, e.kind, e.source)::text) from customer_emails e where e.customer_id = c.id),
        (select array_agg((a.kind, a.lines, a.city, a.source)::text) from customer_addresses a
            where a.customer_id = c.id),
        (select array_agg((i.system, i.external_id)::text) from customer_external_ids i where i.customer_id = c.id),
        (select array_agg((o.channel, o.given, o.at at time zone 'UTC', o.origin)::text) from customer_consents o
            where o.customer_id = c.id),
        (select count(*) from customer_versions v where v.customer_id = c.id)
    from customers c order by c.external_id"""


@pytest.fixture
async def file(sessions: Sessions, tmp_path: Path) -> Path:
    """Where files are written; there is a tier."""
    async with sessions.write() as session:
        await make_tier(session, "gold")
    return tmp_path / "customers.csv"


async def names(sessions: Sessions) -> list[tuple[Any, ...]]:
    return await rows(sessions, "select external_id, name, version from customers order by external_id")


async def test_a_customer_is_made_with_all_that_the_row_says(sessions: Sessions, file: Path) -> None:
    report = await imported(sessions, file, FULL)
    assert (report.counts["made"], report.faulty, report.resumed) == (1, 0, 0)
    [found] = await rows(sessions, EVERYTHING)
    assert found[:9] == (
        *("C1", "王小明", "Wang Xiaoming", "gold", "zh", ["young", "city"]),
        *({"branch": "B7", "score": 7.5, "birth_date": "1980-02-01"}, 1, "core"),
    )
    assert found[9] == [
        '("010 6666 8888 ext 12",+861066668888,home,12,core)',
        '("138 0013 8000",+8613800138000,mobile,,core)',
    ]
    assert found[10:] == (
        *(["(wang@example.com,,core)"], ["(home,长安街1,北京,core)"], ["(crm,K1)"]),
        *(['(sms,t,"2026-01-01 00:00:00",core)'], 0),
    )
    async with sessions.read() as session:
        assert await find_customers(session, Wanted(typed="xiaoming"), default_region=REGION, limit=2)
    [(who, why)] = await rows(sessions, "select created_by, created_because from customers")
    assert (who, why) == ("feed:core", f"import of customers.csv, run {report.run}")


async def test_the_same_file_again_changes_nothing(sessions: Sessions, file: Path) -> None:
    await imported(sessions, file, FULL)
    before = await rows(sessions, EVERYTHING)
    again = await imported(sessions, file, FULL)
    assert (again.counts["made"], again.counts["changed"], again.counts["unchanged"]) == (0, 0, 1)
    assert await rows(sessions, EVERYTHING) == before
    assert await rows(sessions, "select state, position from feed_runs") == [("done", 2), ("done", 2)]


async def test_what_differs_is_changed_under_one_new_version(sessions: Sessions, file: Path) -> None:
    await imported(sessions, file, FULL)
    report = await imported(
        sessions,
        file,
        HEADER + "C1,李丽,,,13900139000,,li@example.com,长安街2,北京,en,,,B8,,K2,no,2026-02-01T00:00:00Z\n",
    )
    assert (report.counts["changed"], report.counts["kept"]) == (1, 0)
    [found] = await rows(sessions, EVERYTHING)
    assert found[:8] == ("C1", "李丽", None, None, "en", [], {"branch": "B8"}, 2)
    assert found[9:13] == (
        *(["(13900139000,+8613900139000,mobile,,core)"], ["(li@example.com,,core)"]),
        *(["(home,长安街2,北京,core)"], ["(crm,K2)"]),
    )
    assert len(found[13]) == 2
    told = await rows(sessions, "select distinct version, who, why from customer_versions")
    assert told == [(2, "feed:core", f"import of customers.csv, run {report.run}")]
    parts = await rows(sessions, "select part, count(*) from customer_versions group by part order by part")
    assert parts == [
        *(("address", 1), ("consent", 1), ("customer", 1)),
        *(("email", 2), ("external_id", 2), ("number", 3)),
    ]
    async with sessions.read() as session:
        assert not await find_customers(session, Wanted(typed="xiaoming"), default_region=REGION, limit=2)
        assert await find_customers(session, Wanted(typed="李丽"), default_region=REGION, limit=2)


async def test_what_the_file_does_not_tell_stays(sessions: Sessions, file: Path) -> None:
    await imported(sessions, file, FULL)
    report = await imported(sessions, file, "id,name,home\nC1,王小明,\n")
    assert report.counts["changed"] == 1
    [found] = await rows(sessions, EVERYTHING)
    assert (found[3], found[6]["branch"], found[7]) == ("gold", "B7", 2)
    assert found[9] == ['("138 0013 8000",+8613800138000,mobile,,core)']


async def test_of_an_id_that_comes_twice_the_last_row_counts_and_it_is_told(
    sessions: Sessions, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.feeds.chunks.chunks.__defaults__", (None, 1))
    lines = "id,name\nC1,first\nC2,other\n C1 ,last\n"
    report = await imported(sessions, file, lines)
    assert (report.counts["made"], report.counts["repeated"]) == (2, 1)
    assert await names(sessions) == [("C1", "last", 1), ("C2", "other", 1)]
    assert (await imported(sessions, file, lines)).counts["changed"] == 0


async def test_a_dry_run_says_what_would_be_and_writes_nothing(sessions: Sessions, file: Path) -> None:
    await imported(sessions, file, "id,name\nC1,A\nC2,B\n")
    before = await rows(sessions, "select count(*) from feed_runs union all select count(*) from feed_sources")
    report = await imported(
        sessions, file, "id,name\nC1,X\nC2,B\nC3,C\n,D\n", mapping=CUSTOMERS.replace("core", "other"), dry_run=True
    )
    assert {name: count for name, count in report.counts.items() if count} == {
        "made": 1,
        "changed": 1,
        "unchanged": 1,
        "refused": 1,
    }
    assert report.run is None
    assert await names(sessions) == [("C1", "A", 1), ("C2", "B", 1)]
    assert before == await rows(sessions, "select count(*) from feed_runs union all select count(*) from feed_sources")


async def test_text_that_is_sql_or_a_formula_is_text(sessions: Sessions, file: Path) -> None:
    evil = "Robert'); drop table customers;--"
    odd = "=cmd|' /C calc'!A0 :x %s {0} $1 \\"
    report = await imported(
        sessions, file, f"id,name,street,branch,crm\n{evil},{evil},{odd},{odd},{evil}\n", mapping=CUSTOMERS
    )
    assert report.counts["made"] == 1
    await imported(sessions, file, f"id,name,street,branch,crm\n{evil},{odd},{evil},{evil},{odd}\n")
    [found] = await rows(sessions, EVERYTHING)
    assert (found[0], found[1], found[6], found[7]) == (evil, odd, {"branch": evil}, 2)


async def test_a_whole_card_number_in_an_attribute_is_a_fault_of_its_row(sessions: Sessions, file: Path) -> None:
    report = await imported(sessions, file, "id,name,branch\nC1,A,4111 1111 1111 1111\nC2,B,B7\n")
    assert (report.counts["made"], report.faults) == (1, {("attribute.branch", "attribute"): 1})


async def test_faults_that_only_the_database_knows_come_back_as_rows(sessions: Sessions, file: Path) -> None:
    await execute(sessions, "insert into attribute_definitions values ('score', 'Score', 'number', '{\"maximum\": 9}')")
    await imported(sessions, file, "id,name,crm\nC1,A,K1\n")
    report = await imported(
        sessions,
        file,
        "id,name,tier,crm,score,sms,sms_at\n"
        "C2,B,,K1,,,\nC3,C,golden,,,,\nC4,D,,,10,,\nC5,E,,,,yes,2026-03-03T00:00:00Z\nC6,F,,K6,1,,\nC7,G,,K6,,,\n",
    )
    assert (report.counts["made"], report.counts["refused"], report.faulty) == (1, 5, 5)
    assert report.faults == {
        ("id.crm", "taken"): 2,
        ("tier", "unknown"): 1,
        ("attribute.score", "attribute"): 1,
        ("consent.sms.at", "future"): 1,
    }
    told = report.into.read_text(encoding="utf-8-sig").splitlines()
    assert [line.partition(":")[0] for line in told[1:]] == ["row 2", "row 3", "row 4", "row 5", "row 7"]
    assert "'K1' belongs to another customer; accepted: an id that nobody else has" in told[1]
    with pytest.raises(FaultsThere):
        await import_file(sessions, Given(file, read_mapping(CUSTOMERS), NOTHING, REGION, NOW, report.into), SILENT)


async def test_a_feed_of_known_customers_makes_none(sessions: Sessions, file: Path) -> None:
    await imported(sessions, file, "id,name\nC1,A\n")
    only = CUSTOMERS + "only_known: true\n"
    report = await imported(sessions, file, "id,name,lang\nC1,,zh\nC9,,en\n", mapping=only)
    assert (report.counts["changed"], report.counts["refused"]) == (1, 1)
    assert await rows(sessions, "select external_id, name, language from customers") == [("C1", "A", "zh")]


async def test_one_import_of_a_feed_is_at_work_at_a_time(
    sessions: Sessions, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "END_SECONDS", 0.1)
    async with alone(sessions, "core", "customers"):
        with pytest.raises(FeedBusy):
            await imported(sessions, file, "id,name\nC1,A\n")
        other = await imported(sessions, file, "id,name\nC1,A\n", mapping=CUSTOMERS.replace("core", "crm"))
    assert other.counts["made"] == 1
    assert (await imported(sessions, file, "id,name\nC1,A\n")).counts["unchanged"] == 1


async def test_what_a_person_has_entered_or_edited_is_kept_and_told(sessions: Sessions, file: Path) -> None:
    await imported(sessions, file, "id,name,lang,branch\nC1,A,zh,B1\n")
    async with sessions.write() as session:
        made = await make_customer(
            session, "Made by hand", ["13800138000"], external_id="C2", attributes={"branch": "H"}
        )
        assert made.customer.origins == {"name": "hand", "attribute.branch": "hand"}
    [(wanted,)] = await rows(sessions, "select id from customers where external_id = 'C1'")
    async with sessions.write() as session:
        await change_customer(session, wanted, None, {"language": "en", "attributes": {"branch": "B1", "score": 3}})
    report = await imported(
        sessions, file, "id,name,lang,mobile,branch,score\nC1,AA,fr,,B2,4\nC2,Other,fr,13800138000,B2,\n"
    )
    assert (report.counts["changed"], report.counts["kept"]) == (2, 4)
    found = await rows(sessions, "select external_id, name, language, attributes from customers order by external_id")
    assert found == [("C1", "AA", "en", {"branch": "B2", "score": 3}), ("C2", "Made by hand", "fr", {"branch": "H"})]
    numbers = await rows(sessions, "select raw, source from customer_numbers")
    assert numbers == [("13800138000", None)]  # what people gave stays theirs


@pytest.mark.parametrize(("core", "crm", "winner"), [(50, 60, "crm"), (60, 50, "core"), (50, 50, "crm")])
async def test_the_source_of_the_higher_rank_has_the_last_word(
    sessions: Sessions, file: Path, core: int, crm: int, winner: str
) -> None:
    await execute(
        sessions, "insert into feed_sources (id, rank) values ('core', :core), ('crm', :crm)", core=core, crm=crm
    )
    other = CUSTOMERS.replace("core", "crm")
    await imported(sessions, file, "id,name,lang\nC1,core,\n")
    report = await imported(sessions, file, "id,name,lang\nC1,crm,zh\n", mapping=other)
    assert report.counts["kept"] == (winner == "core")
    assert await rows(sessions, "select name, language from customers") == [(winner, "zh")]
    await imported(sessions, file, "id,name,lang\nC1,core,\n")
    expected = ("core", None) if core >= crm else ("crm", "zh")
    assert await rows(sessions, "select name, language from customers") == [expected]


async def test_a_source_that_ranks_higher_than_people_overwrites_them(sessions: Sessions, file: Path) -> None:
    await imported(sessions, file, "id,name\nC1,A\n")
    await execute(sessions, "update customers set name = 'by hand', version = version + 1")
    assert (await imported(sessions, file, "id,name\nC1,B\n")).counts["kept"] == 1
    await execute(sessions, "update feed_sources set rank = 100 where id = 'core'")
    assert (await imported(sessions, file, "id,name\nC1,B\n")).counts["kept"] == 1
    await execute(sessions, "update feed_sources set rank = 101 where id = 'core'")
    assert (await imported(sessions, file, "id,name\nC1,B\n")).counts["changed"] == 1
    assert await rows(sessions, "select name, origins from customers") == [("B", {})]


@pytest.mark.parametrize("rank", [50, 101])
async def test_a_feed_neither_ends_nor_changes_the_kind_of_whoever_others_were_merged_into(
    sessions: Sessions, file: Path, rank: int
) -> None:
    optional = "active: {field: active, optional: true}\n  kind: {field: kind, optional: true}"
    mapping = CUSTOMERS.replace("columns:", f"columns:\n  {optional}")
    await execute(sessions, "insert into feed_sources (id, rank) values ('core', :rank)", rank=rank)
    await imported(sessions, file, "id,name,active,kind\nC1,A,yes,person\nC2,A,yes,person\n", mapping=mapping)
    (first,), (second,) = await rows(sessions, "select id from customers order by external_id")
    async with sessions.write() as session:
        await merge(session, Side(second), Side(first))
    ends = "id,name,active,kind\nC1,B,no,company\n"
    report = await imported(sessions, file, ends, mapping=mapping)
    assert (report.counts["changed"], report.counts["kept"]) == (1, 2)
    one = "select name, active, kind from customers where external_id = 'C1'"
    assert await rows(sessions, one) == [("B", True, "person")]
    async with sessions.write() as session:
        await unmerge(session, Side(second))
    assert (await imported(sessions, file, ends, mapping=mapping)).counts["changed"] == 1
    assert await rows(sessions, one) == [("B", False, "company")]


async def test_a_consent_without_an_instant_does_not_overrule_what_a_person_recorded(
    sessions: Sessions, file: Path
) -> None:
    await imported(sessions, file, "id,name\nC1,A\n")
    await execute(
        sessions,
        "insert into customer_consents (customer_id, channel, given, at, origin) "
        "select id, 'sms', false, now(), 'on the phone' from customers",
    )
    await imported(sessions, file, "id,name,sms\nC1,A,yes\n")
    assert await rows(sessions, "select given, origin from customer_consents") == [(False, "on the phone")]


async def test_two_sources_that_bring_the_same_customers_at_once_make_each_once(
    sessions: Sessions, tmp_path: Path
) -> None:
    lines = "id,name,mobile\n" + "".join(f"C{place},N{place},{13800138000 + place}\n" for place in range(2000))
    reports = await asyncio.gather(
        imported(sessions, tmp_path / "one.csv", lines),
        imported(sessions, tmp_path / "two.csv", lines, mapping=CUSTOMERS.replace("core", "crm")),
    )
    assert sum(report.counts["made"] for report in reports) == 2000
    assert await rows(sessions, "select count(*), count(distinct external_id) from customers") == [(2000, 2000)]
    assert await rows(sessions, "select count(*) from customer_numbers") == [(2000,)]
