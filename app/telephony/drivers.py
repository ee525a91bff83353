"""One driver for all sources: each platform has its own."""

from collections.abc import Mapping

from app.telephony.directory import SourceAccess
from app.telephony.platforms import PLATFORMS
from app.telephony.port import Driver, Outcome, Refused, SwitchCommand


class ByPlatform:
    """Hands each command to the driver of its source's platform; see `app.telephony.port.Driver`. Raises `ValueError`
    where a platform has none, or nobody knows it."""

    def __init__(self, drivers: Mapping[str, Driver]) -> None:
        if odd := sorted(drivers.keys() ^ PLATFORMS.keys()):
            raise ValueError(f"a driver for each of app/telephony/platforms.py is needed: look at {', '.join(odd)}")
        self._drivers = drivers

    async def execute(self, access: SourceAccess, command: SwitchCommand) -> Outcome:
        """Hand one command over, once."""
        driver = self._drivers.get(access.platform)
        if driver is None:  # of a newer version that shares the database
            return Refused(f"Nobody here can drive {access.platform}, the platform of source {access.id}.")
        return await driver.execute(access, command)
