"""What can be let go of by age: the kinds of records, and how each goes. No kind goes unless a policy says so."""

from typing import NamedTuple

OF_CUSTOMER = "customer_id = any(cast(:held as uuid[]))"
OF_CONTACT = "interaction_id = any(cast(:held_contacts as uuid[]))"
NOBODYS = "false"
YEAR = 366
"""A counted period is a year at most; what was used in it counts until it is over."""


class Months(NamedTuple):
    """A table that is partitioned by month: a month is dropped once all of it is older. `held` tells rows that a legal
    hold keeps; where there are any, the others are deleted instead."""

    table: str
    held: str


class Rows(NamedTuple):
    """A table of which rows are deleted, some thousands at a time, that are `due`."""

    table: str
    due: str
    held: str = OF_CUSTOMER


class Kind(NamedTuple):
    """A kind of record: `what` goes, in days of `least` to `most` and `why` not in fewer (or more); `parts` in the
    order in which they go."""

    name: str
    what: str
    least: int
    why: str
    parts: tuple[Months | Rows, ...]
    most: int | None = None


DETAILS = "contact_details"
CUSTOMERS = {
    "provisional_customers": "c.provisional and c.created_at < :cutoff",
    "inactive_customers": "not c.active and not c.provisional and c.updated_at < :cutoff",
}
"""Kinds of customers who are erased once they have had no contact for so long."""

_AGREEMENTS = "agreement_id in (select id from agreements where customer_id = any(cast(:held as uuid[])))"
_EVENT = """exists (
    select from usage_events e where e.customer_id = any(cast(:held as uuid[])) and e.source = usage_event_ids.source
      and e.event_id = usage_event_ids.event_id)"""
_AUDITED = """(kind = 'customer' and thing = any(cast(cast(:held as uuid[]) as text[]))
    or kind = 'case' and thing in (
        select cast(id as text) from cases where customer_id = any(cast(:held as uuid[])))
    or kind = 'visit' and thing in (
        select cast(id as text) from field_visits where customer_id = any(cast(:held as uuid[]))))"""

ALL = (
    Kind(
        DETAILS,
        "who a contact was with and what was said: numbers, notes, timelines; the contact and all counts stay",
        1,
        "a contact that lives has them",
        (),
    ),
    Kind(
        "contacts",
        "whole months of contacts, stays in queues and verdicts of agreements: reports begin after them",
        62,
        "reports of the last month count contacts that began in the one before",
        (
            Months("interaction_entries", OF_CONTACT),
            Months("queue_visits", OF_CONTACT),
            Months("entitlements", OF_CUSTOMER),
            Months("interactions", OF_CUSTOMER),
        ),
    ),
    Kind(
        "provisional_customers",
        "callers whom nobody knew, with their numbers, once they have not called for so long: they are erased",
        1,
        "who called today may be known tomorrow",
        (),
    ),
    Kind(
        "inactive_customers",
        "customers who are not active any more, once they had no change and no contact for so long: they are erased",
        31,
        "who was made inactive by mistake is made active again",
        (),
    ),
    Kind(
        "journal",
        "whole months of the floor's journal: sockets and subscribers are told nothing of them again, and reports of "
        "agents begin after them",
        35,
        "a contact lives for a month at most, and what became of it is read off the journal",
        (Months("events", "contact_id = any(cast(:held_contacts as uuid[]))"),),
    ),
    Kind(
        "customer_versions",
        "whole months of who changed what of customers",
        31,
        "whoever takes a change back looks it up there",
        (Months("customer_versions", OF_CUSTOMER),),
    ),
    Kind(
        "customer_moves",
        "whole months of who came into which tier and segment, and why",
        31,
        "whoever asks why a call was routed so looks it up there",
        (Months("customer_moves", OF_CUSTOMER),),
    ),
    Kind(
        "profile_reads",
        "whole months of who read which profile, and why",
        180,
        "auditors ask for the last half year at least",
        (Months("profile_reads", OF_CUSTOMER),),
    ),
    Kind(
        "usage_events",
        "whole months of usage events: rules and windows see nothing older",
        31,
        "windows of rules reach back",
        (Months("usage_events", OF_CUSTOMER), Rows("usage_event_ids", "counts_at < :month", _EVENT)),
    ),
    Kind(
        "alerts",
        "alerts that were done or expired, with what was done",
        31,
        "rules stay quiet for a while after an alert",
        (Rows("customer_alerts", "due_at < :cutoff and closed_at < :cutoff and state in ('done', 'expired')"),),
    ),
    Kind(
        "cases",
        "cases that are closed, with what was done and noted; of those that follow them, that they do",
        31,
        "whoever asks what became of it, and the case that follows, refer to it",
        (Rows("cases", "status = 'closed' and closed_at < :cutoff"),),
    ),
    Kind(
        "visits",
        "field visits that are over, with what was done",
        31,
        "where nobody was there a new appointment goes on with the same visit",
        (Rows("field_visits", "closed_at < :cutoff"),),
    ),
    Kind(
        "credit_checks",
        "questions to bureaus and their answers, the present standing included if it is as old",
        1,
        "an answer may still be on its way",
        (Rows("credit_checks", "asked_at < :cutoff and outcome <> 'asking'"),),
    ),
    Kind(
        "dues",
        "what agreements required and somebody did; what is open stays",
        1,
        "what was done today is shown",
        (Rows("dues", "due_at < :cutoff and done_at < :cutoff"),),
    ),
    Kind(
        "allowances",
        "uses and counts of allowances whose period was over a year before",
        1,
        "a period must be over",
        (
            Rows("allowance_uses", f"at < :cutoff and period < cast(:cutoff as date) - {YEAR}", _AGREEMENTS),
            Rows("allowance_counts", f"period < cast(:cutoff as date) - {YEAR}", _AGREEMENTS),
        ),
    ),
    Kind(
        "feed_runs",
        "that files were imported: an old file sent again is imported anew",
        31,
        "a stream that is sent again is known by its run",
        (Rows("feed_runs", "started_at < :cutoff and state <> 'running'", NOBODYS),),
    ),
    Kind(
        "deliveries",
        "webhooks to other systems that were taken or are dead",
        1,
        "settled ones are gone after 30 days anyway",
        (
            Rows("webhook_deliveries", "status <> 'pending' and settled_at < :cutoff", NOBODYS),
            Rows(
                "webhook_events",
                "at < :cutoff and not exists (select from webhook_deliveries d where d.event_id = webhook_events.id)",
                NOBODYS,
            ),
        ),
        most=30,
    ),
    Kind(
        "failed_orders",
        "orders to platforms that were given up",
        7,
        "somebody looks for what went wrong",
        (
            Rows(
                "outbox",
                "status = 'failed' and created_at < :cutoff",
                "contact_id = any(cast(:held_contacts as uuid[]))",
            ),
        ),
    ),
    Kind(
        "audit_log",
        "whole months of the audit log",
        180,
        "auditors ask for the last half year at least",
        (Months("audit_entries", _AUDITED),),
    ),
)

BY_NAME = {kind.name: kind for kind in ALL}
