"""A call of the demo bank's past went to whom its queue would have given it, when it would have."""

from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
import pytest

from app.demo.bank import AGENTS, QUEUES
from app.demo.clients import DemoCustomer, demo_customers
from app.demo.history import INTERACTION_COLUMNS, PastCall, PastDay, past_days
from app.demo.shifts import Change
from app.routing.engine.decision import Decision
from app.routing.engine.engine import AGENT_FINDS_CONTACT, CONTACT_FINDS_AGENT

NOW = 1_795_000_000.0
CUSTOMERS = demo_customers(300)
KNOWN = {customer.id: customer for customer in CUSTOMERS}
PLANS = {queue.id: queue for queue in QUEUES}
SKILLS = {agent.id: agent.skills for agent in AGENTS}
AT = {name: place for place, name in enumerate(INTERACTION_COLUMNS)}
Waited = tuple[float, dict[str, int], str, int]


@pytest.fixture(scope="module")
def days() -> list[PastDay]:
    return list(past_days(CUSTOMERS, NOW, days=14))


def customer(call: PastCall) -> DemoCustomer | None:
    return KNOWN.get(call.interaction[AT["customer_id"]])


def asked(call: PastCall, waited: float) -> dict[str, int]:
    """What the queue requires of who takes the call after so many seconds, by its plan."""
    queue, caller = PLANS[call.interaction[AT["queue_id"]]], customer(call)
    requires, level = queue.requires, queue.language_level
    for step in queue.rules.get("steps", ()):
        if step["after_seconds"] <= waited:
            requires, level = step["requires"], step["language_level"]
    return {**requires, (caller.language if caller else "zh"): level}


def may_take(agent: str, call: PastCall, waited: float) -> bool:
    return all(SKILLS[agent].get(skill, 0) >= level for skill, level in asked(call, waited).items())


def offers(day: PastDay) -> dict[str, Change]:
    return {str(change.contact): change for change in day.changes if change.why is not None}


def why(change: Change) -> Decision:
    assert change.why is not None
    return change.why


def is_private(call: PastCall) -> bool:
    """Whether the caller has an adviser, whose queue waits for them and asks for no skill of them."""
    caller = customer(call)
    return caller is not None and caller.tier == "private" and call.interaction[AT["queue_id"]] == "wealth"


def test_whoever_gets_a_call_holds_what_its_queue_requires_at_that_moment(days: list[PastDay]) -> None:
    found = 0
    for day in days:
        made = offers(day)
        for call in day.calls:
            offer = made.get(str(call.interaction[AT["id"]]))
            if offer is not None and not is_private(call):
                found += 1
                waited = why(offer).waited_seconds
                assert may_take(offer.agent, call, waited), (offer, call)
                assert dict(why(offer).wanted.skills) == asked(call, waited)
    assert found > 1500


def test_a_private_customers_own_adviser_is_waited_for_first(days: list[PastDay]) -> None:
    first = [
        why(offer)
        for day in days
        for call in day.calls
        if is_private(call) and (offer := offers(day).get(str(call.interaction[AT["id"]]))) is not None
    ]
    by_name = [each for each in first if each.wanted.agents]
    assert by_name
    assert all(each.waited_seconds < 12 for each in by_name)


def test_nobody_waits_or_gives_up_while_somebody_is_ready_who_may_take_the_call(days: list[PastDay]) -> None:
    waited = 0
    for day in days:
        ready = ready_spans(day)
        made = offers(day)
        for call in day.calls:
            began = call.interaction[AT["started_at"]].timestamp()
            offer = made.get(str(call.interaction[AT["id"]]))
            until = offer.at if offer is not None else began + call.interaction[AT["wait_seconds"]]
            if is_private(call) or until - began < 0.01:
                continue
            waited += 1
            for agent, spans in ready.items():
                for since, over in spans:
                    at = max(began, since)
                    beside = min(until, over) - at
                    assert beside < 0.01 or not may_take(agent, call, at - began + beside / 2), (agent, call)
    assert waited > 50


def ready_spans(day: PastDay) -> dict[str, list[tuple[float, float]]]:
    told: dict[str, list[Change]] = defaultdict(list)
    for change in day.changes:
        if change.state is not None:
            told[change.agent].append(change)
    return {
        agent: [(one.at, other.at) for one, other in pairwise(some) if one.state == "ready"]
        for agent, some in told.items()
    }


def test_some_wait_some_give_up_before_it_rings_and_a_few_while_it_does(days: list[PastDay]) -> None:
    changes = [change for day in days for change in day.changes]
    rules = Counter(why(change).rule for change in changes if change.why is not None)
    assert rules[CONTACT_FINDS_AGENT] > rules[AGENT_FINDS_CONTACT] > 0
    assert any(why(change).step for change in changes if change.why is not None)
    abandoned = [call for day in days for call in day.calls if call.interaction[AT["outcome"]] == "abandoned"]
    rang = {change.contact for change in changes if change.contact is not None and change.why is None}
    assert len(abandoned) > len(rang) > 0
    assert rang <= {call.interaction[AT["id"]] for call in abandoned}
    withdrawn = [change for change in changes if change.contact in rang and change.why is None]
    assert {change.reason for change in withdrawn} == {"caller_gone"}


def test_why_says_how_each_queue_chooses(days: list[PastDay]) -> None:
    chosen = {change.queue: why(change).selection for day in days for change in day.changes if change.why is not None}
    assert chosen == {queue.id: queue.rules.get("selection", "longest_idle") for queue in QUEUES}
    ranks = {why(change).precedence for day in days for change in day.changes if change.queue == "wealth"}
    assert ranks == {0, -1, -2, -3, -4}  # it is strict about tiers; who is not known has none
    kept = msgspec.json.decode(msgspec.json.encode(why(next(iter(offers(days[0]).values())))))
    assert kept["wanted"]["skills"]
