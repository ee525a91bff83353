"""Adding to the history. What is there is never changed or taken away."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.cards import without_card_numbers
from app.interactions.models import InteractionEntry
from app.interactions.queries import find_interaction
from app.subscriptions.announcing import Change, announce

NOTE = "note"


async def append_note(
    session: AsyncSession, interaction_id: UUID, *, text: str, by: str, at: datetime
) -> InteractionEntry:
    """Write a note of the user `by` at the end of an ended contact's timeline, of card numbers only the last digits.
    Raises InteractionNotFound."""
    interaction = await find_interaction(session, interaction_id)
    if interaction.customer_id is None:  # who is made a customer at this moment is waited for: the note is theirs, too
        await session.refresh(interaction, with_for_update={"read": True})
    entry = InteractionEntry(
        started_at=interaction.started_at,
        interaction_id=interaction.id,
        at=at,
        kind=NOTE,
        customer_id=interaction.customer_id,
        data={"text": without_card_numbers(text), "by": by},
    )
    session.add(entry)
    await session.flush()
    customer = None if interaction.customer_id is None else str(interaction.customer_id)
    told = {"contact_id": str(interaction_id), "customer_id": customer, "by": by}
    await announce(session, "contact.noted", [Change(f"contact:{interaction_id}", told)])
    return entry
