"""What is left of the ids of those who were erased: enough to know one again that is told anew, and no more."""

from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class ErasedKey(Base):
    """A keyed hash of an id that an erased customer had: their own, or one of another system. Without the key of the
    installation it says nothing."""

    __tablename__ = "erased_keys"
    __table_args__ = (Index(None, "erasure_id"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    kind: Mapped[str]
    erasure_id: Mapped[UUID]
