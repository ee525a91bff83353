"""Short flows, and a judgement of texts that is simple enough to see through."""

from typing import Any

import yaml

from app.ivr.judging import Judged, Known, Use, unknown


def text_of(queue: str = "cards", **more: Any) -> str:
    """A flow that leads every caller to a queue."""
    nodes = {"start": {"type": "queue", "queue": queue}, **more}
    document = {"flow": "main", "languages": ["en"], "fallback_queue": queue, "start": "start", "nodes": nodes}
    return yaml.safe_dump(document, sort_keys=False)


def plain(text: str, known: Known) -> Judged:
    """Any mapping with nodes is a flow; the queues, skills and hours that its nodes name must be there."""
    document = yaml.safe_load(text)
    if not isinstance(document, dict):
        return Judged([{"where": "", "what": "is no mapping", "accepted": "a mapping", "node": None, "line": 1}])
    uses = tuple(
        Use(kind, node[kind], name)
        for name, node in document["nodes"].items()
        for kind in ("queue", "skill", "team", "agent", "hours")
        if kind in node
    )
    return Judged([unknown(use) for use in uses if use.id not in known[use.kind]], uses)
