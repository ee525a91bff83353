"""The 360 view in one read: what it tells, and that a broken or hanging part costs itself and never the pop."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import FrozenClock, now, utc
from app.core.errors import Unavailable
from app.core.ids import new_id
from app.customers.duplicates.merging import Side, merge
from app.customers.masking import AS_AGENT
from app.customers.profiles.parts import PARTS, Part
from app.customers.profiles.reading import LONGEST_REST, REST_SECONDS, Parts, of_customer
from app.customers.profiles.whole import HISTORY, Profiles, whole_profile
from app.customers.recognising import recognise
from app.customers.record.holdings import GivenHolding, put_holding
from app.customers.record.parts import (
    GivenAddress,
    GivenEmail,
    GivenTie,
    replace_addresses,
    replace_emails,
    replace_ties,
)
from app.customers.service import GivenNumber, replace_numbers
from app.db.engine import Sessions, WriteSession
from app.db.pool import connection_of, open_pool
from tests.customers.factories import customer_id
from tests.fixtures.database import Database

MOBILE = "+8613800138000"


@pytest.fixture
async def pool(database: Database) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """The pool that pops are looked up over."""
    made = await open_pool(database.url, 4)
    yield made
    await made.close()


@pytest.fixture
async def known(sessions: Sessions) -> UUID:
    """A customer who has a number and a card."""
    async with sessions.write() as session:
        made = await customer_id(session, "Amy", [MOBILE])
        card = GivenHolding(kind="card", name="Gold", number="4111111111111111")
        await put_holding(session, made, "cards", "k1", card)
    return made


async def told(database: Any, customer: UUID, parts: Parts | None = None, at: float | None = None) -> dict[str, Any]:
    found = await whole_profile(database, customer, at or now(), parts or Parts())
    assert found is not None
    read: dict[str, Any] = msgspec.json.decode(found.body(AS_AGENT))
    return read


async def popped(database: Any, parts: Parts | None = None, at: float | None = None) -> dict[str, Any]:
    found = await recognise(
        database, source="pbx", call_id="c1", raw_number=MOBILE, default_region="CN", now=at or now(), parts=parts
    )
    assert found.customer is not None
    assert found.customer.name == "Amy"
    read: dict[str, Any] = msgspec.json.decode(found.profile)
    return read


async def test_one_read_tells_every_part(session: WriteSession) -> None:
    amy, bob = await customer_id(session, "Amy", [MOBILE]), await customer_id(session, "Bob")
    await put_holding(session, amy, "cards", "k1", GivenHolding(kind="card", number="4111111111111111"))
    await replace_ties(session, amy, 1, [GivenTie(other_id=bob, kind="spouse")])
    read = await told(await connection_of(session), amy)
    assert list(read) == [*(part.name for part in PARTS if part.within is None), "candidates"]
    assert [(each["kind"], each["last_four"]) for each in read["holdings"]] == [("card", "1111")]
    assert read["ties"] == [{"customer_id": str(bob), "name": "Bob", "kind": "spouse", "back": False}]
    assert (await told(await connection_of(session), bob))["ties"][0] | {"back": True} == {
        "customer_id": str(amy),
        "name": "Amy",
        "kind": "spouse",
        "back": True,
    }


async def test_only_what_is_valid_now_is_told_of_how_they_are_reached(session: WriteSession) -> None:
    at = now()
    past, soon = utc(at - 60), utc(at + 60)
    bounds: dict[str, dict[str, Any]] = {
        "over": {"valid_until": past},
        "ending": {"valid_until": utc(at)},
        "to come": {"valid_from": soon},
        "valid": {"valid_from": past, "valid_until": soon},
        "starting": {"valid_from": utc(at)},
        "always": {},
    }
    amy = await customer_id(session, "Amy")
    numbers = [GivenNumber(f"+861380013800{n}", label, **each) for n, (label, each) in enumerate(bounds.items())]
    await replace_numbers(session, amy, None, numbers, "CN")
    mails = [GivenEmail(address=f"{n}@x.cn", kind=kind, **each) for n, (kind, each) in enumerate(bounds.items())]
    await replace_emails(session, amy, None, mails)
    homes = [GivenAddress(lines=kind, kind=kind, **each) for kind, each in bounds.items()]
    await replace_addresses(session, amy, None, homes)
    connection = await connection_of(session)
    read = await told(connection, amy, at=at)
    valid = ["valid", "starting", "always"]
    assert [each["label"] for each in read["customer"]["numbers"]] == valid
    assert [each["kind"] for each in read["emails"]] == [each["kind"] for each in read["addresses"]] == valid
    later = await told(connection, amy, at=at + 60)
    assert [each["kind"] for each in later["emails"]] == ["to come", "starting", "always"]


async def test_of_a_merged_customer_the_survivors_profile_is_read(session: WriteSession) -> None:
    amy, twin = await customer_id(session, "Amy"), await customer_id(session, "Amy Twin", [MOBILE])
    await put_holding(session, twin, "core", "a1", GivenHolding(kind="account"))
    await merge(session, Side(twin, 1), Side(amy, None))
    read = await told(await connection_of(session), twin)
    assert read["customer"]["id"] == str(amy)
    assert [each["raw"] for each in read["customer"]["numbers"]] == [MOBILE]
    assert [each["customer_id"] for each in read["holdings"]] == [str(twin)]


async def test_of_an_unknown_customer_there_is_no_profile(session: AsyncSession) -> None:
    assert await whole_profile(await connection_of(session), UUID(new_id()), now(), Parts()) is None


async def test_a_broken_part_says_so_and_the_others_are_there(pool: "asyncpg.Pool[Any]", known: UUID) -> None:
    whole = await told(pool, known)
    within = {"customer_holdings": "holdings", "customer_alerts": "alerts", "customer_notes": "customer"}
    for table in ("customer_holdings", "customer_alerts", "customer_notes", "recordings"):
        await pool.execute(f"alter table {table} rename to gone")
        read = await told(pool, known)
        lost = {name for name in read if "unavailable" in str(read[name])}
        assert lost == {within.get(table, table)}
        assert {name: read[name] for name in set(read) - lost} == {name: whole[name] for name in set(whole) - lost}
        await popped(pool)
        await pool.execute(f"alter table gone rename to {table}")
    assert await told(pool, known) == whole


async def test_a_part_that_hangs_does_not_block_the_pop(
    pool: "asyncpg.Pool[Any]", known: UUID, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.profiles.reading.WHOLE_SECONDS", 0.2)
    parts, at = Parts(), now()
    blocker = await asyncpg.connect(database.dsn)
    async with blocker.transaction():
        await blocker.execute("lock table customer_alerts in access exclusive mode")
        lost = {"unavailable": "it took longer than 0.2 seconds"}
        assert (await popped(pool, parts, at))["alerts"] == lost
        failures = parts.failures
        assert (await popped(pool, parts, at + 1))["alerts"] == lost  # nobody waits for it again so soon
        assert (await told(pool, known, parts, at + 1))["alerts"] == lost
        assert parts.failures == failures
    await blocker.close()
    monkeypatch.setattr("app.customers.profiles.reading.WHOLE_SECONDS", 30.0)
    assert (await popped(pool, parts, at + REST_SECONDS))["alerts"] == []
    assert (await popped(pool, parts, at + REST_SECONDS + 1))["alerts"] == []


async def test_a_part_that_stays_broken_is_asked_for_less_and_less(session: AsyncSession) -> None:
    broken = (*PARTS[:1], Part(name="preferences", sql="(select preferences from no_such_table)"))
    parts, customer, at = Parts(), await customer_id(session), now()
    bounds = (utc(at) - HISTORY, utc(at), utc(at))
    asked = []
    for second in range(0, 200, 5):
        before = parts.failures
        found = await parts.read(await connection_of(session), of_customer, (customer, *bounds), broken, at + second)
        assert found is not None
        assert found.unavailable == ("preferences",)
        assert "UndefinedTableError" in found.parts["preferences"]
        asked += [second] if parts.failures > before else []
    assert asked == [0, 5, 15, 35, 75, 135, 195]
    assert LONGEST_REST == 60


async def test_who_it_is_comes_before_everything(pool: "asyncpg.Pool[Any]", known: UUID) -> None:
    """Without customers there is no profile at all, and that is told as what it is."""
    await pool.execute("alter table customers rename to customers_gone")
    with pytest.raises(asyncpg.UndefinedTableError):
        await told(pool, known)


async def test_where_who_it_is_hangs_that_is_told(
    pool: "asyncpg.Pool[Any]", known: UUID, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.profiles.reading.WHOLE_SECONDS", 0.05)
    monkeypatch.setattr("app.customers.profiles.reading.CORE_SECONDS", 0.05)
    blocker = await asyncpg.connect(database.dsn)
    async with blocker.transaction():
        await blocker.execute("lock table customers in access exclusive mode")
        with pytest.raises(Unavailable, match="in time"):
            await Profiles(pool.acquire, now).read(known)
    await blocker.close()


async def test_many_read_at_once_while_a_part_hangs(
    pool: "asyncpg.Pool[Any]", known: UUID, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.profiles.reading.WHOLE_SECONDS", 0.2)
    monkeypatch.setattr("app.customers.profiles.reading.CORE_SECONDS", 30.0)
    slow = [part if part.name == "holdings" else msgspec.structs.replace(part, seconds=30.0) for part in PARTS]
    monkeypatch.setattr("app.customers.profiles.whole.PARTS", tuple(slow))  # else a busy machine loses others, too
    profiles = Profiles(pool.acquire, FrozenClock())
    blocker = await asyncpg.connect(database.dsn)
    async with blocker.transaction():
        await blocker.execute("lock table customer_holdings in access exclusive mode")
        found = await asyncio.gather(*(profiles.read(known) for _ in range(12)))
    await blocker.close()
    assert {each.unavailable for each in found if each is not None} == {("holdings",)}
