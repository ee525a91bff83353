"""Faults that users of other systems reported, each kept out by a test of its name."""

from collections import Counter
from random import Random
from typing import Any

import msgspec
import pytest

from app.agents.presence import AgentState
from app.calls.leg import Party
from app.floor import commands as c
from app.floor.configuration.config import AgentRecord, FloorConfig, LooserStep
from app.floor.frames import frame
from app.floor.memory.effects import EndContact
from app.floor.memory.entities import ContactState
from app.routing.engine.requirement import Kind, Requirement, Selection
from app.routing.engine.selection import ReadyPool, Standing
from tests.floor.factories import CONFIG, Bench
from tests.floor.flow_line import Line


def ended(floor: Bench) -> list[EndContact]:
    return [e for e in floor.last.effects if isinstance(e, EndContact)]


def test_completion_is_counted_once_however_often_the_end_is_told_asterisk_1736() -> None:
    floor = Bench()
    floor.on("ann")
    floor.answers("ann", floor.arrives())
    ends = 0
    for _ in range(3):
        floor.call("connection_cleared", agent="ann")
        ends += len(ended(floor))
        floor.call("cleared")
        ends += len(ended(floor))
    assert ends == 1


def test_agent_who_drops_first_is_in_wrap_up_at_once_and_the_call_is_answered_asterisk_393() -> None:
    floor = Bench()
    floor.on("ann")
    floor.answers("ann", floor.arrives())
    floor.wait(20)
    floor.call("connection_cleared", agent="ann")
    assert floor.states("ann") == [AgentState.WORKING_AFTER_CALL]
    floor.now += 2
    floor.call("cleared", cause="normal")
    (end,) = ended(floor)
    leg = end.contact.call.leg_of("ann")
    assert leg is not None
    assert (end.outcome, leg.talk_seconds) == ("answered", 20)


def test_wrap_up_holds_for_every_queue_of_the_agent_asterisk_1006() -> None:
    floor = Bench()
    floor.on("dee")
    floor.answers("dee", floor.arrives("100"))
    floor.call("cleared")
    other = floor.arrives("200", call_id="c2")
    floor.wait(29)
    assert floor.offered_to(other) is None


def test_choice_looks_at_matching_groups_only_asterisk_1972() -> None:
    pool, wanted = ReadyPool(), Requirement((("skill-7", 1),))
    assert pool.best(wanted, Selection.LONGEST_IDLE, (), 4) == ([], 0)
    for n in range(500):
        pool.add(f"a{n}", Standing(kind=Kind(((f"skill-{n}", 5),)), idle_since=float(n)))
    ranked, count = pool.best(wanted, Selection.LONGEST_IDLE, (), 4)
    assert ([each.agent for each in ranked], count) == (["a7"], 1)
    assert len(pool._list(wanted, Selection.LONGEST_IDLE).agents) == 1


def test_agent_who_leaves_is_looked_for_among_those_who_wish_for_somebody_only_asterisk_1972() -> None:
    floor = Bench(cards(preferred_seconds=60))
    floor.on("cho")
    floor.answers("cho", floor.arrives("300", "w1"), "w1")
    for n in range(20):
        floor.arrives(call_id=f"c{n}")
    caller = c.Recognised(customer=c.CustomerCard(id="7", name="Wang"), preferred_agent="cho")
    wishing = floor.call("offered", "wish", from_="+861", to="100", caller=caller)
    assert list(floor.state.store.wishing) == [wishing]
    floor.do(c.NotReady(agent_id="cho", reason="lunch", after_contact=True))
    assert (floor.contact(wishing).wishes, floor.state.store.wishing) == ((), {})


def test_agent_has_one_contact_however_many_arrive_at_once_livekit_4884() -> None:
    floor = Bench()
    floor.on("ann")
    contacts = [floor.arrives(call_id=f"c{n}") for n in range(5)]
    assert [floor.offered_to(key) for key in contacts] == ["ann", None, None, None, None]


def test_offer_is_made_in_the_very_command_that_makes_it_possible_livekit_3202() -> None:
    floor = Bench()
    contact = floor.arrives()
    floor.do(c.Connect(agent_id="ann"))
    floor.do(c.Ready(agent_id="ann"))
    assert [event.contact for event in floor.told("contact.offered")] == [contact]


def test_pop_carries_the_callers_profile_itself_genesys_937_jambonz_1363() -> None:
    floor = Bench()
    floor.on("ann")
    caller = c.Recognised(customer=c.CustomerCard(id="7", name="Wang"), profile=b'{"customer":{"id":"7"}}')
    contact = floor.call("offered", from_="+861", to="100", caller=caller)
    (event,) = floor.told("contact.offered")
    pop = frame(event.seq, event.at, event.type, event.body, floor.state.store.profiles[contact])
    assert b'"profile":{"customer":{"id":"7"}}' in pop


def test_agent_whom_the_switch_puts_through_is_told_who_it_is_jambonz_1363() -> None:
    floor = Bench()
    floor.on("ann", "dee")
    caller = c.Recognised(customer=c.CustomerCard(id="7", name="Wang"), profile=b'{"customer":{"id":"7"}}')
    floor.call("established", agent="1001", from_="+861", caller=caller)
    (opened,) = floor.told("contact.updated")
    assert (opened.agent, b'"profile":{"customer":{"id":"7"}}' in opened.body) == ("ann", True)
    floor.call("conferenced", agent="1004")
    told = {event.agent: event.body for event in floor.told("contact.updated")}
    assert (b'"profile"' in told["dee"], b'"profile"' in told["ann"]) == (True, False)


def test_nobody_stays_reserved_whatever_becomes_of_the_offer_freeswitch_2540() -> None:
    for end in ("cleared", "failed", "connection_cleared"):
        floor = Bench()
        floor.on("ann")
        floor.arrives()
        floor.call(end)
        assert floor.states("ann") == [AgentState.READY], end


def test_caller_on_hold_for_ever_is_swept_freeswitch_1140_and_1973() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.call("held", agent="ann")
    floor.wait(4 * 3600)
    assert floor.states("ann") == [AgentState.WORKING_AFTER_CALL]
    assert floor.contact(contact).state is ContactState.WRAP_UP


def test_backlog_is_drained_oldest_first_as_agents_free_chatwoot_13050() -> None:
    floor = Bench()
    contacts = []
    for n in range(3):
        contacts.append(floor.arrives(call_id=f"c{n}"))
        floor.wait(1)
    floor.on("ann")
    served = []
    for n, contact in enumerate(contacts):
        assert floor.offered_to(contact) == "ann"
        floor.answers("ann", contact, f"c{n}")
        floor.call("cleared", f"c{n}")
        floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
        served.append(contact)
    assert served == contacts


def test_answered_call_is_not_shown_as_abandoned_issabel_41() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("established", agent="ann")
    floor.call("connection_cleared", leg_id="customer")
    assert [end.outcome for end in ended(floor)] == ["answered"]
    assert ended(floor)[0].contact.visits[0].outcome == "answered"


def cards(agents: int = 0, **changes: Any) -> FloorConfig:
    """The small bank with another queue of cards, and with `agents` who are all alike in place of its own."""
    queue = msgspec.structs.replace(CONFIG.queues["cards"], **changes)
    alike = {
        f"a{n:02}": AgentRecord(id=f"a{n:02}", name=f"A{n}", address=f"{n}", skills=(("cards", 3),))
        for n in range(agents)
    }
    return msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": queue}, agents=alike or CONFIG.agents)


def served(floor: Bench, agent: str, contact: str, call_id: str, seconds: float = 60) -> None:
    """A whole call of the agent's, wrap-up and all."""
    floor.answers(agent, contact, call_id)
    floor.wait(seconds)
    floor.call("cleared", call_id)
    floor.do(c.FinishWrapUp(agent_id=agent, contact_id=contact))


def test_every_one_of_many_offers_at_once_is_made_livekit_4374() -> None:
    for made in (10, 15):
        floor = Bench(cards(15))
        floor.on(*floor.state.store.config.agents)
        contacts = [floor.arrives(call_id=f"c{n}") for n in range(made)]
        offered = [floor.offered_to(key) for key in contacts]
        assert (None in offered, len(set(offered))) == (False, made)


@pytest.mark.parametrize("selection", [Selection.LONGEST_IDLE, Selection.ROUND_ROBIN, Selection.LEAST_OCCUPIED])
def test_equal_agents_get_equal_shares_chatwoot_11034(selection: Selection) -> None:
    floor = Bench(cards(5, selection=selection))
    floor.on(*floor.state.store.config.agents)
    shares: Counter[str] = Counter()
    for n in range(50):
        contact = floor.arrives(call_id=f"c{n}")
        agent = floor.offered_to(contact)
        assert agent is not None
        shares[agent] += 1
        served(floor, agent, contact, f"c{n}")
        floor.wait(10)
    assert set(shares.values()) == {10}


def test_looser_ring_chooses_as_the_queue_says_and_the_decision_tells_it_genesys_bullseye() -> None:
    steps = (LooserStep(after_seconds=30, requires=(("cards", 2),)),)
    for selection, agent in ((Selection.MOST_SKILLED, "ann"), (Selection.LEAST_SKILLED, "bob")):
        floor = Bench(cards(requires=(("cards", 4),), steps=steps, selection=selection))
        floor.on("bob", "ann")
        contact = floor.arrives()
        floor.wait(31)
        assert floor.offered_to(contact) == agent
        assert f'"selection":"{selection}"'.encode() in floor.told_of(contact)


def test_after_call_work_of_each_agent_ends_in_its_own_time_opensips_2679() -> None:
    floor = Bench(cards(4))
    agents = list(floor.state.store.config.agents)
    floor.on(*agents)
    for n, agent in enumerate(agents):
        floor.answers(agent, floor.arrives(call_id=f"c{n}"), f"c{n}")
    for n in range(len(agents)):
        floor.call("cleared", f"c{n}")
        floor.wait(5)
    floor.wait(9)  # 29 seconds after the first call
    for done in range(len(agents)):
        assert floor.states(*agents).count(AgentState.READY) == done
        floor.wait(5)
    assert floor.states(*agents) == [AgentState.READY] * 4


def test_small_floor_never_freezes_freeswitch_1062() -> None:
    """Five agents, twenty calls a minute: whenever somebody waits nobody is ready, and in the end nobody waits."""
    dice, floor = Random(1062), Bench(cards(5, wrap_up_seconds=5))
    agents = list(floor.state.store.config.agents)
    floor.on(*agents)
    waiting: dict[str, str] = {}
    for n in range(200):
        waiting[floor.arrives(call_id=f"c{n}")] = f"c{n}"
        floor.wait(dice.choice((1, 3, 5)))
        for contact, call_id in list(waiting.items()):
            agent = floor.offered_to(contact)
            if agent is not None and dice.random() < 0.9:
                floor.answers(agent, contact, waiting.pop(contact))
                floor.call("cleared", call_id, at=floor.now + dice.choice((0, 2)))
        idle = [agent for agent in agents if floor.agent(agent).state is AgentState.READY]
        assert not (idle and floor.state.store.waiting())
        for agent in agents:
            if floor.agent(agent).state is AgentState.NOT_READY:  # let it ring
                floor.do(c.Ready(agent_id=agent))
    while waiting:
        contact, call_id = waiting.popitem()
        while (agent := floor.offered_to(contact)) is None:
            floor.wait(1)
        served(floor, agent, contact, call_id, 1)
    floor.wait(60)
    assert (floor.states(*agents), floor.state.store.contacts) == ([AgentState.READY] * 5, {})


def test_time_with_the_flow_is_no_agents_time_and_no_waiting_chatwoot_13312() -> None:
    line = Line()
    contact = line.rings()
    line.now += 60
    line.presses("1")
    line.now += 10
    line.on("ann")
    line.answers("ann", contact)
    line.now += 20
    line.call("cleared")
    (end,) = ended(line)
    (visit,) = end.contact.visits
    assert visit.left_at is not None
    assert visit.left_at - visit.entered_at < 15
    assert end.contact.call.seconds("talk_seconds", line.now, Party.AGENT) == 20


def test_call_that_the_flow_alone_has_served_counts_for_no_agent_chatwoot_13312() -> None:
    line = Line()
    line.rings()
    line.presses("6")
    line.call("cleared")
    (end,) = ended(line)
    assert (end.outcome, end.contact.served_by, end.contact.visits) == ("self_served", (), ())
