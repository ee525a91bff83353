"""A queue's definition: what it names, what contradicts itself, what nobody could meet."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.routing.engine.requirement import Kind, Requirement
from app.routing.overflow.rules import Do, When
from app.routing.queue_form import contradictions, named, steps_of, warnings

EMPTY: dict[str, Any] = {"requires": {}, "steps": []}
ANN = {"ann": Kind((("cards", 3), ("zh", 5)), "vip")}

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["cards", "agents"]), inner),
    max_leaves=8,
)
FIELDS = ("requires", "one_of", "agents", "teams", "excluded", "after_seconds", "hours", "overflow")
RULE = st.fixed_dictionaries(
    {}, optional={"when": st.sampled_from(When) | ANYTHING, "do": st.sampled_from(Do) | ANYTHING, "at": ANYTHING}
)
STEP = st.dictionaries(st.sampled_from(FIELDS), ANYTHING) | ANYTHING


def told(rules: dict[str, Any], staff: dict[str, Kind] = ANN) -> list[str]:
    return [f"{each['where']} {each['what'].rpartition(': ')[2]}" for each in warnings(EMPTY | rules, staff)]


@given(
    st.dictionaries(st.sampled_from(FIELDS), ANYTHING),
    st.lists(STEP, max_size=3) | ANYTHING,
    st.lists(RULE, max_size=3) | ANYTHING,
)
def test_whatever_is_sent_is_looked_through(rules: dict[str, Any], steps: Any, overflow: Any) -> None:
    sent = rules | {"steps": steps, "overflow": overflow}
    assert all(isinstance(each.id, str) for each in named(sent))
    assert all(fault["where"].startswith("body.") for fault in contradictions(sent, sent))


def test_steps_may_only_go_forward() -> None:
    times = [{"after_seconds": after} for after in (10, 5, 7, 10, 10.5, None, True, float("nan"), 11)]
    wrong = contradictions({"steps": times}, {"steps"})
    assert [(each["where"], each["accepted"]) for each in wrong] == [
        (f"body.steps.{place}.after_seconds", "more than 10") for place in (1, 2, 3)
    ]
    assert contradictions({"steps": times}, {"agents"}) == [], "not what is being set"


def test_language_is_asked_of_the_first_step_and_of_those_that_name_a_level() -> None:
    steps = [{"after_seconds": 5, "language_level": 2}, {"after_seconds": 9}]
    rules = EMPTY | {"default_language": "en", "language_level": 4, "steps": steps}
    assert [step.wanted.skills for step in steps_of(rules)] == [(("en", 4),), (("en", 2),), ()]
    assert steps_of(EMPTY)[0].wanted == Requirement()


def test_warnings_say_what_is_missing() -> None:
    assert told({}) == []
    assert told({}, {}) == ["body there is no active agent"]
    assert told({"requires": {"cards": 4, "zh": 5}}) == ["body nobody has cards at 4 or above"]
    assert told({"one_of": [{"zh": 5, "en": 1}, {"en": 1, "de": 2}]}) == [
        "body nobody has any of de at 2 or above, en at 1 or above"
    ]
    assert told({"teams": ["vip"]}) == []
    assert told({"teams": ["a", "b"]}) == ["body nobody is in a or b"]
    assert told({"agents": ["bob"]}) == [
        "body bob is not active",
        "body.agents.0 bob is not an active agent and gets no contacts",
    ]
    assert told({"agents": ["bob", "ann"]}) == ["body.agents.0 bob is not an active agent and gets no contacts"]
    assert told({"excluded": ["ann"]}) == ["body nobody has all that is asked for at once"]
    assert told({"excluded": ["bob"]}) == []


def tightens(*steps: dict[str, Any], staff: dict[str, Kind] = ANN) -> list[str]:
    """The warnings of a queue's steps, the first of which is what it requires at the beginning."""
    first, *later = ({"requires": {}} | step for step in steps)
    rules = EMPTY | first | {"steps": [step | {"after_seconds": 9 + n} for n, step in enumerate(later)]}
    found = [each for each in warnings(rules, staff) if "does not loosen" in each["what"]]
    return [f"{each['where']} {each['what'].partition(': it ')[2]}" for each in found]


def test_a_step_that_tightens_is_told() -> None:
    more = "adds to the step before:"
    assert tightens({}, {"requires": {"cards": 5}}) == [f"body.steps.0 {more} cards at 5 or above"]
    assert tightens({"requires": {"cards": 3, "zh": 2}}, {"requires": {"cards": 3}}, {}) == []
    assert tightens({"requires": {"cards": 3}}, {}, {"requires": {"en": 1, "zh": 1}}) == [
        f"body.steps.1 {more} en at 1 or above, zh at 1 or above"
    ]
    assert tightens({"requires": {"zh": 3}}, {"one_of": [{"en": 1, "zh": 3}]}, {"one_of": [{"en": 1, "zh": 1}]}) == []
    assert tightens({"one_of": [{"zh": 3}]}, {"requires": {"zh": 3}}) == []
    assert tightens({"one_of": [{"en": 1, "zh": 1}]}, {"one_of": [{"en": 1}]}) == [
        f"body.steps.0 {more} any of en at 1 or above"
    ]
    assert tightens({"requires": {"en": 1}}, {"teams": ["vip"]}) == [f"body.steps.0 {more} only of vip"]
    assert tightens({"teams": ["vip"]}, {"teams": ["vip", "b"]}, {}) == []
    assert tightens({"excluded": ["a"]}, {"agents": ["ann"]}) == [f"body.steps.0 {more} only ann"]
    assert tightens({}, {"excluded": ["bob", "ann"]}) == [f"body.steps.0 {more} not ann or bob"]
    assert tightens({"excluded": ["bob"]}, {"excluded": ["bob"]}, {}) == []
    spoken = {"default_language": "zh"}
    assert tightens(spoken, spoken | {"language_level": 2}) == [f"body.steps.0 {more} zh at 2 or above"]


def test_a_step_after_named_agents_loosens_if_they_may_still_take_it() -> None:
    both = ANN | {"bob": Kind()}
    ring = {"requires": {"cards": 3}}
    assert tightens({"agents": ["ann"]}, ring, {}, staff=both) == []
    assert tightens({"agents": ["ann", "gone"]}, {"teams": ["vip"]}, staff=both) == []
    assert tightens({"agents": ["ann", "bob"]}, ring, staff=both) == [
        "body.steps.0 takes the contact from bob, who could have it before"
    ]


def test_warnings_say_when() -> None:
    steps = [{"after_seconds": 30, "requires": {"cards": 9}}, {"after_seconds": 60.5, "requires": {"cards": 9}}]
    spans = [
        each["what"].partition(":")[0].partition("contact ")[2]
        for each in warnings(EMPTY | {"steps": steps}, ANN)
        if "no active agent" in each["what"]
    ]
    assert spans == ["between 30 and 60.5 s of waiting", "after 60.5 s of waiting"]


def never(*rules: tuple[str, float | None, str, str | None]) -> list[int]:
    """Which rules of overflow never apply, in a queue that keeps hours."""
    written = [
        {name: value for name, value in zip(("when", "at", "do", "queue"), rule, strict=True) if value is not None}
        for rule in rules
    ]
    told = warnings(EMPTY | {"hours": "bank", "overflow": written}, ANN)
    return [int(each["where"].rpartition(".")[2]) for each in told]


def test_a_rule_of_overflow_behind_one_that_always_comes_first_is_told() -> None:
    assert never(("closed", None, "queue", "a"), ("closed", None, "message", None)) == [], "once they have been in a"
    assert never(("closed", None, "message", None), ("closed", None, "queue", "a")) == [1]
    assert never(("wait", 60, "callback", None), ("wait", 60, "callback", None)) == [1]
    assert never(("wait", 60, "callback", None), ("wait", 120, "queue", "a")) == []
    assert never(("wait", 60, "voicemail", None), ("wait", 120, "queue", "a")) == [1]
    assert never(("wait", 120, "voicemail", None), ("wait", 60, "queue", "a")) == []
    assert never(("length", 5, "queue", "a"), ("length", 5, "queue", "b")) == []
    assert never(("length", 5, "message", None), ("wait", 5, "message", None)) == []
