"""Usage of a file: each event counts once, at its own time, and rules are held against it."""

from pathlib import Path

import pytest

from app.customers.feeds.tables.usage_writer import UsageIsNew
from app.db.engine import Sessions
from tests.customers.feeds.imports import NOW, execute, imported, rows
from tests.customers.usage.telling import alerts, make_rule

USAGE = """\
feed: usage
source: cards
formats: {timezone: UTC, currency: CNY}
columns:
  id: external_id
  who: customer
  kind: kind
  at: at
  amount: {field: amount, optional: true}
  quantity: {field: quantity, optional: true}
  holding: {field: holding, optional: true}
  note: {field: attribute.note, optional: true}
"""
EVENTS = """
    select e.event_id, c.external_id, e.kind, e.at::text, e.value, e.details, e.ahead
    from usage_events e join customers c on c.id = e.customer_id order by e.event_id"""
HEADER = "id,who,kind,at,amount,quantity,holding,note\n"


@pytest.fixture
async def file(sessions: Sessions, tmp_path: Path) -> Path:
    """Where files are written; there are two customers, the second also known to the cards by another id."""
    path = tmp_path / "usage.csv"
    await imported(sessions, path, "id,name\nC1,A\nC2,B\n")
    await execute(
        sessions, "insert into customer_external_ids select 'cards', 'K2', id from customers where external_id = 'C2'"
    )
    return path


async def test_events_are_kept_once_with_all_that_is_told_of_them(sessions: Sessions, file: Path) -> None:
    lines = HEADER + "E1,C1,card.used,2026-03-02 10:00:00,12.30,,H1,茶馆\nE2,K2,login.failed,2026-03-02 11:00:00,,3,,\n"
    report = await imported(sessions, file, lines, mapping=USAGE)
    assert (report.counts["made"], report.faulty) == (2, 0)
    amount = {"holding": "H1", "note": "茶馆", "amount": {"minor": 1230, "currency": "CNY"}}
    kept = [
        ("E1", "C1", "card.used", "2026-03-02 10:00:00+00", 12.3, amount, False),
        ("E2", "C2", "login.failed", "2026-03-02 11:00:00+00", 3.0, {"quantity": 3}, False),
    ]
    assert await rows(sessions, EVENTS) == kept
    again = await imported(
        sessions, file, lines.replace("12.30", "99.00") + "E3,C1,card.used,2026-03-02 11:30:00,1,,,\n", mapping=USAGE
    )
    assert (again.counts["made"], again.counts["unchanged"]) == (1, 2)
    assert (await rows(sessions, EVENTS))[:2] == kept


async def test_late_events_count_at_their_time_and_those_of_a_wrong_clock_when_they_came(
    sessions: Sessions, file: Path
) -> None:
    lines = HEADER + "E1,C1,login.failed,2025-01-02 10:00:00,,,,\nE2,C1,login.failed,2026-03-05 10:00:00,,,,\n"
    await imported(sessions, file, lines, mapping=USAGE)
    counts = "select event_id, counts_at, ahead from usage_events order by event_id"
    late, ahead = await rows(sessions, counts)
    assert (late[1].isoformat(), late[2]) == ("2025-01-02T10:00:00+00:00", False)
    assert (ahead[2], (ahead[1] - NOW).total_seconds() < 60) == (True, True)


async def test_events_that_cannot_be_kept_come_back_as_rows(sessions: Sessions, file: Path) -> None:
    lines = HEADER + (
        "E1,C9,login.failed,2026-03-02 10:00:00,,,,\n"
        "E2,C1,Login Failed,2026-03-02 10:00:00,,,,\n"
        "E3,C1,login.failed,2020-03-02 10:00:00,,,,\n"
        "E4,C1,card.used,2026-03-02 10:00:00,,,,4111 1111 1111 1111\n"
        "E5,C1,card.used,2026-03-02 10:00:00,2000000000000000,,,\n"
        "E6,C1,card.used,2026-03-02 10:00:00,5,,,\n"
        "4111 1111 1111 1111,C1,card.used,2026-03-02 10:00:00,5,,,\n"
    )
    report = await imported(sessions, file, lines, mapping=USAGE)
    assert (report.counts["made"], report.counts["refused"]) == (1, 6)
    assert report.faults == {
        ("external_id", "usage"): 1,
        ("customer", "unknown"): 1,
        ("kind", "usage"): 1,
        ("at", "usage"): 1,
        ("details.note", "usage"): 1,
        ("amount", "usage"): 1,
    }


async def test_rules_are_held_against_the_events_of_a_file(sessions: Sessions, file: Path) -> None:
    async with sessions.write() as session:
        await make_rule(session, "count('login.failed', '1h') >= 3", since=NOW)
    lines = HEADER + "".join(f"E{at},C1,login.failed,2026-03-02 11:{at}:00,,,,\n" for at in (50, 52, 54))
    await imported(sessions, file, lines, mapping=USAGE, dry_run=True)
    async with sessions.write() as session:
        assert await alerts(session) == []
    await imported(sessions, file, lines, mapping=USAGE)
    async with sessions.write() as session:
        [alert] = await alerts(session)
    assert (alert.rule_id, alert.state) == ("r", "open")


async def test_a_feed_of_usage_makes_new_events_or_nothing(sessions: Sessions, file: Path) -> None:
    with pytest.raises(UsageIsNew, match="only_known"):
        await imported(sessions, file, HEADER, mapping=USAGE + "only_known: true\n")
