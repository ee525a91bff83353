"""Business hours as records: reading, changing, and removal while no queue keeps them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault
from app.db.engine import WriteSession
from app.db.rows import in_order, insert_new
from app.routing.hours.calendar import Hours
from app.routing.hours.form import hours_of, subdivision_flaws
from app.routing.records.hours_models import BusinessHours
from app.routing.records.models import Queue

NAMED_AT_MOST = 10
"""How many queues a refusal names."""


class HoursUnknown(NotFound):
    """No business hours have this id."""

    code = "hours-unknown"


class HoursTaken(Conflict):
    """The id belongs to other business hours."""

    code = "hours-taken"


class HoursInUse(Conflict):
    """Queues keep the business hours."""

    code = "hours-in-use"


class HoursDoNotFit(Invalid):
    """What is to change does not fit what stays."""

    code = "hours-do-not-fit"


async def hours(session: AsyncSession, hours_id: str, *, lock: bool = False) -> BusinessHours:
    """The hours with this id, with `lock` kept from other writers until the commit; raises `HoursUnknown`."""
    found = await session.get(BusinessHours, hours_id, with_for_update=lock)
    if found is None:
        raise HoursUnknown(f"There are no business hours {hours_id!r}.")
    return found


async def all_hours(session: AsyncSession, limit: int, after: str | None) -> Sequence[BusinessHours]:
    """Business hours in order of their id, those after `after`."""
    return (await session.scalars(in_order(BusinessHours, limit, after))).all()


async def create_hours(session: WriteSession, **values: Any) -> BusinessHours:
    """New business hours; raises `HoursTaken`."""
    made = await insert_new(session, BusinessHours, **values)
    if made is None:
        raise HoursTaken(f"There are business hours {values['id']!r} already.", id=values["id"])
    return made


async def change_hours(session: WriteSession, hours_id: str, changes: Mapping[str, Any]) -> BusinessHours:
    """Change fields of business hours; `weekly` and `exceptions` are replaced whole. Raises `HoursUnknown`, or
    `HoursDoNotFit` if the country and its part are not of each other."""
    # the lock: of two that change country and subdivision at once, the second must see what the first has left
    found = await hours(session, hours_id, lock=True)
    for field, value in changes.items():
        setattr(found, field, value)
    flaws = [fault("body.subdivision", flaw.what, flaw.accepted)
             for flaw in subdivision_flaws(found.country, found.subdivision)]  # fmt: skip
    if flaws:
        raise HoursDoNotFit("The subdivision and the country do not fit together; change both.", faults=flaws)
    return found


async def delete_hours(session: WriteSession, hours_id: str) -> None:
    """Remove business hours. Raises `HoursUnknown`, or `HoursInUse` while queues keep them."""
    # the lock keeps out a queue that takes them at this moment
    found = await hours(session, hours_id, lock=True)
    query = select(Queue.id).where(Queue.hours_id == hours_id).order_by(Queue.id).limit(NAMED_AT_MOST)
    queues = list(await session.scalars(query))
    if queues:
        detail = f"Queues keep the business hours {hours_id!r}; give them others first."
        raise HoursInUse(detail, queues=queues)
    await session.delete(found)


def value_of(record: BusinessHours) -> Hours:
    """The hours that a record stands for."""
    fields = ("time_zone", "weekly", "country", "subdivision", "exceptions")
    return hours_of({field: getattr(record, field) for field in fields})
