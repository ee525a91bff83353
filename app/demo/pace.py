"""How fast the demo's people live."""

import asyncio
from typing import NamedTuple


class Pace(NamedTuple):
    """Simulated seconds pass `factor` times as fast as real ones."""

    factor: float = 1.0

    async def sleep(self, seconds: float) -> None:
        """Let that many simulated seconds pass."""
        await asyncio.sleep(self.real(seconds))

    def real(self, seconds: float) -> float:
        """Simulated seconds as real ones, for a timeout."""
        return seconds / self.factor
