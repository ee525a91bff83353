"""What can be wrong with a question about the history."""

from datetime import datetime

from app.core.errors import Invalid
from app.core.wire import fault


class NoWords(Invalid):
    """A text to look for that has no letter and no digit in it."""

    code = "no-words"

    def __init__(self) -> None:
        told = fault("query.q", "has no word in it", "letters, digits or Chinese characters")
        super().__init__("There is no word in what is looked for.", faults=[told])


class TimesReversed(Invalid):
    """A time that ends before it begins."""

    code = "times-reversed"

    def __init__(self, since: datetime, until: datetime) -> None:
        told = fault("query.until", "is not after since", f"an instant after {since.isoformat()}")
        detail = f"Nothing can lie between {since.isoformat()} and {until.isoformat()}."
        super().__init__(detail, faults=[told])
