"""The ids that we give on the switch. They say whose they are, so that a process that knows nothing of a call can take
it up again from a list of channels."""

import msgspec

AGENT = "agent"
CUSTOMER = "customer"
PARTY = "party"
"""Somebody at a number who was added to the call, or to whom the caller was sent."""

LISTENER = "listener"
SPY = "spy"
"""A channel that hears one leg, for a listener."""

TAPE = "tape"
"""A channel that hears the customer's leg, for a recording."""

PHONES = frozenset({AGENT, LISTENER})
"""Those that are phones of ours."""

ROLES = frozenset({AGENT, CUSTOMER, PARTY, LISTENER, SPY, TAPE})
DOT = "~"
"""Stands for the dot that parts the parts; Asterisk's own ids have one."""

LONGEST = 149
"""Characters that Asterisk takes in an id (AST_MAX_PUBLIC_UNIQUEID)."""


class Name(msgspec.Struct, frozen=True):
    """The parts of a channel's id: the call, what the channel is for, the order that made it, and who is on it."""

    call: str
    role: str
    order: str
    who: str = ""

    def __str__(self) -> str:
        return f"{_plain(self.call)}.{self.role}.{_plain(self.order)}.{self.who}"[:LONGEST]


def read(channel: str) -> Name | None:
    """The parts of an id that we gave; None for any other."""
    parts = channel.split(".", 3)
    if len(parts) != 4 or parts[1] not in ROLES:
        return None
    call, role, order, who = parts
    return Name(call.replace(DOT, "."), role, order.replace(DOT, "."), who)


def bridge(call: str) -> str:
    """Where the parties of a call hear each other."""
    return f"{_plain(call)}.talk"


def talks(bridge: str) -> str | None:
    """The call whose parties hear each other in a bridge; None for any other bridge."""
    call, _, rest = bridge.partition(".")
    return call.replace(DOT, ".") if call and rest == "talk" else None


def spying(name: Name) -> str:
    """Where a listener hears what is spied for them."""
    return f"{_plain(name.call)}.listening.{_plain(name.order)}"


def is_bridge(bridge: str) -> bool:
    """Whether a bridge is one of ours, by its id."""
    call, _, rest = bridge.partition(".")
    return talks(bridge) is not None or (bool(call) and rest.startswith("listening."))


MESSAGE = "message"
"""What a message is called after its contact."""


def message(call: str, script: int, contact: str) -> str:
    """The recording of what a caller leaves for us."""
    return f"{_plain(call)}.{MESSAGE}.{script}.{contact}"


def is_message(call: str, recording: str) -> bool:
    """Whether a recording is what a caller of this call leaves for us."""
    return recording.startswith(f"{_plain(call)}.message.")


class Taped(msgspec.Struct, frozen=True):
    """What the name of a recording on the switch says: of which call it is, since when it runs, and its id."""

    call: str
    started_at: float
    recording: str
    message: bool = False


def tape(call: str, started_at: float, recording: str) -> str:
    """A recording of a call on the switch; `started_at` is when the channel that hears it came to be."""
    return f"{_plain(call)}.{TAPE}.{round(started_at * 1000)}.{recording}"


def taped(recording: str) -> Taped | None:
    """The parts of a recording's name; None for one that is not ours. Of messages Asterisk's own id of the call tells
    since when it was there at the earliest: the second."""
    call, _, rest = recording.partition(".")
    kind, number, key = [*rest.split(".", 2), "", ""][:3]
    if not call or not key or not (number.isascii() and number.isdecimal()):
        return None
    if kind == TAPE:
        return Taped(call.replace(DOT, "."), int(number) / 1000, key)
    second = call.partition(DOT)[0]
    began = float(second) if second.isascii() and second.isdecimal() else 0.0
    return Taped(call.replace(DOT, "."), began, f"{key}.{MESSAGE}", message=True) if kind == MESSAGE else None


def _plain(part: str) -> str:
    return part.replace(".", DOT)
