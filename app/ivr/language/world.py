"""What a flow may know of the call and of the house, as expressions see it. Pure.

Nothing is ever missing: what is not known is an empty text, 0, or false. Only `customer.attributes` has what it has.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from app.ivr.language.flow import Value

NOT_KNOWN = -1.0
"""An estimated wait that nobody knows."""


class CallerView(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is called from. `number` is E.164 where it is a number, else as given; `number_kind` is mobile,
    fixed_line, other, withheld; `country` ISO 3166."""

    number: str = ""
    number_kind: str = "withheld"
    country: str = ""


class CustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is calling, as far as they are recognised (`known`) or have proved it (`verified`)."""

    known: bool = False
    id: str = ""
    name: str = ""
    tier: str = ""
    language: str = ""
    segments: list[str] = []
    verified: bool = False
    attributes: dict[str, Any] = {}


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """The call. `started_at` is in ISO 8601."""

    id: str = ""
    channel: str = "voice"
    dialled: str = ""
    started_at: str = ""
    waited_seconds: float = 0.0


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A queue at this moment; `estimated_wait` in seconds, below 0 where nobody knows; `records` calls."""

    open: bool = True
    waiting: int = 0
    agents_on_duty: int = 0
    estimated_wait: float = NOT_KNOWN
    records: bool = False


class HoursView(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar of opening hours at this moment."""

    open: bool = True


class World(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `now` is in epoch seconds; expressions see it in the time zone of their flow."""

    now: float
    caller: CallerView = CallerView()
    customer: CustomerView = CustomerView()
    contact: ContactView = ContactView()
    queues: Mapping[str, QueueView] = {}
    hours: Mapping[str, HoursView] = {}


class NowView(msgspec.Struct, frozen=True, kw_only=True):
    """The time in a flow's time zone; `weekday` counts from Monday, 1."""

    iso: str
    date: str
    weekday: int
    hour: int
    minute: int


ROOTS = ("caller", "customer", "contact", "queues", "hours", "now", "vars")


class Known(Mapping[str, Any]):
    """The roots of expressions, each made when it is first asked for."""

    def __init__(self, world: World, timezone: str, variables: Mapping[str, Value]) -> None:
        self._world, self._timezone = world, timezone
        self._made: dict[str, Any] = {"vars": variables}

    def __getitem__(self, root: str) -> Any:
        if root not in ROOTS:
            raise KeyError(root)
        if root not in self._made:
            view = _now(self._world.now, self._timezone) if root == "now" else getattr(self._world, root)
            self._made[root] = msgspec.to_builtins(dict(view) if isinstance(view, Mapping) else view)
        return self._made[root]

    def __iter__(self) -> Iterator[str]:
        return iter(ROOTS)

    def __len__(self) -> int:
        return len(ROOTS)

    def __contains__(self, root: object) -> bool:
        return root in ROOTS


def _now(now: float, timezone: str) -> NowView:
    at = datetime.fromtimestamp(now, ZoneInfo(timezone))
    return NowView(
        iso=at.isoformat(timespec="seconds"),
        date=at.date().isoformat(),
        weekday=at.isoweekday(),
        hour=at.hour,
        minute=at.minute,
    )
