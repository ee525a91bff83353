"""The rows of one batch: what the effects of many commands come to, each row once, as the journal writes it."""

from collections.abc import Callable
from typing import Any

import msgspec

from app.calls.leg import Leg, LegState, Party
from app.floor.memory.effects import (
    AddEntry,
    Amend,
    AnsweredLate,
    Ask,
    Audited,
    DropContact,
    Effect,
    EndContact,
    Happened,
    SaveAgent,
    SaveContact,
    SavePhone,
    SwitchOrder,
)
from app.floor.memory.entities import Contact, Phone
from app.floor.memory.parts import Visit
from app.floor.memory.timeline import Entry
from app.floor.memory.views import leg_view

_encode = msgspec.json.Encoder().encode
Row = tuple[Any, ...]


def _json(value: Any) -> str:
    return _encode(value).decode()


class Batch:
    """Gathers effects in order. `rows()` gives, by part of the journal's statement, the rows to write."""

    def __init__(self) -> None:
        self.events: list[Happened] = []
        self.orders: list[SwitchOrder] = []
        self.asked: list[Ask] = []
        self.inbox: list[Row] = []
        self._contacts: dict[str, Contact] = {}
        self._profiles: dict[str, bytes] = {}
        self._dropped: dict[str, None] = {}
        self._agents: dict[str, SaveAgent] = {}
        self._phones: dict[str, Phone | None] = {}
        self._ended: dict[str, EndContact] = {}
        self._entries: list[AddEntry] = []
        self._audited: list[Audited] = []
        self._amends: dict[str, Amend] = {}
        self._answered: dict[str, AnsweredLate] = {}

    def __bool__(self) -> bool:
        live = self._contacts or self._dropped or self._agents or self._phones
        return bool(self.inbox or self.events or self.orders or live or self._entries)

    def remember(self, scope: str, key: str, at: float, answer: bytes) -> None:
        """Keep the answer to a command that came with an id."""
        self.inbox.append((scope, key, at, answer))

    def add(self, effects: tuple[Effect, ...]) -> None:
        """Take in the effects of one command; a later value of an entity replaces an earlier one."""
        for effect in effects:
            _TAKERS[type(effect)](self, effect)

    def rows(self) -> dict[str, list[Row]]:
        """Rows by part; parts without rows are left out."""
        parts: dict[str, list[Row]] = {
            "contacts": [
                (c.id, c.customer.id if c.customer else None, _json(c), _text(self._profiles.get(c.id)))
                for c in self._contacts.values()
            ],
            "dropped": [(key,) for key in self._dropped],
            "agents": [(key, _json(saved.agent)) for key, saved in self._agents.items()],
            "phones": [(key, _json(phone)) for key, phone in self._phones.items() if phone is not None],
            "phones_gone": [(key,) for key, phone in self._phones.items() if phone is None],
            "audited": [(a.who, a.action, a.thing, _json(a.after)) for a in self._audited],
            "events": [(e.seq, e.at, e.type, e.contact, e.agent, e.body.decode()) for e in self.events],
            "inbox": self.inbox,
            "orders": [(o.seq, o.source, o.contact, o.type, o.body.decode(), o.at) for o in self.orders],
            "interactions": [_interaction(e.contact, e.outcome) for e in self._ended.values()],
            "unknown": [
                (e.contact.id, e.contact.arrived_at, e.contact.call.from_)
                for e in self._ended.values()
                if _called_unknown(e.contact)
            ],
            "entries": [row for e in self._ended.values() for row in _timeline(e.contact)]
            + [(e.started_at, e.contact, e.entry.at, e.entry.kind, _json(e.entry.data)) for e in self._entries],
            "visits": [
                _visit(e.contact, visit) for e in self._ended.values() for visit in e.contact.visits if visit.left_at
            ],
            "answered": [
                (a.contact, a.started_at, a.agent, a.talk_seconds, _json(leg_view(_late_leg(a))))
                for a in self._answered.values()
            ],
            "answered_visits": [(a.contact, a.started_at, a.agent, a.talk_seconds) for a in self._answered.values()],
            "amends": [(a.contact, a.started_at, a.wrap_up_seconds, a.code, a.note) for a in self._amends.values()],
        }
        return {name: rows for name, rows in parts.items() if rows}

    def _save(self, effect: SaveContact) -> None:
        self._contacts[effect.contact.id] = effect.contact
        if effect.profile is not None:
            self._profiles[effect.contact.id] = effect.profile

    def _ask(self, effect: Ask) -> None:
        self.asked.append(effect)

    def _save_agent(self, effect: SaveAgent) -> None:
        self._agents[effect.agent.id] = effect

    def _save_phone(self, effect: SavePhone) -> None:
        self._phones[effect.address] = effect.phone

    def _drop(self, effect: DropContact) -> None:
        self._contacts.pop(effect.id, None)
        self._dropped[effect.id] = None

    def _end(self, effect: EndContact) -> None:
        self._ended[effect.contact.id] = effect

    def _answer_late(self, late: AnsweredLate) -> None:
        """As with what is amended: what this batch itself wrote is put right here."""
        ended = self._ended.get(late.contact)
        if ended is None:
            self._answered.setdefault(late.contact, late)
        elif ended.outcome == "abandoned":
            self._ended[late.contact] = EndContact(_answered(ended.contact, late), "answered")

    def _amend(self, amend: Amend) -> None:
        """One statement sees a row once, so what this batch itself wrote is amended here."""
        data = {"agent": amend.agent, "seconds": amend.wrap_up_seconds, "code": amend.code, "note": amend.note}
        self.add((_entry(amend, data),))
        ended = self._ended.get(amend.contact)
        if ended is not None:
            contact = ended.contact.with_(
                wrap_up_seconds=ended.contact.wrap_up_seconds + amend.wrap_up_seconds,
                wrap_up_code=amend.code or ended.contact.wrap_up_code,
                note=amend.note or ended.contact.note,
            )
            self._ended[amend.contact] = EndContact(contact, ended.outcome)
            return
        earlier = self._amends.get(amend.contact)
        if earlier is not None:
            amend = msgspec.structs.replace(
                amend,
                wrap_up_seconds=earlier.wrap_up_seconds + amend.wrap_up_seconds,
                code=amend.code or earlier.code,
                note=amend.note or earlier.note,
            )
        self._amends[amend.contact] = amend


_TAKERS: dict[type[Effect], Callable[[Batch, Any], None]] = {
    Happened: lambda batch, effect: batch.events.append(effect),
    SwitchOrder: lambda batch, effect: batch.orders.append(effect),
    Audited: lambda batch, effect: batch._audited.append(effect),
    AddEntry: lambda batch, effect: batch._entries.append(effect),
    SaveContact: Batch._save,
    SaveAgent: Batch._save_agent,
    SavePhone: Batch._save_phone,
    DropContact: Batch._drop,
    EndContact: Batch._end,
    AnsweredLate: Batch._answer_late,
    Amend: Batch._amend,
    Ask: Batch._ask,
}


def _answered(contact: Contact, late: AnsweredLate) -> Contact:
    call = msgspec.structs.replace(contact.call, legs=(*contact.call.legs, _late_leg(late)))
    *before, last = contact.visits
    answered_at = max(last.entered_at, (last.left_at or last.entered_at) - late.talk_seconds)
    visit = msgspec.structs.replace(last, outcome="answered", agent=late.agent, left_at=answered_at)
    return contact.with_(call=call, served_by=(*contact.served_by, late.agent), visits=(*before, visit))


def _late_leg(late: AnsweredLate) -> Leg:
    """Their part in the call, as far as it is known."""
    leg = Leg(id=f"agent:{late.agent}", party=Party.AGENT, agent=late.agent, state=LegState.CLEARED)
    return msgspec.structs.replace(leg, since=late.said_at, talk_seconds=late.talk_seconds)


def _entry(amend: Amend, data: dict[str, Any]) -> AddEntry:
    told = {key: value for key, value in data.items() if value is not None}
    return AddEntry(contact=amend.contact, started_at=amend.started_at, entry=Entry(amend.at, "wrap_up", told))


def _interaction(contact: Contact, outcome: str) -> Row:
    call, ended_at = contact.call, contact.ended_at or contact.heard_at
    return (
        contact.id,
        contact.arrived_at,
        ended_at,
        contact.channel,
        call.direction,
        call.source,
        call.id,
        call.from_,
        call.to,
        contact.customer.id if contact.customer else None,
        contact.customer.tier if contact.customer else None,
        contact.queue,
        contact.served_by[-1] if contact.served_by else None,
        outcome,
        call.cause,
        sum(_waited(visit) for visit in contact.visits),
        call.seconds("talk_seconds", ended_at, Party.AGENT),
        call.seconds("hold_seconds", ended_at, Party.AGENT),
        contact.wrap_up_seconds,
        contact.wrap_up_code,
        contact.note,
        _json([leg_view(leg) for leg in call.legs]),
    )


def _timeline(contact: Contact) -> list[Row]:
    return [(contact.arrived_at, contact.id, e.at, e.kind, _json(e.data)) for e in contact.timeline]


def _visit(contact: Contact, visit: Visit) -> Row:
    tier = contact.customer.tier if contact.customer else None
    return (
        contact.arrived_at,
        contact.id,
        visit.queue,
        tier,
        visit.entered_at,
        visit.left_at,
        visit.outcome,
        _waited(visit),
        visit.agent,
        visit.estimated_wait,
    )


def _waited(visit: Visit) -> float:
    return max(0.0, (visit.left_at or visit.entered_at) - visit.entered_at)


def _called_unknown(contact: Contact) -> bool:
    """Whether it came in from a number that nobody known has; those of several are ambiguous, not unknown."""
    known = contact.customer is not None or contact.candidates
    return not known and contact.call.direction == "inbound" and bool(contact.call.from_)


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode()
