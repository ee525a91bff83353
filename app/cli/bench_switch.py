"""The Asterisk of the bench: installed if need be, on this machine alone."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import TimeoutExpired

from app.bench.calls import NoAsterisk, Site
from app.demo.pbx.apt import AsteriskMissing
from app.demo.pbx.install import install
from app.demo.pbx.loopback import CARRIER_HOST, PHONES_HOST, loopback_plan
from app.demo.pbx.server import AsteriskFailed, AsteriskServer
from app.telephony.asterisk_config.files import configuration
from app.telephony.asterisk_config.plan import AgentPhone


def started(home: Path, folder: Path, phones: Sequence[str], added: Mapping[str, str]) -> Site:
    """Start the Asterisk of `home` in a folder of its own, `added` at the end of its files. Raises `NoAsterisk`."""
    try:
        installation = install(home)
        known = [AgentPhone(name, f"password of {name}") for name in phones]
        plan = loopback_plan(installation, folder, known)
        files = configuration(plan)
        for name, text in added.items():
            files[name] = files.get(name, "") + text
        server = AsteriskServer(installation, folder, files)
        server.start()
    except (AsteriskMissing, AsteriskFailed) as error:
        raise NoAsterisk(error.detail) from error
    return Site(
        version=installation.version(),
        pid=server.pid or 0,
        sip=plan.sip,
        ari=f"ws://{plan.http}/ari",
        ari_user=plan.ari_user,
        ari_password=plan.ari_password,
        outside=CARRIER_HOST,
        inside=PHONES_HOST,
        phones=[(phone.endpoint, phone.password) for phone in known],
        clear=partial(_clear, server),
        stop=server.stop,
    )


def _clear(server: AsteriskServer) -> None:
    """Hang up on everybody; a switch that is too busy to be told does so later, or not at all."""
    with suppress(AsteriskFailed, TimeoutExpired):
        server.command("channel request hangup all")
