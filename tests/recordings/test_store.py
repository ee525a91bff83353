"""What a folder and a bucket do with audio: all of it or nothing, parts of it, gone for good."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.recordings.errors import AudioMissing, StoreFailed
from app.recordings.store import ObjectStore, folder_store
from tests.fixtures.bucket import Bucket

pytestmark = pytest.mark.enable_socket

MEGABYTE = 1024 * 1024


@pytest.fixture(params=["in_folder", "in_bucket"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Each of both."""
    found: ObjectStore = request.getfixturevalue(request.param)
    return found


async def sound(megabytes: int, breaks_off: bool = False) -> AsyncIterator[bytes]:
    for number in range(megabytes):
        yield bytes([number]) * MEGABYTE
    if breaks_off:
        raise RuntimeError("the line is cut")


async def few(audio: bytes) -> AsyncIterator[bytes]:
    yield audio


async def all_of(store: ObjectStore, key: str, first: int, last: int) -> bytes:
    return b"".join([piece async for piece in await store.open(key, first, last)])


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@contextmanager
def full(bytes_left: int) -> Iterator[None]:
    """A disk that takes no file larger than this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("megabytes", [1, 12])
async def test_what_is_put_is_read_in_parts_and_deleted(store: ObjectStore, megabytes: int) -> None:
    await store.put("2026/11/25/a.1.wav", sound(megabytes), "audio/wav")
    whole = await all_of(store, "2026/11/25/a.1.wav", 0, megabytes * MEGABYTE - 1)
    assert whole == b"".join([piece async for piece in sound(megabytes)])
    assert await all_of(store, "2026/11/25/a.1.wav", MEGABYTE - 2, MEGABYTE + 1) == whole[MEGABYTE - 2 : MEGABYTE + 2]
    await store.delete("2026/11/25/a.1.wav")
    await store.delete("2026/11/25/a.1.wav")
    with pytest.raises(AudioMissing):
        await store.open("2026/11/25/a.1.wav", 0, 1)


async def test_audio_that_breaks_off_leaves_nothing(
    store: ObjectStore, folder: Path, bucket: Bucket
) -> None:  # fmt: skip
    with pytest.raises(RuntimeError, match="cut"):
        await store.put("a.1.wav", sound(12, breaks_off=True), "audio/wav")
    assert files(folder) == []
    assert (bucket.objects, bucket.uploads) == ({}, {})


async def test_repetition_replaces_what_was_there(store: ObjectStore) -> None:
    for audio in (b"first", b"second"):
        await store.put("a.1.wav", few(audio), "audio/wav")
    assert await all_of(store, "a.1.wav", 0, 99) == b"second"


async def test_what_is_kept_and_every_folder_on_the_way_to_it_outlives_a_power_cut(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    sync = os.fsync

    def noted(handle: int) -> None:
        synced.add(Path(f"/proc/self/fd/{handle}").readlink())
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    await folder_store(folder).put("2026/11/25/a.1.wav", few(b"RIFF"), "audio/wav")
    day = folder / "2026/11/25"
    assert synced >= {day / "a.1.wav", day, day.parent, day.parent.parent, folder}


async def test_full_disk_is_told_and_leaves_nothing(in_folder: ObjectStore, folder: Path) -> None:
    with full(3 * MEGABYTE), pytest.raises(StoreFailed, match="does not take") as told:
        await in_folder.put("2026/a.1.wav", sound(8), "audio/wav")
    assert told.value.detail == "The store of recordings does not take the audio."
    assert files(folder) == []
    await in_folder.put("2026/a.1.wav", sound(8), "audio/wav")


async def test_full_bucket_is_told_and_leaves_nothing(in_bucket: ObjectStore, bucket: Bucket) -> None:
    bucket.full = True
    with pytest.raises(StoreFailed):
        await in_bucket.put("a.1.wav", sound(12), "audio/wav")
    assert (bucket.objects, bucket.uploads) == ({}, {})


async def test_bucket_that_keeps_what_is_to_go_is_told(in_bucket: ObjectStore, bucket: Bucket) -> None:
    await in_bucket.put("a.1.wav", few(b"audio"), "audio/wav")
    bucket.locked = True
    with pytest.raises(StoreFailed, match="does not delete"):
        await in_bucket.delete("a.1.wav")


async def test_bucket_gets_signed_requests_and_the_media_type(in_bucket: ObjectStore, bucket: Bucket) -> None:
    await in_bucket.put("a.1.wav", sound(1), "audio/wav")
    assert bucket.types == {"a.1.wav": "audio/wav"}
    assert all(each.startswith("AWS4-HMAC-SHA256 Credential=key/") for each in bucket.signed)


async def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreFailed, match="Not a directory"):
        await folder_store(tmp_path / "file" / "recordings").put("a.1.wav", few(b"audio"), "audio/wav")


async def test_who_listens_slowly_keeps_no_request_to_the_bucket_open(in_bucket: ObjectStore, bucket: Bucket) -> None:
    await in_bucket.put("a.1.wav", sound(40), "audio/wav")
    parts = await in_bucket.open("a.1.wav", 5, 40 * MEGABYTE - 1)
    before = len(bucket.signed)
    heard = [await anext(parts)]
    await asyncio.sleep(0.2)
    assert len(bucket.signed) == before
    assert len(heard[0]) == MEGABYTE
    heard += [part async for part in parts]
    assert b"".join(heard) == b"".join([piece async for piece in sound(40)])[5:]
    assert len(bucket.signed) == before + 39
