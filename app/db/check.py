"""Do the migrations build what the models say? Answered on a throw-away server, so that lint needs no database."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from app.db import migrate
from app.db.embedded import EmbeddedServer


def check_migrations() -> list[str]:
    """In what a migrated database differs from the models, one line each; empty when they agree."""
    folder = Path(tempfile.mkdtemp(prefix="callfloor-check-"))
    folder.chmod(0o711)  # as root, the server runs as another user
    try:
        with EmbeddedServer(folder, {"fsync": "off"}) as server:
            return asyncio.run(_check(server.url))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _check(url: str) -> list[str]:
    await migrate.upgrade(url)
    return await migrate.differences(url)


def main() -> None:
    """For the command line: says what differs and what to do, with exit status 1."""
    found = check_migrations()
    if found:
        raise SystemExit(
            "The models and the migrations differ. Write a migration (alembic revision --autogenerate) for:\n  "
            + "\n  ".join(found)
        )
