"""Which call of the platform's rings whom: a conference that has ended does not tell any more who rings for it.

Only a memory of this process. What it does not know is found in the conference, or ends by its own time limit.
"""

from collections import OrderedDict

from app.telephony.adapters.twilio.addresses import Place

CALLS_REMEMBERED = 5_000


class Legs:
    """The calls made for each call of ours, by label."""

    def __init__(self) -> None:
        self._calls: OrderedDict[tuple[str, str], dict[str, str]] = OrderedDict()

    def note(self, place: Place, label: str, call: str) -> None:
        """Remember a call that was made."""
        key = _key(place)
        self._calls.setdefault(key, {})[label] = call
        self._calls.move_to_end(key)
        if len(self._calls) > CALLS_REMEMBERED:
            self._calls.popitem(last=False)

    def forget(self, place: Place, label: str) -> str | None:
        """The call made under this label, once."""
        return self._calls.get(_key(place), {}).pop(label, None)

    def forget_all(self, place: Place) -> set[str]:
        """All calls made for a call of ours, once."""
        return set(self._calls.pop(_key(place), {}).values())


def _key(place: Place) -> tuple[str, str]:
    return place.access.id, place.contact
