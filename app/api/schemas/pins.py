"""Id and card numbers, and telephone PINs, of customers. What is sent here is never told again."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from app.api.schemas.common import PRINTABLE, Input, Instant, Output
from app.customers.identifiers import GivenIdentifier

Kind = Literal["id_number", "card_number"]
Value = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=4, max_length=40, pattern=PRINTABLE),
    Field(description="the number; only its last four digits and a keyed hash of it are kept"),
]


class IdentifierIn(Input):
    """An id or card number by which a customer is known."""

    kind: Kind
    value: Value

    def given(self) -> GivenIdentifier:
        """As the service takes it."""
        return GivenIdentifier(self.kind, self.value)


class IdentifiersIn(Input):
    """All id and card numbers that the customer is to have from now on."""

    identifiers: Annotated[list[IdentifierIn], Field(max_length=50)]


class IdentifierOut(Output):
    """What is kept of an id or card number: its last digits, none of a short one."""

    kind: str
    ending: str


class IdentifiersOut(Output):
    """The id and card numbers of a customer."""

    identifiers: list[IdentifierOut]


class PinIn(Input):
    """A telephone PIN: 4 to 12 digits, neither all alike nor counting up or down."""

    pin: Annotated[SecretStr, Field(strict=False, max_length=40)]


class PinStatusOut(Output):
    """What may be told of a PIN: since when there is one (null: none), the wrong attempts, until when it is locked."""

    set_at: Instant | None
    failures: int
    locked_until: Instant | None
