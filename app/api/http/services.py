"""What the endpoints work with; made once by the composition root and kept at `app.state.services`."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from app.api.http.limits import Turns
from app.auth.access_tokens import TokenService
from app.auth.passwords import Passwords
from app.auth.sign_in import SignIn
from app.core.clock import Clock
from app.core.guarding import Bounds
from app.credit.desk import CreditDesk
from app.customers.feeds.importing import MOST_READERS
from app.customers.masking import USUAL, Policy
from app.customers.profiles.reads import ReadLog
from app.customers.profiles.whole import Profiles
from app.db.engine import Sessions
from app.db.pool import Lend
from app.floor.commands import Answer, Command
from app.ivr.records.judging import Judge, judge
from app.recordings.archive import Archive
from app.telephony.port import Connections, Unconnected
from app.telephony.speech import Kept, Speech, Speechless

SPEECHLESS = Speechless()
UNCONNECTED = Unconnected()
FloorStatus = Literal["standby", "owner", "degraded"]


class Floor(Protocol):
    """What the endpoints need of the floor."""

    @property
    def status(self) -> FloorStatus:
        """Whether this process owns the floor, and can commit."""

    async def submit(self, command: Command, scope: str | None = None, id: str | None = None) -> Answer:  # noqa: A002
        """Apply a command; answered after the durable commit. The same (scope, id) gets the same answer again."""


class FeedTurns(NamedTuple):
    """Who may import over HTTP: streams, which last as long as whoever sends them likes, and messages of webhooks."""

    streams: Turns
    messages: Turns


def feed_turns(pool: int = 20) -> FeedTurns:
    """So many of either that of `pool` connections to the database (settings allow no fewer than five) at least one is
    left for everybody else: an import has two, one from its beginning to its end. Nor more than there are threads to
    read them, half for each: a message must not wait for one behind streams that stand still."""
    readers = MOST_READERS // 2
    return FeedTurns(
        Turns("stream a feed at present", at_once=max(1, min(pool // 5, readers)), waiting=4),
        Turns("tell changes at present", at_once=max(1, min(pool // 10, readers)), waiting=16),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything an endpoint may call."""

    sessions: Sessions
    lend: Lend
    """Lends plain connections, for what each request asks."""
    tokens: TokenService
    passwords: Passwords
    sign_in: SignIn
    clock: Clock
    floor: Floor
    archive: Archive
    credit: CreditDesk
    profiles: Profiles
    reads: ReadLog
    masking: Policy = USUAL
    """What of customers each role sees whole, and may reveal."""
    reveals_an_hour: int = 30
    """How many masked values one person may have shown in an hour."""
    reason_needed: bool = False
    """Whether people who read a customer's data must say for which contact or why."""
    webhooks: Bounds = field(default_factory=Bounds)
    """Where webhooks to other systems may go."""
    connections: Connections = UNCONNECTED
    """Platforms that are driven over a connection of ours."""
    default_region: str = "CN"
    """The country (ISO 3166) whose national numbers are dialled and written here."""
    judge: Judge = judge
    """Judges the texts of flows; knows which secrets the operator has set."""
    speech: Speech = SPEECHLESS
    recordings: Kept = SPEECHLESS
    media_url: str | None = None
    """Where switches reach this server; None: where whoever asks has reached it."""
    media_seconds: int = 86_400
    """How long a switch may keep a recording without asking again."""
    feeds: FeedTurns = field(default_factory=feed_turns)
    usage: Turns = field(default_factory=lambda: Turns("tell of usage at present", at_once=2, waiting=6))
    surveys: Turns = field(default_factory=lambda: Turns("have much looked through", at_once=2, waiting=6))
    """Reports, and rules tried on many customers: each may read for seconds."""
