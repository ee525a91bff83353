"""A picture of any graph: no box on another, lines from box to box, and downwards unless they lead back."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.ivr.drawing.layout import Box, Layout, Line, laid_out

Pairs = list[tuple[int, int]]


def drawn(count: int, pairs: Pairs) -> Layout:
    """A graph of boxes 100 wide and 40 high."""
    boxes = [Box(str(number), 100, 40) for number in range(count)]
    return laid_out(boxes, [Line(str(one), str(other), 30) for one, other in pairs])


def test_a_chain_is_a_straight_line_down() -> None:
    layout = drawn(4, [(0, 1), (1, 2), (2, 3)])
    xs = {place.x for place in layout.places.values()}
    assert max(xs) - min(xs) < 1
    assert sorted(layout.places, key=lambda each: layout.places[each].y) == ["0", "1", "2", "3"]


def test_a_choice_of_three_is_side_by_side_in_the_order_of_the_file() -> None:
    layout = drawn(5, [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)])
    assert layout.places["1"].x < layout.places["2"].x < layout.places["3"].x
    assert layout.places["1"].y == layout.places["3"].y
    assert abs(layout.places["0"].x - layout.places["4"].x) < 1


def test_lines_that_could_run_side_by_side_do_not_cross() -> None:
    layout = drawn(6, [(0, 1), (0, 2), (1, 5), (2, 4), (1, 3)])
    assert layout.places["4"].x > max(layout.places["3"].x, layout.places["5"].x)


def test_a_line_that_leads_back_is_known_as_one() -> None:
    layout = drawn(3, [(0, 1), (1, 2), (2, 0), (1, 1)])
    assert [route.back for route in layout.routes] == [False, False, True, True]


def test_nothing_at_all_has_a_size() -> None:
    assert drawn(0, []).places == {}


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[int, Pairs]:
    count = draw(st.integers(1, 12))
    number = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(number, number), max_size=25, unique=True))


@given(_graphs())
@settings(max_examples=60, deadline=None)
def test_no_box_lies_on_another_and_every_line_meets_its_boxes(graph: tuple[int, Pairs]) -> None:
    count, pairs = graph
    layout = drawn(count, pairs)
    for one, other in combinations(layout.places.values(), 2):
        assert abs(one.x - other.x) >= 99.99 or abs(one.y - other.y) >= 40
    for (source, target), route in zip(pairs, layout.routes, strict=True):
        for box, end in ((source, route.points[0]), (target, route.points[-1])):
            middle = layout.places[str(box)]
            assert abs(end.x - middle.x) <= 50.01
            assert abs(end.y - middle.y) <= 20.01
        assert route.back or route.points[0].y < route.points[-1].y
    assert all(50 <= place.x <= layout.width - 50 for place in layout.places.values())
