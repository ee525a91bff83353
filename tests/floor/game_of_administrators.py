"""Random play, the part of it that administrators have: whatever they change, the floor that does for it what differs
stands as one that is judged anew as a whole."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from app.floor import commands as c
from app.floor.configuration.config import AgentRecord, FloorConfig, TierRules
from app.floor.memory.entities import Contact
from app.floor.state import FloorState, Outcome
from app.routing.engine.capacity import Blending
from app.routing.engine.requirement import Selection
from app.routing.hours.calendar import Hours, Interval
from app.routing.overflow.rules import Do, OverflowRule, When

replace = msgspec.structs.replace
SKILLS = ("cards", "loans", "wealth", "zh", "en")
NEVER = Hours(time_zone="UTC", weekly=((),) * 7)
ALWAYS = Hours(time_zone="UTC", weekly=((Interval(0, 1440),),) * 7)

PEOPLE: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["Ann", "Anna"]),
    "team": st.sampled_from([None, "day", "night"]),
    "skills": st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5), max_size=3).map(
        lambda x: (*sorted(x.items()),)
    ),
    "capacity": st.sampled_from([(("voice", 1),), (("chat", 1),), (("chat", 2), ("voice", 1))]),
    "blending": st.sampled_from([*Blending]),
    "auto_accept": st.booleans(),
}
RULES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["Cards", "Other"]),
    "requires": st.sampled_from([(), (("cards", 1),), (("cards", 5),), (("loans", 2),)]),
    "bonus": st.sampled_from([0.0, 90.0]),
    "agents": st.sampled_from([(), ("ann",), ("bob", "dee")]),
    "teams": st.sampled_from([(), ("day",)]),
    "excluded": st.sampled_from([(), ("ann",)]),
    "steps": st.just(()),
    "selection": st.sampled_from([*Selection]),
    "strict_tiers": st.booleans(),
    "offer_agents": st.integers(1, 3),
    "hours": st.sampled_from([None, NEVER, ALWAYS]),
    "overflow": st.lists(
        st.sampled_from([
            OverflowRule(when=When.NO_AGENT, do=Do.QUEUE, queue="wealth"),
            OverflowRule(when=When.WAIT, at=40, do=Do.QUEUE, queue="loans"),
            OverflowRule(when=When.CLOSED, do=Do.VOICEMAIL),
            OverflowRule(when=When.NO_AGENT, do=Do.CALLBACK),
        ]),
        max_size=2,
    ).map(tuple),
}  # fmt: skip

CHANGES = ["agent", "agent", "address", "queue", "inactive", "tiers", "source", "queue gone", "all back"]


@st.composite
def changed_by_somebody(draw: st.DrawFn, config: FloorConfig, bank: FloorConfig) -> FloorConfig:
    """Something of it, or everything put back to how the bank began."""
    what = draw(st.sampled_from(CHANGES))
    if what == "agent":
        key = draw(st.sampled_from(sorted(bank.agents)))
        record = config.agents.get(key, bank.agents[key])
        field = draw(st.sampled_from(sorted(PEOPLE)))
        return _with(config, replace(record, **{field: draw(PEOPLE[field])}))
    if what == "address":  # a new one, or that of a colleague, who has another one from then on
        key, other = draw(st.permutations(sorted(config.agents)))[:2] if len(config.agents) > 1 else ("ann", "ann")
        record, colleague = config.agents.get(key, bank.agents[key]), config.agents.get(other, bank.agents[other])
        address = draw(st.sampled_from([colleague.address, f"9-{key}"]))
        if address == colleague.address:
            config = _with(config, replace(colleague, address=record.address))
        return _with(config, replace(record, address=address))
    if what == "queue":
        key = draw(st.sampled_from(sorted(bank.queues)))
        field = draw(st.sampled_from(sorted(RULES)))
        rules = replace(config.queues.get(key, bank.queues[key]), **{field: draw(RULES[field])})
        return replace(config, queues={**config.queues, key: rules})
    if what == "inactive":
        key = draw(st.sampled_from(sorted(bank.agents)))
        agents = {each: record for each, record in config.agents.items() if each != key}
        gone = AgentRecord(id=key, name=key, address=config.agents.get(key, bank.agents[key]).address)
        return replace(config, agents=agents, former={**config.former, key: gone})
    if what == "tiers":
        return replace(config, tiers={**config.tiers, "gold": TierRules(draw(st.sampled_from([0.0, 600.0])), 3)})
    if what == "source":
        return replace(config, sources={key: each for key, each in config.sources.items() if key != "cloud"})
    if what == "queue gone":
        return replace(config, queues={key: each for key, each in config.queues.items() if key != "loans"})
    return bank


def _with(config: FloorConfig, record: AgentRecord) -> FloorConfig:
    former = {key: each for key, each in config.former.items() if key != record.id}
    return replace(config, agents={**config.agents, record.id: record}, former=former)


def judged_anew(state: FloorState) -> FloorState:
    """The same floor, which does not know by which configuration what is on it stands."""
    twin = FloorState(state.store.config, state.seq)
    mine, theirs = state.store, twin.store
    theirs.contacts, theirs.agents, theirs.phones = dict(mine.contacts), dict(mine.agents), dict(mine.phones)
    theirs.profiles, theirs.ended, theirs.flows = dict(mine.profiles), dict(mine.ended), dict(mine.flows)
    theirs.reindex(mine.config)
    return twin


def same_as_judged_anew(state: FloorState, command: c.Command, now: float) -> Outcome:
    """Apply it; raise AssertionError where the floor stands otherwise than one that is judged as a whole, by memory, by
    how much was told, or by what the indexes say."""
    assert isinstance(command, c.Configure)
    if state.due(now):  # to be judged anew hurries what happens by itself in a moment
        return state.apply(command, now)
    twin, before = judged_anew(state), state.store.obeyed
    outcome = state.apply(command, now)
    twin.apply(replace(command, before=before or command.before), now)
    one, other = state.store, twin.store
    assert one.contacts == other.contacts, _differing(one.contacts, other.contacts)
    assert one.agents == other.agents
    assert (one.phones, one.by_address, one.rung_at) == (other.phones, other.by_address, other.rung_at)
    assert state.seq == twin.seq
    assert dict(one.logged_on.everyone()) == dict(other.logged_on.everyone())
    return outcome


def _differing(one: dict[str, Contact], other: dict[str, Contact]) -> list[str]:
    """The fields of contacts in which they differ."""
    pairs = ((one.get(key), other.get(key)) for key in one | other)
    return [
        f"{name}: {getattr(a, name, None)} and {getattr(b, name, None)}"
        for a, b in pairs
        if a != b
        for name in Contact.__struct_fields__
        if getattr(a, name, None) != getattr(b, name, None)
    ]
