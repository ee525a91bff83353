"""Where to draw the boxes and lines of a directed graph: layer below layer, few crossings, long lines straight. Pure.

The usual layered method (Sugiyama): lines that lead back are turned round, a box stands below all that lead to it, long
lines and labels get places of their own in the layers between, neighbours pull each other into order and into line.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.ivr.drawing.layers import Mesh, ordered, patience, ranked, returning

GAP = 26.0
LABEL_GAP = 10.0
BETWEEN_LAYERS = 16.0
MARGIN = 16.0
LOOP = 18.0
ROUNDS = 200


class Box(NamedTuple):
    """What is to be placed; the first one of all is the beginning."""

    id: str
    width: float
    height: float


class Line(NamedTuple):
    """A line between two boxes, with room for a label of this width."""

    source: str
    target: str
    label_width: float = 0.0


class Point(NamedTuple):
    """A place; y grows downwards."""

    x: float
    y: float


class Route(NamedTuple):
    """The way of a line from its source to its target, and the middle of its label."""

    points: tuple[Point, ...]
    label: Point
    back: bool


class Layout(NamedTuple):
    """The middle of each box, and a route for each line, in the order in which they were given."""

    places: dict[str, Point]
    routes: list[Route]
    width: float
    height: float


def laid_out(boxes: Sequence[Box], lines: Sequence[Line], label_height: float = 14.0) -> Layout:
    """A place for everything. The same graph gives the same picture."""
    numbers = {box.id: number for number, box in enumerate(boxes)}
    pairs = [(numbers[line.source], numbers[line.target]) for line in lines]
    back = returning(len(boxes), pairs)
    mesh = Mesh(ranked(len(boxes), pairs, back))
    mesh.widths = [box.width for box in boxes]
    chains = [
        mesh.chain(*pair, back=pair in back, width=line.label_width) for pair, line in zip(pairs, lines, strict=True)
    ]
    layers = ordered(mesh)
    xs = _columns(mesh, layers)
    rows = _rows(mesh, [box.height for box in boxes], label_height)
    points = [Point(x, (rows[rank].top + rows[rank].bottom) / 2) for x, rank in zip(xs, mesh.ranks, strict=True)]
    router = _Router(boxes, mesh, points, rows, chains)
    routes = [router.route(chain, pair in back) for chain, pair in zip(chains, pairs, strict=True)]
    width = max((x + w / 2 for x, w in zip(xs, mesh.widths, strict=True)), default=0) + MARGIN + LOOP
    height = max((row.bottom for row in rows), default=0) + MARGIN
    return Layout({box.id: points[numbers[box.id]] for box in boxes}, routes, width, height)


class _Row(NamedTuple):
    top: float
    bottom: float


def _rows(mesh: Mesh, heights: list[float], label_height: float) -> list[_Row]:
    """From where to where each layer reaches."""
    tallest: dict[int, float] = defaultdict(lambda: label_height)
    for rank, height in zip(mesh.ranks, heights, strict=False):
        tallest[rank] = max(tallest[rank], height)
    rows, y = [], MARGIN
    for rank in range(max(mesh.ranks, default=-1) + 1):
        rows.append(_Row(y, y + tallest[rank]))
        y += tallest[rank] + BETWEEN_LAYERS
    return rows


def _columns(mesh: Mesh, layers: list[list[int]]) -> list[float]:
    """The x of each vertex: as near to its neighbours as order and gaps allow, those on a long line most of all."""
    xs = [0.0] * len(mesh.ranks)
    for layer in layers:
        for place, left in _packed(mesh, layer):
            xs[place] = left
    for turn in range(patience(mesh, ROUNDS)):
        for layer in layers if turn % 2 == 0 else reversed(layers):
            _pull(mesh, layer, xs)
    shift = MARGIN - min((x - w / 2 for x, w in zip(xs, mesh.widths, strict=True)), default=0)
    return [x + shift for x in xs]


def _packed(mesh: Mesh, layer: list[int]) -> Iterable[tuple[int, float]]:
    x = 0.0
    for before, vertex in zip([None, *layer], layer, strict=False):
        x += 0.0 if before is None else _apart(mesh, before, vertex)
        yield vertex, x


def _apart(mesh: Mesh, left: int, right: int) -> float:
    real = left < mesh.boxes and right < mesh.boxes
    return (mesh.widths[left] + mesh.widths[right]) / 2 + (GAP if real else LABEL_GAP)


def _pull(mesh: Mesh, layer: list[int], xs: list[float]) -> None:
    """Least squares under the gaps: who would come too near is pooled with the neighbour (isotonic regression)."""
    pools: list[tuple[float, float, list[tuple[int, float]]]] = []
    offset, before = 0.0, None
    for vertex in layer:
        offset += 0.0 if before is None else _apart(mesh, before, vertex)
        before = vertex
        wish, weight = _wish(mesh, vertex, xs)
        pool = (weight, weight * (wish - offset), [(vertex, offset)])
        while pools and pools[-1][1] / pools[-1][0] > pool[1] / pool[0]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    for weight, total, members in pools:
        for vertex, away in members:
            xs[vertex] = total / weight + away


def _wish(mesh: Mesh, vertex: int, xs: list[float]) -> tuple[float, float]:
    """Where a vertex would like to be, and how strongly."""
    total, weight = 0.01 * xs[vertex], 0.01
    for other in (*mesh.above[vertex], *mesh.below[vertex]):
        bends = (vertex >= mesh.boxes) + (other >= mesh.boxes)
        pull = (1.0, 2.0, 8.0)[bends]
        total, weight = total + pull * xs[other], weight + pull
    return total / weight, weight


class _Router:
    """Draws lines from the lower edge of a box to the upper edge of another, each from a place of its own."""

    def __init__(
        self, boxes: Sequence[Box], mesh: Mesh, points: list[Point], rows: list[_Row], chains: list[list[int]]
    ) -> None:
        self._boxes, self._mesh, self._points, self._rows = boxes, mesh, points, rows
        self._ports: dict[tuple[int, bool], list[tuple[int, int]]] = defaultdict(list)
        for chain in chains:
            if len(chain) > 1:
                self._ports[chain[0], True].append((chain[0], chain[1]))
                self._ports[chain[-1], False].append((chain[-1], chain[-2]))
        for ends in self._ports.values():
            ends.sort(key=lambda end: points[end[1]].x)

    def route(self, chain: list[int], back: bool) -> Route:
        """The way of one line; the chain goes from the upper to the lower box, or is one box that leads to itself."""
        if len(chain) == 1:
            return self._loop(chain[0])
        inner = [point for vertex in chain[1:-1] for point in self._passed(vertex)]
        points = [self._port(chain[0], chain[1], True), *inner, self._port(chain[-1], chain[-2], False)]
        label = self._points[chain[-2] if back else chain[1]]
        return Route(tuple(reversed(points) if back else points), label, back)

    def _passed(self, vertex: int) -> list[Point]:
        """Straight down beside boxes, through the label, and as it comes in between."""
        rank, middle = self._mesh.ranks[vertex], self._points[vertex]
        if rank % 2 == 0 or self._mesh.widths[vertex]:
            return [Point(middle.x, self._rows[rank].top), Point(middle.x, self._rows[rank].bottom)]
        return []

    def _port(self, number: int, towards: int, lower: bool) -> Point:
        box, middle = self._boxes[number], self._points[number]
        ends = self._ports[number, lower]
        step = min(26.0, box.width * 0.8 / len(ends))
        x = middle.x + (ends.index((number, towards)) - (len(ends) - 1) / 2) * step
        return Point(x, middle.y + (box.height / 2 if lower else -box.height / 2))

    def _loop(self, number: int) -> Route:
        box, middle = self._boxes[number], self._points[number]
        side, up = middle.x + box.width / 2, box.height / 4
        points = (Point(side, middle.y + up), Point(side + LOOP, middle.y), Point(side, middle.y - up))
        return Route(points, Point(side + LOOP, middle.y), True)
