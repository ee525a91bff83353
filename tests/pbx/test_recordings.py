"""Recordings of calls over a real Asterisk, listened to afterwards."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from app.core.clock import now
from app.telephony.adapters.asterisk_ari.actions import Pause, Request
from app.telephony.adapters.asterisk_ari.line.names import tape
from app.telephony.adapters.asterisk_ari.line.recordings import LASTS, still_silent
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre
from tests.pbx.gaps import Gap, reconnected, restarted
from tests.pbx.site import PbxSite, Phones
from tests.pbx.talks import SECONDS, Talk, hears, talking
from tests.pbx.wav import Recorded, recorded

pytestmark = pytest.mark.enable_socket
CALLER = "13800001111"
HEADER = 44
"""Bytes of a WAV file that has no sound yet."""

SLACK = 1.0
"""Seconds between an order and what it does, on a machine that has much to do."""


async def kept(centre: CallCentre, talk: Talk, number: int = 1) -> list[dict[str, Any]]:
    """What is told of the contact's recordings once so many are there."""

    async def look() -> list[dict[str, Any]]:
        answer = await centre.get(f"/api/v1/interactions/{talk.contact}/recordings")
        return list(answer.json()["items"]) if answer.status_code == 200 else []

    return await eventually(look, lambda items: len(items) == number, SECONDS)


async def played(centre: CallCentre, recording: dict[str, Any]) -> Recorded:
    """The audio, in two parts as a player asks for it."""
    path = f"/api/v1/recordings/{recording['id']}/audio"
    first = await centre.get(path, Range="bytes=0-999")
    rest = await centre.get(path, Range="bytes=1000-")
    assert (first.status_code, rest.status_code) == (206, 206)
    assert rest.headers["content-range"] == f"bytes 1000-{recording['bytes'] - 1}/{recording['bytes']}"
    return recorded(first.content + rest.content)


async def test_a_call_of_a_recorded_queue_is_heard_afterwards_with_both_and_who_listens_is_in_the_audit_log(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones, number="4002") as talk:
        await asyncio.sleep(2)
        await talk.caller.hang_up()
        (told,) = await kept(centre, talk)
        assert told["agents"] == ["anna"]
        assert told["queue"] == "taped"
        audio = await played(centre, told)
        assert audio.heard().count(frozenset({"caller", "anna"})) * 0.2 >= 2 - SLACK
        query = "SELECT who FROM audit_entries WHERE action = 'recording.listened' AND thing = $1"
        assert [row["who"] for row in await centre.rows(query, told["id"])] == ["sue"]


async def test_a_pause_is_silence_of_its_length_and_the_recording_goes_by_the_clock(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.record", do="start")
        await asyncio.sleep(2)
        await talk.ask("call.record", do="pause")
        await asyncio.sleep(3)
        await talk.ask("call.record", do="resume")
        await asyncio.sleep(2)
        await talk.caller.hang_up()
        (told,) = await kept(centre, talk)
        audio = await played(centre, told)
        (pause,) = told["pauses"]
        begins, ends = (datetime.fromisoformat(pause[key]).timestamp() for key in ("from", "until"))
        started = datetime.fromisoformat(told["started_at"]).timestamp()
        assert abs(audio.longest_silence() - (ends - begins)) < SLACK
        assert abs(audio.seconds - told["seconds"]) < SLACK
        heard = audio.heard()
        both = frozenset({"caller", "anna"})
        silent = [place * 0.2 for place, who in enumerate(heard) if not who]
        assert abs(min(at for at in silent if at > 1) - (begins - started)) < SLACK
        assert heard[5] == both
        assert heard[-4] == both


async def test_a_pause_that_is_asked_for_at_once_is_silence_from_the_beginning(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.record", do="start")
        await talk.ask("call.record", do="pause")
        await asyncio.sleep(1.5)
        await talk.caller.hang_up()
        (told,) = await kept(centre, talk)
        audio = await played(centre, told)
        assert audio.seconds > 1.5 - SLACK
        assert set(audio.heard()) == {frozenset()}


async def test_an_agent_on_hold_and_the_music_are_in_the_recording_for_as_long_as_it_was(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.record", do="start")
        await asyncio.sleep(1)
        await talk.ask("call.hold")
        await asyncio.sleep(3)
        await talk.ask("call.retrieve")
        await hears(talk.caller, "anna")
        await asyncio.sleep(1)
        await talk.ask("call.record", do="stop")
        (told,) = await kept_while_talking(centre, talk)
        audio = await played(centre, told)
        assert abs(audio.seconds - told["seconds"]) < SLACK
        without = [who for who in audio.heard() if "anna" not in who]
        assert len(without) * 0.2 > 3 - SLACK
        await talk.caller.hang_up()


async def kept_while_talking(centre: CallCentre, talk: Talk) -> list[dict[str, Any]]:
    """The rows of the recordings of a call that goes on."""
    query = "SELECT id, bytes, seconds FROM recordings WHERE contact_id = $1::uuid"
    return await eventually(lambda: centre.rows(query, talk.contact), lambda rows: len(rows) == 1, SECONDS)


@asynccontextmanager
async def recorded_to(target: str, centre: CallCentre, talk: Talk) -> AsyncIterator[None]:
    """The first recording of a call, whenever in the next seconds it begins, is written to `target`."""
    query = "SELECT state::jsonb -> 'call' ->> 'id' AS call FROM live_contacts WHERE id = $1::uuid"
    (row,) = await centre.rows(query, talk.contact)
    begins = now()
    names = [tape(row["call"], begins + after / 1000, f"{talk.contact}.1") for after in range(10_000)]
    folder = centre.site.server.recordings
    first, *others = [folder / f"{name}.wav" for name in names]
    try:
        first.symlink_to(target)
        for each in others:  # of the same inode: ten thousand new ones may take longer than the time they are for
            os.link(first, each, follow_symlinks=False)
        yield
    finally:
        for each in (first, *others):
            each.unlink(missing_ok=True)


async def test_a_full_disk_is_told_as_a_recording_that_failed(centre: CallCentre, phones: Phones) -> None:
    async with talking(centre, phones) as talk:
        async with recorded_to("/dev/full", centre, talk):
            await talk.ask("call.record", do="start")
            await failed(talk)
            await hears(talk.caller, "anna")
        await talk.ask("call.record", do="start")
        await asyncio.sleep(1)
        await talk.caller.hang_up()
        (told,) = await kept(centre, talk)
        assert told["id"] == f"{talk.contact}.2"


async def test_a_recording_that_the_switch_refuses_is_told_as_one_that_failed(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk, recorded_to("/", centre, talk):
        await talk.ask("call.record", do="start")
        await failed(talk)


async def failed(talk: Talk) -> None:
    """The agent's screen says that the only recording has failed."""
    await talk.seat.frame(
        "contact.updated", lambda frame: [each["state"] for each in frame["contact"]["recordings"]] == ["failed"]
    )


@pytest.mark.slow
async def test_a_recording_whose_call_ended_while_the_server_was_dead_is_ready_after_its_return(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.record", do="start")
        await asyncio.sleep(2)
        centre.server.kill()
        await talk.caller.hang_up()
        await talk.agent.hang_up()
        centre.server.start()
        await centre.server.answers()
        (told,) = await kept(centre, talk)
        audio = await played(centre, told)
        assert audio.heard().count(frozenset({"caller", "anna"})) * 0.2 >= 2 - SLACK
        assert abs(audio.seconds - told["seconds"]) < SLACK
        assert told["agents"] == ["anna"]
        entries = (
            "SELECT kind FROM interaction_entries WHERE interaction_id = $1::uuid AND kind = 'call.recording_ready'"
        )
        await eventually(lambda: centre.rows(entries, talk.contact), lambda found: len(found) == 1, SECONDS)
        await eventually(
            lambda: asyncio.sleep(0, list(centre.site.server.recordings.iterdir())), lambda there: not there
        )


async def silent_through(gaps: list[Gap], centre: CallCentre, phones: Phones) -> None:
    """A recording that was paused before is silent all the time, and its pause one."""
    async with talking(centre, phones) as talk:
        await talk.ask("call.record", do="start")
        await asyncio.sleep(1)
        await talk.ask("call.record", do="pause")
        paused = time.monotonic()
        for gap in gaps:
            await gap(centre)
        await asyncio.sleep(2 * SLACK)
        silent = time.monotonic() - paused
        await talk.caller.hang_up()
        (told,) = await kept(centre, talk)
        assert len(told["pauses"]) == 1
        audio = await played(centre, told)
        assert set(audio.heard()) > {frozenset()}, "what was said before the pause"
        assert audio.silence_at_the_end() > silent - SLACK


def written(site: PbxSite) -> list[str]:
    """The recordings at the Asterisk of which something is written by now."""
    return [each.stem for each in site.server.recordings.iterdir() if each.stat().st_size > HEADER]


async def test_nothing_is_heard_while_silence_is_made_sure_of(centre: CallCentre, phones: Phones) -> None:
    site = centre.site
    async with (
        talking(centre, phones) as talk,
        site.client() as ari,
    ):
        await talk.ask("call.record", do="start")
        await talk.ask("call.record", do="pause")
        (name,) = await eventually(lambda: asyncio.sleep(0, written(site)), lambda names: len(names) == 1, SECONDS)
        for request in still_silent(Pause(name, 0.0, LASTS)) * 100:
            assert isinstance(request, Request)
            assert (await ari.request(request.method, request.path)).is_success
        await asyncio.sleep(1)
        await talk.caller.hang_up()
        (told,) = await kept(centre, talk)
        heard = (await played(centre, told)).heard()
        silent = heard.index(frozenset())  # the recording may have begun before the pause
        assert set(heard[silent:]) == {frozenset()}


@pytest.mark.slow
async def test_a_pause_during_which_the_server_dies_lasts_and_is_told_with_the_recording(
    centre: CallCentre, phones: Phones
) -> None:
    await silent_through([restarted], centre, phones)


@pytest.mark.slow
async def test_a_pause_during_which_the_connection_is_lost_lets_nothing_be_heard_while_it_is_made_sure_of(
    centre: CallCentre, phones: Phones
) -> None:
    await silent_through([reconnected] * 5, centre, phones)
