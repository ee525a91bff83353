"""Two stores of recordings, a folder and a bucket, and the archive over the first."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.clock import FrozenClock
from app.db.engine import Sessions
from app.recordings.archive import Archive
from app.recordings.store import ObjectStore, bucket_store, folder_store
from tests.fixtures.bucket import Bucket
from tests.fixtures.serving import serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the recordings are."""
    return tmp_path / "recordings"


@pytest.fixture
async def bucket() -> AsyncIterator[Bucket]:
    """A stand-in for an S3-compatible server."""
    made = Bucket()
    async with serving(made.app) as (made.address, _):
        yield made


@pytest.fixture
def in_folder(folder: Path) -> ObjectStore:
    """The store in a folder."""
    return folder_store(folder)


@pytest.fixture
def in_bucket(bucket: Bucket) -> ObjectStore:
    """The store in a bucket."""
    return bucket_store(
        "calls", endpoint=f"http://{bucket.address}", region="eu-1", access_key="key", secret_key="secret"
    )


@pytest.fixture
def clock() -> FrozenClock:
    """The instant at which everything is kept."""
    return FrozenClock()


@pytest.fixture
def archive(sessions: Sessions, in_folder: ObjectStore, clock: FrozenClock) -> Archive:
    """Recordings are kept for 30 days."""
    return Archive(sessions, in_folder, clock, days=30)
