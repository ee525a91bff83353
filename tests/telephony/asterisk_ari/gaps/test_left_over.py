"""What a process before us has left on the switch is found when we connect."""

import pytest

from app.telephony.adapters.asterisk_ari.line.names import tape
from app.telephony.events import EventType
from app.telephony.port import KnownRecording
from tests.telephony.asterisk_ari.stand_in import incoming, until
from tests.telephony.asterisk_ari.test_switch import Bench, running

pytestmark = pytest.mark.enable_socket


async def test_a_recording_that_is_nowhere_has_failed_and_one_that_goes_on_has_not() -> None:
    bench = Bench()
    bench.asterisk.channels = [incoming("17.1"), incoming("17~1.tape.main-3.c.1")]
    bench.asterisk.answers = lambda asked: 404 if "c.2" in asked["uri"] else 204
    bench.floor.waited_for = [KnownRecording("17.1", "c.1"), KnownRecording("16.9", "c.2")]
    async with running(bench):
        await until(lambda: ("17.1", EventType.SCRIPT_LOST) in bench.floor.told and len(bench.floor.told) == 3)
        failed = [call for call, kind in bench.floor.told if kind == EventType.RECORDING_FAILED]
        assert failed == ["16.9"]
        assert set(bench.switch._calls) == {"17.1"}


async def test_a_bridge_that_a_process_before_us_has_left_empty_is_deleted_and_that_of_a_call_is_not() -> None:
    bench = Bench()
    bench.asterisk.channels = [incoming("17.1")]
    bench.asterisk.bridges = [{"id": each, "channels": []} for each in ("16~9.talk", "17~1.talk")]
    async with running(bench):
        await until(lambda: ("17.1", EventType.SCRIPT_LOST) in bench.floor.told)
        assert [each["uri"] for each in bench.asterisk.said("DELETE", "bridges")] == ["bridges/16~9.talk"]


async def test_files_that_nobody_fetched_are_not_asked_for_one_by_one_before_the_connection_stands() -> None:
    bench = Bench()
    bench.asterisk.channels = [incoming("17.1")]
    files = [tape(f"16.{number}", 1.0, f"c{number}.1") for number in range(2000)]
    bench.asterisk.stored = [{"name": each} for each in (*files, tape("17.1", 2.0, "c.1"))]
    async with running(bench):
        await bench.connected()
        assert [each["uri"] for each in bench.asterisk.said("GET", "recordings/live/")] == [
            f"recordings/live/{tape('17.1', 2.0, 'c.1')}"
        ]
        await until(lambda: len(bench.tapes.fetched) == 2000)
