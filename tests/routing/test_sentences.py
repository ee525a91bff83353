"""Decisions in sentences: each wording once, and that no record there can be fails to be told, with names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing.engine.decision import Decision, PassedOver, Rival
from app.routing.engine.engine import AGENT_FINDS_CONTACT, CONTACT_FINDS_AGENT
from app.routing.engine.requirement import Requirement, Selection
from app.routing.sentences import NAMED, Names, mentioned, required, sentences
from app.routing.wording import span

NAMES = Names(
    agents={"ann": "Ann Lee", "bob": "Bob", "cho": "Cho", "dee": "Dee"},
    queues={"q-cards": "Cards"},
    skills={"cards": "Card services"},
    teams={"n": "North"},
)


def told(rule: str = CONTACT_FINDS_AGENT, **facts: object) -> list[str]:
    decision = Decision(rule=rule, **facts)  # type: ignore[arg-type]
    return list(sentences(decision, NAMES, "ann", "q-cards"))


def test_an_arrival_tells_who_was_first_of_how_many_and_by_what() -> None:
    assert told(
        waited_seconds=12.3,
        wanted=Requirement((("cards", 3),)),
        step=1,
        idle_seconds=95,
        considered=3,
        rivals=(Rival("bob", 40), Rival("dee", 0)),
        passed_over=(PassedOver("cho", ("skill:wealth:4",)),),
        excluded=("eve",),
        rank=3,
        bonus_seconds=60,
        precedence=-2,
    ) == [
        "Offered to Ann Lee out of Cards after 12 s of waiting, as the first of 3 who could take it.",
        "Required: Card services at level 3 or above (step 2 of what the contact requires).",
        "Ann Lee had been idle for 95 s; next were Bob (idle 40 s less) and Dee (idle just as long).",
        "Cho had been idle at least as long but lacks wealth at level 4.",
        "eve had missed or declined this contact before.",
        "Two contacts stood before it in the line, for whom nobody was ready.",
        "The bonuses of its tier and its queue put it 60 s earlier in the line.",
        "Its queue is strict about tiers: a higher one goes first, however long a lower one has waited.",
    ]


def test_an_arrival_that_needs_nothing_finds_the_only_one() -> None:
    assert told() == [
        "Offered to Ann Lee out of Cards at once, the only one who could take it.",
        "Nothing was required that not everybody holds.",
        "Ann Lee had been idle for less than 0.1 s.",
    ]


@pytest.mark.parametrize(
    ("selection", "behind", "sentence"),
    [
        (Selection.LONGEST_IDLE, 40.0, "Ann Lee had been idle for 5 s; next was Bob (idle 40 s less)."),
        (Selection.LONGEST_IDLE, 0.0, "Ann Lee had been idle for 5 s; next was Bob (idle just as long)."),
        (
            Selection.MOST_SKILLED,
            2.0,
            "Ann Lee is the most skilled in what is required; next was Bob (two levels below).",
        ),
        (
            Selection.MOST_SKILLED,
            0.0,
            "Ann Lee is the most skilled in what is required; next was Bob (just as skilled but not idle for longer).",
        ),
        (
            Selection.LEAST_SKILLED,
            1.0,
            "Ann Lee is the least skilled who suffices, which keeps specialists free; next was Bob (one level above).",
        ),
        (
            Selection.LEAST_SKILLED,
            0.0,
            "Ann Lee is the least skilled who suffices, which keeps specialists free; next was Bob (no less skilled "
            "and not idle for longer).",
        ),
        (
            Selection.LEAST_OCCUPIED,
            0.25,
            "Ann Lee was the least occupied in the last hour; next was Bob (more occupied).",
        ),
        (
            Selection.LEAST_OCCUPIED,
            0.0,
            "Ann Lee was the least occupied in the last hour; next was Bob (just as occupied but not idle for longer).",
        ),
        (
            Selection.ROUND_ROBIN,
            30.0,
            "It was the turn of Ann Lee, whose last offer was longest ago; next was Bob (later in turn).",
        ),
        (
            Selection.ROUND_ROBIN,
            0.0,
            "It was the turn of Ann Lee, whose last offer was longest ago; next was Bob (offered one at the same time "
            "but not idle for longer).",
        ),
    ],
)
def test_each_selection_has_its_own_measure(selection: Selection, behind: float, sentence: str) -> None:
    assert told(selection=selection, idle_seconds=5, rivals=(Rival("bob", behind),))[2] == sentence


def test_a_lone_winner_is_told_without_rivals() -> None:
    assert told(selection=Selection.MOST_SKILLED)[2] == "Ann Lee is the most skilled in what is required."


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (("skill:cards:3",), "lacks Card services at level 3"),
        (("skill:cards:3", "skill:loans:4"), "lacks Card services at level 3 and loans at level 4"),
        (("one_of:de:1|cards:2",), "holds none of de at level 1 or Card services at level 2"),
        (("one_of:de:1", "team"), "holds none of de at level 1 and is in none of the teams asked for"),
        (("agents",), "is not among the agents asked for"),
        (("excluded",), "is excluded"),
        (("phone",), "had no phone at the switch of this call"),
        (("missed",), "had missed or declined that offer before"),
        (
            ("skill:cards:3", "team", "missed"),
            "lacks Card services at level 3, is in none of the teams asked for and had missed or declined that offer "
            "before",
        ),
        (("channel:chat",), "had no room for a contact of the channel chat"),
        (("weather",), 'was kept from it by "weather"'),
        ((), "was kept from it by something that was not written down"),
    ],
)
def test_what_kept_an_agent_from_it_is_named(why: tuple[str, ...], said: str) -> None:
    assert told(passed_over=(PassedOver("cho", why),))[3] == f"Cho had been idle at least as long but {said}."
    line = told(AGENT_FINDS_CONTACT, rank=2, passed_over=(PassedOver("c1", why),))
    assert line[2] == f"One contact stood before it in the line but could not go to Ann Lee, who {said}."


def test_an_agent_who_frees_takes_the_first_in_the_line_that_they_may() -> None:
    loans, other = ("skill:loans:4",), ("agents",)
    assert told(
        AGENT_FINDS_CONTACT,
        waited_seconds=130,
        rank=17,
        wanted=Requirement((("cards", 1),)),
        rivals=(Rival("c9", 12.0), Rival("c8", 20.0)),
        passed_over=(PassedOver("c1", loans), PassedOver("c2", other), PassedOver("c3", loans)),
        excluded=("bob", "dee"),
    ) == [
        "Offered to Ann Lee out of Cards after 2 min 10 s of waiting, as the first in the line whom this agent may "
        "take.",
        "Required: Card services at level 1 or above.",
        "Two contacts stood before it in the line but could not go to Ann Lee, who lacks loans at level 4.",
        "One contact stood before it in the line but could not go to Ann Lee, who is not among the agents asked for.",
        "13 more contacts stood before it in the line and could not go to Ann Lee either.",
        "The next in the line whom Ann Lee may take stood 12 s behind it.",
        "Bob and Dee had missed or declined this contact before.",
    ]


def test_the_first_in_the_line_is_told_plainly() -> None:
    assert told(AGENT_FINDS_CONTACT, waited_seconds=8) == [
        "Offered to Ann Lee out of Cards after 8 s of waiting, as the first in the line.",
        "Nothing was required that not everybody holds.",
    ]
    assert told(AGENT_FINDS_CONTACT, rank=2)[2] == (
        "One contact stood before it in the line and could not go to Ann Lee."
    )


@pytest.mark.parametrize(
    ("behind", "sentence"),
    [
        (0.5, "The next in the line whom Ann Lee may take stood 0.5 s behind it."),
        (0.0, "The next in the line whom Ann Lee may take stood level with it."),
        (-30.0, "The next in the line whom Ann Lee may take had the earlier place by 30 s, but in a lower tier."),
    ],
)
def test_the_next_in_the_line_is_told_by_its_place(behind: float, sentence: str) -> None:
    assert told(AGENT_FINDS_CONTACT, rivals=(Rival("c2", behind),))[-1] == sentence


def test_who_missed_it_is_told_once_and_so_is_one_who_gets_it_again() -> None:
    again = "Ann Lee had missed or declined this contact before, but nobody else on duty could take it."
    assert told(excluded=("ann",))[-1] == again
    assert told(excluded=("bob", "ann"))[-2:] == ["Bob had missed or declined this contact before.", again]
    assert told(excluded=("bob",), passed_over=(PassedOver("bob", ("missed",)),))[3:] == [
        "Bob had been idle at least as long but had missed or declined that offer before."
    ]


def test_a_bonus_below_zero_puts_it_later() -> None:
    assert told(bonus_seconds=-90)[-1] == "The bonuses of its tier and its queue put it 90 s later in the line."


def test_an_agent_who_was_asked_for_by_name() -> None:
    assert told(NAMED, waited_seconds=3, excluded=("bob",)) == [
        "Offered to Ann Lee out of Cards after 3 s of waiting, because somebody asked for this agent by name.",
        "Bob had missed or declined this contact before.",
    ]


def test_a_contact_that_is_in_no_queue_and_an_id_without_a_name() -> None:
    assert sentences(Decision(rule=NAMED), Names(), "ann", None) == (
        "Offered to ann at once, because somebody asked for this agent by name.",
    )


@pytest.mark.parametrize("rule", ["callback"])
def test_a_rule_without_words_says_so(rule: str) -> None:
    assert told(rule) == [
        f'Decided by the rule "{rule}", for which there are no words here; the data tells what it holds.'
    ]


def test_a_requirement_is_told_whole() -> None:
    wanted = Requirement(
        (("cards", 3), ("zh", 2)), one_of=((("de", 1), ("en", 2)),), agents=("ann", "bob"), teams=("n", "s"),
        excluded=("cho", "dee"),
    )  # fmt: skip
    assert required(wanted, NAMES) == (
        "Card services at level 3 or above; zh at level 2 or above; one of de at level 1 or en at level 2; "
        "Ann Lee or Bob and nobody else; somebody of North or s; anybody but Cho and Dee"
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "less than 0.1 s"),
        (0.44, "0.4 s"),
        (3.0, "3 s"),
        (9.96, "10 s"),
        (119.4, "119 s"),
        (120.0, "2 min"),
        (200.0, "3 min 20 s"),
        (7200.0, "2 h"),
        (7500.0, "2 h 5 min"),
        (3 * 86_400.0 + 4 * 3600, "3 d 4 h"),
    ],
)
def test_durations_are_told_as_people_say_them(seconds: float, said: str) -> None:
    assert span(seconds) == said


AGENTS = tuple(f"id-a{n}" for n in range(5))
SKILLS = tuple(f"id-s{n}" for n in range(4))
TEAMS = tuple(f"id-t{n}" for n in range(2))
CONTACTS = tuple(f"id-c{n}" for n in range(4))
ALL_NAMED = Names(
    agents={key: f"Agent {n}" for n, key in enumerate(AGENTS)},
    queues={"id-q": "Queue"},
    skills={key: f"Skill {n}" for n, key in enumerate(SKILLS)},
    teams={key: f"Team {n}" for n, key in enumerate(TEAMS)},
)
seconds = st.floats(0, 1e9, allow_nan=False)
levels = st.lists(st.tuples(st.sampled_from(SKILLS), st.integers(1, 5)), max_size=3, unique_by=lambda each: each[0])
levels_held = levels.map(tuple)
agents = st.lists(st.sampled_from(AGENTS), max_size=3, unique=True).map(tuple)
reasons = st.one_of(
    st.builds("skill:{}:{}".format, st.sampled_from(SKILLS), st.integers(1, 5)),
    levels.filter(bool).map(lambda some: "one_of:" + "|".join(f"{skill}:{level}" for skill, level in some)),
    st.sampled_from(["team", "agents", "excluded", "missed", "channel:chat"]),
)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Any record, with the agents or the contacts where its rule has them."""
    rule = draw(st.sampled_from([CONTACT_FINDS_AGENT, AGENT_FINDS_CONTACT, NAMED, "callback"]))
    others = st.sampled_from(CONTACTS if rule == AGENT_FINDS_CONTACT else AGENTS)
    passed = st.builds(PassedOver, others, st.lists(reasons, max_size=3).map(tuple))
    return Decision(
        rule=rule,
        selection=draw(st.sampled_from(Selection)),
        wanted=draw(
            st.builds(
                Requirement,
                skills=levels_held,
                one_of=st.lists(levels_held.filter(bool), max_size=2).map(tuple),
                agents=agents,
                teams=st.lists(st.sampled_from(TEAMS), max_size=2, unique=True).map(tuple),
                excluded=agents,
            )
        ),
        step=draw(st.integers(0, 4)),
        rank=draw(st.integers(1, 20_000)),
        waited_seconds=draw(seconds),
        bonus_seconds=draw(st.floats(-1e6, 1e6)),
        precedence=draw(st.integers(-5, 0)),
        idle_seconds=draw(seconds),
        considered=draw(st.integers(1, 10_000)),
        rivals=draw(st.lists(st.builds(Rival, others, st.floats(-1e9, 1e9)), max_size=3).map(tuple)),
        passed_over=draw(st.lists(passed, max_size=3).map(tuple)),
        excluded=draw(agents),
    )


@given(decisions())
def test_every_decision_is_told_in_whole_sentences_without_ids(why: Decision) -> None:
    spoken_of = mentioned(why)
    assert spoken_of.agents <= set(AGENTS)
    assert spoken_of.skills <= set(SKILLS)
    names = Names(
        agents={key: ALL_NAMED.agents[key] for key in (*spoken_of.agents, AGENTS[0])},
        queues=ALL_NAMED.queues,
        skills={key: ALL_NAMED.skills[key] for key in spoken_of.skills},
        teams={key: ALL_NAMED.teams[key] for key in spoken_of.teams},
    )
    said = sentences(why, names, AGENTS[0], "id-q")
    assert said
    for each in said:
        assert "id-" not in each
        assert re.fullmatch(r"[A-Z0-9][^\n]*[^ .]\.", each), each
        assert "  " not in each


@pytest.mark.parametrize(
    ("because", "measured", "limit", "to", "told"),
    [
        ("length", 12, 10, "queue:loans", "Twelve contacts waited in Cards already, where 10 is the limit, so it was "
         "sent on to Loans."),
        ("wait", 90, 60, "voicemail", "It had waited 90 s in Cards, where 60 s is the limit, so the caller was asked "
         "to leave a message."),
        ("closed", 0, 0, "message", "Cards was closed, so the caller was told so and the call was ended."),
        ("no_agent", 0, 0, "queue:gone", "Nobody who could take a contact of Cards was logged on, so it was sent "
         "on to gone."),
        ("estimated_wait", 300, 240, "callback", "The wait in Cards was estimated at 5 min, where 4 min is the limit, "
         "so the caller was asked whether they would rather be called back."),
    ],
)  # fmt: skip
def test_overflow_says_what_was_measured_and_what_was_done(
    because: str, measured: float, limit: float, to: str, told: str
) -> None:
    why = Decision(rule="overflow", because=because, measured=measured, limit=limit, to=to)
    assert sentences(why, Names(queues={"cards": "Cards", "loans": "Loans"}), None, "cards") == (told,)
