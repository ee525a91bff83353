"""Slows down guessing: so many failed sign-ins for one account from one address, then a pause."""

from app.auth.errors import TooManyAttempts
from app.core.clock import Clock

FAILURES, WINDOW_SECONDS, KEPT = 10, 300.0, 10_000

Key = tuple[str, str]


class Throttle:
    """Counts attempts in memory, per (account, address). An attempt counts until it is told to have succeeded,
    so that many at once are no way round."""

    def __init__(self, clock: Clock, failures: int = FAILURES, window: float = WINDOW_SECONDS) -> None:
        self._clock = clock
        self._failures = failures
        self._window = window
        self._attempts: dict[Key, list[float]] = {}

    def admit(self, key: Key) -> None:
        """Count an attempt; raises `TooManyAttempts` when there were too many within the window."""
        now = self._clock()
        recent = [at for at in self._attempts.get(key, ()) if at > now - self._window]
        if len(recent) >= self._failures:
            wait = int(recent[0] + self._window - now) + 1
            raise TooManyAttempts(
                f"Too many failed sign-ins for this account from here; wait {wait} seconds.", retry_after=wait
            )
        self._attempts.pop(key, None)  # so that the order of the keys is that of their last attempt
        self._attempts[key] = [*recent, now]
        if len(self._attempts) > KEPT:
            del self._attempts[next(iter(self._attempts))]

    def succeeded(self, key: Key) -> None:
        """Forget the account's attempts from this address."""
        self._attempts.pop(key, None)
