"""Long work in small steps: between them the loop serves others, calls before all."""

import asyncio


class Steps:
    """Counts the steps of some work, and gives the loop back after so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._done = 0

    async def take(self, steps: int = 1) -> None:
        """So many steps more are done, or are about to be."""
        self._done += steps
        if self._done >= self._most:
            self._done = 0
            await asyncio.sleep(0)
