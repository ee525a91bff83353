"""What `data` holds in each type of event, as types. They describe: rows are written by whoever tells of the change, in
Python or by a trigger, and tests hold each of them against these. Pure.

All fields are always there; what is not known is null.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.subscriptions.kinds import TEST

Id = Annotated[
    str,
    Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", extra_json_schema={"format": "uuid"}),
]
Instant = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        extra_json_schema={"format": "date-time"},
        description="RFC 3339 in UTC with milliseconds",
    ),
]

Who = Annotated[str | None, Meta(description="the user, or the machine's account; null: it happened by itself")]
Why = Annotated[
    str | None,
    Meta(description="the reason that was given, the only words in these messages that somebody wrote; null: none was"),
]
CustomerId = Annotated[Id, Meta(description="as it was then: who was merged into another later is read under it, too")]
ContactCustomerId = Annotated[Id | None, Meta(description="null: nobody, or more than one, was recognised")]


class CustomerData(msgspec.Struct, kw_only=True):
    """A customer as they are now."""

    customer_id: Id
    external_id: Annotated[str | None, Meta(description="of the core system")]
    kind: Literal["person", "company"]
    version: Annotated[int, Meta(description="rises with each change of the record or a part of it; 1 is the first")]
    provisional: Annotated[bool, Meta(description="made of a call from an unknown number; nobody has confirmed it")]
    who: Who
    why: Why


class MergeData(msgspec.Struct, kw_only=True):
    """Two customers who are one person, or no longer are."""

    customer_id: Annotated[Id, Meta(description="who stands for the other; of a line of merges whoever survives it")]
    merged_id: Id
    who: Who
    why: Why


class CustomerErasedData(msgspec.Struct, kw_only=True):
    """Of an erasure, one for each customer who was one with whom it was ordered for."""

    customer_id: Id


class ContactData(msgspec.Struct, kw_only=True):
    """A contact; its times are the floor's."""

    contact_id: Id
    customer_id: ContactCustomerId
    call_id: Annotated[str, Meta(description="the platform's, or ours where we begin the call")]
    source: Annotated[str, Meta(description="the telephone platform that it comes from")]
    channel: Annotated[str, Meta(description="`voice`, or what the platform said")]
    direction: Literal["inbound", "outbound"]
    queue: Annotated[str | None, Meta(description="the last one that it was in; null: none by then")]
    tier: Annotated[str | None, Meta(description="of the customer")]
    agents: Annotated[list[str], Meta(description="who has it, or who dialled; at its end who had it then")]
    arrived_at: Instant


class ContactOpenedData(ContactData, kw_only=True):
    """A contact that has begun: an incoming call, one that an agent dials, or a callback."""

    ended_at: None


class ContactEndedData(ContactData, kw_only=True):
    """A contact that is over; after-call work may follow."""

    ended_at: Instant
    outcome: Annotated[
        str,
        Meta(
            description="answered; abandoned; callback (the place in line is kept, and a contact of its own follows); "
            "voicemail, closed, turned_away (by a rule of the queue, or a flow); self_served, transferred, "
            "left_in_flow; failed; unrouted (no queue); swept (the platform told no end)"
        ),
    ]


class ContactWrappedUpData(msgspec.Struct, kw_only=True):
    """After-call work of one agent that ended after the contact; there may be several of a contact."""

    contact_id: Id
    customer_id: Annotated[Id | None, Meta(description="as the history has it by now; null: nobody is known")]
    agent: str
    seconds: Annotated[float, Meta(description="how long it took")]
    wrap_up_code: Annotated[str | None, Meta(description="null: the agent chose none")]


class ContactNotedData(msgspec.Struct, kw_only=True):
    """A note that was added to a contact in the history; read it there."""

    contact_id: Id
    customer_id: Annotated[Id | None, Meta(description="as the history has it by now; null: nobody is known")]
    by: Annotated[str, Meta(description="the user who wrote it")]


class CaseData(msgspec.Struct, kw_only=True):
    """A case as it is now."""

    case_id: Id
    number: Annotated[str, Meta(description="as people say it, C-2026-000001")]
    customer_id: CustomerId
    status: Annotated[
        Literal["new", "open", "pending", "on_hold", "solved", "closed"],
        Meta(description="pending: waits for the customer; on_hold: for others"),
    ]
    priority: Literal["low", "normal", "high", "urgent"]
    owner: Annotated[str | None, Meta(description="the user who sees to it")]
    team: Annotated[str | None, Meta(description="whose it is, while or where nobody owns it")]
    due_at: Instant | None
    version: Annotated[int, Meta(description="rises with each change; notes and links raise none")]


class CaseOpenedData(CaseData, kw_only=True):
    """A case that is new."""

    act: Literal["open"]


class CaseChangedData(CaseData, kw_only=True):
    """A case that somebody has worked on."""

    act: Annotated[
        Literal["assign", "change", "hold", "link", "note", "reopen", "solve", "take", "wait", "work"],
        Meta(description="what was done; link: a contact is about it; wait: for the customer; hold: for others"),
    ]


class CaseClosedData(CaseData, kw_only=True):
    """A case that is not touched again."""

    act: Literal["close"]


class AlertData(msgspec.Struct, kw_only=True):
    """An alert as it is now."""

    alert_id: Id
    customer_id: CustomerId
    rule: Annotated[str, Meta(description="the rule that holds for the customer")]
    severity: Literal["low", "medium", "high", "critical"]
    owner: Annotated[str | None, Meta(description="the user who sees to it")]
    due_at: Instant


class AlertRaisedData(AlertData, kw_only=True):
    """An alert that is new."""

    state: Literal["open"]


class AlertChangedData(AlertData, kw_only=True):
    """An alert that somebody acknowledged, was given, or gave back."""

    state: Literal["open", "acknowledged"]


class AlertClosedData(AlertData, kw_only=True):
    """An alert that is over."""

    state: Literal["done", "expired"]


class VisitData(msgspec.Struct, kw_only=True):
    """A field visit as it is now."""

    visit_id: Id
    customer_id: CustomerId
    engineer: Annotated[str | None, Meta(description="the agent who goes")]
    case_id: Annotated[Id | None, Meta(description="the case that it is for")]
    version: Annotated[int, Meta(description="rises with each change")]


class VisitScheduledData(VisitData, kw_only=True):
    """A visit that has an appointment, or another one."""

    act: Literal["book", "schedule"]
    status: Literal["scheduled"]
    starts_at: Instant
    ends_at: Instant


class VisitChangedData(VisitData, kw_only=True):
    """A visit that was asked for, assigned, or went on."""

    act: Annotated[
        Literal["arrive", "assign", "book", "dispatch", "no_access", "set_out"],
        Meta(description="what was done; book: asked for, without an appointment; no_access: nobody was there"),
    ]
    status: Literal["requested", "scheduled", "dispatched", "en_route", "on_site", "no_access"]
    starts_at: Annotated[Instant | None, Meta(description="null: there is no appointment yet")]
    ends_at: Instant | None


class VisitCompletedData(VisitData, kw_only=True):
    """A visit that took place."""

    act: Literal["complete"]
    status: Literal["completed"]
    starts_at: Instant
    ends_at: Instant


class VisitCancelledData(VisitData, kw_only=True):
    """A visit that does not take place."""

    act: Literal["cancel"]
    status: Literal["cancelled"]
    starts_at: Annotated[Instant | None, Meta(description="null: there was no appointment")]
    ends_at: Instant | None


class WebhookTestData(msgspec.Struct, kw_only=True):
    """Sent on demand, to see whether webhooks arrive."""

    subscription_id: str


SHAPES: dict[str, type[msgspec.Struct]] = {
    "customer.created": CustomerData,
    "customer.changed": CustomerData,
    "customer.merged": MergeData,
    "customer.unmerged": MergeData,
    "customer.erased": CustomerErasedData,
    "contact.opened": ContactOpenedData,
    "contact.ended": ContactEndedData,
    "contact.wrapped_up": ContactWrappedUpData,
    "contact.noted": ContactNotedData,
    "case.opened": CaseOpenedData,
    "case.changed": CaseChangedData,
    "case.closed": CaseClosedData,
    "alert.raised": AlertRaisedData,
    "alert.changed": AlertChangedData,
    "alert.closed": AlertClosedData,
    "visit.scheduled": VisitScheduledData,
    "visit.changed": VisitChangedData,
    "visit.completed": VisitCompletedData,
    "visit.cancelled": VisitCancelledData,
    TEST: WebhookTestData,
}
"""Event type -> its data."""
