"""One channel of a call besides the customer's own: an agent, somebody at a number, a listener, a spy."""

import re
from dataclasses import dataclass

from app.telephony import dialable
from app.telephony.adapters.asterisk_ari.line.names import Name

JOINS = "join"
"""The mode of a listener who is heard by everybody."""


@dataclass
class Leg:
    """`up` once it is answered, `rang` once its phone has. `withdrawn` says why we ended it ourselves. `flow` marks
    somebody to whom a flow sent the caller, `handed` one to whom an agent did; `mode` is a listener's.
    `referring`: its phone has asked for a transfer (REFER), by this key, and waits for what becomes of that;
    `undecided`: it may have asked a process that is no more, or nobody. `taping`: the recording that it is for has
    begun. `holds`: its phone does. `due`: what its phone is told in a moment of a wish for which it has named a second
    call; it is not hung up on before. `answers`: the channel whose phone is told, once this one is gone, that it has
    joined two."""

    name: Name
    address: str
    up: bool = False
    rang: bool = False
    withdrawn: str | None = None
    flow: bool = False
    handed: str | None = None
    mode: str = "listen"
    referring: str = ""
    undecided: bool = False
    taping: bool = False
    holds: bool = False
    due: str = ""
    answers: str = ""
    channel: str = ""

    @property
    def id(self) -> str:
        """Its channel."""
        return self.channel or str(self.name)

    @property
    def role(self) -> str:
        """What it is for."""
        return self.name.role

    @property
    def speaks(self) -> bool:
        """Whether they are a reason for the call to go on: not who only listens, nor a recording."""
        if self.role == "listener":
            return self.mode == JOINS and self.up
        return self.role not in ("spy", "tape")

    @property
    def agent(self) -> str | None:
        """The agent on it, if it is an agent's."""
        return self.name.who if self.name.role == "agent" else None

    @property
    def talker(self) -> str | None:
        """Who talks by it: an agent, or a supervisor who is heard by everybody and may have taken the call over."""
        return self.name.who if self.role == "listener" and self.speaks else self.agent


@dataclass(frozen=True)
class Setup:
    """What is the same for all calls of one Asterisk: our application, how numbers are dialled, what callees see, and
    the languages of our own sentences."""

    app: str = "callfloor"
    dial: str = "PJSIP/{number}"
    caller_id: str | None = None
    languages: tuple[str, ...] = ("en",)


_PHONE = re.compile(r"(?:(?:PJSIP|SIP|IAX2|SCCP|DAHDI)/)?[\w.+-]{1,80}", re.ASCII)


def dialled(setup: Setup, number: str | None) -> str | None:
    """What the switch dials for a number, as people write it; None for what is no number."""
    plain = dialable.plain(number)
    return setup.dial.replace("{number}", plain) if plain is not None else None


def is_phone(address: str) -> bool:
    """Whether an address names a phone of the switch, and nothing beyond: whoever may listen says from where, and is
    not to lead a customer's call through a trunk, to a context (`Local/...`) or to another host by that."""
    return _PHONE.fullmatch(address) is not None


def endpoint(address: str) -> str:
    """The endpoint at an agent's address; a bare name is one of PJSIP's."""
    return address if "/" in address else f"PJSIP/{address}"
