"""What a platform that we drive tells by itself, on its way to the floor."""

from typing import Protocol

from pydantic import SecretStr

from app.api.platforms.intake import Intake
from app.api.platforms.webhooks import CtiFloor
from app.floor.commands import Destination, PhoneState, Transfer
from app.telephony import dialable
from app.telephony.events import PhoneWord
from app.telephony.instructions import Script
from app.telephony.port import KnownCall, KnownRecording, Notice


class DrivenFloor(CtiFloor, Protocol):
    """What they need of the floor."""

    def agent_at(self, address: str) -> str | None:
        """Whose phone is at this address. Raises `Unavailable`."""

    def addresses(self) -> frozenset[str]:
        """Where the phones of agents are who need one. Raises `Unavailable`."""

    def recordings_of(self, source: str) -> list[KnownRecording]:
        """The recordings that a source makes, or has made without saying so. Raises `Unavailable`."""


class DrivenSource:
    """The floor as one source of a driven platform sees it."""

    def __init__(self, source: str, intake: Intake, floor: DrivenFloor) -> None:
        self._source = source
        self._intake = intake
        self._floor = floor

    async def take(self, notice: Notice, delivery: str, secret: SecretStr | None) -> tuple[str, Script | None]:
        """News of a call; see `Intake.take`."""
        return await self._intake.take(self._source, notice, delivery, secret)

    def calls(self) -> list[KnownCall]:
        """The calls of the source that the floor holds to be alive. Raises `Unavailable`."""
        return self._floor.calls_of(self._source)

    def recordings(self) -> list[KnownRecording]:
        """The recordings of the source that are neither ready nor have failed. Raises `Unavailable`."""
        return self._floor.recordings_of(self._source)

    def addresses(self) -> frozenset[str]:
        """Where the phones of agents are who need one. Raises `Unavailable`."""
        return self._floor.addresses()

    def agent_at(self, address: str) -> str | None:
        """Whose phone is at this address. Raises `Unavailable`."""
        return self._floor.agent_at(address)

    async def transfer(self, contact: str, agent: str, target: str, key: str) -> str | None:
        """What an agent's phone asks for, as the agent's command: to a colleague's phone, a number, or
        (what is neither) a queue. Gives why it cannot be. Raises `Unavailable` while nothing can be committed."""
        colleague = self._floor.agent_at(f"PJSIP/{target}") or self._floor.agent_at(target)
        number = dialable.plain(target)
        to = Destination(agent=colleague) if colleague else Destination(number=number, queue=None if number else target)
        wish = Transfer(contact_id=contact, agent_id=agent, to=to)
        answer = await self._floor.submit(wish, f"cti:{self._source}", f"transfer:{key}")
        return None if answer.ok else str(answer.body.get("detail"))

    async def phone(self, address: str, word: str) -> None:
        """What a phone is, a `PhoneWord`. Raises `Unavailable` while nothing can be committed."""
        await self._floor.submit(PhoneState(source=self._source, address=address, state=PhoneWord(word)))
