"""Slows down guessing: so many failed sign-ins for one account from one address, or from one address for whatever
accounts, then a pause."""

from ipaddress import IPv6Address, ip_address, ip_network

from app.auth.errors import TooManyAttempts
from app.core.clock import Clock

FAILURES, WINDOW_SECONDS, KEPT = 10, 300.0, 50_000
PLACE_FAILURES, PLACE_WINDOW_SECONDS = 100, 900.0
"""Of one address, behind which a whole call centre may sit that has come back from its holidays."""

Key = tuple[str, ...]


def place_of(address: str) -> str:
    """Where somebody is, of whom this is the address: of IPv6 a line has 2^64, so they count as one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


class Throttle:
    """Counts attempts in memory, by a key: (account, address), or (address,). `whose` names in words what they are
    attempts at.

    When memory is full, the key with the fewest attempts is forgotten: made-up accounts push out each other, not the
    account that somebody is guessing at. To have a single guess forgotten takes as many attempts as are KEPT, each of
    which costs the hashing of a password.
    """

    def __init__(
        self,
        clock: Clock,
        failures: int = FAILURES,
        window: float = WINDOW_SECONDS,
        whose: str = "for this account from here",
    ) -> None:
        self._clock = clock
        self._failures = failures
        self._window = window
        self._whose = whose
        self._attempts: dict[Key, list[float]] = {}
        # the keys by their number of attempts, in each the one whose last attempt is the oldest first
        self._levels: list[dict[Key, None]] = [{} for _ in range(failures + 1)]

    def __len__(self) -> int:
        return len(self._attempts)

    def check(self, key: Key) -> None:
        """Count nothing; raises `TooManyAttempts` when there were too many within the window."""
        self._recent(key, self._clock())

    def admit(self, key: Key) -> bool:
        """Count an attempt, and say whether it is the last for now; raises `TooManyAttempts` when there were too many
        within the window."""
        now = self._clock()
        recent = self._recent(key, now)
        self._forget(key)
        if len(self) >= KEPT:
            self._make_room(now)
        self._attempts[key] = [*recent, now]
        self._levels[len(recent) + 1][key] = None
        return len(recent) + 1 == self._failures

    def succeeded(self, key: Key) -> None:
        """Forget the attempts of this key."""
        self._forget(key)

    def _recent(self, key: Key, now: float) -> list[float]:
        recent = [at for at in self._attempts.get(key, ()) if at > now - self._window]
        if len(recent) >= self._failures:
            wait = int(recent[0] + self._window - now) + 1
            raise TooManyAttempts(f"Too many failed sign-ins {self._whose}; wait {wait} seconds.", retry_after=wait)
        return recent

    def _forget(self, key: Key) -> None:
        attempts = self._attempts.pop(key, None)
        if attempts is not None:
            del self._levels[len(attempts)][key]

    def _make_room(self, now: float) -> None:
        oldest = [next(iter(level)) for level in self._levels if level]
        over = next((key for key in oldest if self._attempts[key][-1] <= now - self._window), None)
        self._forget(over or oldest[0])
