"""Short flows."""

from itertools import pairwise
from string import ascii_lowercase
from typing import Any

import yaml


def text_of(queue: str = "cards", flow: str = "main", **more: Any) -> str:
    """A flow that leads every caller to a queue."""
    nodes = {"start": {"type": "queue", "queue": queue}, **more}
    document = {"flow": flow, "languages": ["en"], "fallback_queue": queue, "start": "start", "nodes": nodes}
    return yaml.safe_dump(document, sort_keys=False)


def bomb() -> str:
    """A short text that unfolds into more than any machine can hold."""
    lists = "\n".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in pairwise(ascii_lowercase))
    return f"a: &a [x]\n{lists}"
