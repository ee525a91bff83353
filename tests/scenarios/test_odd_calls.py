"""Calls that do not go as they should: placed by us, told out of order, told twice, worked on in two tabs."""

import pytest

from app.core.ids import new_id
from tests.fixtures.site import Site
from tests.scenarios.story import Stage, Step, stage

pytestmark = pytest.mark.enable_socket


async def test_a_call_that_an_agent_places(site: Site) -> None:
    async with stage(site, "ann") as play:
        await play.play(
            Step("ann", "call.dial to=+4930123456", ["call.dial ann +4930123456"],
                 {"ann": ["agent.state busy", "contact.opened connecting"]}),
            Step("switch", "established agent=1001 leg_id=a @0", frames={"ann": ["contact.updated connecting"]}),
            Step("switch", "delivered leg_id=c @1", frames={"ann": ["contact.updated connecting"]}),
            Step("switch", "established leg_id=c @9", frames={"ann": ["contact.updated active"]}),
            Step("ann", "call.hang_up", ["call.disconnect ann"]),
            Step("switch", "connection_cleared agent=1001 leg_id=a @39", ["call.disconnect"],
                 {"ann": ["agent.state working_after_call"]}),
            Step("switch", "cleared @39"),
            Step("ann", "wrap_up.done", frames={"ann": ["agent.state not_ready (logged_on)"]}),
        )  # fmt: skip
        kept = await play.history("outcome, direction, agent_id, to_raw, talk_seconds")
    assert kept == ("answered", "outbound", "ann", "+4930123456", pytest.approx(39))


async def test_a_number_that_cannot_be_reached(site: Site) -> None:
    async with stage(site, "ann") as play:
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("ann", "call.dial to=00", ["call.dial ann 00"],
                 {"ann": ["agent.state busy", "contact.opened connecting"]}),
            Step("switch", "failed cause=unallocated", frames={
                "ann": ["agent.state ready", "contact.ended failed"],
            }),
        )  # fmt: skip
        assert await play.history("outcome, cause, talk_seconds") == ("failed", "unallocated", 0)


async def test_events_out_of_order_twice_and_unknown_nexmo_1653(site: Site) -> None:
    async with stage(site, "ann") as play:
        twice = f"evt_{new_id()}"
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("switch", f"offered to=100 leg_id=c sequence=1 key={twice} @0",
                 frames={"ann": ["agent.state reserved", "contact.offered offered"]}),
            Step("switch", f"offered to=100 leg_id=c sequence=1 key={twice} @0"),
            Step("ann", "offer.accept", ["call.connect ann"], {"ann": ["agent.state busy"]}),
            Step("switch", "established agent=1001 leg_id=a sequence=3 @10",
                 frames={"ann": ["contact.updated active"]}),
            Step("switch", "delivered agent=1001 leg_id=a sequence=2 @4", frames={"ann": ["contact.updated active"]}),
            Step("switch", "established agent=1001 leg_id=a sequence=3 @10"),
            Step("switch", "mood value=cheerful"),
            Step("switch", "cleared sequence=5 @40",
                 frames={"ann": ["agent.state working_after_call", "contact.ended answered"]}),
            Step("switch", "held agent=1001 leg_id=a sequence=4 @30"),
            Step("ann", "wrap_up.done", frames={"ann": ["agent.state ready"]}),
            Step("switch", "cleared sequence=5 @40"),
        )  # fmt: skip
        kept = await play.history("outcome, talk_seconds, (legs->1->>'ring_seconds')::float8")
        assert await lines(play, "call.held") == 1
    assert kept == ("answered", pytest.approx(30), pytest.approx(6))


async def lines(play: Stage, kind: str) -> int:
    """How many lines of one kind the call's timeline has."""
    query = "SELECT count(*) FROM interaction_entries WHERE interaction_id = $1 AND kind = $2"
    found: int = await play.site.fetchval(query, play.contact, kind)
    return found


def both(*frames: str) -> dict[str, tuple[str, ...]]:
    return {"ann": frames, "ann2": frames}


async def test_two_tabs_see_the_same_and_one_answer_counts_amazon_939(site: Site) -> None:
    async with stage(site, "ann", "ann2") as play:
        await play.play(
            Step("ann", "agent.ready", frames=both("agent.state ready")),
            Step("ann2", "agent.ready"),
            Step("switch", "offered to=100", frames=both("agent.state reserved", "contact.offered offered")),
            Step("ann2", "offer.accept", ["call.connect ann"], both("agent.state busy")),
            Step("ann", "offer.accept", refused=409),
            Step("switch", "established agent=1001", frames=both("contact.updated active")),
            Step("ann", "call.hang_up", ["call.disconnect ann"]),
            Step("switch", "cleared", frames=both("agent.state working_after_call", "contact.ended answered")),
            Step("ann", "wrap_up.done", frames=both("agent.state ready")),
            Step("ann2", "wrap_up.done", refused=409),
        )
        first, second = play.tabs["ann"].frames, play.tabs["ann2"].frames
        assert first[-len(second) :] == second
