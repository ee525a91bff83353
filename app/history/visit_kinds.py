"""What the timeline tells of field visits: everything that happened to each."""

from sqlalchemy import func, literal, literal_column, or_
from sqlalchemy.dialects.postgresql import JSONB

from app.desk.visits.models import FieldVisitEntry
from app.history.source import AGENT, Source

_ROW = FieldVisitEntry

VISITS = Source(
    name="visits",
    kinds=("visit",),
    rows=_ROW.__table__,
    customer=_ROW.customer_id,
    at=_ROW.at,
    id=_ROW.id,
    numbered=True,
    what=_ROW.act,
    agent=_ROW.who,
    text=_ROW.note,
    thing=_ROW.visit_id,
    details=func.jsonb_build_object(
        *(literal("visit"), _ROW.visit_id),
        *(literal("status"), _ROW.status),
        *(literal("engineer"), _ROW.engineer),
        *(literal("changes"), _ROW.changes),
        type_=JSONB,
    ),
    words=func.history_words(_ROW.customer_id, literal_column("field_visit_entries.note")),
    served=or_(_ROW.who == AGENT, _ROW.engineer == AGENT),  # or who was to go, or went
)
