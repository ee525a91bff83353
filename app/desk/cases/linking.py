"""Which contacts are about a case."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.models import Customer
from app.db.engine import WriteSession
from app.desk.cases.errors import ContactLinked, ContactOfAnother, ContactUnknown
from app.desk.cases.models import Case, CaseContact
from app.interactions.errors import InteractionNotFound
from app.interactions.queries import find_interaction

# contacts that have not ended are the floor's, a room above this one
_LIVE = text("select customer_id from live_contacts where id = :id")


async def link(session: WriteSession, case: Case, contact_id: UUID, who: str, now: datetime) -> None:
    """Say once that a contact is about the case. Raises ContactUnknown, ContactOfAnother, ContactLinked."""
    assert case.customer_id is not None
    of = await _customer_of(session, contact_id)
    if of is not None and not await of_one_family(session, case.customer_id, of):
        raise ContactOfAnother(contact_id)
    new = insert(CaseContact).values(case_id=case.id, contact_id=contact_id, at=now, who=who)
    made = await session.scalar(new.on_conflict_do_nothing().returning(CaseContact.contact_id))
    if made is None:
        raise ContactLinked(contact_id)


async def of_one_family(session: AsyncSession, one: UUID, other: UUID) -> bool:
    """Whether the same customer stands for both."""
    roots = select(func.coalesce(Customer.merged_into, Customer.id)).where(Customer.id.in_([one, other]))
    found = list(await session.scalars(roots))
    return len(found) == len({one, other}) and len(set(found)) == 1


async def _customer_of(session: AsyncSession, contact_id: UUID) -> UUID | None:
    """Whose contact it is, None where nobody knows. One that lives is looked for first, as it may end meanwhile."""
    live = (await session.execute(_LIVE, {"id": contact_id})).first()
    if live is not None:
        return live[0]  # type: ignore[no-any-return]
    try:
        return (await find_interaction(session, contact_id)).customer_id
    except InteractionNotFound as error:
        raise ContactUnknown(contact_id) from error
