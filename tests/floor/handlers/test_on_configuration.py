"""A change of the configuration is done for what it concerns, and for nothing else."""

import asyncio
from itertools import count

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.configuration.config import AgentRecord, FloorConfig
from app.floor.configuration.reading import AT_ONCE, Kept
from app.floor.handlers import on_presence
from app.floor.memory.effects import SaveAgent
from app.floor.memory.entities import ContactState
from app.floor.memory.store import LEFT_OVER
from app.routing.overflow.rules import Do, OverflowRule, When
from tests.floor.factories import CONFIG, T0, Bench
from tests.floor.game_of_administrators import same_as_judged_anew
from tests.floor.handlers.test_former_agents import without
from tests.floor.queueing import hours, minute_of_day

replace = msgspec.structs.replace


def with_agent(config: FloorConfig, key: str, **changed: object) -> FloorConfig:
    return replace(config, agents={**config.agents, key: replace(config.agents[key], **changed)})


def with_cards(config: FloorConfig, **changed: object) -> FloorConfig:
    return replace(config, queues={**config.queues, "cards": replace(config.queues["cards"], **changed)})


def test_of_thousands_only_who_was_changed_is_written_and_nobody_is_told() -> None:
    floor = Bench()
    floor.on(*CONFIG.agents)
    floor.do(c.Configure(config=with_agent(CONFIG, "ann", skills=(("loans", 3),))))
    assert [each.agent.id for each in floor.last.effects if isinstance(each, SaveAgent)] == ["ann"]
    assert len(floor.last.effects) == 1


def test_what_is_read_again_as_it_was_does_nothing() -> None:
    floor = Bench()
    floor.on(*CONFIG.agents)
    before = floor.state.store.rung_at
    floor.do(c.Configure(config=with_agent(CONFIG, "ann")))
    assert floor.last.effects == ()
    assert floor.state.store.rung_at is before, "whoever looks out for phones would look through all of them"


def test_agents_who_stand_as_they_stood_take_who_may_wait_for_them_now() -> None:
    floor = Bench(with_cards(CONFIG, requires=(("cards", 5),)))
    floor.on("ann", "bob")
    first, second = floor.arrives(call_id="c1"), floor.arrives(call_id="c2")
    floor.do(c.Configure(config=CONFIG))
    assert [floor.offered_to(each) for each in (first, second)] == ["ann", "bob"]
    assert all(b'"rule":"agent_finds_contact"' in told.body for told in floor.told("contact.offered"))


def test_a_change_of_rules_is_obeyed_again_where_its_batch_was_undone() -> None:
    floor = Bench(with_cards(CONFIG, requires=(("cards", 5),)))
    floor.on("ann")
    contact = floor.arrives()
    floor.state.begin_batch()
    floor.do(c.Configure(config=CONFIG))
    floor.state.undo_batch()
    assert floor.contact(contact).state is ContactState.WAITING
    floor.do(c.Configure(config=CONFIG))
    assert floor.offered_to(contact) == "ann"


def fails(floor: Bench, config: FloorConfig) -> None:
    """The change raises by a fault of ours, after the records' configuration has been taken."""

    def fault(work: object) -> None:
        raise RuntimeError("a fault of ours")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_presence, "dismiss_former", fault)
        with pytest.raises(RuntimeError):
            floor.state.apply(c.Configure(config=config), floor.now)


@pytest.mark.parametrize("again", [False, True])
def test_who_came_after_a_change_that_raised_is_judged_by_the_next(again: bool) -> None:
    """Also where that puts back what the change had changed, and where another one raised after they had come."""
    floor = Bench()
    floor.on("ann")
    fails(floor, with_cards(CONFIG, requires=(("cards", 5),)))
    contact = floor.arrives()
    assert floor.offered_to(contact) is None, "it came by the stricter rules, which stand in the records"
    if again:
        fails(floor, with_agent(CONFIG, "cho", name="Choe"))
    floor.do(c.Configure(config=CONFIG))
    assert floor.offered_to(contact) == "ann"


def test_team_that_a_change_which_raised_had_given_is_taken_back_by_the_next_and_told() -> None:
    floor = Bench()
    floor.on("ann")
    fails(floor, with_agent(CONFIG, "ann", team="day"))
    floor.do(c.Configure(config=CONFIG))
    assert [told.agent for told in floor.told("agent.state")] == ["ann"]


def test_who_is_asked_whether_to_be_called_back_has_their_time_whatever_else_changes() -> None:
    rules = (OverflowRule(when=When.WAIT, at=5, do=Do.CALLBACK), OverflowRule(when=When.WAIT, at=6, do=Do.VOICEMAIL))
    config = with_cards(CONFIG, overflow=rules)
    floor = Bench(config)
    floor.on("cho")
    contact = floor.arrives()
    floor.wait(7)
    assert floor.contact(contact).callback_asked
    floor.do(c.Configure(config=with_agent(config, "cho", name="Choe")))
    assert floor.contact(contact).state is ContactState.WAITING
    floor.wait(30)
    assert floor.contact(contact).ending == "voicemail"


def asked_and_deserted() -> tuple[Bench, FloorConfig, str]:
    """Nobody is there for the caller, who thinks about being called back instead."""
    rules = (OverflowRule(when=When.NO_AGENT, do=Do.CALLBACK), OverflowRule(when=When.NO_AGENT, do=Do.VOICEMAIL))
    config = with_cards(CONFIG, overflow=rules)
    floor = Bench(config)
    floor.on("cho")  # who cannot take cards
    contact = floor.arrives()
    assert floor.contact(contact).callback_asked
    return floor, config, contact


@pytest.mark.parametrize("what", ["renamed", "made inactive", "logs off"])
def test_who_is_asked_whether_to_be_called_back_has_their_time_whoever_else_changes_or_goes(what: str) -> None:
    floor, config, contact = asked_and_deserted()
    if what == "renamed":
        same_as_judged_anew(floor.state, c.Configure(config=with_agent(config, "cho", name="Choe")), floor.now)
    elif what == "made inactive":
        same_as_judged_anew(floor.state, c.Configure(config=without(config, "cho")), floor.now)
    else:
        floor.do(c.LogOff(agent_id="cho"))
    floor.wait(29)
    assert floor.contact(contact).state is ContactState.WAITING
    floor.wait(2)
    assert floor.contact(contact).ending == "voicemail"


def test_who_is_asked_whether_to_be_called_back_is_looked_at_where_their_own_queue_changes() -> None:
    floor, config, contact = asked_and_deserted()
    gone = OverflowRule(when=When.NO_AGENT, do=Do.QUEUE, queue="loans")
    same_as_judged_anew(floor.state, c.Configure(config=with_cards(config, overflow=(gone,))), floor.now)
    assert floor.contact(contact).queue == "loans"


def test_who_was_asked_whether_to_be_called_back_and_said_nothing_is_sent_on_when_the_last_agent_goes() -> None:
    asked = OverflowRule(when=When.WAIT, at=5, do=Do.CALLBACK)
    config = with_cards(CONFIG, overflow=(asked, OverflowRule(when=When.NO_AGENT, do=Do.VOICEMAIL)))
    minute = minute_of_day(T0)
    floor = Bench(with_cards(config, hours=hours(minute, minute + 300)))
    floor.do(c.Connect(agent_id="ann"))
    contact = floor.arrives()
    floor.wait(40)
    due = floor.contact(contact).overflow_at
    assert floor.contact(contact).callback_asked
    assert due is not None
    assert due > floor.now + 60, "only when the queue closes"
    floor.do(c.LogOff(agent_id="ann"))
    assert floor.contact(contact).ending == "voicemail"


def test_indexes_do_not_grow_with_every_change() -> None:
    floor = Bench()
    floor.on(*CONFIG.agents)
    for skill in range(LEFT_OVER + 50):
        config = with_agent(CONFIG, "ann", skills=((f"skill {skill}", 1),))
        assert floor.state.apply(c.Configure(config=config), T0).answer.ok
    assert len(floor.state.store.engine.duty._matching._held) < LEFT_OVER


async def test_thousands_of_records_are_read_in_pieces_between_which_others_work() -> None:
    records = [(f"agent {n}", (f"agent {n}", f"sip:{n}@x")) for n in range(AT_ONCE * 5)]
    kept = Kept(lambda key, address: AgentRecord(id=key, name=key, address=address))
    turns = count()

    async def works() -> None:
        while True:
            next(turns)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        other = group.create_task(works())
        made = await kept.renewed(records)
        again = await kept.renewed(records)
        other.cancel()
    assert next(turns) >= 10
    assert again is made


def test_agents_choose_anew_among_those_whom_they_let_pass_when_nobody_else_is_left_for_them() -> None:
    """Nobody stands otherwise than before but the colleague who was to take them, and who cannot any more."""
    floor = Bench()
    floor.on("ann", "bob")
    floor.answers("ann", floor.arrives(call_id="c1"), "c1")
    floor.answers("bob", floor.arrives(call_id="c2"), "c2")
    first = floor.arrives(call_id="c3")
    floor.call("cleared", "c1")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=floor.agent("ann").wrap_up or "", code=None, note=None))
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=first))
    assert floor.states("ann", "bob") == [AgentState.READY, AgentState.BUSY]
    assert floor.offered_to(first) is None, "bob is on duty, who has not let them pass"
    same_as_judged_anew(floor.state, c.Configure(config=with_agent(CONFIG, "bob", skills=(("loans", 4),))), floor.now)
    assert floor.offered_to(first) == "ann"
    assert floor.contact(first).timeline[-1].data["rule"] == "agent_finds_contact"
