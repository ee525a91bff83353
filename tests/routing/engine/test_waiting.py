"""The groups of the waiting line against a scan: who is first of those whom some agents have missed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.routing.engine.requirement import Kind, Requirement, names
from app.routing.engine.waiting import Place, WaitingLine

missed_sets = st.sampled_from([(), ("a0",), ("a1",), ("a0", "a1")])
asked = st.sampled_from([Requirement(), Requirement(agents=("a0", "a1")), Requirement(excluded=("a0",))])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(asked, st.integers(0, 3), missed_sets), max_size=9),
    st.sets(missed_sets),
    st.sets(st.integers(0, 8)),
)
def test_the_head_of_a_group_is_the_first_that_an_agent_may_take_whoever_missed_what(
    waiting: list[tuple[Requirement, int, tuple[str, ...]]], again: set[tuple[str, ...]], leave: set[int]
) -> None:
    line, there = WaitingLine(), dict(enumerate(waiting))
    for n, (wanted, at, missed) in there.items():
        line.add(wanted, Place(0, float(at), f"c{n}"), missed)
    for left in ([], sorted(leave & set(there)), sorted(set(there) - leave)):
        for n in left:
            wanted, at, missed = there.pop(n)
            line.remove(wanted, Place(0, float(at), f"c{n}"), missed)
        for agent in ("a0", "a1"):
            free: dict[Requirement, list[Place]] = {}
            for n, (wanted, at, missed) in there.items():
                if names(wanted, agent) and (agent not in missed or missed in again):
                    free.setdefault(wanted, []).append(Place(0, float(at), f"c{n}"))
            heads = line.heads(agent, Kind(), lambda contact: waiting[int(contact[1:])][2] in again)
            assert heads == sorted(min(places) for places in free.values())
