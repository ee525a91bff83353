"""What the webhooks are measured against: the same message, written down as one row and committed, in two usual ways.

A: a FastAPI endpoint with a typed body that inserts with asyncpg. B: the same through an ORM session.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, Field
from sqlalchemy import DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.bench.hooks import YARDSTICKS
from app.core.ids import new_id
from app.db.engine import Sessions, create_engine
from app.db.pool import open_pool

POOL = 20


class Data(BaseModel):
    """The facts of an event."""

    call_id: str = Field(min_length=1, max_length=200)
    direction: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    leg_id: str | None = None
    agent: str | None = None
    queue: str | None = None
    sequence: int | None = None
    cause: str | None = None


class Event(BaseModel):
    """The body that the webhook takes, too."""

    type: str = Field(min_length=1, max_length=100)
    timestamp: datetime
    data: Data


class Base(DeclarativeBase):
    """Apart from the program's own tables."""

    metadata = MetaData()


class Row(Base):
    """An event, written down."""

    __tablename__ = "bench_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    call_id: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


CREATE = """create table if not exists bench_events (
    id uuid primary key, type text not null, at timestamptz not null, call_id text not null, data jsonb not null)"""
INSERT = "insert into bench_events (id, type, at, call_id, data) values ($1, $2, $3, $4, $5)"


def application(url: str) -> FastAPI:
    """Both endpoints, on the database at `url`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = create_engine(url, pool=POOL)
        app.state.pool, app.state.sessions = await open_pool(url, POOL), Sessions(engine)
        await app.state.pool.execute(CREATE)
        yield
        await app.state.pool.close()
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post(YARDSTICKS["A"], status_code=202)
    async def by_driver(event: Event) -> dict[str, str]:
        key = new_id()
        data = event.data.model_dump_json(by_alias=True)
        await app.state.pool.execute(INSERT, key, event.type, event.timestamp, event.data.call_id, data)
        return {"id": key}

    @app.post(YARDSTICKS["B"], status_code=202)
    async def by_orm(event: Event) -> dict[str, str]:
        key = new_id()
        data = event.data.model_dump(by_alias=True)
        async with app.state.sessions.write() as session:
            session.add(Row(id=UUID(key), type=event.type, at=event.timestamp, call_id=event.data.call_id, data=data))
        return {"id": key}

    return app
