"""Who is calling: exactly one customer, several candidates, or nobody; never a guess."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import now, utc
from app.core.ids import new_id
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.recognising import CallerLookup, profile, recognise
from app.customers.record.parts import GivenNote, write_note
from app.customers.service import GivenNumber, replace_numbers
from app.db.engine import WriteSession
from app.db.pool import connection_of
from app.floor.journal.models import LiveContact
from tests.customers.factories import REGION, customer_id, make_agent, make_customer
from tests.interactions.factories import make_interaction, this_hour

MOBILE = "+8613800138000"


async def look_up(session: AsyncSession, number: str | None, call_id: str = "c1") -> CallerLookup:
    database = await connection_of(session)
    return await recognise(database, source="pbx", call_id=call_id, raw_number=number, default_region="CN", now=now())


async def profile_of(session: AsyncSession, number: str) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode((await look_up(session, number)).profile)
    return told


async def go_live(session: AsyncSession, customer: UUID, **state: Any) -> str:
    contact = new_id()
    call = {"source": "pbx", "id": "live-1", "direction": "inbound"}
    state = {"id": contact, "call": call, "arrived_at": 1_800_000_000.25, "queue": "service", **state}
    row = {"floor": "main", "id": UUID(contact), "customer_id": customer, "state": state}
    await session.execute(insert(LiveContact).values(row))
    return contact


@pytest.mark.parametrize("spelt", ["13800138000", "0086 138-0013-8000", "sip:+8613800138000@host", "138/0013/8000"])
async def test_a_number_in_another_spelling_is_the_same_customer(session: AsyncSession, spelt: str) -> None:
    """voipbin#408, casepro#222: duplicates for want of one form; zammad#5117: known by the number alone."""
    wanted = await customer_id(session, numbers=["+86 138 0013 8000"])
    found = await look_up(session, spelt)
    assert found.customer is not None
    assert found.customer.id == str(wanted)
    assert found.candidates == ()


async def test_a_shared_number_gives_candidates_and_no_customer(session: AsyncSession) -> None:
    await make_customer(session, "Zhao", [MOBILE], tier="gold", language="zh")
    await make_customer(session, "Amy", ["13800138000"])
    found = await look_up(session, MOBILE)
    assert found.customer is None
    assert [(one.name, one.tier) for one in found.candidates] == [("Amy", None), ("Zhao", "gold")]
    told = msgspec.json.decode(found.profile)
    assert (told["customer"], told["interactions"]) == (None, [])
    assert [one["name"] for one in told["candidates"]] == ["Amy", "Zhao"]


async def test_one_customer_with_a_number_in_two_spellings_is_one_customer(session: AsyncSession) -> None:
    """zammad#1253: the same guess ten times."""
    await make_customer(session, numbers=[MOBILE, "13800138000"])
    assert (await look_up(session, MOBILE)).customer is not None


@pytest.mark.parametrize("number", [None, "", "anonymous", "sip:anonymous@anonymous.invalid", "unknown", "\x00", "😀"])
async def test_unknown_number_matched_to_random_customers(session: AsyncSession, number: str | None) -> None:
    """zammad#2143."""
    await make_customer(session, numbers=["anonymous", "unknown", "", MOBILE])
    found = await look_up(session, number)
    assert found.matches == ()
    assert msgspec.json.decode(found.profile) == {
        "customer": None,
        "alerts": [],
        "cases": [],
        "interactions": [],
        "open": [],
        "visits": [],
        "credit": None,
        "candidates": [],
        "entitlement": None,
        "wishes": [],
        "products": [],
    }


async def test_inactive_customers_are_not_shown(session: AsyncSession) -> None:
    """zammad#2096."""
    await make_customer(session, numbers=[MOBILE], active=False)
    assert (await look_up(session, MOBILE)).matches == ()


@pytest.mark.parametrize("raw", ["8001", "sip:bob@x", "1" * 40])
async def test_what_has_no_e164_is_matched_as_it_is(session: AsyncSession, raw: str) -> None:
    wanted = await customer_id(session, numbers=[raw])
    found = await look_up(session, f" {raw} ")
    assert [one.id for one in found.matches] == [str(wanted)]


async def test_a_great_many_candidates_are_cut(session: AsyncSession) -> None:
    for n in range(25):
        await make_customer(session, f"Person {n:02}", [MOBILE])
    assert len((await look_up(session, MOBILE)).candidates) == 20


async def test_the_profile_tells_who_it_is(session: AsyncSession) -> None:
    record = await make_customer(
        session, numbers=["138 0013 8000", "8001"], tier="gold", language="zh", external_id="C1", attributes={"a": [1]}
    )
    told = (await profile_of(session, MOBILE))["customer"]
    assert told == {
        "id": str(record.customer.id),
        "external_id": "C1",
        "name": "王小明",
        "latin_name": None,
        "tier": {"id": "gold", "name": "Gold", "rank": 3, "colour": "#e0b13c"},
        "language": "zh",
        "agent": None,
        "numbers": [
            {"raw": "138 0013 8000", "e164": MOBILE, "label": None},
            {"raw": "8001", "e164": None, "label": None},
        ],
        "attributes": {"a": [1]},
        "provisional": False,
        "kind": "person",
        "segments": [],
        "relationship_manager": None,
        "version": 1,
        "warnings": [],
    }


async def test_the_profile_has_segments_that_were_told_and_that_rules_give_each_once(session: AsyncSession) -> None:
    await customer_id(session, numbers=[MOBILE], segments=("vip", "young"))
    await session.execute(text("update customers set computed_segments = '{dormant,young}'"))
    assert (await profile_of(session, MOBILE))["customer"]["segments"] == ["dormant", "vip", "young"]


async def test_the_profile_has_the_last_ten_contacts_newest_first(session: AsyncSession) -> None:
    wanted = await customer_id(session, numbers=[MOBILE])
    for hours in range(12):
        await make_interaction(session, this_hour() - timedelta(hours=hours), customer_id=wanted, note=f"{hours}")
    await make_interaction(session, customer_id=UUID(new_id()), note="somebody else's")
    told = (await profile_of(session, MOBILE))["interactions"]
    assert [one["note"] for one in told] == [f"{hours}" for hours in range(10)]
    assert told[0]["started_at"] == this_hour().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert told[0] | {"id": "", "started_at": "", "ended_at": ""} == {
        "id": "",
        "started_at": "",
        "ended_at": "",
        "channel": "voice",
        "direction": "inbound",
        "queue": "service",
        "agent": "lin",
        "outcome": "answered",
        "wrap_up_code": None,
        "note": "0",
        "talk_seconds": 290.0,
    }


async def test_whom_a_customer_knows_is_told_to_routing(session: AsyncSession) -> None:
    await make_agent(session, "mei")
    wanted = await customer_id(session, numbers=[MOBILE], preferred_agent="mei")
    for hours, agent in ((1, None), (2, "sofia"), (3, "lin")):
        await make_interaction(session, this_hour() - timedelta(hours=hours), customer_id=wanted, agent_id=agent)
    found = await look_up(session, MOBILE)
    assert (found.preferred_agent, found.last_agent) == ("mei", "sofia")
    assert msgspec.json.decode(found.profile)["customer"]["agent"] == {"id": "mei", "name": "Mei"}


async def test_nobody_is_known_to_a_customer_who_is_not_certain(session: AsyncSession) -> None:
    await make_agent(session, "mei")
    wanted = await customer_id(session, numbers=[MOBILE], preferred_agent="mei")
    await make_interaction(session, customer_id=wanted, agent_id="lin")
    await make_customer(session, "Amy", [MOBILE])
    found = await look_up(session, MOBILE)
    assert (found.preferred_agent, found.last_agent) == (None, None)


async def test_the_profile_tells_what_is_open_now(session: AsyncSession) -> None:
    wanted = await customer_id(session, numbers=[MOBILE])
    contact = await go_live(session, wanted, state="active", agents=["lin"])
    await go_live(session, wanted, state="wrap_up")
    await go_live(session, UUID(new_id()), state="active")
    assert (await profile_of(session, MOBILE))["open"] == [
        {
            "id": contact,
            "source": "pbx",
            "call_id": "live-1",
            "channel": "voice",
            "direction": "inbound",
            "state": "active",
            "queue": "service",
            "arrived_at": "2027-01-15T08:00:00.250Z",
            "agents": ["lin"],
        }
    ]


async def test_a_call_that_has_ended_is_known(session: AsyncSession) -> None:
    for hours in (3, 1, 2):
        await make_interaction(session, this_hour() - timedelta(hours=hours), call_id="c1")
    newest = await make_interaction(session, call_id="c1")
    await make_interaction(session, call_id="c1", source_id="other")
    ended = (await look_up(session, None, "c1")).ended
    assert ended is not None
    assert ended.interaction_id == str(newest.id)
    assert (ended.started_at, ended.ended_at) == (newest.started_at.timestamp(), newest.ended_at.timestamp())
    assert (await look_up(session, None, "c2")).ended is None


async def test_a_call_id_used_again_days_later_is_a_new_call(session: AsyncSession) -> None:
    await make_interaction(session, this_hour() - timedelta(days=3), call_id="c1")
    assert (await look_up(session, None, "c1")).ended is None


async def test_the_profile_of_a_customer_by_id(session: AsyncSession) -> None:
    wanted = await customer_id(session, numbers=[MOBILE], active=False)
    told = await profile(await connection_of(session), wanted, now())
    assert told is not None
    assert msgspec.json.decode(told)["customer"]["id"] == str(wanted)
    assert await profile(await connection_of(session), UUID(new_id()), now()) is None


async def test_a_number_known_as_shared_gives_a_candidate_and_no_customer(session: AsyncSession) -> None:
    made = await make_customer(session)
    await replace_numbers(session, made.customer.id, 1, [GivenNumber(MOBILE, shared=True)], REGION)
    found = await look_up(session, MOBILE)
    assert (found.customer, [one.id for one in found.candidates]) == (None, [str(made.customer.id)])
    told = msgspec.json.decode(found.profile)
    assert (told["customer"], [one["id"] for one in told["candidates"]]) == (None, [str(made.customer.id)])


@pytest.mark.parametrize(
    ("called_from", "sure", "possible"),
    [
        ("010 6666 8888 ext 12", "Twelve", []),
        ("010 6666 8888 ext 13", None, []),
        ("010 6666 8888", None, ["Twelve"]),
        ("tel:+861066668888;ext=12", "Twelve", []),
    ],
)
async def test_an_extension_tells_people_behind_one_number_apart(
    session: AsyncSession, called_from: str, sure: str | None, possible: list[str]
) -> None:
    await make_customer(session, "Twelve", ["010-66668888转12"])
    found = await look_up(session, called_from)
    assert (found.customer.name if found.customer else None) == sure
    assert [one.name for one in found.candidates] == possible


async def test_a_number_that_is_not_valid_any_more_identifies_nobody(session: AsyncSession) -> None:
    made = await make_customer(session)
    gone, to_come = utc(now() - 60), utc(now() + 60)
    numbers = [GivenNumber(MOBILE, valid_until=gone), GivenNumber("13800138001", valid_from=to_come)]
    await replace_numbers(session, made.customer.id, 1, numbers, REGION)
    for number in (MOBILE, "13800138001"):
        assert (await look_up(session, number)).matches == ()
    numbers = [GivenNumber(MOBILE, valid_until=to_come, valid_from=gone)]
    await replace_numbers(session, made.customer.id, 2, numbers, REGION)
    assert (await look_up(session, MOBILE)).customer is not None


async def test_pinned_warnings_are_in_the_profile_until_they_end(session: AsyncSession) -> None:
    wanted = await customer_id(session, numbers=[MOBILE])
    for given in (
        GivenNote(text="hard of hearing", pinned=True),
        GivenNote(text="likes tea"),
        GivenNote(text="over", pinned=True, until=utc(now() - 60)),
    ):
        await write_note(session, wanted, given, "lin")
    assert (await profile_of(session, MOBILE))["customer"]["warnings"] == ["hard of hearing"]


async def test_two_who_were_merged_are_one_caller(session: WriteSession) -> None:
    one, other = await customer_id(session, "A", [MOBILE]), await customer_id(session, "B", [MOBILE])
    assert (await look_up(session, MOBILE)).customer is None
    await merge(session, Side(one), Side(other))
    found = await look_up(session, MOBILE)
    assert found.customer is not None
    assert found.customer.id == str(other)
    await unmerge(session, Side(one))
    assert (await look_up(session, MOBILE)).customer is None
