"""How long not to try again after a connection to an Asterisk has failed or ended."""

from app.core.errors import CallfloorError
from app.telephony.adapters.asterisk_ari.connection import Replaced, SwitchUnusable

BACK_OFF = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
UNUSABLE_SECONDS = 30.0
"""Until it is tried again where somebody has to change something first: a refused password may get us shut out."""

REPLACED_SECONDS = 10.0
"""Longer than it takes to learn that the floor is somebody else's. Who still has it then takes the switch back."""

LEAST_PAUSE = BACK_OFF[0]


def pause_before(error: CallfloorError, attempt: int) -> float:
    """How long not to try again."""
    if isinstance(error, Replaced):
        return REPLACED_SECONDS
    return UNUSABLE_SECONDS if isinstance(error, SwitchUnusable) else BACK_OFF[min(attempt, len(BACK_OFF) - 1)]
