"""A flow as a picture: Mermaid for documents that draw it themselves, SVG for everything else. Pure."""

from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

from app.ivr.drawing.layout import Box, Layout, Line, Point, Route, laid_out
from app.ivr.drawing.measuring import clipped, width_of
from app.ivr.language.edges import edges_of
from app.ivr.language.endings import CallbackNode, HangUpNode, QueueNode, TransferNode, VoicemailNode
from app.ivr.language.flow import Flow
from app.ivr.language.nodes import (
    BranchNode,
    CallFlowNode,
    CollectNode,
    FetchNode,
    HoursNode,
    IdentifyNode,
    LanguageNode,
    MenuNode,
    PlayNode,
    SayNode,
    SetNode,
    SurveyNode,
)
from app.ivr.language.words import ANY, RETURN, Node, Prompt

HEIGHT = 46.0
NARROWEST, WIDEST = 110.0, 230.0
LONGEST_LABEL = 150.0
BEGINNING = ""
"""The name of the dot at which a drawing begins; no node can have it."""


class _Look(NamedTuple):
    """The brackets of Mermaid, and the colours of the edge and the surface."""

    mermaid: tuple[str, str]
    edge: str
    surface: str
    radius: int


_PLAIN = _Look(("[", "]"), "#7c8798", "#f4f6f9", 6)
_ASKING = _Look(("{{", "}}"), "#2f6fcb", "#e8f1fd", 6)
_DECIDING = _Look(("{", "}"), "#b7791f", "#fdf4e0", 6)
_ELSEWHERE = _Look(("[[", "]]"), "#7a4fc0", "#f2ecfb", 6)
_ENDING = _Look(("([", "])"), "#2b8a57", "#e4f6ec", 23)
_DOT = _Look(("((", "))"), "#333d4b", "#333d4b", 9)

_LOOKS: tuple[tuple[tuple[type, ...], _Look], ...] = (
    ((MenuNode, CollectNode, SurveyNode), _ASKING),
    ((BranchNode, HoursNode), _DECIDING),
    ((IdentifyNode, FetchNode, CallFlowNode), _ELSEWHERE),
    ((QueueNode, CallbackNode, VoicemailNode, TransferNode, HangUpNode), _ENDING),
)


class _Drawn(NamedTuple):
    """A node as it is shown: what it is called, and in small what it does."""

    name: str
    title: str
    detail: str
    look: _Look


class _Way(NamedTuple):
    source: str
    target: str
    label: str


def mermaid(flow: Flow, language: str | None = None) -> str:
    """The flow as a Mermaid flowchart, its texts in `language` (else in the flow's first)."""
    boxes, ways = _boxes(flow, language), _ways(flow)
    ids = {box.name: f"n{number}" for number, box in enumerate(boxes)}
    lines = ["flowchart TD"]
    for box in boxes:
        before, after = box.look.mermaid
        text = "<br/>".join(_quoted(each) for each in (box.title, box.detail) if each)
        lines.append(f'    {ids[box.name]}{before}"{text or " "}"{after}')
    for way in ways:
        label = f'|"{_quoted(way.label)}"|' if way.label else ""
        lines.append(f"    {ids[way.source]} -->{label} {ids[way.target]}")
    return "\n".join(lines) + "\n"


def svg(flow: Flow, language: str | None = None) -> str:
    """The flow as a picture of its own, its texts in `language` (else in the flow's first)."""
    drawn, ways = _boxes(flow, language), _ways(flow)
    boxes = [_box(each) for each in drawn]
    layout = laid_out(boxes, [Line(*way[:2], width_of(way.label, 11) + 6 if way.label else 0) for way in ways])
    title = escape(flow.title or flow.flow)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.width:.0f}" height="{layout.height:.0f}" '
            f'viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" role="img">',
            f"<title>{title}</title>",
            _STYLE,
            '<rect class="paper" width="100%" height="100%"/>',
            *(_line(route) for route in layout.routes),
            *(_label(way, route) for way, route in zip(ways, layout.routes, strict=True) if way.label),
            *_shapes(drawn, boxes, layout),
            "</svg>\n",
        )
    )


_STYLE = """<style>
text { font-family: "Noto Sans", "Noto Sans CJK SC", "Segoe UI", "Microsoft YaHei", "PingFang SC", sans-serif; }
.paper { fill: #ffffff; }
.title { font-size: 13px; font-weight: 600; fill: #1d2733; }
.detail { font-size: 11px; fill: #566274; }
.label { font-size: 11px; fill: #344050; }
.back { stroke-dasharray: 4 3; }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0,0.8 L8,4 L0,7.2 z" fill="#7c8798"/></marker></defs>"""


def _box(it: _Drawn) -> Box:
    if it.name == BEGINNING:
        return Box(it.name, 18, 18)
    width = max(width_of(it.title, 13, bold=True), width_of(it.detail, 11)) + 26
    return Box(it.name, min(max(width, NARROWEST), WIDEST), HEIGHT)


def _shapes(drawn: list[_Drawn], boxes: list[Box], layout: Layout) -> Iterator[str]:
    for it, box in zip(drawn, boxes, strict=True):
        place = layout.places[it.name]
        x, y = place.x - box.width / 2, place.y - box.height / 2
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="{it.look.radius}" '
            f'fill="{it.look.surface}" stroke="{it.look.edge}" stroke-width="1.3"/>'
        )
        yield from (text for text in _texts(it, place) if it.title)


def _texts(it: _Drawn, place: Point) -> Iterator[str]:
    titled, detailed = (place.y - 4, place.y + 13) if it.detail else (place.y + 4.5, 0.0)
    title, detail = clipped(it.title, 13, WIDEST - 22, bold=True), clipped(it.detail, 11, WIDEST - 22)
    yield f'<text class="title" x="{place.x:.1f}" y="{titled:.1f}" text-anchor="middle">{escape(title)}</text>'
    if detail:
        yield f'<text class="detail" x="{place.x:.1f}" y="{detailed:.1f}" text-anchor="middle">{escape(detail)}</text>'


def _line(route: Route) -> str:
    """A line that leaves and arrives upright."""
    first, *others = route.points
    way, before = f"M{first.x:.1f},{first.y:.1f}", first
    for point in others:
        if abs(point.x - before.x) < 0.5:
            way += f" L{point.x:.1f},{point.y:.1f}"
        else:
            middle = (point.y + before.y) / 2
            way += f" C{before.x:.1f},{middle:.1f} {point.x:.1f},{middle:.1f} {point.x:.1f},{point.y:.1f}"
        before = point
    kind = ' class="back"' if route.back else ""
    return f'<path{kind} d="{way}" fill="none" stroke="#7c8798" stroke-width="1.2" marker-end="url(#tip)"/>'


def _label(way: _Way, route: Route) -> str:
    width = width_of(way.label, 11) + 4
    x, y = route.label
    return (
        f'<rect class="paper" x="{x - width / 2:.1f}" y="{y - 8:.1f}" width="{width:.1f}" height="16"/>'
        f'<text class="label" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{escape(way.label)}</text>'
    )


def _quoted(text: str) -> str:
    """As Mermaid takes any text between quotes."""
    return "".join(each if each.isalnum() or each in " .,:-_/?!()，。：、" else f"#{ord(each)};" for each in text)


def _boxes(flow: Flow, language: str | None) -> list[_Drawn]:
    speaks = language or flow.languages[0]
    boxes = [_Drawn(BEGINNING, "", "", _DOT)]
    boxes += [_drawn(name, node, speaks) for name, node in flow.nodes.items()]
    if any(way.target == RETURN for way in _ways(flow)):
        boxes.append(_Drawn(RETURN, RETURN, "", _ENDING))
    return boxes


def _drawn(name: str, node: Node, language: str) -> _Drawn:
    look = next((look for kinds, look in _LOOKS if isinstance(node, kinds)), _PLAIN)
    kind = str(getattr(node, "type", "")).replace("_", " ")
    detail = _detail(node, language)
    return _Drawn(name, node.title or name.replace("_", " "), f"{kind}: {detail}" if detail else kind, look)


def _detail(node: Node, language: str) -> str:
    """In a few words what a node does, beyond its kind."""
    if isinstance(node, SayNode):
        return _in(node.text, language)
    if isinstance(node, PlayNode):
        return _in(node.media, language)
    if isinstance(node, SetNode):
        return ", ".join(node.values)
    if isinstance(node, FetchNode):
        return node.url.removeprefix("https://")
    for field in ("queue", "flow", "hours", "agent", "number", "to", "by", "into"):
        given = getattr(node, field, None)
        if isinstance(given, str) and not isinstance(node, LanguageNode | IdentifyNode):
            return given
    if isinstance(node, LanguageNode):
        return node.to or node.value or ""
    return node.by.replace("_", " ") if isinstance(node, IdentifyNode) else _prompted(node, language)


def _prompted(node: Node, language: str) -> str:
    prompts: list[Prompt] = getattr(node, "prompt", [])
    said = (_in(prompt.say, prompt.language or language) for prompt in prompts if prompt.say is not None)
    return " ".join(said)


def _in(texts: Any, language: str) -> str:
    text: str = texts.get(language) or texts.get(ANY) or next(iter(texts.values()))
    return " ".join(text.split())


def _ways(flow: Flow) -> list[_Way]:
    """One line between two nodes, however many edges there are; its label names them all."""
    beginnings = ((flow.start, ""), (flow.on_fault or "", "on a fault"))
    labels = {
        (BEGINNING, target): [label] for target, label in beginnings if target is not None and target in flow.nodes
    }
    for name, node in flow.nodes.items():
        for edge in edges_of(node):
            if edge.target in flow.nodes or edge.target == RETURN:
                key = str(edge.where[1]) if edge.where[0] == "choices" else ""
                told = edge.label if edge.label in ("", key) else f"{key} {edge.label}".strip()
                labels.setdefault((name, edge.target), []).append(told or key)
    told_all = {pair: " / ".join(each for each in told if each) for pair, told in labels.items()}
    return [_Way(*pair, clipped(label, 11, LONGEST_LABEL)) for pair, label in told_all.items()]
