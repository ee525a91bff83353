"""Every text in every language that the flow speaks, and no language that it does not."""

from collections.abc import Iterable, Iterator, Mapping

from app.core.faults import Fault, Place, path
from app.ivr.checks.parts import heard
from app.ivr.flow import Flow
from app.ivr.nodes import LanguageNode, MenuNode
from app.ivr.words import ANY


def language_faults(flow: Flow) -> Iterator[Fault]:
    """Missing languages, and languages that are none of the flow's."""
    yield from _foreign(("voices",), flow.voices, flow)
    for name, node in flow.nodes.items():
        at: Place = ("nodes", name)
        for each in heard(node):
            wanted = [each.language] if each.language else flow.languages
            yield from _missing((*at, *each.where), each.texts, wanted)
            yield from _foreign((*at, *each.where), each.texts, flow)
            if each.language:
                yield from _foreign((*at, "language"), (each.language,), flow, deeper=False)
        if isinstance(node, LanguageNode) and node.to is not None:
            yield from _foreign((*at, "to"), (node.to,), flow, deeper=False)
        if isinstance(node, MenuNode):
            for key, choice in node.choices.items():
                yield from _foreign((*at, "choices", key, "words"), choice.words, flow)


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
