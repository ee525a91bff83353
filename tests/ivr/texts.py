"""Short flows."""

from itertools import pairwise
from string import ascii_lowercase
from typing import Any

import yaml


def text_of(queue: str = "cards", flow: str = "main", **more: Any) -> str:
    """A flow that begins with the first of the nodes `more`, and leads every caller to a queue at last."""
    nodes = {**more, "start": {"type": "queue", "queue": queue}}
    document = {"flow": flow, "languages": ["en"], "fallback_queue": queue, "start": next(iter(nodes)), "nodes": nodes}
    return yaml.safe_dump(document, sort_keys=False)


def bomb() -> str:
    """A short text that unfolds into more than any machine can hold."""
    lists = "\n".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in pairwise(ascii_lowercase))
    return f"a: &a [x]\n{lists}"
