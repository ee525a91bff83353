"""Why a file is not read at all."""

from app.core.errors import Invalid


class FeedUnreadable(Invalid):
    """A file is empty, of an unknown kind, or not what its name says; the message says what would be right."""

    code = "feed-unreadable"
