"""Waiting order and choice of agent, each against the plain definition that scans everybody."""

from hypothesis import given
from hypothesis import strategies as st

from app.routing.requirement import Requirement, Skills, requirement, satisfies
from app.routing.selection import AgentPool, Idle
from app.routing.waiting import Place, WaitingLine, virtual_arrival

SKILLS = ("cards", "loans", "zh")
skills = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5)).map(lambda d: tuple(sorted(d.items())))


def test_level_below_the_required_one_does_not_suffice() -> None:
    wanted = Requirement((("cards", 3),))
    assert satisfies((("cards", 3), ("zh", 1)), wanted)
    assert not satisfies((("cards", 2),), wanted)
    assert not satisfies((), wanted)
    assert satisfies((), Requirement())


def test_language_of_the_caller_becomes_a_required_skill() -> None:
    assert requirement((("cards", 3),), "zh", 2).skills == (("cards", 3), ("zh", 2))
    assert requirement((("zh", 4),), "zh", 2).skills == (("zh", 4),)
    assert requirement((("cards", 3),), None, 2).skills == (("cards", 3),)


def test_a_second_of_bonus_is_a_second_of_waiting() -> None:
    assert virtual_arrival(100, 30, 5) == 65


@given(st.lists(st.tuples(skills, st.integers(0, 20)), max_size=20), skills)
def test_an_agent_finds_the_first_in_order_that_they_may_take(waiting: list[tuple[Skills, int]], held: Skills) -> None:
    line = WaitingLine()
    places = [(Requirement(s), Place(float(at), f"c{n}")) for n, (s, at) in enumerate(waiting)]
    for wanted, place in places:
        line.add(wanted, place)
    heads = line.heads(held, lambda contact: contact != "c0")
    fit = sorted(p for w, p in places if satisfies(held, w) and p.contact != "c0")
    assert heads[:1] == fit[:1]
    assert set(heads) <= set(fit)


@given(st.lists(st.tuples(skills, st.integers(0, 20)), max_size=20), skills)
def test_a_contact_finds_the_longest_idle_who_holds_enough(agents: list[tuple[Skills, int]], wanted: Skills) -> None:
    pool = AgentPool()
    people = [(s, Idle(float(since), f"a{n:02}")) for n, (s, since) in enumerate(agents)]
    for held, idle in people:
        pool.add(held, idle)
    need = Requirement(wanted)
    fit = sorted(i for s, i in people if satisfies(s, need) and i.agent != "a00")
    assert pool.longest_idle(need, ("a00",))[:1] == fit[:1]
    assert pool.anyone(need, ("a00",)) == bool(fit)


@given(st.lists(st.tuples(skills, st.integers(0, 5)), max_size=12))
def test_groups_made_later_are_seen_and_leaving_empties_them(waiting: list[tuple[Skills, int]]) -> None:
    line, everything = WaitingLine(), tuple((s, 5) for s in SKILLS)
    assert line.heads(everything, lambda _: True) == []
    for n, (wanted, at) in enumerate(waiting):
        line.add(Requirement(wanted), Place(float(at), f"c{n}"))
    assert len(line) == len(waiting) == len(list(line.everyone()))
    for group, place in list(line.everyone()):
        line.remove(group, place)
    assert line.heads(everything, lambda _: True) == []
