"""Business hours as records."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class BusinessHours(Base):
    """When queues are served. `weekly` and `exceptions` are kept as `app.routing.hours.form` reads and writes them."""

    __tablename__ = "business_hours"
    __table_args__ = (CheckConstraint("subdivision is null or country is not null", name="subdivision_of_country"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    time_zone: Mapped[str]
    weekly: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    country: Mapped[str | None]
    subdivision: Mapped[str | None]
    exceptions: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
