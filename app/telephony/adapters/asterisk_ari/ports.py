"""What a switch needs of the floor."""

from typing import Protocol

from pydantic import SecretStr

from app.telephony.instructions import Script
from app.telephony.port import KnownCall, KnownRecording, Notice


class Floor(Protocol):
    """Where news go. Bound to a source."""

    async def take(self, notice: Notice, delivery: str, secret: SecretStr | None) -> tuple[str, Script | None]:
        """News of a call; gives its contact and what is to be carried out. Raises `Unavailable` to come again."""

    async def phone(self, address: str, word: str) -> None:
        """A phone is available, unavailable, in use, or nothing is known of it. Raises `Unavailable`."""

    async def transfer(self, contact: str, agent: str, target: str, key: str) -> str | None:
        """An agent's phone asks to send their caller to `target`, as it would be dialled; `key` is the same over all
        repetitions. Gives why that cannot be, None where it is ordered. Raises `Unavailable`."""

    def calls(self) -> list[KnownCall]:
        """The calls that are held to be alive. Raises `Unavailable`."""

    def recordings(self) -> list[KnownRecording]:
        """The recordings that were ordered, and of which nobody has told yet that they are ready or have failed. Raises
        `Unavailable`."""

    def addresses(self) -> frozenset[str]:
        """Where the phones of agents are who need one; the same object until that changes. Raises `Unavailable`."""

    def agent_at(self, address: str) -> str | None:
        """Whose phone is at this address. Raises `Unavailable`."""
