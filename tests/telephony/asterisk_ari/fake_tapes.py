"""Stands for what fetches recordings from an Asterisk."""

from app.telephony.adapters.asterisk_ari.actions import Stored


class FakeTapes:
    """Every recording is there, and kept."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.trouble: str | None = None

    async def keep(self, contact: str, stored: Stored) -> Stored:
        self.fetched.append(stored.name)
        return stored

    async def forget(self, name: str) -> None:
        """Nothing is really there."""
