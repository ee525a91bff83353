"""The order of a layered drawing: which lines lead back, which layer each vertex is in, and their order there. Pure."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from itertools import pairwise

SWEEPS = 24
ENOUGH = 150_000
Pair = tuple[int, int]


class Mesh:
    """Boxes (the first vertices) and the places of their lines and labels, all links between neighbouring layers.

    Boxes are in the even layers, so that a label always finds a layer between two boxes.
    """

    def __init__(self, ranks: list[int]) -> None:
        self.boxes = len(ranks)
        self.ranks = list(ranks)
        self.widths: list[float] = []
        self.above: list[list[int]] = [[] for _ in ranks]
        self.below: list[list[int]] = [[] for _ in ranks]

    def chain(self, source: int, target: int, *, back: bool, width: float) -> list[int]:
        """Add a line; its vertices from the upper to the lower box. The place next to the source has the label's width.

        A line from a box to itself is no part of the mesh: its chain is that box.
        """
        if source == target:
            return [source]
        upper, lower = (target, source) if back else (source, target)
        between = range(self.ranks[upper] + 1, self.ranks[lower])
        inner = [self._vertex(rank) for rank in between]
        self.widths[inner[-1 if back else 0]] = width
        chain = [upper, *inner, lower]
        for one, next_ in pairwise(chain):
            self.below[one].append(next_)
            self.above[next_].append(one)
        return chain

    def _vertex(self, rank: int) -> int:
        self.ranks.append(rank)
        self.widths.append(0.0)
        self.above.append([])
        self.below.append([])
        return len(self.ranks) - 1


def returning(count: int, pairs: Sequence[Pair]) -> set[Pair]:
    """The lines that lead back to where a walk from the first vertex has come by."""
    onward = _onward(count, pairs)
    back: set[Pair] = set()
    done, walking = set[int](), set[int]()
    for start in range(count):
        if start in done:
            continue
        stack = [(start, iter(onward[start]))]
        walking.add(start)
        while stack:
            vertex, rest = stack[-1]
            for other in rest:
                if other in walking:
                    back.add((vertex, other))
                elif other not in done:
                    walking.add(other)
                    stack.append((other, iter(onward[other])))
                    break
            else:
                stack.pop()
                walking.discard(vertex)
                done.add(vertex)
    return back


def ranked(count: int, pairs: Sequence[Pair], back: set[Pair]) -> list[int]:
    """The layer of each vertex: two below the lowest that leads to it."""
    forward = {(b, a) if (a, b) in back else (a, b) for a, b in pairs if a != b}
    onward = _onward(count, sorted(forward))
    waiting = [0] * count
    for _, target in forward:
        waiting[target] += 1
    ranks, ready = [0] * count, [vertex for vertex in range(count) if not waiting[vertex]]
    while ready:
        vertex = ready.pop()
        for other in onward[vertex]:
            ranks[other] = max(ranks[other], ranks[vertex] + 2)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return ranks


def ordered(mesh: Mesh) -> list[list[int]]:
    """The vertices of each layer from left to right, with few crossings."""
    layers = _as_met(mesh)
    best, fewest = [list(layer) for layer in layers], _crossings(mesh, layers)
    for turn in range(patience(mesh, SWEEPS)):
        _sweep(mesh, layers, down=turn % 2 == 0)
        _swap(mesh, layers)
        now = _crossings(mesh, layers)
        if now < fewest:
            best, fewest = [list(layer) for layer in layers], now
    return best


def patience(mesh: Mesh, most: int) -> int:
    """How often to go through the whole: as often as it is worth, less often where there is very much of it."""
    return max(4, min(most, ENOUGH // (len(mesh.ranks) + 1)))


def _onward(count: int, pairs: Iterable[Pair]) -> list[list[int]]:
    onward: list[list[int]] = [[] for _ in range(count)]
    for source, target in pairs:
        onward[source].append(target)
    return onward


def _as_met(mesh: Mesh) -> list[list[int]]:
    """Layers in the order in which a walk meets the vertices: what is written first is further left."""
    layers: list[list[int]] = [[] for _ in range(max(mesh.ranks, default=-1) + 1)]
    seen: set[int] = set()
    for start in range(mesh.boxes):
        stack = [start]
        while stack:
            vertex = stack.pop()
            if vertex not in seen:
                seen.add(vertex)
                layers[mesh.ranks[vertex]].append(vertex)
                stack.extend(reversed(mesh.below[vertex]))
    return layers


def _sweep(mesh: Mesh, layers: list[list[int]], *, down: bool) -> None:
    """Each vertex to the mean place of its neighbours in the layer before."""
    places = _places(layers, mesh)
    neighbours = mesh.above if down else mesh.below
    for layer in layers if down else reversed(layers):
        wishes = {}
        for vertex in layer:
            near = [places[other] for other in neighbours[vertex]]
            wishes[vertex] = sum(near) / len(near) if near else places[vertex]
        layer.sort(key=wishes.__getitem__)
        _place(layer, places)


def _places(layers: list[list[int]], mesh: Mesh) -> list[float]:
    """How far right each vertex is, as a share of its layer."""
    places = [0.0] * len(mesh.ranks)
    for layer in layers:
        _place(layer, places)
    return places


def _place(layer: list[int], places: list[float]) -> None:
    for number, vertex in enumerate(layer):
        places[vertex] = (number + 0.5) / len(layer)


def _swap(mesh: Mesh, layers: list[list[int]]) -> None:
    """Two neighbours change places while that makes fewer crossings."""
    places = _places(layers, mesh)
    for layer in layers:
        for left in range(len(layer) - 1):
            one, other = layer[left], layer[left + 1]
            if _between(mesh, places, one, other) > _between(mesh, places, other, one):
                layer[left], layer[left + 1] = other, one
                places[one], places[other] = places[other], places[one]


def _between(mesh: Mesh, places: list[float], left: int, right: int) -> int:
    """Crossings of the lines of two neighbours."""
    return sum(
        places[a] > places[b]
        for sides in (mesh.above, mesh.below)
        for a in sides[left]
        for b in sides[right]
    )  # fmt: skip


def _crossings(mesh: Mesh, layers: list[list[int]]) -> int:
    places = _places(layers, mesh)
    count = 0
    for layer in layers:
        seen: list[float] = []
        for vertex in layer:
            below = sorted(places[other] for other in mesh.below[vertex])
            count += sum(len(seen) - bisect_right(seen, place) for place in below)
            for place in below:
                insort(seen, place)
    return count
