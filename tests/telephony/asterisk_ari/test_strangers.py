"""Events of channels, prompts and recordings that are none of ours, or not any more."""

from typing import Any

import pytest

from app.telephony.events import EventType
from tests.telephony.asterisk_ari.stand_in import incoming, until
from tests.telephony.asterisk_ari.test_switch import Bench, running

pytestmark = pytest.mark.enable_socket
OF_CHANNELS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("StasisStart", {"args": []}),
    ("StasisStart", {"args": ["leg"]}),
    ("StasisStart", {"args": ["who", "knows"]}),
    ("ChannelStateChange", {}),
    ("ChannelDtmfReceived", {"digit": "1"}),
    ("ChannelHold", {}),
    ("ChannelUnhold", {}),
    ("ChannelHangupRequest", {"soft": True, "cause": 1}),
    ("StasisEnd", {}),
    ("ChannelDestroyed", {"cause": 16}),
    ("AnEventOfTomorrow", {}),
)
OF_OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("PlaybackFinished", {"playback": {"id": "17.9.play.1", "state": "failed"}}),
    ("RecordingFinished", {"recording": {"name": "17~9.tape.1.x", "state": "done"}}),
    ("RecordingFailed", {"recording": {"name": "x", "state": "failed"}}),
    ("ChannelDestroyed", {}),
    ("StasisStart", {"args": ["inbound", "4001"]}),
)


async def test_events_of_whom_nobody_knows_tell_nothing_ask_nothing_and_cost_nothing() -> None:
    async with running(Bench()) as bench:
        await bench.connected()
        asked = len(bench.asterisk.asked)
        for kind, data in OF_CHANNELS:
            for channel in ("17.9", "17~9.agent.main-1.anna", ""):
                await bench.asterisk.tell(kind, channel=incoming(channel), **data)
        for kind, data in OF_OTHERS:
            await bench.asterisk.tell(kind, **data)
        await bench.asterisk.call()
        await until(lambda: bench.floor.told)
        assert bench.floor.told == [("17.1", EventType.OFFERED)]
        assert not [each for each in bench.asterisk.asked[asked:] if "17.9" in each["uri"] or "17~9" in each["uri"]]
        assert (bench.asterisk.filters, bench.switch.standing.calls) == (1, 1)
