"""Asterisks that do not let Callfloor in, each for a reason that is told."""

from pathlib import Path

import msgspec
import pytest
import websockets

from app.core.tasks import begin
from app.demo.pbx.install import Installation
from app.telephony.adapters.asterisk_ari.ari.connection import Access, AriConnection, SwitchAway, SwitchUnusable
from tests.pbx.site import READER, PbxSite, started

pytestmark = pytest.mark.enable_socket


def access(site: PbxSite, password: str | None = None, user: str | None = None) -> Access:
    """What the source of this Asterisk says, or another password or user."""
    told = site.access
    return msgspec.structs.replace(told, user=user or told.user, password=password or told.password)


@pytest.mark.parametrize("user", ["callfloor", "nobody"])
async def test_a_wrong_user_or_password_of_ari_is_told_with_where_to_look(switch: PbxSite, user: str) -> None:
    with pytest.raises(SwitchUnusable, match=rf"does not accept ARI user '{user}'.* ari\.conf"):
        await AriConnection.open(access(switch, "wrong", user))


async def test_a_user_of_ari_who_may_only_read_is_told_with_what_to_change(asterisk: PbxSite) -> None:
    async with await AriConnection.open(access(asterisk, READER, READER)) as connection:
        reading = begin("events", connection.run(lambda event: None))
        with pytest.raises(SwitchUnusable, match=r"lets ARI user 'reader' only read; say read_only=no .* ari\.conf"):
            await connection.set_up(["Dial"])
        reading.cancel()


async def test_an_asterisk_whose_session_limit_is_reached_is_told(installation: Installation, tmp_path: Path) -> None:
    with started(installation, tmp_path, {"http.conf": "\n[general](+)\nsessionlimit = 1\n"}) as site:
        key = f"{site.plan.ari_user}:{site.plan.ari_password}"
        async with websockets.connect(f"ws://{site.plan.http}/ari/events?app=other&api_key={key}"):
            with pytest.raises(SwitchAway, match=r"is its `sessionlimit` in http\.conf reached"):
                await AriConnection.open(access(site))
