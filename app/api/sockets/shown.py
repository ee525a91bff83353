"""What the server may send on a socket, as types. They describe: the bytes come from the floor as they are logged."""

from typing import Any, Literal

import msgspec

from app.agents.presence import AgentState
from app.api.sockets.asked import RequestId
from app.calls.leg import LegState, Party
from app.calls.recording import RecordingState
from app.floor.commands import CustomerCard
from app.floor.memory.entities import ContactState
from app.routing.engine.decision import Decision
from app.telephony.events import PhoneWord


class Leg(msgspec.Struct, kw_only=True):
    """One party's connection to a call; its times are seconds up to `since`."""

    id: str
    party: Party
    agent: str | None
    state: LegState
    since: str
    queue_seconds: float
    ring_seconds: float
    talk_seconds: float
    hold_seconds: float


class Recording(msgspec.Struct, kw_only=True):
    """A recording of a call, asked for `by` somebody or by the rule of the `queue`. `for_secret`: paused while
    the caller keys one; it goes on by itself. `seconds` once it is ready."""

    id: str
    state: RecordingState
    for_secret: bool
    by: str | None
    queue: str | None
    started_at: str
    seconds: float | None


class Consultation(msgspec.Struct, kw_only=True):
    """Whom an agent (`by`) consults about the contact: a colleague (`agent`) or a number; the caller is on hold."""

    by: str
    agent: str | None
    number: str | None
    state: Literal["ringing", "answered"]


class Contact(msgspec.Struct, kw_only=True):
    """A live contact. `candidates` are all customers with the caller's number where there are several; `invited` are
    colleagues who are being added to the call, and whose phones ring."""

    id: str
    call_id: str
    source: str
    channel: str
    direction: str | None
    from_: str | None = msgspec.field(name="from")
    to: str | None
    state: ContactState
    held: bool
    queue: str | None
    tier: str | None
    customer: CustomerCard | None
    candidates: list[CustomerCard]
    arrived_at: str
    queued_at: str | None
    estimated_wait_seconds: float | None
    callback_of: str | None
    ended_at: str | None
    agents: list[str]
    offered_to: list[str]
    consult: Consultation | None
    invited: list[str]
    legs: list[Leg]
    recordings: list[Recording]


class OwnContact(Contact, kw_only=True):
    """A contact in an agent's snapshot, with the profile that came with its offer."""

    profile: dict[str, Any] | None
    expires_at: str | msgspec.UnsetType = msgspec.UNSET


class Agent(msgspec.Struct, kw_only=True):
    """An agent and what they are doing. `phone` is what platforms say of their phone, null where none does; `in_use`
    without a contact is a call of their own, during which nothing is offered."""

    id: str
    name: str
    team: str | None
    state: AgentState
    reason: str | None
    after: str | None
    since: str
    connected: bool
    phone: PhoneWord | None
    offer: str | None
    contact_id: str | None
    contacts: list[str]
    wrap_up: str | None
    wrap_up_until: str | None


class Queue(msgspec.Struct, kw_only=True):
    """A queue at this moment."""

    id: str
    name: str
    waiting: int
    offered: int
    active: int
    longest_wait_seconds: float


class Team(msgspec.Struct, kw_only=True):
    """A team, whether or not anybody is in it."""

    id: str
    name: str


class Problem(msgspec.Struct, kw_only=True):
    """What was wrong, as over HTTP (RFC 9457); further members are facts such as the present state."""

    type: str
    title: str
    status: int
    detail: str
    faults: list[dict[str, str]] | msgspec.UnsetType = msgspec.UNSET


class Done(msgspec.Struct, kw_only=True):
    """A command was applied and is durable. Further members are what it made, such as the contact of a dialled call."""

    re: RequestId
    ok: Literal[True]


class Renewed(msgspec.Struct, kw_only=True):
    """A newer token was taken: it is good until `expires_at`."""

    re: RequestId
    ok: Literal[True]
    expires_at: str | None


class Refused(msgspec.Struct, kw_only=True):
    """A frame was refused; nothing was done. `re` is null where the frame had no usable id."""

    re: RequestId | None
    ok: Literal[False]
    problem: Problem


class PingOfServer(msgspec.Struct, tag_field="type", tag="ping"):
    """Every 11 to 15 seconds; answer with anything. Who is silent for 45 seconds is gone."""


class PongOfServer(msgspec.Struct, tag_field="type", tag="pong", kw_only=True):
    """The answer to a client's ping."""

    re: RequestId | None
    ok: Literal[True]


class Degraded(msgspec.Struct, tag_field="type", tag="degraded"):
    """Commands are refused for now, since they cannot be made durable; nothing acknowledged is lost."""

    since: str


class Restored(msgspec.Struct, tag_field="type", tag="restored"):
    """Commands are taken again."""


class Welcome(msgspec.Struct, tag_field="type", tag="welcome", kw_only=True):
    """The snapshot as of `seq`, after the frames that were missed. `reset`: they were too many, or the number was not
    this floor's; forget everything known and start from this. `session` is to be given again after a reconnection."""

    re: RequestId
    ok: Literal[True]
    seq: int
    session: str
    reset: bool
    degraded: bool


class AgentWelcome(Welcome, tag="welcome", kw_only=True):
    """The agent's snapshot as of `seq`. `reset`: forget what is known. `session`: give it again when reconnecting."""

    agent: Agent
    contacts: list[OwnContact]


class FloorWelcome(Welcome, tag="welcome", kw_only=True):
    """The floor's snapshot as of `seq`. `reset`: forget what is known. `session`: give it again when reconnecting."""

    at: str
    queues: list[Queue]
    teams: list[Team]
    unrouted: int
    agents: list[Agent]
    by_state: dict[AgentState, int]
    contacts: list[Contact]


class Numbered(msgspec.Struct, tag_field="type", kw_only=True):
    """Base of what happened: in order of `seq`, which resuming goes by. `at` is the floor's time."""

    seq: int
    at: str


class AgentChanged(Numbered, tag="agent.state", kw_only=True):
    """An agent's state changed."""

    agent: Agent


Profile = dict[str, Any] | msgspec.UnsetType | None
"""The customer's; no supervisor is told one."""


class ContactOpened(Numbered, tag="contact.opened", kw_only=True):
    """A call arrived, or was dialled; who dialled gets the profile of whom they call."""

    contact: Contact
    profile: Profile = msgspec.UNSET


class ContactQueued(Numbered, tag="contact.queued", kw_only=True):
    """The contact waits in a queue."""

    contact: Contact


class ContactOffered(Numbered, tag="contact.offered", kw_only=True):
    """The screen pop: take or decline it before `expires_at`. `profile` is the customer's, for the agent alone;
    supervisors open it (`profile.open`), as whoever looks at one is written down. `why` is routing's reason.
    With `auto_accepted` it is accepted already: the phone rings, and `contact.updated` tells so next."""

    contact: Contact
    profile: Profile = msgspec.UNSET
    why: Decision
    expires_at: str
    auto_accepted: bool


class ContactConsulted(Numbered, tag="contact.consulted", kw_only=True):
    """The screen pop of a colleague who is consulted by an agent (`by`): their phone rings. They are busy with it, and
    it is theirs once that agent has left; `offer.withdrawn` tells that it is over."""

    contact: Contact
    by: str
    profile: Profile = msgspec.UNSET


class ContactInvited(Numbered, tag="contact.invited", kw_only=True):
    """The screen pop of a colleague whom an agent (`by`) adds to the call: their phone rings. They are busy with it,
    and on it once they have answered; `call.hang_up` declines, `offer.withdrawn` tells that it is over without them."""

    contact: Contact
    by: str
    profile: Profile = msgspec.UNSET


class ContactOverflowed(Numbered, tag="contact.overflowed", kw_only=True):
    """The queue did not take the contact, or not for longer; `why` tells what was measured and what was done."""

    contact: Contact
    why: Decision


class OfferWithdrawn(Numbered, tag="offer.withdrawn", kw_only=True):
    """The offer is over without this agent: expired, declined, caller gone, ..."""

    contact_id: str
    reason: str


class ContactUpdated(Numbered, tag="contact.updated", kw_only=True):
    """The contact or its call changed. `profile` comes with a caller whom this agent has not been told of before."""

    contact: Contact
    profile: Profile = msgspec.UNSET


class ContactEnded(Numbered, tag="contact.ended", kw_only=True):
    """The call is over; wrap-up may still be open."""

    contact: Contact
    outcome: str


class CommandFailed(Numbered, tag="command.failed", kw_only=True):
    """A command to the telephone platform could not be delivered and was given up."""

    contact_id: str
    order_id: int
    order: str
    detail: str


class ContactSupervised(Numbered, tag="contact.supervised", kw_only=True):
    """A supervisor listens to a contact, or has stopped. Told to supervisors only."""

    contact_id: str
    act: Literal["listened", "listen_begun", "listen_stopped", "listen_ended", "taken_over"]
    by: str
    mode: Literal["listen", "whisper", "join"]
    to: str | None


class FlowAlert(Numbered, tag="flow.alert", kw_only=True):
    """Something is wrong with a flow that a caller is in, or with what the platform makes of it. Told to supervisors
    only."""

    contact_id: str
    flow: str
    version: int | None
    detail: str


class ProfileShown(msgspec.Struct, kw_only=True):
    """The answer to `profile.open`: whose profile it is (who stands for a merged customer), as over HTTP."""

    re: RequestId
    ok: Literal[True]
    customer_id: str
    version: int | None
    profile: dict[str, Any]


class ProfileChanged(msgspec.Struct, tag_field="type", tag="profile.changed", kw_only=True):
    """What changed of a profile that is open: the parts that differ, each as it is now. `opened` is by which id it was
    opened, `customer_id` who stands for them now. Several changes at once come as one frame."""

    opened: str
    customer_id: str
    at: str
    version: int | None
    parts: dict[str, Any]


class ProfileClosed(msgspec.Struct, tag_field="type", tag="profile.closed", kw_only=True):
    """There is no such customer any more: a profile that was open is not, and what was shown of it is to be let go."""

    opened: str
    at: str
    because: Literal["erased"]
