"""The kinds of entries that the rooms below this one have: contacts and what is noted at them, notes and warnings,
alerts, cases, credit checks, promises, consents, and what became of the record.

A later room adds its own by one `Source` in `timeline.SOURCES`.
"""

from typing import Any

from sqlalchemy import (
    SQLColumnExpression,
    Text,
    and_,
    case,
    column,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.credit.models import CreditCheck
from app.customers.agreement_models import Due
from app.customers.models import Customer
from app.customers.record_models import CustomerConsent, CustomerNote, CustomerVersion
from app.customers.usage.models import CustomerAlert, CustomerAlertEntry, UsageRule
from app.desk.cases.models import Case, CaseEntry
from app.history.source import AGENT, ROOT, Source
from app.interactions.models import Interaction, InteractionEntry

Column = SQLColumnExpression[Any]


def _told(**values: Column) -> Column:
    """The details of an entry."""
    pairs = [part for name, value in values.items() for part in (literal(name), value)]
    return func.jsonb_build_object(*pairs, type_=JSONB)


def _words(owner: Column, written: str) -> Column:
    return func.history_words(owner, literal_column(written))


def _recordings() -> Column:
    """Of a contact: which recordings there are, and whether each can still be listened to. They are of a room above
    this one."""
    kept = table("recordings", column("id"), column("contact_id"), column("started_at"), column("deleted_at"))
    each = func.jsonb_build_object("id", kept.c.id, "available", kept.c.deleted_at.is_(None))
    query = select(func.coalesce(func.jsonb_agg(each), literal_column("'[]'::jsonb", JSONB)))
    return query.where(kept.c.contact_id == Interaction.id).scalar_subquery()


_LEG = func.jsonb_build_array(func.jsonb_build_object("agent", AGENT))
CONTACTS = Source(
    name="contacts",
    kinds=("contact",),
    rows=Interaction.__table__,
    customer=Interaction.customer_id,
    at=Interaction.started_at,
    id=Interaction.id,
    what=Interaction.outcome,
    agent=Interaction.agent_id,
    channel=Interaction.channel,
    text=Interaction.note,
    details=_told(
        direction=Interaction.direction,
        queue=Interaction.queue_id,
        ended_at=Interaction.ended_at,
        wait_seconds=Interaction.wait_seconds,
        talk_seconds=Interaction.talk_seconds,
        wrap_up_code=Interaction.wrap_up_code,
        recordings=_recordings(),
    ),
    words=_words(Interaction.customer_id, "interactions.note"),
    served=or_(Interaction.agent_id == AGENT, Interaction.legs.op("@>")(_LEG)),  # or who talked on one of its legs
)

_BY = literal_column("interaction_entries.data ->> 'by'", Text)
_TEXT = "interaction_entries.data ->> 'text'"
CONTACT_NOTES = Source(
    name="contact_notes",
    kinds=("contact_note",),
    rows=InteractionEntry.__table__,
    customer=InteractionEntry.customer_id,
    at=InteractionEntry.at,
    id=InteractionEntry.id,
    numbered=True,
    what=literal("written"),
    agent=_BY,
    text=literal_column(_TEXT, Text),
    thing=InteractionEntry.interaction_id,
    details=_told(contact=InteractionEntry.interaction_id),
    words=_words(InteractionEntry.customer_id, _TEXT),
    fits=(InteractionEntry.kind == "note",),
)

NOTES = Source(
    name="notes",
    kinds=("note", "warning"),
    kind=case((CustomerNote.pinned, "warning"), else_="note"),
    rows=CustomerNote.__table__,
    customer=CustomerNote.customer_id,
    at=CustomerNote.written_at,
    id=CustomerNote.id,
    what=literal("written"),
    agent=CustomerNote.written_by,
    text=CustomerNote.text,
    details=_told(until=CustomerNote.until),
    words=_words(CustomerNote.customer_id, "customer_notes.text"),
)

_CALLED_BACK = CustomerAlertEntry.act == "call_back"
_CASE_OPENED = CustomerAlertEntry.act == "open_case"
_RULE = select(UsageRule.name).where(UsageRule.id == CustomerAlert.rule_id).scalar_subquery()
ALERTS = Source(
    # of a customer all alerts are looked through, who has few; their entries do not name the customer
    name="alerts",
    kinds=("alert",),
    rows=CustomerAlertEntry.__table__.join(CustomerAlert.__table__, CustomerAlert.id == CustomerAlertEntry.alert_id),
    customer=CustomerAlert.customer_id,
    at=CustomerAlertEntry.at,
    id=CustomerAlertEntry.id,
    numbered=True,
    what=CustomerAlertEntry.act,
    agent=CustomerAlertEntry.who,
    text=case((not_(or_(_CALLED_BACK, _CASE_OPENED)), CustomerAlertEntry.note)),
    thing=CustomerAlertEntry.alert_id,
    details=_told(
        alert=CustomerAlertEntry.alert_id,
        rule=CustomerAlert.rule_id,
        title=_RULE,
        severity=CustomerAlert.severity,
        state=CustomerAlertEntry.state,
        owner=CustomerAlertEntry.owner,
        contact=case((_CALLED_BACK, CustomerAlertEntry.note)),
        case=case((_CASE_OPENED, CustomerAlertEntry.note)),
    ),
)

_OF_CASE = Case.id == CaseEntry.case_id
CASES = Source(
    # subject, description and resolution are told as the text of the entry by which they were written
    name="cases",
    kinds=("case",),
    rows=CaseEntry.__table__,
    customer=CaseEntry.customer_id,
    at=CaseEntry.at,
    id=CaseEntry.id,
    numbered=True,
    what=CaseEntry.act,
    agent=CaseEntry.who,
    text=CaseEntry.text,
    thing=CaseEntry.case_id,
    details=_told(
        case=CaseEntry.case_id,
        number=select(Case.number).where(_OF_CASE).scalar_subquery(),
        subject=select(Case.subject).where(_OF_CASE).scalar_subquery(),
        status=CaseEntry.status,
        changes=CaseEntry.changes.op("-")(literal_column("array['subject', 'description', 'resolution']")),
    ),
    words=_words(CaseEntry.customer_id, "case_entries.text"),
)

CREDIT = Source(
    # what the bureau said is for those who may read the history of standing
    name="credit_checks",
    kinds=("credit_check",),
    rows=CreditCheck.__table__,
    customer=CreditCheck.customer_id,
    at=CreditCheck.asked_at,
    id=CreditCheck.id,
    what=CreditCheck.outcome,
    agent=CreditCheck.asked_by,
    details=_told(source=CreditCheck.source, settled_at=CreditCheck.settled_at),
)

PROMISES = Source(
    # what an agreement added to a contact, at the instant of the contact for which it was added
    name="promises",
    kinds=("promise",),
    rows=Due.__table__,
    customer=Due.customer_id,
    at=Due.started_at,
    id=Due.id,
    what=Due.kind,
    agent=Due.owner,
    text=Due.clause_text,
    thing=Due.interaction_id,
    details=_told(
        contact=Due.interaction_id,
        agreement=Due.agreement_id,
        clause=Due.clause_id,
        due_at=Due.due_at,
        done_at=Due.done_at,
        done_by=Due.done_by,
        done_in=Due.done_in,
        note=Due.note,
    ),
)

CONSENTS = Source(
    name="consents",
    kinds=("consent",),
    rows=CustomerConsent.__table__,
    customer=CustomerConsent.customer_id,
    at=CustomerConsent.at,
    id=CustomerConsent.id,
    numbered=True,
    what=case((CustomerConsent.given, "given"), else_="refused"),
    agent=CustomerConsent.recorded_by,
    channel=CustomerConsent.channel,
    details=_told(origin=CustomerConsent.origin),
)

_PART, _CHANGES = CustomerVersion.part, CustomerVersion.changes
_MERGED = or_(
    _CHANGES["merged"][1].as_string().is_not(None),
    _CHANGES["merged_into"][1].as_string().is_not(None),
)


# a consent is told by itself; a note when it is written, and by its version only what became of it; a merge by who
# survived, or by the customer themselves once they stand for themselves again
_NOTE_WRITTEN = and_(_PART == "note", _CHANGES["written_at"][0].as_string().is_(None), _CHANGES.has_key("written_at"))
_MERGE_TOLD = and_(_PART == "merge", _CHANGES.has_key("merged_into"), CustomerVersion.customer_id != ROOT)

VERSIONS = Source(
    name="versions",
    kinds=("change", "tier", "agreement", "merge"),
    kind=case(
        (and_(_PART == "customer", _CHANGES.has_key("tier_id")), "tier"),
        (_PART == "agreement", "agreement"),
        (_PART == "merge", "merge"),
        else_="change",
    ),
    rows=CustomerVersion.__table__,
    customer=CustomerVersion.customer_id,
    at=CustomerVersion.at,
    id=CustomerVersion.id,
    numbered=True,
    what=case((_PART != "merge", _PART), (_MERGED, "merged"), else_="unmerged"),
    agent=CustomerVersion.who,
    text=CustomerVersion.why,
    thing=CustomerVersion.customer_id,
    details=_told(version=CustomerVersion.version, item=CustomerVersion.item, changes=_CHANGES),
    fits=(not_(_NOTE_WRITTEN), not_(_MERGE_TOLD), _PART != "consent"),
)

MAKING = Source(
    name="making",
    kinds=("made",),
    rows=Customer.__table__,
    customer=Customer.id,
    at=Customer.created_at,
    id=Customer.id,
    what=case((Customer.provisional, "provisional"), else_="customer"),
    agent=Customer.created_by,
    text=Customer.created_because,
    details=_told(source=Customer.source, merged=Customer.merged_into.is_not(null())),
)
