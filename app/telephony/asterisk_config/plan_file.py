"""An Asterisk's plan as a person writes it: YAML whose every part may be left out."""

from typing import Any

import msgspec

from app.telephony.asterisk_config.plan import (
    Address,
    AgentPhone,
    AsteriskPlan,
    Fallback,
    Folders,
    PlanFaulty,
    Tls,
    Trunk,
    TrunkAccount,
)


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of the file."""


class FoldersPart(_Part, frozen=True):
    """Where Asterisk's build has its things, if not where it says by itself."""

    modules: str | None = None
    data: str | None = None
    var: str | None = None


class TlsPart(_Part, frozen=True):
    """For browsers' phones."""

    certificate: str
    key: str
    address: str = "0.0.0.0:8089"


class AccountPart(_Part, frozen=True):
    """An account at a provider."""

    user: str
    password: str
    register: bool = False


class TrunkPart(_Part, frozen=True):
    """A provider."""

    name: str
    match: list[str] = []
    host: str | None = None
    account: AccountPart | None = None


class AgentPart(_Part, frozen=True):
    """An agent's phone. A password that is left out is made."""

    endpoint: str
    password: str | None = None
    webrtc: bool = False
    language: str | None = None
    caller_id: str | None = None


class FallbackPart(_Part, frozen=True):
    """What a caller gets while Callfloor is away."""

    prompt: str | None = None
    number: str | None = None
    trunk: str | None = None


class PlanFile(_Part, frozen=True):
    """The whole file; what is left out is as in `AsteriskPlan`. Without `agents` they are those in the database."""

    sip: str = "0.0.0.0:5060"
    http: str = "127.0.0.1:8088"
    ari_user: str = "callfloor"
    public_address: str | None = None
    rtp: str = "10000-20000"
    silence: int = 60
    language: str = "en"
    folders: FoldersPart = FoldersPart()
    tls: TlsPart | None = None
    trunks: list[TrunkPart] = []
    agents: list[AgentPart] | None = None
    browsers: list[str] = []
    """Which of the agents in the database have their phone in the browser: endpoints."""
    ice_hosts: dict[str, str] = {}
    fallback: FallbackPart = FallbackPart()


class Passwords(msgspec.Struct):
    """What was made once and is kept: Asterisk's passwords, by endpoint."""

    ari: str
    agents: dict[str, str]


def read_plan(data: Any) -> PlanFile:
    """The file of what YAML gives. Raises `PlanFaulty`."""
    try:
        return msgspec.convert({} if data is None else data, PlanFile)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        raise PlanFaulty([_fault(where.strip("`") or "$", what, "see docs/asterisk.md")]) from error


def plan_of(file: PlanFile, etc: str, agents: list[AgentPart], passwords: Passwords) -> AsteriskPlan:
    """The plan that a file means for the folder `etc`, with these agents. Raises `PlanFaulty`."""
    first, _, last = file.rtp.partition("-")
    if not (first.isdigit() and last.isdigit()):
        raise PlanFaulty([_fault("rtp", f"{file.rtp!r} is no range of ports", "such as 10000-20000")])
    tls = file.tls
    return AsteriskPlan(
        Folders(etc, *msgspec.structs.astuple(file.folders)),
        passwords.ari,
        sip=_address("sip", file.sip),
        http=_address("http", file.http),
        ari_user=file.ari_user,
        tls=Tls(_address("tls.address", tls.address), tls.certificate, tls.key) if tls else None,
        rtp=(int(first), int(last)),
        silence=file.silence,
        public_address=file.public_address,
        ice_hosts=tuple(file.ice_hosts.items()),
        trunks=tuple(_trunk(it) for it in file.trunks),
        agents=tuple(_phone(it, passwords) for it in agents),
        language=file.language,
        fallback=Fallback(*msgspec.structs.astuple(file.fallback)),
    )


def _trunk(it: TrunkPart) -> Trunk:
    account = TrunkAccount(*msgspec.structs.astuple(it.account)) if it.account else None
    return Trunk(it.name, tuple(it.match), it.host, account)


def _phone(it: AgentPart, passwords: Passwords) -> AgentPhone:
    password = it.password or passwords.agents[it.endpoint]
    return AgentPhone(it.endpoint, password, it.webrtc, it.language, it.caller_id)


def _address(where: str, text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise PlanFaulty([_fault(where, f"{text!r} is no address", "address:port, such as 0.0.0.0:5060")])
    return Address(host, int(port))


def _fault(where: str, what: str, accepted: str) -> dict[str, str]:
    return {"where": where, "what": what, "accepted": accepted}
