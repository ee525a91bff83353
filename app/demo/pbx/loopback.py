"""A plan for an Asterisk on this machine alone: loopback, ports that nobody has.

Asterisk tells a trunk from an agent's phone by where it calls from. On loopback each has an address of its own.
"""

import fcntl
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path
from random import Random

from app.demo.pbx.install import Installation
from app.telephony.asterisk_config.plan import (
    Address,
    AgentPhone,
    AsteriskPlan,
    Fallback,
    Folders,
    Trunk,
)

HERE = "127.0.0.1"
CARRIER = "carrier"
CARRIER_HOST = "127.0.0.10"
"""Who calls from this address is a caller of the trunk."""
PHONES_HOST = "127.0.0.20"
"""Where agents' phones are."""
PORTS = range(20000, 32000)
"""Below those that the kernel hands out by itself, so that nobody gets one by chance while Asterisk starts."""
RTP = (10000, 19999)
HANG_UP = Fallback()
ASK_ADDRESS = 0x8915
"""SIOCGIFADDR of Linux."""


def loopback_plan(
    installation: Installation,
    folder: Path,
    agents: Sequence[AgentPhone],
    carrier_port: int | None = None,
    fallback: Fallback = HANG_UP,
) -> AsteriskPlan:
    """A plan with one trunk; calls out go to `carrier_port` at the carrier's address."""
    folder = folder.resolve()
    host = f"{CARRIER_HOST}:{carrier_port}" if carrier_port is not None else None
    folders = Folders(str(folder / "etc"), str(installation.modules), str(installation.data), str(folder))
    return AsteriskPlan(
        folders,
        secrets.token_hex(8),
        sip=Address(HERE, free_port()),
        http=Address(HERE, free_port()),
        rtp=RTP,
        ice_hosts=tuple((own, HERE) for own in own_addresses()),
        trunks=(Trunk(CARRIER, (CARRIER_HOST,), host),),
        agents=tuple(agents),
        fallback=fallback,
    )


def free_port(host: str = HERE) -> int:
    """A port that is free for UDP and TCP."""
    dice = Random()
    for _ in range(1000):
        port = dice.choice(PORTS)
        if is_free(host, port):
            return port
    raise OSError(f"no free port between {PORTS.start} and {PORTS.stop}")


def is_free(host: str, port: int) -> bool:
    """Whether nobody has a port, for UDP or TCP."""
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind((host, port))
    except OSError:
        return False
    return True


def own_addresses() -> list[str]:
    """The addresses of this machine on its interfaces, loopback left out."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe.fileno(), ASK_ADDRESS, name.encode().ljust(256, b"\0"))
            except OSError:  # it has none
                continue
            address = socket.inet_ntoa(answer[20:24])
            if not address.startswith("127."):
                found.append(address)
    return found
