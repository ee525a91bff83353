"""The sockets as channels of the protocol: who may say what on which, and by which rules."""

import msgspec

from app.api.sockets.asked import BASICS, COMMANDS, OVERSEEING
from app.api.sockets.line import SUBPROTOCOL
from app.api.sockets.shown import (
    AgentChanged,
    AgentWelcome,
    CommandFailed,
    ContactConsulted,
    ContactEnded,
    ContactInvited,
    ContactOffered,
    ContactOpened,
    ContactOverflowed,
    ContactQueued,
    ContactSupervised,
    ContactUpdated,
    Degraded,
    Done,
    FloorWelcome,
    FlowAlert,
    Numbered,
    OfferWithdrawn,
    PingOfServer,
    PongOfServer,
    ProfileChanged,
    ProfileClosed,
    ProfileShown,
    Refused,
    Renewed,
    Restored,
)
from app.core.channels import Channel

EVENTS: tuple[type[Numbered], ...] = (
    AgentChanged,
    ContactOpened,
    ContactQueued,
    ContactOffered,
    ContactConsulted,
    ContactInvited,
    ContactOverflowed,
    OfferWithdrawn,
    ContactUpdated,
    ContactEnded,
    CommandFailed,
)

_ALWAYS: tuple[type[msgspec.Struct], ...] = (
    *(Done, Renewed, Refused, PingOfServer, PongOfServer, Degraded, Restored),
    *(ProfileShown, ProfileChanged, ProfileClosed),
)

_RULES = f"""Subprotocol `{SUBPROTOCOL}`, JSON text frames of at most 64 KiB.
The first frame is `hello`, within 5 seconds. Then come the frames missed since `resume`, the welcome, and live frames
with rising `seq`. A command's id gets the same answer again within its session, and is refused for another command.
What is under way at the telephone platform is not ordered twice: asked for again it is refused with `under-way`.
Send a newer access token in a `token` frame before the present one ends, or resume with it after 4001.
Close codes: 4000 protocol error or silence, 4001 bad or expired token, 4003 wrong role, 4008 too slow (resume), 4013
the floor is owned by another process, 1009 frame too big, 1012 restart, 1013 try later."""

CHANNELS = (
    Channel(
        name="agent",
        title="The agent's socket",
        description=_RULES,
        protocol="ws",
        address="/ws/agent",
        hears=(*BASICS, *COMMANDS),
        tells=(AgentWelcome, *EVENTS, *_ALWAYS),
    ),
    Channel(
        name="floor",
        title="The supervisor's socket",
        description=_RULES,
        protocol="ws",
        address="/ws/floor",
        hears=(*BASICS, *OVERSEEING),
        tells=(FloorWelcome, *EVENTS, ContactSupervised, FlowAlert, *_ALWAYS),
    ),
)
