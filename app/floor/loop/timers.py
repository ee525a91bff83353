"""When time makes something happen, and what is done about a timer that raises: it must not stop all the others."""

from app.floor.commands import Expire
from app.floor.state import FloorState

ASIDE_SECONDS = 30.0
"""For so long nothing happens by itself to a contact or agent whose timer raised; then it is tried again."""


class Timers:
    """The timers of one tenure. Keeps aside what raised, in memory only: another owner tries it again at once."""

    def __init__(self) -> None:
        self._aside: dict[str, float] = {}

    def next(self, state: FloorState) -> float | None:
        """When something must be done next (epoch seconds), if anything."""
        due = [*self._aside.values()]
        deadline = state.next_deadline(self._aside)
        return min(due if deadline is None else [*due, deadline], default=None)

    def due(self, state: FloorState, now: float) -> list[Expire]:
        """What is to be applied now: at most one command."""
        self._aside = {key: until for key, until in self._aside.items() if until > now}
        deadline = state.next_deadline(self._aside)
        return [] if deadline is None or deadline > now else [Expire(without=frozenset(self._aside))]

    def raised(self, command: Expire, state: FloorState, now: float) -> list[Expire]:
        """What is to be applied instead of one that raised: each timer by itself. One that raises then is set aside."""
        if command.only is not None:
            self._aside[command.only] = now + ASIDE_SECONDS
            return []
        return [Expire(only=key) for key in dict.fromkeys(state.due(now)) if key not in command.without]
