"""Records whose time is over go: whole months, or row by row; what is held stays, and the log says what went."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from app.api.http.services import Services
from app.core.clock import FrozenClock, now, utc
from app.db.engine import Sessions
from app.db.partitions import ensure_partitions, month_of, months_of
from app.privacy import retaining
from app.privacy.kinds import ALL
from app.privacy.policies import set_policy
from app.privacy.retaining import retain
from tests.api.conftest import ClientAs, admin, app, built, client_as, faults, floor, kept_apart, services
from tests.cli.running import run
from tests.customers.factories import customer_id
from tests.desk.cases.factories import make_case, make_closed
from tests.desk.visits.factories import booked
from tests.fixtures.database import Database
from tests.interactions.factories import make_entry, make_interaction, make_visit

__all__ = ["admin", "app", "built", "client_as", "floor", "kept_apart", "services"]

POLICIES = "/api/v1/retention/policies"
ANY = {"if-match": "*"}
OLD = month_of(utc(now()), -5)
"""A month that has long been over, and the next one."""


@pytest.fixture
def clock() -> FrozenClock:
    """The present instant, which stands still: retention looks at the database's clock, too."""
    return FrozenClock(now())


@pytest.fixture
async def months(kept_apart: Sessions) -> None:
    """The months of the last half year."""
    await make_months(kept_apart)


async def make_months(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await ensure_partitions(await session.connection(), OLD, utc(now()))


async def policy(sessions: Sessions, kind: str, days: int | None) -> None:
    async with sessions.write() as session:
        await set_policy(session, kind, days, None, by="sue", now=utc(now()))


async def left(sessions: Sessions, statement: str, **given: Any) -> Sequence[Any]:
    async with sessions.read() as session:
        return (await session.execute(text(statement), given)).all()


async def contact(sessions: Sessions, at: datetime, customer: UUID | None = None) -> UUID:
    async with sessions.write() as session:
        kept = await make_interaction(session, at, customer_id=customer, note="said")
        await make_entry(session, kept, "note", text="said", by="lin")
        await make_visit(session, at, interaction_id=kept.id)
        return kept.id


async def customer(sessions: Sessions) -> UUID:
    async with sessions.write() as session:
        return await customer_id(session)


def days_to(month: datetime) -> int:
    """So many days ago the month was over."""
    return (utc(now()) - month_of(month, 1)).days


async def test_policies_are_administrators_and_of_a_version(admin: httpx.AsyncClient, client_as: ClientAs) -> None:
    for role in ("agent", "supervisor", "integration"):
        assert (await client_as(role).get(POLICIES)).status_code == 403
        assert (await client_as(role).put(f"{POLICIES}/dues", json={"days": 9}, headers=ANY)).status_code == 403
    told = (await admin.get(POLICIES)).json()["items"]
    assert [(each["kind"], each["days"], each["version"]) for each in told] == [(kind.name, None, 0) for kind in ALL]
    first = await admin.put(f"{POLICIES}/dues", json={"days": 400}, headers={"if-match": '"0"'})
    assert (first.status_code, first.headers["etag"], first.json()["changed_by"]) == (200, '"1"', "administrator")
    stale = await admin.put(f"{POLICIES}/dues", json={"days": 9}, headers={"if-match": '"0"'})
    assert (stale.status_code, stale.json()["version"]) == (412, 1)
    assert (await admin.put(f"{POLICIES}/dues", json={"days": None, "version": 1})).json()["days"] is None
    log = (await admin.get("/api/v1/audit", params={"kind": "retention"})).json()["items"]
    assert [(each["before"], each["after"]) for each in log] == [
        ({"days": 400}, {"days": None}),
        ({"days": None}, {"days": 400}),
    ]


@pytest.mark.parametrize("days", [0, -1, 36_501, 1.5, "9"])
async def test_a_policy_of_no_or_negative_days_is_refused(admin: httpx.AsyncClient, days: Any) -> None:
    assert faults(await admin.put(f"{POLICIES}/dues", json={"days": days}, headers=ANY)) == ["body.days"]


async def test_days_that_something_would_miss_are_refused(admin: httpx.AsyncClient) -> None:
    for kind, days in (("contacts", 61), ("deliveries", 31), ("journal", 34)):
        answer = await admin.put(f"{POLICIES}/{kind}", json={"days": days}, headers=ANY)
        assert faults(answer) == ["body.days"]
        assert answer.json()["type"].endswith("retention-days-unsafe")
    preview = await admin.get("/api/v1/retention/preview", params={"kind": "contacts", "days": 3})
    assert faults(preview) == ["body.days"]
    unknown = await admin.put(f"{POLICIES}/everything", json={"days": 9}, headers=ANY)
    assert (unknown.status_code, "contacts" in unknown.json()["known"]) == (404, True)


async def test_nothing_goes_without_a_policy(services: Services, months: None) -> None:
    await contact(services.sessions, OLD)
    assert await retain(services.sessions, now, "CN") == {}
    assert len(await left(services.sessions, "select 1 from interactions")) == 1


async def test_every_kind_can_be_previewed_and_goes(admin: httpx.AsyncClient, services: Services, months: None) -> None:
    for kind in ALL:
        await policy(services.sessions, kind.name, kind.least)
    told = (await admin.get("/api/v1/retention/preview")).json()["items"]
    assert [each["kind"] for each in told] == [kind.name for kind in ALL]
    assert set(await retain(services.sessions, now, "CN")) == {each["kind"] for each in told if each["going"]}


async def test_days_that_are_thought_of_are_of_a_kind(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/api/v1/retention/preview", params={"days": 400})
    assert [each["where"] for each in answer.json()["faults"]] == ["query.kind"], answer.text


async def test_whole_months_are_dropped_and_the_month_that_is_not_over_stays(
    admin: httpx.AsyncClient, services: Services, months: None
) -> None:
    sessions, following = services.sessions, month_of(OLD, 1)
    gone, kept = await contact(sessions, OLD + timedelta(days=3)), await contact(sessions, following)
    await policy(sessions, "contacts", days_to(OLD))
    [told] = (await admin.get("/api/v1/retention/preview", params={"kind": "contacts"})).json()["items"]
    name = f"{OLD:%Y_%m}"
    assert {each["table"]: (each["rows"], each["dropped"]) for each in told["going"]} == {
        f"interactions_{name}": (1, True),
        f"interaction_entries_{name}": (1, True),
        f"queue_visits_{name}": (1, True),
        f"entitlements_{name}": (0, True),
    }
    went = (await retain(sessions, now, "CN"))["contacts"]
    assert (went.rows, len(went.months)) == (3, 4)
    assert [row.id for row in await left(sessions, "select id from interactions")] == [kept]
    assert await left(sessions, "select 1 from interaction_entries where interaction_id = :id", id=gone) == []
    async with sessions.read() as session:
        assert (await months_of(await session.connection(), "interactions"))[0] == following
    assert await retain(sessions, now, "CN") == {}
    [run] = (await admin.get("/api/v1/retention/runs")).json()["items"]
    assert (run["kind"], run["rows"], sorted(run["months"])) == ("contacts", 3, sorted(went.months))


async def test_a_month_with_rows_of_held_customers_goes_row_by_row_without_them(
    admin: httpx.AsyncClient, services: Services, months: None
) -> None:
    sessions = services.sessions
    held = await customer(sessions)
    await contact(sessions, OLD)
    kept = await contact(sessions, OLD, held)
    hold = (await admin.post(f"/api/v1/customers/{held}/holds", json={"reason": "suit 12"})).json()
    await policy(sessions, "contacts", days_to(OLD))
    went = (await retain(sessions, now, "CN"))["contacts"]
    assert (went.rows, went.months) == (3, (f"entitlements_{OLD:%Y_%m}",))
    for table in ("interaction_entries", "queue_visits"):
        [row] = await left(sessions, f"select interaction_id from {table}")
        assert row.interaction_id == kept
    assert [row.id for row in await left(sessions, "select id from interactions")] == [kept]
    await admin.post(f"/api/v1/holds/{hold['id']}/lift", json={"because": "settled"})
    assert len((await retain(sessions, now, "CN"))["contacts"].months) == 3
    assert await left(sessions, "select 1 from interactions") == []


async def test_rows_go_in_batches_and_each_batch_is_in_the_log(
    admin: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may break off anywhere: what went until then is written down, and the rest goes the next time."""
    sessions, whose = services.sessions, await customer(services.sessions)
    async with sessions.write() as session:
        await session.execute(
            text("""
            insert into dues (kind, due_at, customer_id, interaction_id, started_at, agreement_id, clause_id,
                clause_text, done_at)
            select 'follow_up', now() - interval '9 days', :who, uuidv7(), now(), uuidv7(), n::text, 'soon',
                case when n > 1 then now() - make_interval(days => n) end from generate_series(1, 9) n"""),
            {"who": whose},
        )
    await policy(sessions, "dues", 4)
    monkeypatch.setattr(retaining, "BATCH", 2)
    delete, done = retaining._delete, []

    async def breaking(*given: Any) -> int:
        done.append(await delete(*given))
        if len(done) == 2:
            raise RuntimeError("killed")
        return done[-1]

    monkeypatch.setattr(retaining, "_delete", breaking)
    with pytest.raises(RuntimeError, match="killed"):
        await retain(sessions, now, "CN")
    monkeypatch.setattr(retaining, "_delete", delete)
    assert len(await left(sessions, "select 1 from dues")) == 7
    assert (await retain(sessions, now, "CN"))["dues"].rows == 4
    runs = (await admin.get("/api/v1/retention/runs")).json()["items"]
    assert [(each["kind"], each["rows"], each["months"]) for each in runs] == [("dues", 4, []), ("dues", 2, [])]
    assert len(await left(sessions, "select 1 from dues where done_at is null")) == 1


async def test_details_of_contacts_go_and_their_counts_stay(
    admin: httpx.AsyncClient, services: Services, months: None
) -> None:
    sessions = services.sessions
    whose, held = await customer(sessions), await customer(sessions)
    for at, who in ((OLD, whose), (OLD, None), (OLD, held), (utc(now()), whose)):
        await contact(sessions, at, who)
    hold = (await admin.post(f"/api/v1/customers/{held}/holds", json={"reason": "suit 12"})).json()
    await policy(sessions, "contact_details", 30)
    [told] = (await admin.get("/api/v1/retention/preview")).json()["items"]
    assert told["going"] == [{"table": "interactions", "rows": 2, "dropped": False}]
    assert (await retain(sessions, now, "CN"))["contact_details"].rows == 2
    query = "select customer_id, from_raw, talk_seconds from interactions where note is null"
    rows = await left(sessions, query)
    assert {(row.customer_id, row.from_raw, row.talk_seconds) for row in rows} == {
        (whose, None, 290.0),
        (None, None, 290.0),
    }
    assert await retain(sessions, now, "CN") == {}
    await admin.post(f"/api/v1/holds/{hold['id']}/lift", json={"because": "settled"})
    assert (await retain(sessions, now, "CN"))["contact_details"].rows == 1
    assert len(await left(sessions, query)) == 3


async def test_customers_without_a_contact_for_long_are_erased(
    admin: httpx.AsyncClient, services: Services, months: None
) -> None:
    """Of each kind one who has had a contact lately, one who has not, one who is held, and one with open work."""
    sessions = services.sessions
    for kind, values in (("provisional_customers", "provisional = true"), ("inactive_customers", "active = false")):
        gone, lately, held, busy = [await customer(sessions) for _ in range(4)]
        await contact(sessions, OLD, gone)
        await contact(sessions, utc(now()), lately)
        await admin.post(f"/api/v1/customers/{held}/holds", json={"reason": "suit 12"})
        async with sessions.write() as session:
            old = "created_at = now() - interval '99 days', updated_at = now() - interval '99 days'"
            await session.execute(text(f"update customers set {values}, {old}"))
            await session.execute(
                text("insert into live_contacts (floor, id, customer_id, state) values ('main', uuidv7(), :who, '{}')"),
                {"who": busy},
            )
        await policy(sessions, kind, 60)
        told = (await admin.get("/api/v1/retention/preview", params={"kind": kind})).json()["items"]
        assert told[0]["going"] == [{"table": "customers", "rows": 2, "dropped": False}]
        assert (await retain(sessions, now, "CN"))[kind].rows == 1
        assert {row.id for row in await left(sessions, "select id from customers")} == {lately, held, busy}
        [erasure] = (await admin.get("/api/v1/erasures", params={"limit": 1})).json()["items"]
        assert (erasure["who"], erasure["ground"]) == ("retention", "retention_over")
        async with sessions.write() as session:
            for table in ("live_contacts", "customers", "retention_policies"):
                await session.execute(text(f"delete from {table}"))


async def test_a_clock_that_runs_ahead_lets_nothing_go_too_early(services: Services, months: None) -> None:
    await contact(services.sessions, OLD)
    await policy(services.sessions, "contacts", 300)
    assert await retain(services.sessions, lambda: now() + 3_650 * 86_400, "CN") == {}
    assert await retain(services.sessions, lambda: now() - 3_650 * 86_400, "CN") == {}


async def test_months_of_the_audit_log_go_though_no_entry_can_be_removed(services: Services) -> None:
    sessions, month = services.sessions, month_of(utc(now()), -9)
    async with sessions.write() as session:
        await ensure_partitions(await session.connection(), month, month)
        old = text("insert into audit_entries (at, action, kind, thing) values (:at, 'a', 'k', 't')")
        await session.execute(old, {"at": month + timedelta(days=1)})
    await policy(sessions, "audit_log", 180)
    assert (await retain(sessions, now, "CN"))["audit_log"] == (1, (f"audit_entries_{month:%Y_%m}",))
    with pytest.raises(Exception, match="neither changed nor removed"):
        async with sessions.write() as session:
            await session.execute(text("delete from audit_entries"))


async def test_a_month_that_is_being_read_holds_nobody_up_and_goes_the_next_time(
    sessions: Sessions, database: Database
) -> None:
    await make_months(sessions)
    await contact(sessions, OLD)
    await policy(sessions, "contacts", days_to(OLD))
    reader = await asyncpg.connect(database.dsn)
    try:
        await reader.execute("begin")
        await reader.execute("select count(*) from interactions")
        went = (await retain(sessions, now, "CN"))["contacts"]
        assert f"interactions_{OLD:%Y_%m}" not in went.months
    finally:
        await reader.close()
    assert (await retain(sessions, now, "CN"))["contacts"].months == (f"interactions_{OLD:%Y_%m}",)


async def test_of_two_processes_one_lets_go(sessions: Sessions, database: Database) -> None:
    await make_months(sessions)
    await contact(sessions, OLD)
    await policy(sessions, "contacts", days_to(OLD))
    other = await asyncpg.connect(database.dsn)
    try:
        await other.execute("select pg_advisory_lock($1)", retaining.LOCK)
        assert await retain(sessions, now, "CN") == {}
    finally:
        await other.close()
    assert await retain(sessions, now, "CN") != {}


async def test_the_command_line_says_what_would_go_and_lets_it_go(
    sessions: Sessions, database: Database, tmp_path: Any
) -> None:
    await make_months(sessions)
    await contact(sessions, OLD)
    await policy(sessions, "contacts", days_to(OLD))
    told = run(tmp_path, "retention", "preview", CALLFLOOR_DATABASE_URL=database.url)
    assert f"interactions_{OLD:%Y_%m} 1 rows, dropped as a whole" in " ".join(told.stdout.split())
    done = run(tmp_path, "retention", "run", CALLFLOOR_DATABASE_URL=database.url)
    assert done.stdout.startswith("contacts: 3 rows went; dropped interaction_entries_")


async def test_closed_cases_go_with_what_was_noted_but_for_those_that_are_held(
    admin: httpx.AsyncClient, services: Services
) -> None:
    sessions, old = services.sessions, utc(now()) - timedelta(days=40)
    whose, held = await customer(sessions), await customer(sessions)
    async with sessions.write() as session:
        gone, kept = await make_closed(session, whose, at=old), await make_closed(session, held, at=old)
        young = await make_closed(session, whose)
        follows = await make_case(session, whose, at=old, follows_id=gone.id)
    await admin.post(f"/api/v1/customers/{held}/holds", json={"reason": "suit 12"})
    await policy(sessions, "cases", 31)
    [told] = (await admin.get("/api/v1/retention/preview", params={"kind": "cases"})).json()["items"]
    assert [(each["table"], each["rows"]) for each in told["going"]] == [("cases", 1)]
    assert (await retain(sessions, now, "CN"))["cases"].rows == 1
    found = await left(sessions, "select c.id, (select count(*) from case_entries where case_id = c.id) from cases c")
    assert {(row.id, row.count) for row in found} == {(kept.id, 3), (young.id, 3), (follows.id, 1)}
    [row] = await left(sessions, "select follows_id from cases where id = :id", id=follows.id)
    assert row.follows_id is None


async def test_provisional_customers_go_only_once_nobody_has_touched_a_case_of_theirs_for_as_long(
    services: Services,
) -> None:
    sessions, old = services.sessions, utc(now()) - timedelta(days=40)
    async with sessions.write() as session:
        made = [await customer_id(session, name, provisional=True) for name in ("none", "long ago", "open", "lately")]
        await make_closed(session, made[1], at=old)
        await make_case(session, made[2], at=old)
        closed = await make_closed(session, made[3], at=old - timedelta(days=1))
        await make_closed(session, made[3], follows_id=closed.id)
        long_ago = text("update customers set created_at = :old, updated_at = :old")
        await session.execute(long_ago, {"old": old - timedelta(days=2)})
    await policy(sessions, "provisional_customers", 31)
    assert (await retain(sessions, now, "CN"))["provisional_customers"].rows == 2
    rows = await left(sessions, "select id from customers")
    assert {row.id for row in rows} == {made[2], made[3]}


async def test_who_did_what_with_cases_and_visits_of_held_customers_stays_in_the_audit_log(
    admin: httpx.AsyncClient, services: Services
) -> None:
    sessions, month = services.sessions, month_of(utc(now()), -9)
    whose, held = await customer(sessions), await customer(sessions)
    old = text("insert into audit_entries (at, action, kind, thing) values (:at, :kind || '.changed', :kind, :thing)")
    async with sessions.write() as session:
        await ensure_partitions(await session.connection(), month, month)
        things = {
            who: {"case": (await make_case(session, who)).id, "visit": (await booked(session, who)).visit.id}
            for who in (whose, held)
        }
        for kind, thing in (pair for of in things.values() for pair in of.items()):
            await session.execute(old, {"at": month + timedelta(days=1), "kind": kind, "thing": str(thing)})
    await admin.post(f"/api/v1/customers/{held}/holds", json={"reason": "suit 12"})
    await policy(sessions, "audit_log", 180)
    assert (await retain(sessions, now, "CN"))["audit_log"] == (2, ())
    rows = await left(sessions, "select kind, thing from audit_entries where at < :at", at=month_of(month, 1))
    assert {row.kind: row.thing for row in rows} == {kind: str(thing) for kind, thing in things[held].items()}
