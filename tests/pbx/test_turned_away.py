"""Asterisks that do not let Callfloor in, each for a reason that is told."""

from pathlib import Path

import pytest
import websockets

from app.demo.pbx.install import Installation
from app.telephony.adapters.asterisk_ari.connection import Access, AriConnection, SwitchAway, SwitchUnusable
from tests.pbx.site import PbxSite, started

pytestmark = pytest.mark.enable_socket


def access(site: PbxSite, password: str | None = None) -> Access:
    """What the source of this Asterisk says, or another password."""
    plan = site.plan
    return Access(f"ws://{plan.http}/ari", plan.ari_user, password or plan.ari_password, plan.app)


async def test_a_wrong_password_of_ari_is_told_with_where_to_look(switch: PbxSite) -> None:
    with pytest.raises(SwitchUnusable, match=r"does not accept ARI user 'callfloor'.* ari\.conf"):
        await AriConnection.open(access(switch, "wrong"))


async def test_an_asterisk_whose_session_limit_is_reached_is_told(installation: Installation, tmp_path: Path) -> None:
    with started(installation, tmp_path, {"http.conf": "\n[general](+)\nsessionlimit = 1\n"}) as site:
        key = f"{site.plan.ari_user}:{site.plan.ari_password}"
        async with websockets.connect(f"ws://{site.plan.http}/ari/events?app=other&api_key={key}"):
            with pytest.raises(SwitchAway, match=r"is its `sessionlimit` in http\.conf reached"):
                await AriConnection.open(access(site))
