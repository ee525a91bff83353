"""What a flow may know of the call and of the house: the floor's memory as expressions see it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from app.core.instants import iso
from app.customers.number_kinds import kind_of
from app.floor.memory.entities import Contact
from app.floor.memory.work import Work
from app.floor.queue import overflow, placing
from app.ivr.language.world import NOT_KNOWN, CallerView, ContactView, CustomerView, HoursView, QueueView, World


def world(work: Work, contact: Contact) -> World:
    """The world of a contact at this moment."""
    config = work.store.config
    call = contact.call
    number = kind_of(call.from_ or "", config.region)
    return World(
        now=work.now,
        caller=CallerView(number=number.number, number_kind=number.kind, country=number.country),
        customer=_customer(work, contact),
        contact=ContactView(
            id=contact.id,
            channel=contact.channel,
            dialled=call.to or "",
            started_at=iso(contact.arrived_at),
            waited_seconds=round(work.now - contact.arrived_at, 3),
        ),
        queues=Queues(work, contact),
        hours={key: HoursView(open=hours.open_at(work.now)) for key, hours in config.hours.items()},
    )


class Queues(Mapping[str, QueueView]):
    """All queues, each looked at when it is asked for: most flows ask for one or two of many."""

    def __init__(self, work: Work, contact: Contact) -> None:
        self._work = work
        self._contact = contact

    def __getitem__(self, queue_id: str) -> QueueView:
        store = self._work.store
        there = placing.placed(
            self._work,
            self._contact.with_(queue=queue_id, queued_at=self._work.now, entered_at=self._work.now, own_steps=()),
        )
        if queue_id not in store.config.queues:
            raise KeyError(queue_id)
        wait = overflow.predicted(self._work, there)
        return QueueView(
            open=not placing.closed(self._work, there),
            waiting=len(store.lines.get(queue_id, ())),
            agents_on_duty=max((store.engine.duty.count(step.wanted) for step in there.steps), default=0),
            estimated_wait=NOT_KNOWN if wait is None else wait,
            records=store.config.queues[queue_id].record == "on",
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._work.store.config.queues)

    def __len__(self) -> int:
        return len(self._work.store.config.queues)

    def __contains__(self, queue_id: object) -> bool:
        return queue_id in self._work.store.config.queues


def _customer(work: Work, contact: Contact) -> CustomerView:
    card = contact.customer
    if card is None:
        return CustomerView()
    identity = _identity(work.store.profiles.get(contact.id))
    return CustomerView(
        known=True,
        id=card.id,
        name=card.name,
        tier=card.tier or "",
        language=card.language or "",
        verified=contact.verified,
        segments=identity.segments,
        attributes=identity.attributes,
    )


class _Identity(msgspec.Struct):
    segments: list[str] = []
    attributes: dict[str, Any] = {}


class _Profile(msgspec.Struct):
    customer: _Identity | None = None


_read_profile = msgspec.json.Decoder(_Profile).decode


def _identity(profile: bytes | None) -> _Identity:
    told = _read_profile(profile).customer if profile is not None else None
    return told or _Identity()
