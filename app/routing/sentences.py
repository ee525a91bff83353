"""A decision in sentences that a supervisor understands: the same record, told with names instead of ids. Pure.

What the record does not hold is not said: who came fifth, or what a colleague was doing meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from app.routing.engine.decision import Decision, Rival
from app.routing.engine.engine import AGENT_FINDS_CONTACT, CONTACT_FINDS_AGENT
from app.routing.engine.requirement import Requirement, Selection, Skills
from app.routing.overflow.sentences import overflow_sentence
from app.routing.wording import all_of, any_of, count, span

NAMED = "named"
BESIDE = "beside"
"""Offered to one more agent while it was on offer to another: the queue offers to several at once."""

OVERFLOW = "overflow"
NO_NAMES: Mapping[str, str] = MappingProxyType({})

MISSED = "missed"
_REASONS = {
    "phone": "had no phone at the switch of this call",
    "team": "is in none of the teams asked for",
    "agents": "is not among the agents asked for",
    "excluded": "is excluded",
    MISSED: "had missed or declined that offer before",
}


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What people call the things with these ids; an id that is not here is told as it is."""

    agents: Mapping[str, str] = NO_NAMES
    queues: Mapping[str, str] = NO_NAMES
    skills: Mapping[str, str] = NO_NAMES
    teams: Mapping[str, str] = NO_NAMES

    def agent(self, key: str) -> str:
        """An agent's name."""
        return self.agents.get(key, key)

    def skill(self, key: str, level: int | str) -> str:
        """A skill and its level, as it is held."""
        return f"{self.skills.get(key, key)} at level {level}"


class Mentioned(msgspec.Struct, frozen=True):
    """The ids that a decision speaks of, so that their names can be looked up at once."""

    agents: frozenset[str]
    skills: frozenset[str]
    teams: frozenset[str]


def mentioned(why: Decision) -> Mentioned:
    """The agents, skills and teams of a record; contacts have no names."""
    wanted = why.wanted
    agents = {*wanted.agents, *wanted.excluded, *why.excluded}
    if why.rule == CONTACT_FINDS_AGENT:
        agents |= {rival.id for rival in why.rivals} | {each.id for each in why.passed_over}
    reasons = (reason for each in why.passed_over for reason in each.why)
    missing = {skill for reason in reasons for skill, _ in _levels(reason)}
    required = {skill for group in (wanted.skills, *wanted.one_of) for skill, _ in group}
    return Mentioned(frozenset(agents), frozenset(missing | required), frozenset(wanted.teams))


def sentences(why: Decision, names: Names, agent: str | None, queue: str | None) -> tuple[str, ...]:
    """Why the contact, which waited in `queue` if in any, was offered to the agent, the plainest first."""
    if why.rule == OVERFLOW:
        return (overflow_sentence(why, names.queues.get(queue or "", queue or "no queue"), names.queues),)
    teller = _TELLERS.get(why.rule)
    if teller is None or agent is None:
        return (f'Decided by the rule "{why.rule}", for which there are no words here; the data tells what it holds.',)
    return tuple(teller(Case(why, names, agent, queue)))


class Case(msgspec.Struct, frozen=True):
    """One decision with what is needed to tell it."""

    why: Decision
    names: Names
    agent_id: str
    queue: str | None

    @property
    def agent(self) -> str:
        """The name of the agent to whom it was offered."""
        return self.names.agent(self.agent_id)

    @property
    def offered(self) -> str:
        """To whom, from where and when."""
        out_of = f" out of {self.names.queues.get(self.queue, self.queue)}" if self.queue else ""
        waited = self.why.waited_seconds
        after = f" after {span(waited)} of waiting" if waited > 0 else " at once"
        return f"Offered to {self.agent}{out_of}{after}"


def required(wanted: Requirement, names: Names) -> str:
    """What a requirement asks for, as a list; empty if it asks for nothing."""
    asked = [f"{names.skill(skill, level)} or above" for skill, level in wanted.skills]
    asked += [_either(group, names) for group in wanted.one_of]
    if wanted.agents:
        asked.append(f"{any_of(map(names.agent, wanted.agents))} and nobody else")
    if wanted.teams:
        asked.append(f"somebody of {any_of(names.teams.get(team, team) for team in wanted.teams)}")
    if wanted.excluded:
        asked.append(f"anybody but {all_of(map(names.agent, wanted.excluded))}")
    return "; ".join(asked)


def _contact_finds_agent(case: Case) -> Iterator[str]:
    why = case.why
    chosen = (
        f"as the first of {why.considered} who could take it"
        if why.considered > 1
        else "the only one who could take it"
    )
    yield f"{case.offered}, {chosen}."
    yield from _requirement(case)
    yield _selection(case)
    for each in why.passed_over:
        idler = case.names.agent(each.id)
        yield f"{idler} had been idle at least as long but {_lacks(each.why, case.names)}."
    told = {each.id for each in why.passed_over if MISSED in each.why}
    yield from _declined(case, without=told)
    if why.rank > 1:
        yield f"{count(why.rank - 1, 'contact')} stood before it in the line, for whom nobody was ready."
    yield from _favour(case)


def _agent_finds_contact(case: Case) -> Iterator[str]:
    why = case.why
    first = "as the first in the line" if why.rank <= 1 else "as the first in the line whom this agent may take"
    yield f"{case.offered}, {first}."
    yield from _requirement(case)
    yield from _stood_before(case)
    if why.rivals:
        yield _next_in_line(case.agent, why.rivals[0])
    yield from _declined(case)
    yield from _favour(case)


def _named(case: Case) -> Iterator[str]:
    yield f"{case.offered}, because somebody asked for this agent by name."
    yield from _declined(case)


def _beside(case: Case) -> Iterator[str]:
    yield f"{case.offered}, beside the agent chosen first: the queue offers a contact to several who are ready at once."
    yield from _requirement(case)
    yield from _declined(case)


_TELLERS: dict[str, Callable[[Case], Iterator[str]]] = {
    CONTACT_FINDS_AGENT: _contact_finds_agent,
    AGENT_FINDS_CONTACT: _agent_finds_contact,
    NAMED: _named,
    BESIDE: _beside,
}


def _requirement(case: Case) -> Iterator[str]:
    asked = required(case.why.wanted, case.names)
    step = f" (step {case.why.step + 1} of what the contact requires)" if case.why.step else ""
    yield f"Required: {asked}{step}." if asked else f"Nothing was required that not everybody holds{step}."


def _selection(case: Case) -> str:
    """Why this one of those who could: the measure of the queue's selection, and who came next by it."""
    agent, idle = case.agent, span(max(0.0, case.why.idle_seconds))
    match case.why.selection:
        case Selection.LONGEST_IDLE:
            ground, behind = f"{agent} had been idle for {idle}", _idle_less
        case Selection.MOST_SKILLED:
            ground, behind = f"{agent} is the most skilled in what is required", _levels_below
        case Selection.LEAST_SKILLED:
            ground, behind = f"{agent} is the least skilled who suffices, which keeps specialists free", _levels_above
        case Selection.LEAST_OCCUPIED:
            ground, behind = f"{agent} was the least occupied in the last hour", _occupied_more
        case Selection.ROUND_ROBIN:
            ground, behind = f"It was the turn of {agent}, whose last offer was longest ago", _later_turn
    after = [f"{case.names.agent(each.id)} ({behind(each.behind)})" for each in case.why.rivals]
    return f"{ground}; next {all_of(after, 'was', 'were')}." if after else f"{ground}."


def _idle_less(behind: float) -> str:
    return f"idle {span(behind)} less" if behind > 0 else "idle just as long"


def _levels_below(behind: float) -> str:
    return f"{count(round(behind), 'level').lower()} below" if behind > 0 else "just as skilled but not idle for longer"


def _levels_above(behind: float) -> str:
    return f"{count(round(behind), 'level').lower()} above" if behind > 0 else "no less skilled and not idle for longer"


def _occupied_more(behind: float) -> str:
    """The measure is a logarithm that nobody could read."""
    return "more occupied" if behind > 0 else "just as occupied but not idle for longer"


def _later_turn(behind: float) -> str:
    return "later in turn" if behind > 0 else "offered one at the same time but not idle for longer"


def _stood_before(case: Case) -> Iterator[str]:
    """Those before it in the line, together where the same kept them from the agent."""
    told = Counter(each.why for each in case.why.passed_over)
    for reasons, number in told.items():
        stood = f"{count(number, 'contact')} stood before it in the line but could not go to {case.agent}"
        yield f"{stood}, who {_lacks(reasons, case.names)}."
    left = case.why.rank - 1 - told.total()
    if left > 0:
        more, too = (" more", " either") if told else ("", "")
        yield f"{count(left, 'contact', more)} stood before it in the line and could not go to {case.agent}{too}."


def _next_in_line(agent: str, rival: Rival) -> str:
    following = f"The next in the line whom {agent} may take"
    if rival.behind > 0:
        return f"{following} stood {span(rival.behind)} behind it."
    if rival.behind < 0:
        return f"{following} had the earlier place by {span(-rival.behind)}, but in a lower tier."
    return f"{following} stood level with it."


def _declined(case: Case, without: Iterable[str] = ()) -> Iterator[str]:
    others = [case.names.agent(each) for each in case.why.excluded if each not in {*without, case.agent_id}]
    if others:
        yield f"{all_of(others)} had missed or declined this contact before."
    if case.agent_id in case.why.excluded:
        yield f"{case.agent} had missed or declined this contact before, but nobody else on duty could take it."


def _favour(case: Case) -> Iterator[str]:
    """What moved it in the line: bonuses, and the rank of its tier in a queue with strict tiers."""
    bonus = case.why.bonus_seconds
    if bonus:
        shift = "earlier" if bonus > 0 else "later"
        yield f"The bonuses of its tier and its queue put it {span(abs(bonus))} {shift} in the line."
    if case.why.precedence:
        yield "Its queue is strict about tiers: a higher one goes first, however long a lower one has waited."


def _lacks(reasons: Iterable[str], names: Names) -> str:
    """What kept an agent from a contact, as what is said of the agent."""
    missing, said = [], []
    for reason in reasons:
        if reason.startswith("skill:"):
            missing += [names.skill(skill, level) for skill, level in _levels(reason)]
        elif reason.startswith("one_of:"):
            said.append(f"holds none of {any_of(names.skill(*each) for each in _levels(reason))}")
        elif reason.startswith("channel:"):
            said.append(f"had no room for a contact of the channel {reason.partition(':')[2]}")
        else:
            said.append(_REASONS.get(reason, f'was kept from it by "{reason}"'))
    lacking = [f"lacks {all_of(missing)}"] if missing else []
    return all_of([*lacking, *said]) or "was kept from it by something that was not written down"


def _levels(reason: str) -> list[tuple[str, str]]:
    """The skills and levels in a reason: "skill:cards:3", "one_of:de:1|en:2"; none in any other."""
    kind, _, rest = reason.partition(":")
    if kind not in ("skill", "one_of"):
        return []
    parts = (each.rpartition(":") for each in rest.split("|"))
    return [(skill, level) for skill, _, level in parts]


def _either(group: Skills, names: Names) -> str:
    return f"one of {any_of(names.skill(skill, level) for skill, level in group)}"
