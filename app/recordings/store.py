"""Where the audio of recordings is: a folder or an S3-compatible bucket, both by one library.

An object is there whole or not at all: a folder gets it under another name first, a bucket in parts that are put
together at the end; what breaks off is taken back.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from app.recordings.errors import AudioMissing, StoreFailed

if TYPE_CHECKING:
    from obstore.store import S3Config  # is there only for the type checker

PIECE = 256 * 1024
"""Bytes that are handed to the store at a time, at least."""

PART = 1024 * 1024
"""Bytes that are read at a time, each in a request of its own: however slowly somebody listens, none takes long, and
the store's own limit of time is of one."""


class RecordingStore(Protocol):
    """What is needed of it. Everything raises `StoreFailed` where the store does not do it."""

    async def put(self, key: str, audio: AsyncIterator[bytes], media_type: str) -> None:
        """Keep all of the audio, or nothing; what was there under the key is replaced."""

    async def open(self, key: str, first: int, last: int) -> AsyncIterator[bytes]:
        """The bytes from `first` to `last`, both included; raises `AudioMissing` before any of them."""

    async def delete(self, key: str) -> None:
        """Let it be gone; it may be already."""


class ObjectStore:
    """A `RecordingStore` by obstore, opened when it is first needed: a server that records nothing needs none."""

    def __init__(self, opened: Callable[[], LocalStore | S3Store], folder: Path | None = None) -> None:
        self._opened = opened
        self._folder = folder

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        return self._opened()

    async def put(self, key: str, audio: AsyncIterator[bytes], media_type: str) -> None:
        """Keep all of the audio, or nothing."""
        attributes = {} if self._folder else {"Content-Type": media_type}
        with _translated("The store of recordings does not take the audio."):
            await obstore.put_async(self._store, key, audio, attributes=attributes)
            if self._folder is not None:
                await asyncio.to_thread(_settle, self._folder, self._folder / key)

    async def open(self, key: str, first: int, last: int) -> AsyncIterator[bytes]:
        """The bytes from `first` to `last`."""
        with _translated("The store of recordings cannot be read.", key):
            begin = await self._part(key, first, last)
        return self._parts(key, begin, first, last)

    async def _parts(self, key: str, part: bytes, first: int, last: int) -> AsyncIterator[bytes]:
        while part:
            yield part
            first += len(part)
            with _translated("The store of recordings broke off."):
                part = await self._part(key, first, last) if len(part) == PART and first <= last else b""

    async def _part(self, key: str, first: int, last: int) -> bytes:
        end = min(first + PART, last + 1)
        found = await obstore.get_async(self._store, key, options={"range": (first, end)})
        return bytes(await found.bytes_async())

    async def delete(self, key: str) -> None:
        """Let it be gone."""
        try:
            with _translated("The store of recordings does not delete.", key):
                await obstore.delete_async(self._store, key)
        except AudioMissing:
            return


def folder_store(folder: Path) -> ObjectStore:
    """Recordings in a folder, which is made if it is missing."""

    def opened() -> LocalStore:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(prefix=folder)

    return ObjectStore(opened, folder)


def bucket_store(
    bucket: str, *, endpoint: str | None, region: str, access_key: str | None, secret_key: str | None
) -> ObjectStore:
    """Recordings in a bucket: of `endpoint`, or of AWS. Without keys those of the environment or the machine count."""
    config: S3Config = {"region": region}
    if endpoint is not None:
        config["endpoint"] = endpoint
    if access_key is not None and secret_key is not None:
        config |= {"access_key_id": access_key, "secret_access_key": secret_key}
    plain = bool(endpoint and endpoint.startswith("http://"))
    return ObjectStore(
        lambda: S3Store(
            bucket,
            config=config,
            client_options={"allow_http": plain, "timeout": "60s"},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=60)},
        )
    )


def _settle(folder: Path, path: Path) -> None:
    """Let it be on the disk also if the power fails: the file, its name, and those of folders that are new with it."""
    within = [each for each in path.parents if each.is_relative_to(folder)]
    for each in (path, *within):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _translated(detail: str, key: str | None = None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if key is None:
            raise StoreFailed(detail, _said(error)) from error
        raise AudioMissing(key) from error
    except (BaseError, OSError, ValueError) as error:
        raise StoreFailed(detail, _said(error)) from error


def _said(error: Exception) -> str:
    """The first line: what follows are the library's own values."""
    return str(error).partition("\n")[0]
