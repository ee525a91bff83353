"""Taking out of contacts what says who they were with; their times, queues, agents and outcomes stay, so that every
report gives what it gave before."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.privacy.family import Contact

Counts = dict[str, int]

ENTRY_KEPT = (
    *("agent", "by", "queue", "seconds", "code", "outcome", "rule", "auto"),
    *("flow", "version", "node", "order", "covered", "lines"),
)
"""What stays of a line of a timeline: names of our own set-up, numbers, yes and no."""

EVENT_KEPT = (
    *("id", "source", "channel", "direction", "state", "held", "queue", "tier", "agents", "agent", "outcome"),
    *("arrived_at", "queued_at", "ended_at", "estimated_wait_seconds", "contact_id", "expires_at", "auto_accepted"),
    *("flow", "version", "act", "invited"),
)
"""What stays of an event of the journal, and of the contact in it."""

LEG_KEPT = (
    *("party", "agent", "state", "since"),
    *("queue_seconds", "ring_seconds", "talk_seconds", "hold_seconds"),
)

BLANK: dict[str, object] = {
    "call_id": None,
    "from": None,
    "to": None,
    "customer": None,
    "candidates": [],
    "consult": None,
    "legs": [],
    "recordings": [],
}
"""What readers of events look for."""

NOTHING = b'{"ok":true,"body":{}}'
"""What the inbox answers to a command about somebody who was erased."""

ANSWERS_KEPT = timedelta(days=8)
"""The inbox forgets after a week."""

_SOME = "(select coalesce(jsonb_object_agg(key, value), '{{}}') from jsonb_each({of}) where key = any(:{kept}))"

# a cause is the platform's: a code says how a call ended, a sentence may say more
_INTERACTIONS = text(f"""
    update interactions i
    set customer_id = coalesce(cast(:subject as uuid), i.customer_id), from_raw = null, note = null,
        cause = substring(cause from '^[A-Za-z0-9_.-]{{1,40}}$'), call_id = i.id::text,
        to_raw = case when direction <> 'outbound' then to_raw end,
        legs = (select coalesce(jsonb_agg(jsonb_build_object('id', 'leg-' || n) ||
                    {_SOME.format(of="leg", kept="leg_kept")} order by n), '[]')
                from jsonb_array_elements(legs) with ordinality as l (leg, n))
    where id = any(cast(:contacts as uuid[])) and started_at between :since and :until""")  # noqa: S608 - constants

_ENTRIES = text(f"""
    update interaction_entries e set customer_id = null, data = {_SOME.format(of="data", kept="entry_kept")}
    where interaction_id = any(cast(:contacts as uuid[])) and started_at between :since and :until
      and data <> '{{}}'""")  # noqa: S608 - constants

_ENTITLEMENTS = text("""
    update entitlements set customer_id = coalesce(cast(:subject as uuid), customer_id), promises = '[]', fault = null
    where interaction_id = any(cast(:contacts as uuid[])) and started_at between :since and :until""")

# why an offer was withdrawn is a word of the floor's own, which reports count; of other events a reason may be anything
# the bound on `at` leaves older months alone; the platform's clock may be somewhat behind
_EVENTS = text(f"""
    update events e
    set data = cast({_SOME.format(of="data::jsonb", kept="event_kept")}
            || case when data::jsonb ? 'contact' then jsonb_build_object('contact',
                {_SOME.format(of="data::jsonb -> 'contact'", kept="event_kept")} || cast(:blank as jsonb))
               else '{{}}' end
            || case when type = 'offer.withdrawn' then jsonb_build_object('reason', data::jsonb -> 'reason')
               else '{{}}' end as json)
    where contact_id = any(cast(:contacts as uuid[])) and at >= cast(:since as timestamptz) - interval '1 day'""")  # noqa: S608 - constants

_CANDIDATES = text("""
    update events e set data = cast(jsonb_set(data::jsonb, '{contact,candidates}', '[]') as json)
    where contact_id = any(cast(:contacts as uuid[])) and at >= cast(:since as timestamptz) - interval '1 day'
      and data::jsonb -> 'contact' -> 'candidates' <> '[]'""")

_ANSWERS = text("""
    update inbox b set answer = :answer
    from unnest(cast(:ids as text[]), cast(:began as timestamptz[]), cast(:ended as timestamptz[]))
         as c (id, began, ended)
    where b.at between c.began - interval '1 minute' and c.ended + interval '1 hour'
      and position(convert_to(c.id, 'UTF8') in b.answer) > 0""")

_ORDERS = text("delete from outbox where contact_id = any(cast(:contacts as uuid[])) and status <> 'pending'")
_UNKNOWN = text("delete from unknown_callers where interaction_id = any(cast(:contacts as uuid[]))")
_TOLD = text("delete from webhook_events where subject = any(cast(:subjects as text[]))")


async def scrub(session: AsyncSession, contacts: Sequence[Contact], subject: UUID | None) -> Counts:
    """Take out of these contacts, and of all that was written of them, what says who it was; rows by table. With
    `subject` they are that nobody's from now on."""
    if not contacts:
        return {}
    given = {
        "contacts": [each.id for each in contacts],
        "since": min(each.started_at for each in contacts),
        "until": max(each.started_at for each in contacts),
    }
    interactions = await _done(session, _INTERACTIONS, **given, subject=subject, leg_kept=list(LEG_KEPT))
    entries = await _done(session, _ENTRIES, **given, entry_kept=list(ENTRY_KEPT))
    entitlements = await _done(session, _ENTITLEMENTS, **given, subject=subject)
    counts = {"interactions": interactions, "interaction_entries": entries, "entitlements": entitlements}
    return {**counts, **await _journal(session, contacts)}


async def scrub_candidates(session: AsyncSession, contacts: Sequence[Contact]) -> None:
    """Take out of the journal of contacts of others who else might have been meant: it is not kept apart by whom."""
    if contacts:
        since = min(each.started_at for each in contacts)
        await _done(session, _CANDIDATES, contacts=[each.id for each in contacts], since=since)
        await _answers(session, contacts)


async def _journal(session: AsyncSession, contacts: Sequence[Contact]) -> Counts:
    """What the floor wrote down, and what it and others were told."""
    ids = [each.id for each in contacts]
    since = min(each.started_at for each in contacts)
    kept = {"event_kept": list(EVENT_KEPT), "blank": msgspec.json.encode(BLANK).decode()}
    return {
        "events": await _done(session, _EVENTS, contacts=ids, since=since, **kept),
        "inbox": await _answers(session, contacts),
        "outbox": await _done(session, _ORDERS, contacts=ids),
        "unknown_callers": await _done(session, _UNKNOWN, contacts=ids),
        "webhook_events": await _done(session, _TOLD, subjects=[f"contact:{each}" for each in ids]),
    }


async def _answers(session: AsyncSession, contacts: Sequence[Contact]) -> int:
    latest = max(each.ended_at for each in contacts)
    lately = [each for each in contacts if latest - each.ended_at < ANSWERS_KEPT]
    given = {
        "answer": NOTHING,
        "ids": [str(each.id) for each in lately],
        "began": [each.started_at for each in lately],
        "ended": [each.ended_at for each in lately],
    }
    return await _done(session, _ANSWERS, **given)


async def _done(session: AsyncSession, statement: Any, **given: Any) -> int:
    return int(getattr(await session.execute(statement, given), "rowcount", 0))
