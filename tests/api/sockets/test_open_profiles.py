"""Profiles that are open on a socket: shown, kept current, masked, bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from sqlalchemy import text

from app.api.sockets.open_profiles import MOST, Profiles
from app.auth.access_tokens import Role
from app.core.clock import now, utc
from app.core.tasks import Supervisor
from app.customers.agreement_models import Agreement
from app.customers.agreements.service import record_use
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.masking import MASK, USUAL
from app.customers.profiles.reads import ReadLog
from app.customers.profiles.watching import Pace, Watcher
from app.customers.profiles.whole import Profiles as Customers
from app.customers.record.holdings import GivenHolding, put_holding
from app.customers.record.parts import GivenNote, write_note
from app.customers.service import change_customer
from app.db.engine import Sessions
from app.db.pool import open_pool
from app.desk.cases.working import act, solve
from app.desk.visits.service import Booking, By, book, schedule
from app.desk.visits.sites import Site
from app.desk.visits.windows import Window
from app.privacy.erasing import Order, erase
from tests.api.sockets.desk import Client, Desk, open_desk
from tests.customers.agreements.factories import VISITS, promise
from tests.customers.factories import REGION, customer_id
from tests.desk.cases.factories import make_case
from tests.fixtures.database import Database
from tests.fixtures.spoken import check, named
from tests.fixtures.waiting import eventually
from tests.interactions.factories import make_interaction

pytestmark = pytest.mark.enable_socket

QUICK = Pace(gather=0.02, again=0.1, sweep=0.3, retry=0.05)
SELDOM = Pace(gather=0.02, again=600, sweep=600, retry=0.05)
"""Only what is notified is told."""

MANY_USES = text("""
    insert into allowance_counts (agreement_id, clause_id, period, used)
    select a.id, :clause, agreement_period('year', a.time_zone, now()) - n, 3
    from agreements a, generate_series(0, 600) n""")


class Bank:
    """A desk over a real database."""

    desk: Desk
    profiles: Profiles

    def __init__(self, sessions: Sessions, dsn: str) -> None:
        self.sessions = sessions
        self.dsn = dsn
        self.connections: list[Any] = []

    async def connect(self) -> Any:
        """Changes are heard on the last of `connections`."""
        self.connections.append(await asyncpg.connect(self.dsn))
        return self.connections[-1]

    async def customer(self, name: str = "Amy") -> UUID:
        async with self.sessions.write() as session:
            return await customer_id(session, name)

    @asynccontextmanager
    async def tab(self, login: str = "li", role: Role = "agent") -> AsyncIterator[Client]:
        path = "/ws/agent" if role == "agent" else "/ws/floor"
        async with self.desk.client(path) as client:
            assert (await client.hello(login, role))["type"] == "welcome"
            yield client

    async def listening(self) -> None:
        """Wait until changes are heard."""
        await eventually(lambda: asyncio.sleep(0, self.profiles.watcher.listening), bool)


@asynccontextmanager
async def open_bank(database: Database, sessions: Sessions, pace: Pace) -> AsyncIterator[Bank]:
    tasks, bank = Supervisor(), Bank(sessions, database.dsn)
    pool = await open_pool(database.url, 4)
    watcher = Watcher(
        connect=bank.connect,
        lend=pool.acquire,
        profiles=Customers(pool.acquire, now),
        clock=now,
        pace=pace,
    )
    bank.profiles = profiles = Profiles(watcher, ReadLog(sessions, now), USUAL, now)
    tasks.start("watching", watcher.run())
    async with open_desk(profiles=profiles) as desk:
        bank.desk = desk
        yield bank
    await tasks.stop()
    await pool.close()


@pytest.fixture
async def bank(database: Database, sessions: Sessions) -> AsyncIterator[Bank]:
    async with open_bank(database, sessions, SELDOM) as made:
        await made.listening()
        yield made


async def opened(client: Client, customer: UUID, number: int = 7, **given: Any) -> dict[str, Any]:
    return await client.ask(number, "profile.open", customer_id=str(customer), **given)


async def use(bank: Bank, agreement: Agreement, reference: str) -> None:
    """A visit is counted."""
    at = utc(now())
    async with bank.sessions.write() as session:
        await record_use(session, agreement.customer_id, agreement.id, VISITS.id, reference, at, at)


async def entitlement(client: Client) -> bytes:
    """The only part that the next frame tells."""
    told = await client.hear()
    assert list(told["parts"]) == ["entitlement"]
    return msgspec.json.encode(told["parts"])


async def test_an_open_profile_is_shown_and_its_changes_follow(bank: Bank) -> None:
    amy = await bank.customer()
    async with bank.tab() as li, bank.tab("wu", "supervisor") as wu:
        shown = await opened(li, amy)
        assert (shown["re"], shown["ok"], shown["customer_id"], shown["version"]) == (7, True, str(amy), 1)
        assert shown["profile"]["customer"]["name"] == "Amy"
        await opened(wu, amy)
        async with bank.sessions.write() as session:
            await change_customer(session, amy, 1, {"name": "Amy Li"})
        for client in (li, wu):
            told = await client.hear()
            assert (told["type"], told["opened"], told["version"], list(told["parts"])) == (
                "profile.changed", str(amy), 2, ["customer"]
            )  # fmt: skip
            assert told["parts"]["customer"]["name"] == "Amy Li"


async def test_only_the_parts_that_changed_are_told_masked_and_together(bank: Bank) -> None:
    amy = await bank.customer()
    async with bank.tab() as li:
        await opened(li, amy)
        async with bank.sessions.write() as session:
            await put_holding(session, amy, "core", "6217000010001234567", GivenHolding(kind="account"))
            await write_note(session, amy, GivenNote(text="paid with 4111111111111111", pinned=True), "wu")
            await make_interaction(session, customer_id=amy)
        told = await li.hear()
        assert set(told["parts"]) == {"customer", "holdings", "interactions"}
        assert told["parts"]["holdings"][0]["external_id"] == f"{MASK}4567"
        assert told["parts"]["customer"]["warnings"] == ["paid with …1111"]  # so it was kept


async def test_a_visit_that_is_booked_and_one_that_is_moved_are_told(bank: Bank) -> None:
    amy = await bank.customer()
    async with bank.tab() as li:
        await opened(li, amy)
        at = utc(now())
        given = Booking(purpose="Replace the card reader", site=Site(lines="长安街 1"))
        async with bank.sessions.write() as session:
            made = await book(session, amy, given, By("wu", at))
        [shown] = (await li.hear())["parts"]["visits"]
        assert (shown["status"], shown["purpose"], shown["starts_at"]) == ("requested", "Replace the card reader", None)
        window = Window(at + timedelta(days=1), at + timedelta(days=1, hours=2), "Asia/Shanghai")
        async with bank.sessions.write() as session:
            await schedule(session, made.visit.id, window, By("wu", at))
        told = await li.hear()
        assert (list(told["parts"]), told["parts"]["visits"][0]["status"]) == (["visits"], "scheduled")


async def test_what_is_rolled_back_or_of_others_is_not_told(bank: Bank) -> None:
    amy, bob = await bank.customer(), await bank.customer("Bob")
    async with bank.tab() as li:
        await opened(li, amy)
        async with bank.sessions.write() as session:
            await change_customer(session, amy, 1, {"name": "X"})
            await session.rollback()
        async with bank.sessions.write() as session:
            await change_customer(session, bob, 1, {"name": "Y"})
        async with bank.sessions.write() as session:
            await change_customer(session, amy, 1, {"name": "Z"})
        assert (await li.hear())["parts"]["customer"]["name"] == "Z"


async def test_a_merged_customer_is_followed_to_who_stands_for_them_and_back(bank: Bank) -> None:
    amy, twin = await bank.customer(), await bank.customer("Twin")
    async with bank.tab() as li:
        await opened(li, twin)
        async with bank.sessions.write() as session:
            await merge(session, Side(twin, 1), Side(amy, None))
        told = await li.hear()
        assert (told["opened"], told["customer_id"], told["parts"]["customer"]["name"]) == (str(twin), str(amy), "Amy")
        async with bank.sessions.write() as session:
            await write_note(session, amy, GivenNote(text="hello", pinned=True), "wu")
        assert (await li.hear())["parts"]["customer"]["warnings"] == ["hello"]
        async with bank.sessions.write() as session:
            await unmerge(session, Side(twin, None))
        told = await li.hear()
        assert (told["customer_id"], told["parts"]["customer"]["name"]) == (str(twin), "Twin")


async def test_of_who_is_erased_nothing_stays_open(bank: Bank) -> None:
    """Two look, one of them by the id of who was merged into them; nothing but the customers' own rows tells it."""
    amy, twin, bob = await bank.customer(), await bank.customer("Twin"), await bank.customer("Bob")
    async with bank.sessions.write() as session:
        await merge(session, Side(twin, 1), Side(amy, None))
    async with bank.tab() as li, bank.tab("wu", "supervisor") as wu:
        await opened(li, twin)
        await opened(li, bob, 8)
        await opened(wu, amy)
        async with bank.sessions.write() as session:
            order = Order(by="dpo", ground="objection", reason="file 7")
            await erase(session, amy, order, now=utc(now()), region=REGION)
        for client, customer in ((li, twin), (wu, amy)):
            frame = await client.hear()
            check(named("agent", "profile.closed"), msgspec.json.encode(frame))
            assert (frame["type"], frame["opened"], frame["because"]) == ("profile.closed", str(customer), "erased")
        assert len(bank.profiles.watcher) == 1
        again = await li.ask(9, "profile.close", customer_id=str(twin))
        assert again["problem"]["type"] == "urn:callfloor:problem:profile-not-open"
        async with bank.sessions.write() as session:
            await change_customer(session, bob, 1, {"name": "Bob Li"})
        assert (await li.hear())["parts"]["customer"]["name"] == "Bob Li"


async def test_what_is_left_of_an_allowance_follows_each_use(bank: Bank) -> None:
    amy, bob = await bank.customer(), await bank.customer("Bob")
    async with bank.sessions.write() as session:
        made, other = await promise(session, amy, VISITS), await promise(session, bob, VISITS)
    async with bank.tab() as li:
        await opened(li, amy)
        await use(bank, made, "v1")
        await use(bank, other, "v1")
        assert b'"left":2' in await entitlement(li)
        await use(bank, made, "v2")
        assert b'"left":1' in await entitlement(li)


async def test_of_many_uses_in_one_statement_those_of_open_profiles_are_told(bank: Bank) -> None:
    amy, bob = await bank.customer(), await bank.customer("Bob")
    async with bank.sessions.write() as session:
        await promise(session, amy, VISITS)
        await promise(session, bob, VISITS)
    async with bank.tab() as li:
        await opened(li, amy)
        heard: list[object] = []
        connection = await asyncpg.connect(bank.dsn)
        await connection.add_listener("callfloor_profiles", lambda *told: heard.append(told[-1]))
        async with bank.sessions.write() as session:
            await session.execute(MANY_USES, {"clause": VISITS.id})
        assert b'"left":0' in await entitlement(li)
        await eventually(lambda: asyncio.sleep(0, len(heard)), lambda count: count > 0)
        assert heard == [str(amy)]
        await connection.close()


async def test_cases_are_followed_as_they_are_opened_worked_on_and_solved(bank: Bank) -> None:
    amy, bob = await bank.customer(), await bank.customer("Bob")
    async with bank.tab() as li:
        await opened(li, amy)
        async with bank.sessions.write() as session:
            await make_case(session, bob)
        async with bank.sessions.write() as session:
            made = await make_case(session, amy, "Card 4111111111111111")
        told = await li.hear()
        assert list(told["parts"]) == ["cases"]
        assert [(each["subject"], each["status"]) for each in told["parts"]["cases"]] == [("Card …1111", "new")]
        async with bank.sessions.write() as session:
            await act(session, made.id, 1, "hold", "li", utc(now()))
        assert [each["status"] for each in (await li.hear())["parts"]["cases"]] == ["on_hold"]
        async with bank.sessions.write() as session:
            await solve(session, made.id, 2, "done", "li", utc(now()))
        assert (await li.hear())["parts"] == {"cases": []}


async def test_after_closing_nothing_is_told(bank: Bank) -> None:
    amy, bob = await bank.customer(), await bank.customer("Bob")
    async with bank.tab() as li:
        await opened(li, amy)
        await opened(li, bob, 8)
        assert await li.ask(9, "profile.close", customer_id=str(amy)) == {"re": 9, "ok": True}
        async with bank.sessions.write() as session:
            await change_customer(session, amy, 1, {"name": "X"})
            await change_customer(session, bob, 1, {"name": "Y"})
        assert (await li.hear())["opened"] == str(bob)
        again = await li.ask(10, "profile.close", customer_id=str(amy))
        assert again["problem"]["type"] == "urn:callfloor:problem:profile-not-open"
    await eventually(lambda: asyncio.sleep(0, len(bank.profiles.watcher)), lambda count: count == 0)


async def test_opened_again_it_is_told_as_it_is_now_and_each_opening_is_written_down(bank: Bank) -> None:
    amy, contact = await bank.customer(), uuid4()
    async with bank.tab() as li:
        await opened(li, amy, contact=str(contact))
    async with bank.sessions.write() as session:
        await change_customer(session, amy, 1, {"name": "Amy Li"})
    async with bank.tab() as li:
        shown = await opened(li, amy, reason="reconnected")
        assert (shown["version"], shown["profile"]["customer"]["name"]) == (2, "Amy Li")
        await opened(li, amy, 8)
        async with bank.sessions.write() as session:
            await change_customer(session, amy, 2, {"name": "Amy Wu"})
        assert (await li.hear())["version"] == 3
    await bank.profiles.reads.flush()
    async with bank.sessions.read() as session:
        kept = (await session.execute(text("select who, what, contact_id, why from profile_reads order by id"))).all()
    assert [tuple(row) for row in kept] == [
        ("li", "socket", contact, None),
        ("li", "socket", None, "reconnected"),
        ("li", "socket", None, None),
    ]


async def test_the_profile_of_an_unknown_customer_is_not_opened(bank: Bank) -> None:
    async with bank.tab() as li:
        refused = await opened(li, uuid4())
        assert (refused["ok"], refused["problem"]["status"]) == (False, 404)
        bad = await li.ask(8, "profile.open", customer_id="nobody")
        assert bad["problem"]["faults"][0]["where"] == "customer_id"
    assert len(bank.profiles.reads) == 0


async def test_where_a_reason_is_needed_no_profile_is_opened_without(bank: Bank) -> None:
    amy = await bank.customer()
    bank.profiles.reason_needed = True
    async with bank.tab() as li:
        refused = await opened(li, amy)
        assert (refused["ok"], refused["problem"]["type"]) == (False, "urn:callfloor:problem:reason-missing")
        assert [each["where"] for each in refused["problem"]["faults"]] == ["reason"]
        assert not (await opened(li, amy, reason="  "))["ok"]
        assert len(bank.profiles.reads) == len(bank.profiles.watcher) == 0
        assert (await opened(li, amy, 8, reason="complaint"))["ok"]
        assert (await opened(li, amy, 9, contact=str(uuid4())))["ok"]


async def test_a_thousand_profiles_are_not_opened(bank: Bank) -> None:
    async with bank.sessions.write() as session:
        ids = [await customer_id(session, f"N{n}") for n in range(MOST + 2)]
    async with bank.tab() as li:
        for n, each in enumerate(ids):
            answer = await opened(li, each, n + 2)
            assert answer["ok"] == (n < MOST)
        assert answer["problem"]["type"] == "urn:callfloor:problem:too-many-profiles"
        assert (await opened(li, ids[0], 90))["ok"]  # one that is open may be asked for again
        await li.ask(91, "profile.close", customer_id=str(ids[0]))
        assert (await opened(li, ids[-1], 92))["ok"]
    assert len(bank.profiles.watcher) <= MOST


async def test_what_no_notification_tells_is_found_by_looking_again(database: Database, sessions: Sessions) -> None:
    """A change that was under way before the profile was opened, and a connection that was lost."""
    async with open_bank(database, sessions, QUICK) as bank:
        await bank.listening()
        amy = await bank.customer()
        async with bank.tab() as li:
            async with bank.sessions.write() as session:
                await change_customer(session, amy, 1, {"name": "Under way"})
                assert (await opened(li, amy))["version"] == 1
            assert (await li.hear())["version"] == 2
            async with bank.sessions.write() as session:
                pid = bank.connections[-1].get_server_pid()
                await session.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
            async with bank.sessions.write() as session:
                await change_customer(session, amy, 2, {"name": "Meanwhile"})
            assert (await li.hear())["version"] == 3


async def test_nothing_is_notified_where_no_profile_is_open(bank: Bank) -> None:
    amy = await bank.customer()
    heard: list[object] = []
    connection = await asyncpg.connect(bank.dsn)
    await connection.add_listener("callfloor_profiles", lambda *told: heard.append(told[-1]))
    async with bank.sessions.write() as session:
        await change_customer(session, amy, 1, {"name": "X"})
    async with bank.tab() as li:
        await opened(li, amy)
        async with bank.sessions.write() as session:
            await session.execute(text("update customers set language = 'en'"))
        await li.hear()
    await eventually(lambda: asyncio.sleep(0, len(heard)), lambda count: count > 0)
    assert heard == [str(amy)]
    await connection.close()
