"""Erasing beside others who do something with the same customer at the same moment: one of them comes first."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import pytest

from app.core.clock import now, utc
from app.core.errors import CallfloorError
from app.customers.errors import CustomerNotFound
from app.customers.merging import Side, merge
from app.customers.models import Customer
from app.db.engine import Sessions
from app.privacy.erasing import Order, erase
from app.privacy.errors import ErasureRefused
from app.privacy.holds import hold
from tests.customers.factories import customer_id

ORDER = Order(by="sue", ground="objection", reason="file 7")


async def made(sessions: Sessions) -> UUID:
    async with sessions.write() as session:
        return await customer_id(session)


async def erased(sessions: Sessions, customer: UUID) -> UUID:
    async with sessions.write() as session:
        done, _ = await erase(session, customer, ORDER, now=utc(now()), region="CN")
        return done.id


async def held(sessions: Sessions, customer: UUID) -> None:
    async with sessions.write() as session:
        await hold(session, customer, reason="suit 12", until=None, by="sue", now=utc(now()))


async def merged(sessions: Sessions, one: UUID, other: UUID) -> None:
    async with sessions.write() as session:
        await merge(session, Side(one), Side(other))


async def both(*work: Awaitable[Any]) -> list[Any]:
    """What came of all at once; errors that are told are results."""
    found = await asyncio.gather(*work, return_exceptions=True)
    assert not [each for each in found if isinstance(each, BaseException) and not isinstance(each, CallfloorError)], (
        found
    )
    return found


async def there(sessions: Sessions, customer: UUID) -> bool:
    async with sessions.read() as session:
        return await session.get(Customer, customer) is not None


async def test_erasing_twice_at_once_is_one_erasure(sessions: Sessions) -> None:
    who = await made(sessions)
    ids = await both(*(erased(sessions, who) for _ in range(4)))
    assert len(set(ids)) == 1


async def test_of_a_hold_and_an_erasure_at_once_the_first_one_wins(sessions: Sessions) -> None:
    for _ in range(3):
        who = await made(sessions)
        erasure, holding = await both(erased(sessions, who), held(sessions, who))
        if await there(sessions, who):
            assert isinstance(erasure, ErasureRefused)
            assert holding is None
        else:
            assert isinstance(holding, CustomerNotFound)


@pytest.mark.parametrize("end", [0, 1])
async def test_merging_and_erasing_at_once_leaves_no_half(sessions: Sessions, end: int) -> None:
    for _ in range(3):
        pair = [await made(sessions), await made(sessions)]
        erasure, merging = await both(erased(sessions, pair[end]), merged(sessions, *pair))
        assert isinstance(erasure, UUID)
        gone = [not await there(sessions, each) for each in pair]
        assert gone[end]
        assert gone[1 - end] == (merging is None)
