"""Every text in every language that the flow speaks, and no language that it does not."""

from collections.abc import Iterable, Iterator, Mapping

from app.core.faults import Fault, Place, path
from app.ivr.checks.parts import heard
from app.ivr.language.flow import Flow
from app.ivr.language.known import Known
from app.ivr.language.nodes import CallFlowNode, LanguageNode, MenuNode
from app.ivr.language.words import ANY, Node


def language_faults(flow: Flow, known: Known) -> Iterator[Fault]:
    """Missing languages, and languages that are none of the flow's."""
    yield from _foreign(("voices",), flow.voices, flow)
    for name, node in flow.nodes.items():
        at: Place = ("nodes", name)
        yield from _unspoken(flow, name, node, known)
        for each in heard(node):
            wanted = [each.language] if each.language else flow.languages
            yield from _missing((*at, *each.where), each.texts, wanted)
            yield from _foreign((*at, *each.where), each.texts, flow)
            if each.language:
                beside = (*at, *each.where[:-1], "language")
                yield from _foreign(beside, (each.language,), flow, deeper=False)
        if isinstance(node, LanguageNode) and node.to is not None:
            yield from _foreign((*at, "to"), (node.to,), flow, deeper=False)
        if isinstance(node, MenuNode):
            for key, choice in node.choices.items():
                yield from _foreign((*at, "choices", key, "words"), choice.words, flow)


def _unspoken(flow: Flow, name: str, node: Node, known: Known) -> Iterator[Fault]:
    other = (known.flows or {}).get(node.flow) if isinstance(node, CallFlowNode) else None
    for tag in flow.languages if other is not None else ():
        if other is not None and tag not in other.languages:
            yield Fault(f"nodes.{name}.flow", f"calls a flow that does not speak {tag}", f"one that speaks {tag}")


def _missing(where: Place, texts: Mapping[str, str], wanted: Iterable[str]) -> Iterator[Fault]:
    if ANY not in texts:
        for tag in wanted:
            if tag not in texts:
                yield Fault(path(where), f"is missing in the language {tag}", f"{tag}: a text")


def _foreign(where: Place, tags: Iterable[str], flow: Flow, *, deeper: bool = True) -> Iterator[Fault]:
    for tag in tags:
        if tag != ANY and tag not in flow.languages:
            place = path((*where, tag) if deeper else where)
            yield Fault(place, f"is a language that the flow does not speak: {tag}", ", ".join(flow.languages))
