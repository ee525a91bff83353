"""Going through many things without keeping others waiting: calls share the process with the rules."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

AT_ONCE = 25
"""After so many customers, a few milliseconds, others have their turn."""

Item = TypeVar("Item")


async def in_turns(items: Iterable[Item]) -> AsyncIterator[Item]:
    """The items, with a pause for others every now and then."""
    for place, item in enumerate(items):
        if place % AT_ONCE == 0:
            await asyncio.sleep(0)
        yield item
