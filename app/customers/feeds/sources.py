"""Sources of feeds as records: how they rank, their mappings and secrets. The caller's session commits."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core.errors import Conflict, NotFound
from app.customers.feed_models import FeedRun, FeedSource
from app.customers.feeds.columns.mapping_text import read_mapping
from app.db.engine import ReadSession, WriteSession

MOST_SECRETS = 2


class FeedSourceUnknown(NotFound):
    """No source of feeds has that id."""

    code = "feed-source-unknown"


class MappingElsewhere(Conflict):
    """A mapping is one of another feed or source than it is given for."""

    code = "mapping-elsewhere"


async def sources(session: ReadSession) -> Sequence[FeedSource]:
    """All sources, the highest first."""
    return (await session.scalars(select(FeedSource).order_by(FeedSource.rank.desc(), FeedSource.id))).all()


async def put_source(
    session: WriteSession, source: str, rank: int | None = None, mappings: Mapping[str, str] | None = None
) -> FeedSource:
    """Let a source have this rank, and these mappings (by feed, as the text of a mapping file); what is left out stays.

    Raises MappingFaulty, MappingElsewhere.
    """
    values: dict[str, Any] = {} if rank is None else {"rank": rank}
    if mappings is not None:
        values["mappings"] = _read(source, mappings)
    made = insert(FeedSource).values(id=source, **values)
    # that it is set to its own id lets the row come back where nothing else is told
    statement = made.on_conflict_do_update(index_elements=["id"], set_={"id": source, **values})
    found = await session.scalars(statement.returning(FeedSource), execution_options={"populate_existing": True})
    return found.one()


def _read(source: str, mappings: Mapping[str, str]) -> dict[str, Any]:
    kept = {}
    for feed, written in mappings.items():
        mapping = read_mapping(written, f"The mapping of {feed}")
        if (mapping.feed, mapping.source) != (feed, source):
            raise MappingElsewhere(
                f"The mapping is of {mapping.feed} of {mapping.source}; accepted: of {feed} of {source}."
            )
        kept[feed] = mapping.model_dump(mode="json", exclude_unset=True)
    return kept


async def new_secret(session: WriteSession, source: str) -> str:
    """A fresh secret to sign with (Standard Webhooks), shown only now; the one before verifies on.

    Raises FeedSourceUnknown.
    """
    found = await session.get(FeedSource, source, with_for_update=True)
    if found is None:
        raise FeedSourceUnknown(f"There is no source {source!r}; PUT it first.")
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    found.secrets = [secret, *found.secrets][:MOST_SECRETS]
    return secret


async def secrets_of(session: ReadSession, source: str) -> tuple[str, ...]:
    """What a source signs with; of an unknown one nothing."""
    return tuple(await session.scalar(select(FeedSource.secrets).where(FeedSource.id == source)) or ())


async def runs(session: ReadSession, limit: int) -> Sequence[FeedRun]:
    """The latest runs, the newest first."""
    return (await session.scalars(select(FeedRun).order_by(FeedRun.started_at.desc(), FeedRun.id).limit(limit))).all()
