"""What customers are found by, for those who were written without it: a first load of millions comes to its numbers and
ids in half the time, and to its names afterwards. Until then `customers.search` is null.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sqlalchemy import text

from app.core.errors import Unavailable
from app.core.tabbed import words
from app.customers.names.search import unsorted_tokens
from app.db.copying import copy_lines
from app.db.engine import Sessions, WriteSession
from app.db.errors import DRIVER

log = structlog.get_logger(__name__)

PAGE = 5_000
AT_ONCE = 2
"""Pages that an import has written side by side when all its rows are there."""

_NEXT = text("""
    select id, name, latin_name from customers where search is null order by id limit :page for update skip locked""")
_STAGE = text("create temp table named (id uuid, search text[]) on commit drop")
_UPDATE = text("update customers c set search = n.search from named n where c.id = n.id")
_QUIETLY = text("select set_config('synchronous_commit', 'off', true)")


async def name_page(session: WriteSession, page: int = PAGE) -> int:
    """Make what a page of customers is found by; of how many. Nobody's version is raised, as nobody is changed."""
    found = (await session.execute(_NEXT, {"page": page})).all()
    if found:
        lines = await asyncio.to_thread(_lines, found)
        await session.execute(_QUIETLY)
        await session.execute(_STAGE)
        await copy_lines(session, "named", ("id", "search"), lines)
        await session.execute(_UPDATE)
    return len(found)


async def name_all(sessions: Sessions, told: Callable[[int], None] = lambda count: None, at_once: int = AT_ONCE) -> int:
    """Go on until everybody is found by their names; how many were not. `told` hears of each page."""

    async def pages() -> int:
        done = 0
        while True:
            async with sessions.write() as session:
                count = await name_page(session)
            if not count:
                return done
            done += count
            told(count)

    return sum(await asyncio.gather(*(pages() for _ in range(at_once))))


async def keep_naming(sessions: Sessions, every: float = 60.0) -> None:
    """Do what an import that was killed has left, until cancelled; a failure is logged, and the next round goes on."""
    while True:
        try:
            named = await name_all(sessions, at_once=1)
            if named:
                log.info("customers are found by their names now", customers=named)
        except (Unavailable, OSError, *DRIVER) as error:
            log.warning("customers cannot be named now", error=repr(error))
        except Exception:
            log.exception("customers could not be named")
        await asyncio.sleep(every)


def _lines(found: Sequence[Any]) -> list[str]:
    return [f"{key}\t{words(unsorted_tokens(name, latin))}" for key, name, latin in found]
