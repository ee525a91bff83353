"""What can be wrong with a question about the history."""

from uuid import UUID

from app.core.errors import NotFound


class InteractionNotFound(NotFound):
    """No contact of that id has ended."""

    code = "interaction-not-found"

    def __init__(self, interaction_id: UUID) -> None:
        detail = f"There is no interaction {interaction_id}; a contact that has not ended yet is among the calls."
        super().__init__(detail, id=str(interaction_id))
