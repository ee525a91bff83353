"""What each change of a case leaves behind: an entry, and word to other systems, in the transaction of the change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.instants import iso
from app.customers.cards import without_card_numbers
from app.db.engine import WriteSession
from app.desk.cases.models import Case, CaseEntry
from app.subscriptions.announcing import Change, announce

Changes = Mapping[str, tuple[Any, Any]]
"""Field -> what it was and what it is."""

_EVENT = {"open": "case.opened", "close": "case.closed"}


async def tell(
    session: WriteSession,
    case: Case,
    act: str,
    who: str,
    now: datetime,
    *,
    text: str | None = None,
    changes: Changes | None = None,
) -> CaseEntry:
    """Write down what was done and tell whoever wants to know. The case itself must have been written."""
    assert case.customer_id is not None
    fields = {name: [_plain(before), _plain(after)] for name, (before, after) in (changes or {}).items()}
    entry = CaseEntry(
        case_id=case.id,
        customer_id=case.customer_id,
        at=now,
        who=who,
        act=act,
        status=case.status,
        text=text,
        changes=fields,
    )
    session.add(entry)
    await session.flush()
    # of the order of a customer, as alerts are: who is told of a case is told of its customer before
    told = Change(f"customer:{case.customer_id}", _thin(case, act))
    await announce(session, _EVENT.get(act, "case.changed"), [told])
    return entry


def kept(text: str | None) -> str | None:
    """What somebody wrote, as it may be kept: of card numbers only the last digits."""
    return None if text is None else without_card_numbers(text)


def _thin(case: Case, act: str) -> dict[str, Any]:
    """Ids and states: no name, and nothing that anybody wrote."""
    return {
        "case_id": str(case.id),
        "number": case.number,
        "customer_id": str(case.customer_id),
        "act": act,
        "status": case.status,
        "priority": case.priority,
        "owner": case.owner,
        "team": case.team_id,
        "due_at": _plain(case.due_at),
        "version": case.version,
    }


def _plain(value: Any) -> Any:
    return iso(value.timestamp()) if isinstance(value, datetime) else value
