"""Everything that happened with a customer, in one order, page by page."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.core.clock import now, utc
from app.core.ids import new_id
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.errors import CustomerNotFound
from app.customers.recognising import profile
from app.customers.record.parts import GivenNote, Writer, change_note, remove_note, write_note
from app.db.engine import WriteSession
from app.db.pool import connection_of
from app.history.errors import NoWords, TimesReversed
from app.history.source import Asked, Place
from app.history.timeline import KINDS, Entry
from tests.customers.factories import customer_id
from tests.history.factories import ago, make_life, told
from tests.interactions.factories import make_interaction


def kinds(entries: list[Entry]) -> list[str]:
    return [entry.kind for entry in entries]


async def test_it_has_something_of_every_kind_in_order(session: WriteSession) -> None:
    who = await make_life(session)
    entries = await told(session, who)
    assert Counter(kinds(entries)) == {
        **dict.fromkeys(set(KINDS) - {"merge", "agreement"}, 1),
        "alert": 3,
    }
    places = [(entry.at, entry.source) for entry in entries]
    assert [at for at, _ in places] == sorted((at for at, _ in places), reverse=True)
    by_kind = {entry.kind: entry for entry in entries}
    contact = by_kind["contact"]
    assert (contact.what, contact.agent, contact.channel) == ("answered", "lin", "voice")
    assert (contact.text, contact.details["queue"]) == ("Card lost 银行卡遗失, Zoë rang", "service")
    assert (by_kind["contact_note"].text, by_kind["contact_note"].agent) == ("called back 已回电", "mei")
    assert by_kind["contact_note"].thing == contact.id == contact.thing
    assert by_kind["tier"].details["changes"] == {"tier_id": [None, "gold"]}
    assert by_kind["tier"].text == "a new branch"
    assert (by_kind["consent"].what, by_kind["consent"].channel) == ("refused", "sms")
    assert (by_kind["promise"].what, by_kind["promise"].agent) == ("follow_up", "mei")
    case = by_kind["case"]
    assert (case.what, case.agent, case.text) == ("open", "lin", "Slow transfer 转账\non the bus")
    assert (case.details["subject"], case.details["status"], case.details["changes"]) == (
        "Slow transfer 转账",
        "new",
        {},
    )
    assert by_kind["credit_check"].details.keys() == {"source", "settled_at"}
    assert [entry.what for entry in entries if entry.kind == "alert"] == ["finish", "acknowledge", "opened"]


async def test_contacts_of_whatever_channel_are_told_and_found_alike(session: WriteSession) -> None:
    who, channels = await customer_id(session), ["voice", "chat", "email", "sms", "video", "branch"]
    for hours, channel in enumerate(channels):
        given: dict[str, Any] = {
            "channel": channel,
            "direction": "outbound" if hours % 2 else "inbound",
            "note": f"by {channel} 挂失",
        }
        await make_interaction(session, ago(hours=hours), customer_id=who, **given)
    entries = await told(session, who, kinds=["contact"])
    assert [(entry.channel, entry.text) for entry in entries] == [(each, f"by {each} 挂失") for each in channels]
    assert [entry.channel for entry in await told(session, who, q="挂失")] == channels
    assert [entry.channel for entry in await told(session, who, q="email")] == ["email"]
    shown = msgspec.json.decode(await profile(await connection_of(session), who, now()) or b"null")
    assert [each["channel"] for each in shown["interactions"]] == channels


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_pages_of_any_size_give_each_entry_once(session: WriteSession, size: int) -> None:
    """Many entries are of one instant here: of one transaction, which is one instant to the database."""
    who = await make_life(session)
    for _ in range(3):
        await make_interaction(session, ago(hours=5), customer_id=who)
    whole = await told(session, who)
    seen: list[Entry] = []
    after: Place | None = None
    while page := await told(session, who, size, after):
        seen += page
        after = page[-1].place
    assert seen == whole


async def test_what_is_added_meanwhile_moves_nothing(session: WriteSession) -> None:
    who = await make_life(session)
    whole = await told(session, who)
    page = await told(session, who, 5)
    await make_interaction(session, utc(now()) + timedelta(minutes=1), customer_id=who)
    await write_note(session, who, GivenNote(text="new"), "lin")
    older = await make_interaction(session, ago(hours=20), customer_id=who)
    rest = await told(session, who, 100, page[-1].place)
    assert [entry for entry in rest if entry.id != str(older.id)] == whole[5:]
    assert str(older.id) in {entry.id for entry in rest}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"kinds": ["warning"]}, ["warning"]),
        ({"kinds": ["tier", "consent"]}, ["tier", "consent"]),
        ({"kinds": ["alert"], "agent": "lin"}, ["alert", "alert", "alert"]),
        ({"agent": "mei"}, ["warning", "contact_note", "promise"]),
        ({"since": ago(hours=5), "until": ago(hours=3.5)}, ["contact_note", "contact", "promise"]),
        ({"since": ago(hours=5), "until": ago(hours=4)}, ["contact", "promise"]),
        ({"q": "银行卡"}, ["contact"]),
        ({"q": "卡"}, ["contact"]),
        ({"q": "遗失 CARD zoe"}, ["contact"]),
        ({"q": "卡行"}, []),
        ({"q": "ost"}, []),
        ({"q": "回电"}, ["contact_note"]),
        ({"q": "never PIN"}, ["warning"]),
        ({"q": "终端"}, ["visit"]),
        ({"q": "install term", "kinds": ["visit"], "agent": "lin"}, ["visit"]),
        ({"kinds": ["visit"], "agent": "mei"}, []),
        ({"q": "letters", "kinds": ["warning"]}, []),
        ({"q": "letters", "agent": "mei"}, []),
        ({"q": "x' or 1=1 --"}, []),
        ({"agent": "'; drop table customers; --"}, []),
    ],
)
async def test_it_is_filtered(session: WriteSession, asked: dict[str, Any], wanted: list[str]) -> None:
    who = await make_life(session)
    other = await make_life_of_another(session)
    entries = await told(session, who, **asked)
    assert kinds(entries) == wanted
    assert other not in {entry.customer_id for entry in entries}


async def make_life_of_another(session: WriteSession) -> UUID:
    who = await customer_id(session, "李四")
    await make_interaction(session, ago(hours=5), customer_id=who, note="Card lost 银行卡遗失 Zoe")
    return who


async def test_whoever_talked_on_a_leg_served_the_customer(session: WriteSession) -> None:
    who = await customer_id(session)
    legs = [{"agent": "lin", "talk_seconds": 20.0}, {"agent": "mei", "talk_seconds": 5.0}]
    await make_interaction(session, customer_id=who, agent_id="lin", legs=legs)
    assert kinds(await told(session, who, agent="mei")) == ["contact"]


async def test_words_that_were_found_are_named_by_their_places(session: WriteSession) -> None:
    who = await make_life(session)
    [contact] = await told(session, who, q="遗失 zoe card")
    assert contact.text is not None
    assert [contact.text[start:end] for start, end in contact.found] == ["Card", "遗失", "Zoë"]
    assert (await told(session, who))[0].found == ()


async def test_a_long_word_is_found_only_in_one_piece(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_interaction(session, ago(hours=1), customer_id=who, note="信用，用卡，卡号")
    whole = await make_interaction(session, ago(hours=2), customer_id=who, note="新信用卡号")
    assert [entry.id for entry in await told(session, who, q="信用卡号")] == [str(whole.id)]


async def test_the_survivor_tells_of_the_merged_and_a_merge_only_once(session: WriteSession) -> None:
    one, other = await customer_id(session), await customer_id(session, "王晓明")
    contact = await make_interaction(session, customer_id=one, note="信用卡")
    await merge(session, Side(one), Side(other))
    for asked in (one, other):
        entries = await told(session, asked)
        assert Counter(kinds(entries)) == {"made": 2, "contact": 1, "merge": 1}
        assert [entry.what for entry in entries if entry.kind == "merge"] == ["merged"]
    assert [entry.id for entry in await told(session, other, q="用卡")] == [str(contact.id)]
    await unmerge(session, Side(one))
    assert Counter(kinds(await told(session, one))) == {"made": 1, "contact": 1, "merge": 2}
    assert [entry.what for entry in await told(session, other, kinds=["merge"])] == ["unmerged", "merged"]


async def test_a_note_is_told_once_and_then_what_became_of_it(session: WriteSession) -> None:
    who = await customer_id(session)
    note = await write_note(session, who, GivenNote(text="first"), "lin")
    assert sorted(kinds(await told(session, who))) == ["made", "note"]
    await change_note(session, who, note.id, None, GivenNote(text="second"), Writer("lin"))
    entries = await told(session, who)
    assert sorted(kinds(entries)) == ["change", "made", "note"]
    assert [entry.text for entry in entries if entry.kind == "note"] == ["second"]
    assert kinds(await told(session, who, q="first")) == []
    await remove_note(session, who, note.id, None, Writer("lin"))
    assert sorted(kinds(await told(session, who))) == ["change", "change", "made"]


@pytest.mark.parametrize("q", ["", " ", "!?，。", "\N{GRINNING FACE}", "___"])
def test_a_text_of_no_words_is_refused(q: str) -> None:
    with pytest.raises(NoWords):
        Asked(q=q)


def test_a_time_that_ends_before_it_begins_is_refused() -> None:
    for until in (ago(hours=2), ago(hours=1)):
        with pytest.raises(TimesReversed):
            Asked(since=ago(hours=1), until=until)


async def test_nobody_has_no_history(session: WriteSession) -> None:
    with pytest.raises(CustomerNotFound):
        await told(session, UUID(new_id()))
