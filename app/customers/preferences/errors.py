"""What can be wrong with customers' wishes, and with calling somebody against them."""

from datetime import datetime

from app.core.errors import Conflict, Invalid, NotFound


class PreferenceUnknown(NotFound):
    """No wish has that name, or the customer has none of it."""

    code = "preference-unknown"


class PreferenceUnfit(Invalid):
    """A value that is none of its wish, or that contradicts what the customer has consented to."""

    code = "preference-unfit"


class PreferenceKept(Conflict):
    """A source whose word the one that tells does not overwrite has told of the wish."""

    code = "preference-kept"

    def __init__(self, name: str, by: str, given: str) -> None:
        detail = f"The wish {name!r} was told by {by!r}, which {given!r} does not rank above: it stays."
        super().__init__(detail, source=by, given=given)


class CallUnwished(Conflict):
    """The customer does not want to be called now, or at that number."""

    code = "call-unwished"

    def __init__(self, wish: str, detail: str, next_at: datetime | None = None) -> None:
        detail = f"{detail} Say `though_unwished` to call all the same."
        super().__init__(detail, wish=wish, next_at=None if next_at is None else next_at.isoformat())
