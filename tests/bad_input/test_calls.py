"""The table "Bad input", rows of the call: what we do not know is kept, what comes first opens the call, and whatever a
number looks like, its caller is served."""

import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from app.core.ids import new_id
from tests.fixtures.site import Site
from tests.fixtures.switch import Switch
from tests.fixtures.tab import Frame, Tab

pytestmark = pytest.mark.enable_socket

RAW = """SELECT type, data->'data' AS data FROM events WHERE contact_id = $1 AND type LIKE 'call.%' ORDER BY seq"""
LINES = "SELECT kind, data FROM interaction_entries WHERE interaction_id = $1 ORDER BY at"


async def test_unknown_events_and_statuses_are_kept_with_the_call_frappe_2780(site: Site, switch: Switch) -> None:
    call_id = new_id()
    contact = await switch.tells("offered", call_id, to="100", status="ringing-ish")
    assert await switch.tells("teleported", call_id, status="weird", where={"to": ["moon"]}) == contact
    assert await switch.tells("established", call_id, status="in_progress_maybe") == contact
    await switch.tells("cleared", call_id)
    logged = [row["type"] for row in await site.fetch(RAW, contact)]
    assert logged == ["call.offered", "call.teleported", "call.established", "call.cleared"]
    lines = {row["kind"]: row["data"] for row in await site.fetch(LINES, contact)}
    assert '"weird"' in lines["call.teleported"]
    assert '"ringing-ish"' in lines["call.offered"]


async def test_an_unknown_direction_is_kept_and_not_believed(site: Site, switch: Switch) -> None:
    call_id = new_id()
    contact = await switch.tells("offered", call_id, to="100", direction="sideways")
    assert (await site.contact(contact))["direction"] == "inbound"
    await switch.tells("cleared", call_id)
    assert '"sideways"' in (await site.fetch(LINES, contact))[0]["data"]


FIRST_NEWS: list[tuple[str, dict[str, Any], str, list[tuple[str, str | None]]]] = [
    ("offered", {"to": "100"}, "waiting", [("initiated", None)]),
    ("queued", {"queue": "loans"}, "waiting", [("queued", None)]),
    ("delivered", {"agent": "bob", "to": "100"}, "waiting", [("alerting", "bob")]),
    ("established", {}, "arriving", [("connected", None)]),
    ("established", {"agent": "1003"}, "active", [("connected", "cho")]),
    ("established", {"agent": "a stranger"}, "arriving", [("connected", "a stranger")]),
    ("held", {"agent": "1003"}, "active", [("held", "cho")]),
    ("retrieved", {"agent": "1003"}, "active", [("connected", "cho")]),
    ("conferenced", {"agent": "1003"}, "active", [("connected", "cho")]),
    ("digits", {"to": "200", "digits": "4711"}, "waiting", []),
    ("mystery", {}, "arriving", []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "data", "state", "legs"), FIRST_NEWS, ids=lambda value: str(value)[:30])
async def test_an_event_for_an_unknown_call_opens_it_in_the_state_that_it_implies_nexmo_1653(
    site: Site, switch: Switch, kind: str, data: dict[str, Any], state: str, legs: list[tuple[str, str | None]]
) -> None:
    call_id = new_id()
    contact = await switch.tells(kind, call_id, **data)
    shown = await site.contact(contact)
    assert (shown["call_id"], shown["state"]) == (call_id, state)
    assert [(leg["state"], leg["agent"]) for leg in shown["legs"]] == legs
    await switch.tells("cleared", call_id)


@pytest.mark.parametrize(
    ("kind", "data", "outcome"),
    [
        ("cleared", {"cause": "busy"}, "unrouted"),
        ("connection_cleared", {}, "unrouted"),
        ("failed", {"direction": "outbound"}, "failed"),
    ],
)
async def test_a_call_of_which_only_the_end_is_heard_is_in_the_history(
    site: Site, switch: Switch, kind: str, data: dict[str, Any], outcome: str
) -> None:
    call_id = new_id()
    contact = await switch.tells(kind, call_id, **data)
    kept = await site.fetch("SELECT outcome FROM interactions WHERE id = $1", contact)
    assert [row["outcome"] for row in kept] == [outcome]
    assert await switch.tells("established", call_id, agent="ann") == contact, "what comes late opens nothing"
    assert contact not in {shown["id"] for shown in (await site.floor())["contacts"]}


@pytest.fixture
async def dee(site: Site) -> AsyncIterator[Tab]:
    """An agent who is ready."""
    async with site.agent("dee") as tab:
        await tab.ask("agent.ready")
        yield tab


STRANGE = [
    "anonymous", "Anonymous <sip:anonymous@anonymous.invalid>", "1001", "sip:bob@x", "sip:bob@example.com;user=phone",
    "📞", "李雷", "8" * 40, "+", "00", "++86 (138) 0013-8000 ext. 5", "0/138-001", "-1", "x" * 1000, "'; DROP TABLE x",
    "a\x00b", "\ud83d", "٠١٢٣٤٥٦٧٨٩",
]  # fmt: skip


async def popped(tab: Tab, contact: str) -> Frame:
    """The offer of a contact."""
    while True:
        for frame in tab.frames:
            if frame["type"] == "contact.offered" and frame["contact"]["id"] == contact:
                return frame
        await tab.changed(5)


@pytest.mark.parametrize("number", STRANGE, ids=lambda number: ascii(number)[:20])
async def test_whatever_a_number_looks_like_its_caller_is_served_and_nobody_is_guessed_zammad_2143(
    site: Site, switch: Switch, dee: Tab, number: str
) -> None:
    call_id, raw = new_id(), number.replace("\x00", "�").replace("\ud83d", "�")
    contact = await switch.tells("offered", call_id, from_=msgspec.Raw(json.dumps(number).encode()), to="100")
    offer = await popped(dee, contact)
    assert (offer["contact"]["from"], offer["contact"]["customer"]) == (raw, None)
    assert (offer["profile"]["customer"], offer["profile"]["candidates"]) == (None, [])
    assert (await dee.ask("offer.accept", contact_id=contact))["ok"]
    await switch.tells("established", call_id, agent="dee")
    await switch.tells("cleared", call_id)
    await dee.ask("wrap_up.done", contact_id=contact)
    kept = (await site.fetch("SELECT from_raw, customer_id, outcome FROM interactions WHERE id = $1", contact))[0]
    assert tuple(kept) == (raw, None, "answered")


@pytest.mark.parametrize("number", ["", None])
async def test_no_number_at_all_is_a_caller_too(site: Site, switch: Switch, number: str | None) -> None:
    call_id = new_id()
    contact = await switch.tells("offered", call_id, from_=number, to="100")
    assert (await site.contact(contact))["from"] is None
    await switch.tells("cleared", call_id)
