"""What a platform that we drive tells by itself, on its way to the floor."""

from pydantic import SecretStr

from app.api.intake import Intake
from app.api.webhooks import CtiFloor
from app.floor.commands import PhoneState
from app.telephony.events import PhoneWord
from app.telephony.instructions import Script
from app.telephony.port import KnownCall, Notice


class DrivenSource:
    """The floor as one source of a driven platform sees it."""

    def __init__(self, source: str, intake: Intake, floor: CtiFloor) -> None:
        self._source = source
        self._intake = intake
        self._floor = floor

    async def take(self, notice: Notice, delivery: str, secret: SecretStr | None) -> tuple[str, Script | None]:
        """News of a call; see `Intake.take`."""
        return await self._intake.take(self._source, notice, delivery, secret)

    def calls(self) -> list[KnownCall]:
        """The calls of the source that the floor holds to be alive. Raises `Unavailable`."""
        return self._floor.calls_of(self._source)

    async def phone(self, address: str, word: str) -> None:
        """What a phone is: available, unavailable, in_use. Raises `Unavailable` while nothing can be committed."""
        await self._floor.submit(PhoneState(source=self._source, address=address, state=PhoneWord(word)))
