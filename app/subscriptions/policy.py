"""When a webhook is tried again: decided as data, from numbers only. Pure."""

import msgspec

HOURS = 3600.0


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Durations are seconds. `ladder` are the pauses between the attempts at one delivery; after the last one it is
    dead. Each is shortened or lengthened at random by up to `jitter` (a share).

    A receiver that takes what it is sent gets `at_once` deliveries side by side. One that fails is asked for one at a
    time, with a rest of `rest`, doubled by each failure in a row up to `longest_rest`, until it takes one again: so an
    outage does not use up the attempts of everything that waits.

    `lease` is how long a process may deliver without saying that it is still there; longer than an attempt and a rest.
    """

    ladder: tuple[float, ...] = (5.0, 60.0, 300.0, 1800.0, 2 * HOURS, 8 * HOURS, 24 * HOURS)
    jitter: float = 0.1
    attempt: float = 15.0
    at_once: int = 16
    rest: float = 1.0
    longest_rest: float = 20.0
    lease: float = 60.0
    poll: float = 1.0
    longest_wait: float = 24 * HOURS

    def pause(self, attempts: int, roll: float, asked: float | None = None) -> float | None:
        """How long until the next attempt after `attempts` in vain, None if there is none any more.

        `roll` is random in [0, 1); `asked` is how long the receiver asks to be left alone: it counts if it is longer.
        """
        if attempts > len(self.ladder):
            return None
        pause = self.ladder[attempts - 1] * (1 + self.jitter * (2 * roll - 1))
        return max(pause, min(asked or 0.0, self.longest_wait))

    def rest_after(self, failures: int) -> float:
        """How long a receiver is left alone after so many failures in a row; 0 after none."""
        return min(self.rest * 2.0 ** min(failures - 1, 32), self.longest_rest) if failures else 0.0
