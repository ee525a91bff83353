"""What an Asterisk for Callfloor is made of: addresses, trunks, agents' phones, and what happens without Callfloor."""

import ipaddress
import re
from typing import ClassVar, NamedTuple

from app.core.errors import Invalid

APP = "callfloor"
"""The Stasis application that Callfloor connects as."""
ECHO = "*43"
"""What an agent dials to hear their own voice: works without Callfloor."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,78}")
DIALLED = re.compile(r"[+*#0-9A-Za-z]{1,40}")
PROMPT = re.compile(r"[A-Za-z0-9/_.-]{1,200}")
FORBIDDEN = re.compile(r"[;\r\n\x00]")
LONGEST_SILENCE = 3600
"""Seconds; also how long a phone that has put the other side on hold may send nothing."""
OWN_SECTIONS = ("global", "system", "transport-udp", "transport-ws", "transport-wss", "general")


class PlanFaulty(Invalid):
    """The plan cannot be written as Asterisk's files; `facts["faults"]` lists {where, what, accepted}."""

    code: ClassVar[str] = "asterisk-plan-faulty"

    def __init__(self, faults: list[dict[str, str]]) -> None:
        told = "; ".join(f"{it['where']}: {it['what']}, accepted: {it['accepted']}" for it in faults)
        super().__init__(f"Asterisk's configuration cannot be made. {told}.", faults=faults)


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Folders(NamedTuple):
    """Where Asterisk finds what it needs and writes what it makes.

    Only `etc` must be said; what is None stays where the build of Asterisk has it.
    """

    etc: str
    modules: str | None = None
    data: str | None = None
    """Holds documentation/core-en_US.xml (without it ARI does not load), sounds and music."""
    var: str | None = None
    """Below it: database, keys, spool, pid file, log."""


class Tls(NamedTuple):
    """A certificate for browsers' phones: files that Asterisk reads, and where it listens."""

    address: Address
    certificate: str
    key: str


class TrunkAccount(NamedTuple):
    """A provider's account, where calls out must be signed; with `register` Asterisk signs on there as well."""

    user: str
    password: str
    register: bool = False


class Trunk(NamedTuple):
    """A provider: calls come from `match` (addresses, networks), calls out go to `host` (name or address, port)."""

    name: str
    match: tuple[str, ...]
    host: str | None = None
    account: TrunkAccount | None = None


class AgentPhone(NamedTuple):
    """An agent's phone; the agent's address in Callfloor is `PJSIP/<endpoint>`."""

    endpoint: str
    password: str
    webrtc: bool = False
    language: str | None = None
    caller_id: str | None = None
    """What this phone calls out as, such as `Anna <2001>`."""


class Fallback(NamedTuple):
    """What a caller gets while Callfloor is away: a prompt, another number over a trunk; else the line is dropped."""

    prompt: str | None = None
    number: str | None = None
    trunk: str | None = None


class AsteriskPlan(NamedTuple):
    """Everything that is to be said about one Asterisk."""

    folders: Folders
    ari_password: str
    sip: Address = Address("0.0.0.0", 5060)  # noqa: S104 - carriers and phones come from outside
    http: Address = Address("127.0.0.1", 8088)
    ari_user: str = "callfloor"
    tls: Tls | None = None
    rtp: tuple[int, int] = (10000, 20000)
    silence: int = 60
    """Seconds without any sound, 0 to 3600, after which a leg is taken for dead and ended; 0: never."""
    public_address: str | None = None
    """Where the world reaches this machine, if that is not its own address."""
    ice_hosts: tuple[tuple[str, str], ...] = ()
    """Addresses of this machine and what browsers are told instead."""
    trunks: tuple[Trunk, ...] = ()
    agents: tuple[AgentPhone, ...] = ()
    language: str = "en"
    app: str = APP
    fallback: Fallback = Fallback()

    @property
    def browsers(self) -> bool:
        """Whether any phone is a browser."""
        return any(agent.webrtc for agent in self.agents)


def check(plan: AsteriskPlan) -> None:
    """Raises `PlanFaulty` with all that is wrong."""
    faults = [*_faulty_names(plan), *_repeated(plan), *_faulty_values(plan), *_faulty_fallback(plan)]
    faults += [
        _fault(where, f"{host!r} is no address to listen on", "an IPv4 address of this machine, or 0.0.0.0")
        for where, host in (("sip", plan.sip.host), ("http", plan.http.host))
        if not _is_ipv4(host)
    ]
    if not 1024 <= plan.rtp[0] < plan.rtp[1] <= 65535:
        faults.append(_fault("rtp", f"{plan.rtp[0]}-{plan.rtp[1]} is no range of ports", "1024 to 65535, first < last"))
    if not 0 <= plan.silence <= LONGEST_SILENCE:
        told = f"0 to {LONGEST_SILENCE} seconds; 0: a dead leg is never noticed"
        faults.append(_fault("silence", f"{plan.silence} cannot be", told))
    if faults:
        raise PlanFaulty(faults)


def _fault(where: str, what: str, accepted: str) -> dict[str, str]:
    return {"where": where, "what": what, "accepted": accepted}


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _faulty_names(plan: AsteriskPlan) -> list[dict[str, str]]:
    named = [("agents", it.endpoint) for it in plan.agents] + [("trunks", it.name) for it in plan.trunks]
    named += [("ari_user", plan.ari_user), ("app", plan.app)]
    return [
        _fault(
            where,
            f"{name!r} is no name of an endpoint",
            "letters, digits, '_', '.' and '-', and none of Asterisk's own",
        )
        for where, name in named
        if not NAME.fullmatch(name) or name in OWN_SECTIONS
    ]


def _repeated(plan: AsteriskPlan) -> list[dict[str, str]]:
    names = [it.endpoint for it in plan.agents] + [it.name for it in plan.trunks]
    return [
        _fault("agents and trunks", f"{name!r} is there twice", "each name once")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]


def _faulty_values(plan: AsteriskPlan) -> list[dict[str, str]]:
    """A value ends at its line's end and at a semicolon; whoever could write those could write settings."""
    values = [("ari_password", plan.ari_password), ("language", plan.language)]
    values.append(("public_address", plan.public_address or "-"))
    for agent in plan.agents:
        values += [
            (f"agents.{agent.endpoint}", text or "-") for text in (agent.password, agent.language, agent.caller_id)
        ]
    for trunk in plan.trunks:
        account = trunk.account or TrunkAccount("-", "-")
        values += [(f"trunks.{trunk.name}", text) for text in (*trunk.match, trunk.host or "-", *account[:2])]
    return [
        _fault(where, "a line break or a semicolon cannot be written", "neither of them")
        for where, value in values
        if FORBIDDEN.search(value)
    ]


def _faulty_fallback(plan: AsteriskPlan) -> list[dict[str, str]]:
    it, faults = plan.fallback, []
    if it.number is not None and not DIALLED.fullmatch(it.number):
        faults.append(
            _fault("fallback.number", f"{it.number!r} cannot be dialled", "digits, letters, '+', '*' and '#'")
        )
    if it.prompt is not None and not PROMPT.fullmatch(it.prompt):
        faults.append(
            _fault("fallback.prompt", f"{it.prompt!r} is no sound", "a sound's name or path, without its ending")
        )
    out = {trunk.name for trunk in plan.trunks if trunk.host}
    if it.number is not None and it.trunk not in out:
        faults.append(
            _fault("fallback.trunk", f"{it.trunk!r} takes no calls", f"a trunk with a host ({', '.join(sorted(out))})")
        )
    return faults
