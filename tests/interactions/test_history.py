"""The history is read newest first, page by page, and only ever grows."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.interactions.errors import InteractionNotFound
from app.interactions.models import Interaction
from app.interactions.queries import Place, get_interaction, interactions_of
from app.interactions.service import append_note
from tests.customers.plans import plan_of
from tests.interactions.factories import make_entry, make_interaction, this_hour

CUSTOMER = UUID("01920000-0000-7000-8000-000000000001")


def place(interaction: Interaction) -> Place:
    return interaction.started_at, interaction.id


async def test_a_customers_contacts_come_newest_first(session: AsyncSession) -> None:
    for hours in (1, 3, 2):
        await make_interaction(session, this_hour() - timedelta(hours=hours), customer_id=CUSTOMER)
    await make_interaction(session, customer_id=UUID(new_id()))
    await make_interaction(session, customer_id=None)
    found = await interactions_of(session, CUSTOMER, 10)
    assert [this_hour() - one.started_at for one in found] == [timedelta(hours=hours) for hours in (1, 2, 3)]


async def test_pages_of_contacts_of_one_moment_leave_none_out(session: AsyncSession) -> None:
    made = [await make_interaction(session, customer_id=CUSTOMER) for _ in range(5)]
    seen: list[Interaction] = []
    while page := await interactions_of(session, CUSTOMER, 2, place(seen[-1]) if seen else None):
        seen += page
    assert [one.id for one in seen] == sorted((one.id for one in made), reverse=True)


async def test_what_comes_in_between_does_not_shift_the_pages(session: AsyncSession) -> None:
    old = [await make_interaction(session, this_hour() - timedelta(hours=h), customer_id=CUSTOMER) for h in (1, 2)]
    first = await interactions_of(session, CUSTOMER, 1)
    await make_interaction(session, customer_id=CUSTOMER)
    assert list(first) == old[:1]
    assert list(await interactions_of(session, CUSTOMER, 5, place(old[0]))) == old[1:]


async def test_a_timeline_is_in_order_of_happening(session: AsyncSession) -> None:
    interaction = await make_interaction(session)
    for kind, after in (("ended", 9.0), ("offered", 3.0), ("queued", 1.0), ("established", 3.0)):
        await make_entry(session, interaction, kind, after, agent="lin")
    await make_entry(session, await make_interaction(session), "somebody else's")
    record = await get_interaction(session, interaction.id)
    assert record.interaction is interaction
    assert [entry.kind for entry in record.timeline] == ["queued", "offered", "established", "ended"]
    assert record.timeline[0].data == {"agent": "lin"}


async def test_a_note_is_added_behind_what_is_there(session: AsyncSession) -> None:
    interaction = await make_interaction(session)
    await make_entry(session, interaction)
    for words in ("called back", "paid with 4111 1111 1111 1111"):
        await append_note(session, interaction.id, text=words, by="lin", at=interaction.ended_at)
    timeline = (await get_interaction(session, interaction.id)).timeline
    assert [entry.kind for entry in timeline] == ["queued", "note", "note"]
    assert [entry.data.get("text") for entry in timeline[1:]] == ["called back", "paid with …1111"]
    assert timeline[-1].data["by"] == "lin"


async def test_of_what_has_not_ended_there_is_no_record(session: AsyncSession) -> None:
    with pytest.raises(InteractionNotFound):
        await get_interaction(session, UUID(new_id()))
    with pytest.raises(InteractionNotFound):
        await append_note(session, UUID(new_id()), text="x", by="lin", at=this_hour())


async def test_a_page_is_read_by_index_from_the_months_it_needs(session: AsyncSession) -> None:
    await session.execute(text("set local enable_seqscan = off"))
    last_month = this_hour().replace(day=1) - timedelta(days=1)
    plan = await plan_of(session, interactions_of(session, CUSTOMER, 51, (last_month, CUSTOMER)))
    assert "Sort" not in plan
    assert "customer_id_started_at_id_idx" in plan
    assert f"interactions_{this_hour():%Y_%m}" not in plan
