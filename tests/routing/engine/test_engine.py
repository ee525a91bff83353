"""The engine against the plain definition that scans everybody, whatever comes and goes in between."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from app.routing.engine.engine import CONTACT_FINDS_AGENT, Engine, Pair, Waiting, lacking
from app.routing.engine.requirement import Kind, Requirement, Selection, Skills, names, satisfies, score, sorted_skills
from app.routing.engine.selection import ReadyPool, Standing, rank
from app.routing.engine.waiting import Place, virtual_arrival

SKILLS = ("cards", "loans", "zh")
AGENTS = tuple(f"a{n}" for n in range(6))
TEAMS = ("north", "south")
skills = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5), max_size=3).map(sorted_skills)
groups = st.lists(skills.filter(bool), max_size=1).map(tuple)
some_agents = st.lists(st.sampled_from(AGENTS), max_size=2, unique=True).map(tuple)
requirements = st.builds(
    Requirement,
    skills=skills,
    one_of=groups,
    agents=some_agents,
    teams=st.lists(st.sampled_from(TEAMS), max_size=1).map(tuple),
    excluded=some_agents,
)
kinds = st.builds(Kind, skills=skills, team=st.none() | st.sampled_from(TEAMS))
standings = st.builds(
    Standing,
    kind=kinds,
    idle_since=st.integers(0, 9).map(float),
    served_at=st.integers(0, 9).map(float),
    occupancy=st.integers(-3, 3).map(float),
)


def test_level_below_the_required_one_does_not_suffice() -> None:
    wanted = Requirement((("cards", 3),))
    assert satisfies(Kind((("cards", 3), ("zh", 1))), wanted)
    assert not satisfies(Kind((("cards", 2),)), wanted)
    assert not satisfies(Kind(), wanted)
    assert satisfies(Kind(), Requirement())


def test_one_of_a_group_is_enough_and_every_group_counts() -> None:
    wanted = Requirement(one_of=((("de", 3), ("en", 4)), (("cards", 1),)))
    assert satisfies(Kind((("cards", 1), ("de", 3))), wanted)
    assert satisfies(Kind((("cards", 2), ("de", 1), ("en", 4))), wanted)
    assert not satisfies(Kind((("cards", 2), ("de", 2), ("en", 3))), wanted)
    assert not satisfies(Kind((("en", 5),)), wanted)


def test_most_skilled_counts_the_best_of_each_group() -> None:
    wanted = Requirement(skills=(("cards", 1),), one_of=((("de", 1), ("en", 1)),))
    assert score(Kind((("cards", 3), ("de", 2), ("en", 5), ("loans", 5))), wanted) == 8


def test_a_second_of_bonus_is_a_second_of_waiting() -> None:
    assert virtual_arrival(100, 30, 5) == 65


def test_what_is_lacking_is_named() -> None:
    wanted = Requirement((("cards", 3),), one_of=((("de", 1), ("en", 2)),), teams=("north",), excluded=("a1",))
    assert lacking("a1", Kind((("cards", 2),)), wanted) == ("skill:cards:3", "one_of:de:1|en:2", "team", "excluded")
    assert lacking("a2", Kind((("cards", 3), ("en", 2)), "north"), wanted) == ()
    chat = Requirement(agents=("a1",), channel="chat", source="pbx")
    assert lacking("a2", Kind(away=("pbx",)), chat) == ("channel:chat", "phone", "agents")
    assert lacking("a1", Kind(channels=("chat",), away=("other",)), chat) == ()


@given(requirements, kinds, st.sampled_from(AGENTS), st.booleans(), st.booleans())
def test_something_is_lacking_exactly_where_a_contact_may_not_be_taken(
    wanted: Requirement, kind: Kind, agent: str, by_chat: bool, away: bool
) -> None:
    wanted = replace(wanted, channel="chat" if by_chat else "voice", source="pbx")
    kind = replace(kind, away=("pbx",) if away else ())
    assert (lacking(agent, kind, wanted) == ()) == (names(wanted, agent) and satisfies(kind, wanted))


def test_selections_choose_by_their_own_measure() -> None:
    wanted: Skills = (("cards", 1),)
    people = {
        "expert": Standing(kind=Kind((("cards", 5), ("loans", 5))), idle_since=30, served_at=1, occupancy=2),
        "junior": Standing(kind=Kind((("cards", 1),)), idle_since=20, served_at=3, occupancy=1),
        "senior": Standing(kind=Kind((("cards", 4),)), idle_since=10, served_at=2, occupancy=3),
    }
    expected = {
        Selection.LONGEST_IDLE: "senior",
        Selection.MOST_SKILLED: "expert",
        Selection.LEAST_SKILLED: "junior",
        Selection.LEAST_OCCUPIED: "junior",
        Selection.ROUND_ROBIN: "expert",
    }
    for selection, agent in expected.items():
        engine = Engine()
        for name, standing in people.items():
            engine.put_ready(name, standing)
        engine.put_contact("c", Waiting(wanted=Requirement(wanted), place=Place(0, 0.0, "c"), selection=selection))
        pair = engine.agent_for("c")
        assert pair is not None
        assert pair.agent == agent, selection


def test_nobody_belongs_to_who_does_not_wait_or_is_not_ready() -> None:
    engine = Engine()
    engine.put_ready("a", Standing(kind=Kind(), idle_since=0))
    assert engine.agent_for("gone") is None
    engine.put_ready("a", None)
    engine.put_contact("c", Waiting(wanted=Requirement(), place=Place(0, 0.0, "c")))
    assert engine.contact_for("a") is None


def test_a_contact_that_is_told_again_where_it_is_waits_there_once_and_by_its_new_selection() -> None:
    engine = Engine()
    engine.put_ready("idler", Standing(kind=Kind(), idle_since=0, served_at=5))
    engine.put_ready("next", Standing(kind=Kind(), idle_since=3, served_at=1))
    told = Waiting(wanted=Requirement(), place=Place(0, 0.0, "c"))
    engine.put_contact("c", told)
    first = engine.agent_for("c")
    engine.put_contact("c", replace(told, selection=Selection.ROUND_ROBIN))
    second = engine.agent_for("c")
    assert first is not None
    assert second is not None
    assert (first.agent, second.agent) == ("idler", "next")
    engine.put_contact("c", None)
    assert list(engine.line.everyone()) == []


def test_without_explanations_the_same_are_brought_together() -> None:
    engine = Engine(explains=False)
    for n in range(2):
        engine.put_contact(
            f"c{n}", Waiting(wanted=Requirement(agents=("a0", f"a{n}")), place=Place(0, 2.0 - n, f"c{n}"))
        )
        engine.put_ready(f"a{n}", Standing(kind=Kind(), idle_since=2 - n))
    assert engine.agent_for("c1") == Pair("a1", "c1", CONTACT_FINDS_AGENT, 0, 2, (), ())
    assert engine.agent_for("c0") == Pair("a0", "c0", CONTACT_FINDS_AGENT, 0, 1, (), ())


easy = st.builds(
    Requirement, skills=st.sets(st.sampled_from(SKILLS)).map(lambda few: tuple((skill, 1) for skill in sorted(few))),
    agents=some_agents, excluded=some_agents,
)  # fmt: skip
able = st.builds(Kind, skills=st.fixed_dictionaries(dict.fromkeys(SKILLS, st.integers(1, 5))).map(sorted_skills))


@settings(max_examples=50)
@given(
    st.lists(easy, min_size=2, max_size=3),
    st.lists(st.builds(replace, standings, kind=able | kinds), min_size=1, max_size=5),
)
def test_who_frees_is_ranked_for_each_requirement_by_its_own_measure(
    asked: list[Requirement], ready: list[Standing]
) -> None:
    pool, wants = ReadyPool(), [(wanted, selection) for wanted in asked for selection in Selection]
    standing = dict(zip(AGENTS, ready, strict=False))
    for agent in list(standing)[:-1]:
        pool.add(agent, standing[agent])
    for wanted, selection in wants:
        pool.best(wanted, selection, (), 1)
    pool.add(list(standing)[-1], ready[-1])
    for wanted, selection in wants:
        fit = [key for key, each in standing.items() if names(wanted, key) and satisfies(each.kind, wanted)]
        ranked = sorted(rank(key, standing[key], wanted, selection) for key in fit)
        assert pool.best(wanted, selection, (), len(AGENTS)) == (ranked, len(ranked))
        left = [each for each in ranked if each.agent not in AGENTS[1:3]]
        assert pool.best(wanted, selection, AGENTS[1:3], 2) == (left[:2], len(left))


class Game(RuleBasedStateMachine):
    """Changes that come in any order; after each every question is asked and compared with a scan."""

    @initialize()
    def open(self) -> None:
        self.engine = Engine()
        self.waiting: dict[str, Waiting] = {}
        self.ready: dict[str, Standing] = {}
        self.duty: dict[str, Kind] = {}

    @rule(
        number=st.integers(0, 9),
        wanted=requirements,
        arrived=st.integers(0, 9),
        precedence=st.integers(-2, 0),
        missed=some_agents,
        selection=st.sampled_from(Selection),
    )
    def contact_waits(
        self, number: int, wanted: Requirement, arrived: int, precedence: int, missed: tuple[str, ...],
        selection: Selection,
    ) -> None:  # fmt: skip
        key = f"c{number}"
        place = Place(precedence, float(arrived), key)
        self.waiting[key] = Waiting(wanted=wanted, place=place, selection=selection, missed_by=missed)
        self.engine.put_contact(key, self.waiting[key])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def contact_leaves(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.waiting)))
        del self.waiting[key]
        self.engine.put_contact(key, None)

    @rule(agent=st.sampled_from(AGENTS), standing=standings)
    def agent_is_ready(self, agent: str, standing: Standing) -> None:
        self.ready[agent], self.duty[agent] = standing, standing.kind
        self.engine.put_ready(agent, standing)
        self.engine.put_duty(agent, standing.kind)

    @rule(agent=st.sampled_from(AGENTS), stays=st.booleans())
    def agent_is_not_ready(self, agent: str, stays: bool) -> None:
        self.ready.pop(agent, None)
        self.engine.put_ready(agent, None)
        if not stays:
            self.duty.pop(agent, None)
            self.engine.put_duty(agent, None)

    @invariant()
    def every_answer_is_that_of_a_scan(self) -> None:
        if not hasattr(self, "engine"):
            return
        for agent in AGENTS:
            fit = sorted(w.place for key, w in self.waiting.items() if agent in self.ready and self._may(agent, key))
            pair = self.engine.contact_for(agent)
            assert (pair.contact if pair else None) == (fit[0].contact if fit else None)
            self._tells_the_rank(pair)
            if pair is not None:
                heads = sorted({self.waiting[place.contact].wanted: place for place in reversed(fit)}.values())
                line = sorted(waiting.place for waiting in self.waiting.values())
                behind = [(each.contact, each.virtual_arrival - fit[0].virtual_arrival) for each in heads[1:4]]
                self._tells_why(pair, len(heads), behind, [each.contact for each in line[: line.index(fit[0])]])
        for key, waiting in self.waiting.items():
            ranked = sorted(
                rank(agent, standing, waiting.wanted, waiting.selection)
                for agent, standing in self.ready.items()
                if self._may(agent, key)
            )
            pair = self.engine.agent_for(key)
            assert (pair.agent if pair else None) == (ranked[0].agent if ranked else None)
            self._tells_the_rank(pair)
            if pair is not None:
                fits = {each.agent for each in ranked}
                idle = sorted((standing.idle_since, agent) for agent, standing in self.ready.items())
                idler = [agent for since, agent in idle if since <= ranked[0].idle_since and agent not in fits]
                behind = [(each.agent, each.measure - ranked[0].measure) for each in ranked[1:4]]
                self._tells_why(pair, len(ranked), behind, idler)

    @invariant()
    def counts_of_those_on_duty_are_those_of_a_scan(self) -> None:
        for waiting in self.waiting.values() if hasattr(self, "engine") else ():
            wanted = waiting.wanted
            fit = [key for key, kind in self.duty.items() if names(wanted, key) and satisfies(kind, wanted)]
            assert self.engine.duty.count(waiting.wanted) == len(fit)
            assert self.engine.duty.anyone(waiting.wanted, waiting.missed_by) == bool(set(fit) - set(waiting.missed_by))

    def _tells_the_rank(self, pair: Pair | None) -> None:
        if pair is not None:
            places = sorted(each.place for each in self.waiting.values())
            assert places[pair.rank - 1].contact == pair.contact

    def _tells_why(self, pair: Pair, able: int, behind: list[tuple[str, float]], before: list[str]) -> None:
        assert pair.considered == able
        assert [(each.id, each.behind) for each in pair.rivals] == behind
        assert [each.id for each in pair.passed_over] == before[:3]
        assert all(each.why for each in pair.passed_over)

    def _may(self, agent: str, key: str) -> bool:
        waiting = self.waiting[key]
        fits: Callable[[str, Kind], bool] = lambda who, kind: (  # noqa: E731 - the definition, said once
            names(waiting.wanted, who) and satisfies(kind, waiting.wanted)
        )
        if not fits(agent, self.ready[agent].kind):
            return False
        others = (who for who, kind in self.duty.items() if fits(who, kind) and who not in waiting.missed_by)
        return agent not in waiting.missed_by or next(others, None) is None


TestGame = Game.TestCase
TestGame.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(st.tuples(requirements, st.integers(0, 5)), max_size=12))
def test_leaving_empties_every_group(waiting: list[tuple[Requirement, int]]) -> None:
    engine = Engine()
    for n, (wanted, at) in enumerate(waiting):
        engine.put_contact(f"c{n}", Waiting(wanted=wanted, place=Place(0, float(at), f"c{n}")))
    assert len(engine.line) == len(waiting)
    assert len(list(engine.line.everyone())) == len(waiting)  # whoever was looked at is in its group
    for n in range(len(waiting)):
        engine.put_contact(f"c{n}", None)
    assert len(engine.line) == 0
    assert list(engine.line.everyone()) == []
    assert not engine.line._naming


class Compared(str):
    """An agent's id that counts how often it is compared."""

    __slots__ = ()
    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_contact_that_hundreds_have_declined_finds_the_next_without_comparing_all_with_all() -> None:
    engine, everybody = Engine(), 300
    for n in range(everybody):
        engine.put_ready(f"a{n:03}", Standing(kind=Kind(), idle_since=float(n)))
        engine.put_duty(f"a{n:03}", Kind())
    declined = tuple(Compared(f"a{n:03}") for n in range(everybody - 1))
    waiting = Waiting(wanted=Requirement(), place=Place(0, 0.0, "c"), missed_by=declined)
    engine.put_contact("c", waiting)
    Compared.times = 0
    pair = engine.agent_for("c")
    assert pair is not None
    assert (pair.agent, pair.considered) == ("a299", 1)
    assert Compared.times < 20 * everybody
