"""Steps that loosen, agents who are wished for, strict tiers, selections and wrap-up rules, on the whole floor."""

from typing import Any

import msgspec
import pytest

from app.agents.presence import AgentState
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.configuration.config import FloorConfig, LooserStep
from app.floor.memory.entities import ContactState
from app.routing.engine.requirement import Selection, with_language
from tests.floor.factories import CONFIG, Bench


def with_queue(**changes: Any) -> FloorConfig:
    """The small bank, with another queue of cards."""
    cards = msgspec.structs.replace(CONFIG.queues["cards"], **changes)
    return msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards})


STEPS = (
    LooserStep(after_seconds=30, requires=(("cards", 3),)),
    LooserStep(after_seconds=60, requires=(("zh", 1),)),
)


def test_requirement_loosens_with_time_and_the_waiting_are_offered_at_that_very_moment() -> None:
    floor = Bench(with_queue(requires=(("cards", 5),), steps=STEPS))
    floor.on("cho")
    floor.on("ann")
    contact = floor.arrives()
    floor.wait(29)
    assert floor.offered_to(contact) is None
    floor.wait(2)
    assert (floor.offered_to(contact), floor.contact(contact).step) == ("ann", 1)
    assert b'"step":1' in floor.told_of(contact)


def test_last_step_stands_until_the_contact_leaves() -> None:
    floor = Bench(with_queue(requires=(("cards", 5),), steps=STEPS))
    contact = floor.arrives()
    floor.wait(3600)
    floor.on("cho")
    assert (floor.offered_to(contact), floor.contact(contact).step) == ("cho", 2)


def test_eligible_agent_who_does_not_answer_never_blocks_the_loosening() -> None:
    floor = Bench(with_queue(requires=(("cards", 5),), steps=STEPS))
    floor.on("dee", "ann")
    contact = floor.arrives()
    assert floor.offered_to(contact) == "dee"
    floor.wait(20)
    assert floor.states("dee") == [AgentState.NOT_READY]
    floor.wait(10)
    assert floor.offered_to(contact) == "ann"


def test_steps_go_on_while_an_offer_stands_and_count_from_the_same_beginning() -> None:
    floor = Bench(with_queue(requires=(("cards", 5),), steps=STEPS, offer_seconds=40))
    floor.on("dee")
    contact = floor.arrives()
    floor.wait(35)
    floor.do(c.DeclineOffer(agent_id="dee", contact_id=contact))
    assert floor.contact(contact).step == 1


def arrives_with(floor: Bench, call_id: str = "c1", **known: Any) -> str:
    card = c.CustomerCard(id=new_id(), name="Wang", tier=known.pop("tier", None))
    return floor.call("offered", call_id, from_="+861", to="100", caller=c.Recognised(customer=card, **known))


def test_customers_own_agent_is_waited_for_first_and_only_for_so_long() -> None:
    floor = Bench(with_queue(preferred_seconds=15, last_agent_seconds=10))
    floor.on("ann", "bob", "cho")
    contact = arrives_with(floor, preferred_agent="cho", last_agent="bob")
    assert floor.offered_to(contact) == "cho"  # who has no skill for cards, but knows the customer
    floor.do(c.DeclineOffer(agent_id="cho", contact_id=contact))
    assert floor.offered_to(contact) == "bob"  # who lets it pass is not wished for any more, signalwire/freeswitch#800
    floor.do(c.DeclineOffer(agent_id="bob", contact_id=contact))
    assert floor.offered_to(contact) == "ann"


def test_agent_who_is_busy_is_waited_for_and_only_for_so_long() -> None:
    floor = Bench(with_queue(preferred_seconds=15))
    floor.on("ann", "cho")
    floor.answers("cho", floor.arrives("300", "w1"), "w1")
    contact = arrives_with(floor, preferred_agent="cho")
    floor.wait(14)
    assert floor.offered_to(contact) is None
    floor.wait(1)
    assert floor.offered_to(contact) == "ann"


def test_nobody_waits_for_somebody_who_has_gone_rocketchat_20965() -> None:
    floor = Bench(with_queue(preferred_seconds=60))
    floor.on("ann", "cho")
    floor.answers("cho", floor.arrives("300", "w1"), "w1")
    contact = arrives_with(floor, preferred_agent="cho")
    floor.do(c.NotReady(agent_id="cho", reason="lunch", after_contact=True))
    assert floor.offered_to(contact) == "ann"


def test_agent_who_is_not_there_is_not_waited_for_chatwoot_7204() -> None:
    floor = Bench(with_queue(preferred_seconds=15, last_agent_seconds=10))
    floor.on("ann")
    contact = arrives_with(floor, preferred_agent="cho", last_agent="nobody")
    assert floor.offered_to(contact) == "ann"


def test_wish_delays_the_steps_and_never_turns_them_back() -> None:
    floor = Bench(with_queue(requires=(("cards", 5),), preferred_seconds=40, steps=STEPS))
    floor.on("cho")
    floor.answers("cho", floor.arrives("300", "w1"), "w1")
    contact = arrives_with(floor, preferred_agent="cho")
    at = [step.after_seconds for step in floor.contact(contact).steps]
    assert at == [0, 40, 70, 100]


def test_strict_tiers_go_first_however_long_others_wait() -> None:
    floor = Bench(with_queue(strict_tiers=True))
    first = floor.arrives(call_id="c1", tier="standard")
    floor.wait(3600)
    gold = floor.arrives(call_id="c2", tier="gold")
    private = floor.arrives(call_id="c3", tier="private")
    floor.on("ann")
    assert floor.offered_to(private) == "ann"
    floor.on("bob", "dee")
    assert (floor.offered_to(gold), floor.offered_to(first)) == ("bob", "dee")


def test_aged_tiers_are_overtaken_only_by_the_bought_seconds() -> None:
    floor = Bench()
    early = floor.arrives(call_id="c1", tier="standard")
    floor.wait(61)
    floor.arrives(call_id="c2", tier="gold")
    floor.on("ann")
    assert floor.offered_to(early) == "ann"


def test_queue_names_how_it_chooses() -> None:
    for selection, agent in ((Selection.MOST_SKILLED, "dee"), (Selection.LEAST_SKILLED, "bob")):
        floor = Bench(with_queue(selection=selection))
        floor.on("ann", "bob", "dee")
        assert floor.offered_to(floor.arrives()) == agent, selection


def test_least_occupied_looks_at_the_last_hour_and_round_robin_at_turns() -> None:
    for selection, agent in ((Selection.LEAST_OCCUPIED, "bob"), (Selection.ROUND_ROBIN, "bob")):
        floor = Bench(with_queue(selection=selection))
        floor.on("ann")
        contact = floor.arrives()
        floor.answers("ann", contact)
        floor.wait(600)
        floor.call("cleared")
        floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
        floor.wait(600)
        floor.on("bob")  # idle for a shorter time, but has done nothing today
        assert floor.offered_to(floor.arrives(call_id="c2")) == agent, selection


def test_wrap_up_ends_when_the_agent_says_so_where_the_queue_wants_it() -> None:
    floor = Bench(with_queue(wrap_up_ends="by_agent"))
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.call("cleared")
    floor.wait(3000)
    assert floor.states("ann") == [AgentState.WORKING_AFTER_CALL]
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    assert floor.states("ann") == [AgentState.READY]


def test_new_rules_loosen_those_who_wait_already() -> None:
    floor = Bench(with_queue(requires=(("cards", 5),)))
    floor.on("cho")
    contact = floor.arrives()
    floor.wait(100)
    floor.do(c.Configure(config=with_queue(requires=(("cards", 5),), steps=STEPS)))
    assert floor.offered_to(contact) == "cho"
    assert floor.contact(contact).state is ContactState.OFFERED


def rings_two(**changes: Any) -> Bench:
    floor = Bench(with_queue(offer_agents=2, **changes))
    floor.on("ann", "bob", "dee")
    return floor


def reserved(floor: Bench) -> list[str]:
    return [key for key in ("ann", "bob", "dee") if floor.states(key) == [AgentState.RESERVED]]


def test_first_of_several_who_accepts_has_the_contact_and_the_others_are_free_at_once_freeswitch_2540() -> None:
    floor = rings_two()
    contact = floor.arrives()
    assert reserved(floor) == ["ann", "bob"]
    floor.do(c.AcceptOffer(agent_id="bob", contact_id=contact))
    assert [e.body for e in floor.told("offer.withdrawn")] == [
        b'{"contact_id":"%s","reason":"taken"}' % contact.encode()
    ]
    assert floor.states("ann", "bob") == [AgentState.READY, AgentState.BUSY]
    assert floor.refused(c.AcceptOffer(agent_id="ann", contact_id=contact))["contact_state"] == "connecting"
    assert floor.contact(contact).missed_by == ()


def test_offer_stands_with_the_others_when_one_declines_and_returns_when_all_have() -> None:
    floor = rings_two()
    contact = floor.arrives()
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))
    assert (reserved(floor), floor.contact(contact).state) == (["bob"], ContactState.OFFERED)
    floor.do(c.DeclineOffer(agent_id="bob", contact_id=contact))
    assert reserved(floor) == ["dee"]


def test_all_who_let_it_ring_have_missed_it_and_nobody_stays_reserved_freeswitch_2540() -> None:
    floor = rings_two()
    contact = floor.arrives()
    floor.wait(20)
    assert floor.states("ann", "bob") == [AgentState.NOT_READY] * 2
    assert floor.offered_to(contact) == "dee"


def test_caller_who_hangs_up_frees_everybody_whose_phone_rang() -> None:
    floor = rings_two()
    floor.arrives()
    floor.call("cleared")
    assert reserved(floor) == []


def test_platform_may_move_one_contact_by_seconds_of_waiting_also_while_it_waits() -> None:
    floor = Bench()
    first = floor.arrives(call_id="c1", tier="gold")
    second = floor.call("offered", "c2", to="100", details={"bonus_seconds": 30})
    third = floor.call("offered", "c3", to="100")
    assert [floor.contact(key).bonus for key in (first, second, third)] == [60, 30, 0]
    floor.call("digits", "c3", details={"bonus_seconds": 300})
    floor.on("ann", "bob", "dee")
    assert [floor.offered_to(key) for key in (third, first, second)] == ["ann", "bob", "dee"]


@pytest.mark.parametrize("odd", ["300", True, 1e9, float("nan"), None, [300]])
def test_odd_bonus_is_kept_with_the_call_and_moves_nobody(odd: object) -> None:
    floor = Bench()
    assert floor.contact(floor.call("offered", "c1", to="100", details={"bonus_seconds": odd})).bonus == 0


def test_language_of_the_caller_is_one_more_skill_at_the_higher_of_both_levels() -> None:
    assert with_language((("cards", 3),), "zh", 2) == (("cards", 3), ("zh", 2))
    assert with_language((("zh", 4),), "zh", 2) == (("zh", 4),)
    assert with_language((("cards", 3),), None, 2) == (("cards", 3),)
    assert with_language((("cards", 3),), "zh", 0) == (("cards", 3),)


def test_simultaneous_offer_takes_no_agent_from_another_who_waits() -> None:
    floor = rings_two(wrap_up_seconds=30)
    for agent in ("ann", "bob", "dee"):
        floor.do(c.LogOff(agent_id=agent))
    for agent, call in (("ann", "x1"), ("bob", "x2")):
        floor.on(agent)
        floor.answers(agent, floor.arrives(call_id=call), call)
    callers = [floor.arrives(call_id=f"w{n}") for n in range(2)]
    for agent, call in (("ann", "x1"), ("bob", "x2")):
        floor.call("connection_cleared", call, agent=agent)
        floor.call("cleared", call)
    floor.wait(31)
    assert [len(floor.contact(key).offers) for key in callers] == [1, 1]


def test_who_declined_is_asked_again_after_a_while_rather_than_nobody() -> None:
    floor = Bench()
    floor.on("ann", "dee")
    floor.answers("ann", floor.arrives(call_id="c1"), "c1")
    contact = floor.arrives(call_id="c2")
    floor.do(c.DeclineOffer(agent_id="dee", contact_id=contact))
    floor.wait(29)
    assert floor.offered_to(contact) is None
    floor.wait(2)
    assert floor.offered_to(contact) == "dee"
