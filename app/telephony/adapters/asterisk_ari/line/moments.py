"""What a call waits for by itself. Pure."""

from app.telephony.adapters.asterisk_ari.actions import Wake

LINGER = "linger"
LINGER_SECONDS = 60.0
"""How long after the end of a call the end of its recordings is waited for."""

SOON_SECONDS = 1.0


class Soon:
    """Music that begins in a moment, unless something comes before it, as it mostly does: an agent's phone is answered,
    or the floor ends the call that an agent has left. Music is a switch's dearest work: a packet every 20 ms, for each
    who waits."""

    def __init__(self) -> None:
        self._token = ""

    def begin(self, now: float) -> Wake:
        """In a moment from now."""
        self._token = f"music.{now:.3f}"
        return Wake(now + SOON_SECONDS, self._token)

    def never(self) -> None:
        """Something came before it."""
        self._token = ""

    def due(self, token: str) -> bool:
        """Whether this is what was waited for; only once."""
        due = bool(token) and token == self._token
        if due:
            self._token = ""
        return due
