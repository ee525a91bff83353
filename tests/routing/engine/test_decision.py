"""What the engine says of its choice: how many could take it, who came next, who was passed over and why."""

from math import inf

from app.routing.engine.decision import Rival
from app.routing.engine.engine import FARTHEST, Engine, Waiting
from app.routing.engine.requirement import Kind, Requirement, Selection
from app.routing.engine.selection import Standing
from app.routing.engine.waiting import Place


def test_who_was_passed_over_is_told_with_what_they_lack() -> None:
    engine = Engine()
    engine.put_ready("idler", Standing(kind=Kind((("cards", 2),)), idle_since=1))
    engine.put_ready("expert", Standing(kind=Kind((("cards", 5),)), idle_since=5))
    engine.put_contact("c", Waiting(wanted=Requirement((("cards", 3),)), place=Place(0, 0.0, "c")))
    pair = engine.agent_for("c")
    assert pair is not None
    assert [(each.id, each.why) for each in pair.passed_over] == [("idler", ("skill:cards:3",))]


def test_who_missed_it_is_not_counted_among_those_who_could_take_it() -> None:
    engine = Engine()
    for agent, kind in (("a1", Kind((("cards", 3),))), ("a2", Kind((("cards", 3),))), ("a3", Kind())):
        engine.put_ready(agent, Standing(kind=kind, idle_since=0))
        engine.put_duty(agent, kind)
    wanted, place = Requirement((("cards", 3),)), Place(0, 0.0, "c")
    engine.put_contact("c", Waiting(wanted=wanted, place=place, missed_by=("a1", "a3", "gone")))
    pair = engine.agent_for("c")
    assert pair is not None
    assert (pair.agent, pair.considered, pair.rivals) == ("a2", 1, ())


def test_rivals_of_one_who_was_never_occupied_are_told_in_numbers_that_json_holds() -> None:
    engine = Engine()
    for agent, occupancy in (("a1", -inf), ("a2", -inf), ("a3", 1.0)):
        engine.put_ready(agent, Standing(kind=Kind(), idle_since=0, occupancy=occupancy))
    place = Place(0, 0.0, "c")
    engine.put_contact("c", Waiting(wanted=Requirement(), place=place, selection=Selection.LEAST_OCCUPIED))
    pair = engine.agent_for("c")
    assert pair is not None
    assert pair.rivals == (Rival("a2", 0.0), Rival("a3", FARTHEST))


def test_who_is_asked_again_for_want_of_others_is_not_told_to_have_been_passed_over() -> None:
    engine = Engine()
    for agent, level, idle in (("idler", 1, 0.0), ("expert", 5, 9.0)):
        engine.put_ready(agent, Standing(kind=Kind((("cards", level),)), idle_since=idle))
        engine.put_duty(agent, Kind((("cards", level),)))
    engine.put_contact(
        "c",
        Waiting(
            wanted=Requirement((("cards", 1),)),
            place=Place(0, 0.0, "c"),
            selection=Selection.MOST_SKILLED,
            missed_by=("expert", "idler"),
        ),
    )
    pair = engine.agent_for("c")
    assert pair is not None
    assert (pair.agent, pair.rivals, pair.passed_over) == ("expert", (Rival("idler", 4.0),), ())


def test_three_rivals_and_three_of_the_eight_idlest_are_told() -> None:
    engine = Engine()
    for n in range(8):
        engine.put_ready(f"other{n}", Standing(kind=Kind(), idle_since=n))
    for n in range(5):
        engine.put_ready(f"able{n}", Standing(kind=Kind((("cards", 3),)), idle_since=7 + n / 3))
    engine.put_contact("c", Waiting(wanted=Requirement((("cards", 3),)), place=Place(0, 0.0, "c")))
    pair = engine.agent_for("c")
    assert pair is not None
    assert (pair.agent, pair.considered) == ("able0", 5)
    assert pair.rivals == (Rival("able1", 0.333), Rival("able2", 0.667), Rival("able3", 1.0))
    assert [each.id for each in pair.passed_over] == ["other0", "other1", "other2"]
    for n in range(6):
        engine.put_ready(f"other{n}", Standing(kind=Kind((("cards", 3),)), idle_since=20))
    for n, idle in enumerate((0.5, 1.5)):
        engine.put_ready(f"able{n}", Standing(kind=Kind((("cards", 3),)), idle_since=20 + idle))
    pair = engine.agent_for("c")
    assert pair is not None
    assert (pair.agent, [each.id for each in pair.passed_over]) == ("able2", ["other6", "other7"])


def test_contacts_that_came_later_are_told_by_how_much() -> None:
    engine = Engine()
    for n in range(5):
        wanted = Requirement(teams=("north", f"t{n}"))
        engine.put_contact(f"c{n}", Waiting(wanted=wanted, place=Place(0, n / 3, f"c{n}")))
    engine.put_ready("a", Standing(kind=Kind(team="north"), idle_since=0))
    pair = engine.contact_for("a")
    assert pair is not None
    assert pair.rivals == (Rival("c1", 0.333), Rival("c2", 0.667), Rival("c3", 1.0))
