"""Agreements of a file as they are afterwards."""

from pathlib import Path

import msgspec
import pytest

from app.db.engine import Sessions
from tests.customers.feeds.imports import execute, imported, rows

AGREEMENTS = """\
feed: agreements
source: contracts
columns:
  id: external_id
  who: customer
  plan: plan
  from: valid_from
  to: {field: valid_until, optional: true}
  zone: {field: time_zone, optional: true}
  hours: {field: hours, optional: true}
  title: {field: title, optional: true}
  response: {field: response, optional: true}
  counted: {field: counted, optional: true}
  channels: {field: channels, optional: true}
  visits: {field: visits, optional: true}
  waivers: {field: waivers, optional: true}
  calls: {field: allowance.contacts, optional: true}
  status: {field: status, optional: true}
  branch: {field: attribute.branch, optional: true}
"""
ALL = """
    select a.external_id, c.external_id, a.product, a.name, a.status, a.time_zone, a.valid_from::text,
        a.valid_until::text, a.details, c.version
    from agreements a join customers c on c.id = a.customer_id order by a.external_id"""
CLAUSES = "select external_id, clauses from agreements order by external_id"
PLAIN = "id,who,plan,from,to,zone\n"


@pytest.fixture
async def file(sessions: Sessions, tmp_path: Path) -> Path:
    """Where files are written; there are two customers, and business hours."""
    path = tmp_path / "agreements.csv"
    await imported(sessions, path, "id,name\nC1,A\nC2,B\n")
    weekly = msgspec.json.encode({"monday": [{"opens": "09:00", "closes": "17:00"}]}).decode()
    await execute(
        sessions,
        "insert into business_hours (id, name, time_zone, weekly, exceptions) values ('office', 'Office', "
        "'Asia/Shanghai', cast(:weekly as jsonb), cast(:closed as jsonb))",
        weekly=weekly,
        closed='[{"date": "2026-05-01", "name": "Labour Day", "open": []}]',
    )
    return path


async def test_an_agreement_is_made_changed_and_left_with_the_versions_of_its_customer(
    sessions: Sessions, file: Path
) -> None:
    header = "id,who,plan,from,to,title,hours,response,counted,channels,visits,waivers,calls,branch\n"
    first = header + 'A1,C1,gold,2026-01-01,2026-12-31,Gold,office,4h,service_hours,"voice,chat",2,card fee,3,B7\n'
    report = await imported(sessions, file, first, mapping=AGREEMENTS)
    assert (report.counts["made"], report.faulty) == (1, 0)
    told = ("A1", "C1", "gold", "Gold", "active", "Asia/Shanghai", "2026-01-01", "2026-12-31", {"branch": "B7"}, 2)
    assert await rows(sessions, ALL) == [told]
    [(_, clauses)] = await rows(sessions, CLAUSES)
    assert [(each["kind"], each["id"]) for each in clauses] == [
        ("service_hours", "hours"),
        ("channels", "channels"),
        ("response_time", "response"),
        ("field_visits", "visits"),
        ("fee_waiver", "waivers.card fee"),
        ("allowance", "allowance.contacts"),
    ]
    assert clauses[0]["closed_on"] == ["2026-05-01"]
    assert (clauses[2]["seconds"], clauses[2]["counted"]) == (14_400, "service_hours")
    again = await imported(sessions, file, first, mapping=AGREEMENTS)
    assert (again.counts["unchanged"], again.counts["changed"]) == (1, 0)
    shorter = "id,who,plan,from,zone,response\nA1,C1,gold,2026-01-01,Asia/Shanghai,\n"
    changed = await imported(sessions, file, shorter, mapping=AGREEMENTS)
    assert changed.counts["changed"] == 1
    assert (await rows(sessions, ALL))[0] == (*told[:9], 3)
    [(_, clauses)] = await rows(sessions, CLAUSES)
    assert "response" not in [each["id"] for each in clauses]
    assert len(clauses) == 5
    who = "select part, who, version from customer_versions order by version"
    assert await rows(sessions, who) == [("agreement", "feed:contracts", 2), ("agreement", "feed:contracts", 3)]


async def test_agreements_that_cannot_be_come_back_as_rows(sessions: Sessions, file: Path) -> None:
    await imported(sessions, file, PLAIN + "A1,C1,gold,2026-01-01,,Asia/Shanghai\n", mapping=AGREEMENTS)
    header = "id,who,plan,from,zone,hours,response,counted,branch\n"
    zone = "Asia/Shanghai"
    lines = header + (
        f"A1,C2,gold,2026-01-01,{zone},,,,\n"
        f"A2,C9,gold,2026-01-01,{zone},,,,\n"
        f"A3,C2,gold,2026-01-01,,,,,\n"
        f"A4,C2,gold,2026-01-01,Mars/Base,,,,\n"
        f"A5,C2,gold,2026-01-01,{zone},nowhere,,,\n"
        f"A6,C2,gold,2026-01-01,{zone},,1h,service_hours,\n"
        f"A7,C2,Gold Plan,2026-01-01,{zone},,,,\n"
        f"A8,C2,gold,2026-01-01,{zone},,,,\n"
        f"A9,C2,card,2026-01-01,{zone},,,,4111 1111 1111 1111\n"
    )
    report = await imported(sessions, file, lines, mapping=AGREEMENTS)
    assert (report.counts["made"], report.counts["refused"]) == (1, 8)
    assert report.faults == {
        ("attribute.branch", "agreement"): 1,
        ("customer", "taken"): 1,
        ("customer", "unknown"): 1,
        ("time_zone", "missing"): 1,
        ("time_zone", "agreement"): 1,
        ("hours", "unknown"): 1,
        ("response", "agreement"): 1,
        ("plan", "agreement"): 1,
    }


async def test_two_for_a_plan_at_a_time_are_refused_but_one_may_follow_the_other(
    sessions: Sessions, file: Path
) -> None:
    zone = "Asia/Shanghai"
    await imported(sessions, file, PLAIN + f"A1,C1,gold,2026-01-01,,{zone}\n", mapping=AGREEMENTS)
    lines = PLAIN + (
        f"A2,C1,gold,2026-07-01,,{zone}\n"
        f"A1,C1,gold,2026-01-01,2026-06-30,{zone}\n"
        f"A3,C1,gold,2026-12-01,2027-01-01,{zone}\n"
        f"A4,C1,basic,2026-01-01,,{zone}\n"
    )
    report = await imported(sessions, file, lines, mapping=AGREEMENTS)
    assert report.faults == {("valid_from", "overlap"): 1}
    assert (report.counts["made"], report.counts["changed"]) == (2, 1)
    told = report.into.read_text(encoding="utf-8-sig")
    assert "overlaps one for 'gold' from 2026-07-01 until further notice" in told
    assert "A3" in told


async def test_what_somebody_has_edited_stays_unless_the_source_ranks_higher(sessions: Sessions, file: Path) -> None:
    zone = "Asia/Shanghai"
    lines = PLAIN + f"A1,C1,gold,2026-01-01,,{zone}\n"
    await imported(sessions, file, lines, mapping=AGREEMENTS)
    await execute(sessions, "update agreements set valid_until = '2026-09-30'")
    until = "select valid_until::text, held_by from agreements"
    report = await imported(sessions, file, lines, mapping=AGREEMENTS)
    assert (report.counts["unchanged"], report.counts["kept"]) == (1, 1)
    assert await rows(sessions, until) == [("2026-09-30", "hand")]
    await execute(sessions, "update feed_sources set rank = 101 where id = 'contracts'")
    report = await imported(sessions, file, lines, mapping=AGREEMENTS)
    assert (report.counts["changed"], await rows(sessions, until)) == (1, [(None, None)])
