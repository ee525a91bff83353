"""Asking on real connections: one question at a time, and nobody else waits while a bureau thinks."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import now, utc
from app.core.guarding import open_guarded_client
from app.credit.adapters.http import HttpBureaus
from app.credit.bureaus import set_up
from app.credit.desk import CreditDesk, Wish
from app.credit.errors import AskedAlready
from app.credit.port import Bureau
from app.credit.queries import CONSENT, standing_of
from app.customers.recognising import profile
from app.customers.record.parts import GivenConsent, record_consent
from app.db.engine import Sessions
from app.db.pool import connection_of
from tests.customers.factories import customer_id
from tests.fixtures.bureau import LOOPBACK, Writer, little_bureau, saying
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.enable_socket

WISH = Wish(by="lin", reason="asks for a loan")


async def known_customer(sessions: Sessions, url: str) -> UUID:
    """A customer who has consented, and a bureau."""
    async with sessions.write() as session:
        await set_up(session, Bureau(id="a", url=url, sends={"who": "name"}, standing_at="/class"), "A", active=True)
        made = await customer_id(session)
        said = GivenConsent(channel=CONSENT, given=True, at=utc(now()), origin="x")
        await record_consent(session, made, said, utc(now()))
    return made


async def test_two_who_ask_at_once_ask_the_bureau_once(sessions: Sessions) -> None:
    async with little_bureau() as bureau, open_guarded_client(LOOPBACK) as client:
        bureau.answer = saying({"class": "A"})
        made = await known_customer(sessions, bureau.url)
        desk = CreditDesk(sessions, HttpBureaus(client, {}), now)
        found = await asyncio.gather(*(desk.refresh(made, WISH) for _ in range(5)), return_exceptions=True)
    refused = [each for each in found if isinstance(each, BaseException)]
    assert all(isinstance(each, AskedAlready) for each in refused)
    assert len(refused) < 5
    assert len(bureau.heard) == 1


async def test_while_a_bureau_thinks_the_pop_is_shown_and_no_connection_is_held(
    sessions: Sessions, engine: AsyncEngine
) -> None:
    thinking = asyncio.Event()

    async def thinks(writer: Writer) -> None:
        await thinking.wait()
        await saying({"class": "A"})(writer)

    async with little_bureau() as bureau, open_guarded_client(LOOPBACK) as client:
        bureau.answer = thinks
        made = await known_customer(sessions, bureau.url)
        desk = CreditDesk(sessions, HttpBureaus(client, {}), now)
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(desk.refresh(made, WISH))
            await eventually(lambda: asyncio.sleep(0, bureau.heard), bool)
            assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            async with sessions.read() as session:
                shown = await profile(await connection_of(session), made, now())
                last = (await standing_of(session, made)).last
            thinking.set()
        assert shown is not None
        assert b'"credit":null' in shown
        assert last is not None
        assert (last.outcome, last.reason) == ("asking", WISH.reason)
        known, _ = asked.result()
    assert known.answer is not None
    assert known.answer.standing == "A"
