"""Whole calls over the real wires: what each side does, and what exactly the others are told of it."""

import pytest

from tests.fixtures.site import Site
from tests.scenarios.story import Step, stage

pytestmark = pytest.mark.enable_socket


async def test_a_plain_call(site: Site) -> None:
    async with stage(site, "ann") as play:
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("switch", "offered from=+8613800138000 to=100 leg_id=c @0",
                 frames={"ann": ["agent.state reserved", "contact.offered offered"]}),
            Step("ann", "offer.accept", ["call.connect ann"], {"ann": ["agent.state busy"]}),
            Step("switch", "delivered agent=1001 leg_id=a @3", frames={"ann": ["contact.updated connecting"]}),
            Step("switch", "established agent=1001 leg_id=a @5", frames={"ann": ["contact.updated active"]}),
            Step("switch", "cleared cause=normal @65",
                 frames={"ann": ["agent.state working_after_call", "contact.ended answered"]}),
            Step("ann", "wrap_up.done code=solved", frames={"ann": ["agent.state ready"]}),
        )  # fmt: skip
        kept = await play.history("outcome, agent_id, queue_id, cause, wrap_up_code, talk_seconds")
    assert kept == ("answered", "ann", "cards", "normal", "solved", pytest.approx(60))


async def test_an_offer_that_is_not_answered_goes_to_the_next(site: Site) -> None:
    async with stage(site, "ann", "dee") as play:
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("dee", "agent.ready", frames={"dee": ["agent.state ready"]}),
            Step("switch", "offered from=anonymous to=400",
                 frames={"ann": ["agent.state reserved", "contact.offered offered"]}),
            Step("time", "passes 4", frames={
                "ann": ["agent.state not_ready (no_answer)", "offer.withdrawn expired"],
                "dee": ["agent.state reserved", "contact.offered offered"],
            }),
            Step("ann", "offer.accept", refused=409),
            Step("dee", "offer.accept", ["call.connect dee"], {"dee": ["agent.state busy"]}),
            Step("switch", "established agent=dee", frames={"dee": ["contact.updated active"]}),
            Step("switch", "cleared", frames={"dee": ["agent.state working_after_call", "contact.ended answered"]}),
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("dee", "agent.ready", frames={"dee": ["agent.state ready"]}),
        )  # fmt: skip
        assert await play.history("outcome, agent_id") == ("answered", "dee")


async def test_a_transfer_keeps_the_talk_times_apart_asterisk_759(site: Site) -> None:
    async with stage(site, "ann", "dee") as play:
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("switch", "offered to=100 leg_id=c @0",
                 frames={"ann": ["agent.state reserved", "contact.offered offered"]}),
            Step("ann", "offer.accept", ["call.connect ann"], {"ann": ["agent.state busy"]}),
            Step("switch", "established agent=1001 leg_id=a @10", frames={"ann": ["contact.updated active"]}),
            Step("dee", "agent.ready", frames={"dee": ["agent.state ready"]}),
            Step("ann", "call.transfer to.queue=loans", ["call.transfer ann queue:loans"]),
            Step("switch", "transferred agent=1001 leg_id=a @70", frames={
                "ann": ["agent.state working_after_call"],
                "dee": ["agent.state reserved", "contact.offered offered"],
            }),
            Step("switch", "connection_cleared agent=1001 leg_id=a @70.5", frames={"dee": ["contact.updated offered"]}),
            Step("dee", "offer.accept", ["call.connect dee"], {"dee": ["agent.state busy"]}),
            Step("switch", "established agent=1004 leg_id=b @80", frames={"dee": ["contact.updated active"]}),
            Step("ann", "wrap_up.done note=passed_on", frames={"ann": ["agent.state ready"]}),
            Step("switch", "cleared @200",
                 frames={"dee": ["agent.state working_after_call", "contact.ended answered"]}),
        )  # fmt: skip
        outcome, talk, queue = await play.history("outcome, talk_seconds, queue_id")
        legs = await site.fetch(
            """SELECT leg->>'agent', (leg->>'talk_seconds')::float8 FROM interactions,
               jsonb_array_elements(legs::jsonb) leg WHERE id = $1 AND leg->>'party' = 'agent'""",
            play.contact,
        )
    assert (outcome, talk, queue) == ("answered", pytest.approx(180), "loans")
    assert [tuple(leg) for leg in legs] == [("ann", pytest.approx(60)), ("dee", pytest.approx(120))]


async def test_hold_is_what_the_switch_says_it_is(site: Site) -> None:
    async with stage(site, "ann") as play:
        await play.play(
            Step("switch", "established agent=1001 leg_id=a to=100 @0",
                 frames={"ann": ["agent.state busy", "contact.updated active"]}),
            Step("ann", "call.retrieve", refused=409),
            Step("ann", "call.hold", ["call.hold ann"]),
            Step("switch", "held agent=1001 leg_id=a @20", frames={"ann": ["contact.updated active"]}),
            Step("ann", "call.hold", refused=409),
            Step("ann", "call.retrieve", ["call.retrieve ann"]),
            Step("switch", "retrieved agent=1001 leg_id=a @50", frames={"ann": ["contact.updated active"]}),
            Step("ann", "call.hang_up", ["call.disconnect ann"]),
            Step("switch", "cleared @60",
                 frames={"ann": ["agent.state working_after_call", "contact.ended answered"]}),
        )  # fmt: skip
        kept = await play.history("outcome, talk_seconds, hold_seconds")
    assert kept == ("answered", pytest.approx(30), pytest.approx(30))


async def test_a_caller_who_gives_up_frees_the_agent_at_once_freeswitch_2529(site: Site) -> None:
    async with stage(site, "ann") as play:
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("switch", "offered to=100", frames={"ann": ["agent.state reserved", "contact.offered offered"]}),
            Step("switch", "connection_cleared cause=caller", frames={
                "ann": ["agent.state ready", "offer.withdrawn caller_gone"],
            }),
            Step("switch", "cleared"),
            Step("ann", "offer.accept", refused=409),
        )  # fmt: skip
        assert await play.history("outcome, agent_id, cause") == ("abandoned", None, "caller")


async def test_a_caller_who_gives_up_while_the_phone_rings_is_answered_by_nobody(site: Site) -> None:
    async with stage(site, "ann") as play:
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("switch", "offered to=100", frames={"ann": ["agent.state reserved", "contact.offered offered"]}),
            Step("ann", "offer.accept", ["call.connect ann"], {"ann": ["agent.state busy"]}),
            Step("switch", "delivered agent=1001", frames={"ann": ["contact.updated connecting"]}),
            Step(
                "switch", "cleared cause=caller", frames={"ann": ["agent.state ready", "offer.withdrawn caller_gone"]}
            ),
            Step("ann", "call.hang_up", refused=404),
        )
        assert await play.history("outcome, agent_id, cause") == ("abandoned", None, "caller")
