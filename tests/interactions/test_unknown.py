"""Unknown callers become provisional customers, once a number, and are merged when somebody knows who they are."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import now, utc
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.merge_models import DuplicateProposal, UnknownCaller
from app.customers.models import Customer
from app.customers.recognising import CallerLookup, recognise
from app.customers.service import GivenNumber, add_number
from app.db.engine import Sessions, WriteSession
from app.db.pool import connection_of
from app.interactions.models import Interaction, InteractionEntry
from app.interactions.service import append_note
from app.interactions.unknown import adopt
from tests.customers.factories import REGION, customer_id
from tests.interactions.factories import make_interaction

MOBILE = "13800138000"


async def call(session: AsyncSession, number: str) -> UUID:
    """A call of nobody known, as the floor leaves it."""
    kept = await make_interaction(session, from_raw=number)
    session.add(UnknownCaller(interaction_id=kept.id, started_at=kept.started_at, number=number))
    await session.flush()
    return kept.id


async def whose(session: AsyncSession, interaction: UUID) -> UUID | None:
    found: UUID | None = await session.scalar(select(Interaction.customer_id).where(Interaction.id == interaction))
    return found


async def look_up(session: AsyncSession, number: str) -> tuple[CallerLookup, dict[str, Any]]:
    found = await recognise(
        await connection_of(session), source="pbx", call_id="x", raw_number=number, default_region=REGION, now=now()
    )
    return found, msgspec.json.decode(found.profile)


async def test_an_unknown_caller_becomes_one_provisional_customer(session: WriteSession) -> None:
    calls = [await call(session, MOBILE), await call(session, f"+86 {MOBILE}")]
    assert await adopt(session, REGION) == 2
    [customer] = await session.scalars(select(Customer))
    assert (customer.name, customer.provisional) == (f"+86{MOBILE}", True)
    assert customer.created_because == "a call of a number that nobody known had"
    assert [await whose(session, each) for each in calls] == [customer.id, customer.id]
    assert await adopt(session, REGION) == 0


async def test_what_was_noted_of_an_unknown_caller_is_in_the_customers_history(session: WriteSession) -> None:
    kept = await call(session, MOBILE)
    for place in range(2):  # before, and after
        await append_note(session, kept, text=f"note {place}", by="lin", at=utc(now()))
        await adopt(session, REGION)
    who = await whose(session, kept)
    assert who is not None
    assert [entry.customer_id for entry in await session.scalars(select(InteractionEntry))] == [who, who]


async def test_their_next_call_finds_their_history_and_knows_nobody(session: WriteSession) -> None:
    kept = await call(session, MOBILE)
    await adopt(session, REGION)
    found, profile = await look_up(session, MOBILE)
    assert (found.matches, found.customer, found.candidates) == ((), None, ())
    assert profile["customer"]["provisional"] is True
    assert [one["id"] for one in profile["interactions"]] == [str(kept)]
    assert found.last_agent == "lin"


async def test_a_known_customer_with_the_number_comes_before_the_provisional_one(session: WriteSession) -> None:
    await call(session, MOBILE)
    await adopt(session, REGION)
    known = await customer_id(session, "王小明")
    await add_number(session, known, GivenNumber(MOBILE), REGION)
    found, _ = await look_up(session, MOBILE)
    assert found.customer is not None
    assert found.customer.id == str(known)
    [proposal] = await session.scalars(select(DuplicateProposal))
    assert [reason["kind"] for reason in proposal.reasons] == ["same_number"]


async def test_a_provisional_customer_merges_into_a_known_one_and_back(session: WriteSession) -> None:
    kept = await call(session, MOBILE)
    await adopt(session, REGION)
    provisional = (await session.scalars(select(Customer.id))).one()
    known = await customer_id(session, "Acme", kind="company")
    await merge(session, Side(provisional), Side(known))
    found, profile = await look_up(session, MOBILE)
    assert found.customer is not None
    assert (found.customer.id, profile["customer"]["name"]) == (str(known), "Acme")
    assert [one["id"] for one in profile["interactions"]] == [str(kept)]
    await unmerge(session, Side(provisional))
    found, profile = await look_up(session, MOBILE)
    assert (found.customer, profile["customer"]["id"]) == (None, str(provisional))


async def test_a_number_that_became_somebodys_meanwhile_is_theirs(session: WriteSession) -> None:
    kept = await call(session, MOBILE)
    known = await customer_id(session, numbers=[MOBILE])
    await adopt(session, REGION)
    assert await whose(session, kept) == known


@pytest.mark.parametrize("away", ["ended", "not begun"])
async def test_a_strangers_call_is_not_written_into_the_history_of_a_former_holder(
    session: WriteSession, away: str
) -> None:
    hour = timedelta(hours=1)
    kept = await call(session, MOBILE)
    began = (await session.scalars(select(UnknownCaller.started_at))).one()
    ended = GivenNumber(MOBILE, valid_until=began)
    number = ended if away == "ended" else GivenNumber(MOBILE, valid_from=began + hour)
    await add_number(session, await customer_id(session, "Former Holder"), number, REGION)
    await adopt(session, REGION)
    stranger = (await session.scalars(select(Customer).where(Customer.provisional))).one()
    assert await whose(session, kept) == stranger.id


async def test_a_call_while_a_number_was_somebodys_is_theirs(session: WriteSession) -> None:
    kept = await call(session, MOBILE)
    began = (await session.scalars(select(UnknownCaller.started_at))).one()
    holder = await customer_id(session)
    number = GivenNumber(MOBILE, valid_from=began, valid_until=began + timedelta(seconds=1))
    await add_number(session, holder, number, REGION)
    await adopt(session, REGION)
    assert await whose(session, kept) == holder


async def test_a_number_that_several_have_meanwhile_is_not_guessed(session: WriteSession) -> None:
    kept = await call(session, MOBILE)
    for name in ("Amy", "Bob"):
        await customer_id(session, name, [MOBILE])
    await adopt(session, REGION)
    assert await whose(session, kept) is None
    assert await session.scalar(select(func.count()).select_from(Customer)) == 2


@pytest.mark.parametrize("number", ["anonymous", "", " ", "sip:anonymous@anonymous.invalid", "266696687"])
async def test_a_withheld_number_makes_no_customer(session: WriteSession, number: str) -> None:
    await call(session, number)
    assert await adopt(session, REGION) == 1
    assert (await session.scalars(select(Customer))).all() == []


@pytest.mark.parametrize("number", ["'; drop table customers; --", "=1+1", "sip:bob@x", "8001", "😀" * 500])
async def test_whatever_a_platform_sends_as_a_number_is_kept_as_it_is(session: WriteSession, number: str) -> None:
    kept = await call(session, number)
    await adopt(session, REGION)
    [customer] = await session.scalars(select(Customer))
    assert (customer.name, await whose(session, kept)) == (number, customer.id)


async def test_a_call_that_was_given_a_customer_meanwhile_keeps_them(session: WriteSession) -> None:
    kept = await call(session, MOBILE)
    known = await customer_id(session)
    await session.execute(Interaction.__table__.update().values(customer_id=known))  # type: ignore[attr-defined]
    await adopt(session, REGION)
    assert await whose(session, kept) == known


async def test_two_processes_make_one_customer_of_one_number(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await call(session, MOBILE)
    async with sessions.write() as first, sessions.write() as second:
        assert (await adopt(first, REGION), await adopt(second, REGION)) == (1, 0)
    async with sessions.read() as session:
        assert len((await session.scalars(select(Customer))).all()) == 1
