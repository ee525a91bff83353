"""Who comes back to the line from an agent who has not taken them stands by the rules of then, whatever has changed
while the agent was asked."""

import msgspec
import pytest

from app.floor import commands as c
from app.floor.configuration.config import FloorConfig
from app.floor.invariants import check
from app.floor.memory.entities import ContactState
from app.routing.overflow.rules import Do, OverflowRule, When
from tests.floor.factories import CONFIG, T0, Bench
from tests.floor.game_of_administrators import same_as_judged_anew
from tests.floor.handlers.test_former_agents import without
from tests.floor.queue.test_callbacks import callback
from tests.floor.queueing import hours, minute_of_day, rules, to_loans

replace = msgspec.structs.replace
AFTER_A_MINUTE = OverflowRule(when=When.WAIT, at=60, do=Do.VOICEMAIL)
WITHOUT_AGENTS = OverflowRule(when=When.NO_AGENT, do=Do.VOICEMAIL)
whatever_else_changes = pytest.mark.parametrize("more", [True, False], ids=["another change", "no other change"])


def something_else(config: FloorConfig) -> c.Configure:
    """A change that has nothing to do with the caller."""
    return c.Configure(
        config=replace(config, queues={**config.queues, "loans": replace(config.queues["loans"], bonus=77.0)})
    )


def on_offer(config: FloorConfig = CONFIG) -> tuple[Bench, str]:
    floor = Bench(config)
    floor.on("ann")
    contact = floor.arrives()
    assert floor.offered_to(contact) == "ann"
    return floor, contact


@whatever_else_changes
def test_limit_of_waiting_that_was_set_while_the_caller_was_on_offer_is_theirs(more: bool) -> None:
    floor, contact = on_offer()
    floor.do(c.Configure(config=rules(AFTER_A_MINUTE)))
    floor.do(c.NotReady(agent_id="ann", reason="break"))
    assert floor.contact(contact).state is ContactState.WAITING
    floor.wait(10)
    if more:
        floor.do(something_else(rules(AFTER_A_MINUTE)))
    floor.wait(T0 + 59 - floor.now)
    assert floor.contact(contact).state is ContactState.WAITING
    floor.wait(10)
    assert floor.contact(contact).ending == "voicemail"


@whatever_else_changes
def test_limit_of_waiting_that_was_set_while_the_phone_of_the_agent_rang_is_the_callers(more: bool) -> None:
    floor, contact = on_offer()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.do(c.Configure(config=rules(AFTER_A_MINUTE)))
    floor.call("failed", agent="ann")
    assert floor.contact(contact).state is ContactState.WAITING
    floor.do(c.NotReady(agent_id="ann", reason="break"))
    if more:
        floor.do(something_else(rules(AFTER_A_MINUTE)))
    floor.wait(600)
    assert floor.contact(contact).ending == "voicemail"


@whatever_else_changes
def test_promised_callback_whose_queue_was_closed_while_it_was_on_offer_is_had_when_that_opens(more: bool) -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann")
    assert floor.offered_to(made) == "ann"
    minute = minute_of_day(T0)
    new = rules(hours=hours(minute + 10, minute + 300))  # opens in ten minutes
    floor.do(c.Configure(config=new))
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=made))
    assert floor.contact(made).held
    if more:
        floor.do(something_else(new))
    floor.wait(60 * 20)
    floor.on("dee")
    assert floor.offered_to(made) == "dee"


def test_callback_that_would_be_held_for_ever_is_found() -> None:
    minute = minute_of_day(T0)
    floor = Bench(rules(hours=hours(minute, minute + 2)))
    floor.arrives()
    made = callback(floor)
    floor.wait(300)
    held = floor.contact(made)
    assert held.held
    floor.state.store.put_contact(held.with_(overflow_at=None))
    with pytest.raises(AssertionError, match="is held, and nothing happens when its queue opens"):
        check(floor.state)


@whatever_else_changes
def test_caller_on_offer_to_the_only_agent_does_not_wait_for_nobody_when_that_is_made_inactive(more: bool) -> None:
    floor, contact = on_offer(rules(WITHOUT_AGENTS))
    new = without(rules(WITHOUT_AGENTS), "ann")
    floor.do(c.Configure(config=new))
    if more:
        floor.do(something_else(new))
    floor.wait(600)
    assert floor.contact(contact).ending == "voicemail"


def test_caller_whom_the_only_agent_may_take_no_longer_does_not_wait_for_nobody_when_they_decline() -> None:
    floor, contact = on_offer(rules(WITHOUT_AGENTS))
    ann = replace(CONFIG.agents["ann"], skills=(("loans", 3),))
    floor.do(c.Configure(config=replace(rules(WITHOUT_AGENTS), agents={**CONFIG.agents, "ann": ann})))
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))
    floor.wait(1)
    assert floor.contact(contact).ending == "voicemail"


@whatever_else_changes
def test_caller_who_comes_back_by_the_very_change_of_the_rules_stands_by_the_new_ones(more: bool) -> None:
    floor = Bench()
    floor.on("ann", "cho")
    contact = floor.arrives()
    new = without(rules(AFTER_A_MINUTE), "ann")
    same_as_judged_anew(floor.state, c.Configure(config=new), floor.now)
    assert floor.contact(contact).state is ContactState.WAITING
    if more:
        floor.do(something_else(new))
    floor.wait(600)
    assert floor.contact(contact).ending == "voicemail"


def test_caller_who_comes_back_after_the_limit_is_taken_by_who_is_ready_rather_than_sent_on() -> None:
    floor, contact = on_offer(rules(to_loans(When.WAIT, 10)))
    floor.wait(5)
    floor.on("bob")
    floor.wait(10)
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))
    floor.wait(1)
    assert floor.offered_to(contact) == "bob"
    assert floor.contact(contact).queue == "cards"


def test_caller_who_was_asked_whether_to_be_called_back_has_their_time_though_an_agent_lets_them_pass() -> None:
    asked = OverflowRule(when=When.WAIT, at=5, do=Do.CALLBACK)
    floor = Bench(rules(asked, OverflowRule(when=When.WAIT, at=6, do=Do.VOICEMAIL)))
    contact = floor.arrives()
    floor.wait(7)
    floor.on("ann")
    assert floor.offered_to(contact) == "ann"
    floor.do(c.NotReady(agent_id="ann", reason="break"))
    floor.wait(20)
    assert floor.contact(contact).state is ContactState.WAITING
    floor.wait(10)
    assert floor.contact(contact).ending == "voicemail"


def test_caller_who_comes_back_stands_as_one_who_is_judged_as_a_whole() -> None:
    floor, contact = on_offer()
    config = rules(to_loans(When.WAIT, 40))
    same_as_judged_anew(floor.state, c.Configure(config=config), floor.now)
    floor.do(c.NotReady(agent_id="ann", reason="break"))
    assert floor.contact(contact).state is ContactState.WAITING
    config = replace(config, agents={**config.agents, "bob": replace(config.agents["bob"], name="Bobby")})
    same_as_judged_anew(floor.state, c.Configure(config=config), floor.now)


def test_caller_who_comes_back_by_a_change_of_people_after_the_limit_is_sent_on_at_once() -> None:
    floor, contact = on_offer()
    config = rules(to_loans(When.WAIT, 10))
    floor.do(c.Configure(config=config))
    floor.wait(15)
    same_as_judged_anew(floor.state, c.Configure(config=without(config, "ann")), floor.now)
    assert floor.contact(contact).queue == "loans"
