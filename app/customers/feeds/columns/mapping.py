"""A mapping file: which column of a feed is which field, and how its cells are written. Its JSON Schema is `schema()`.

Pure.
"""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from app.core.faults import fault
from app.customers.feeds.columns import dates
from app.customers.feeds.columns.amounts import currency as known_currency
from app.customers.feeds.columns.fields import Kind
from app.customers.feeds.formats.cells import Unfit


def _as_text(given: Any) -> Any:
    """A whole number of YAML as the text that stands in a file; what was yes, no or null in it nobody can tell."""
    if given is None or isinstance(given, bool):
        raise fault(f"is {'null' if given is None else str(given).lower()} to YAML", "the text in quotation marks")
    return str(given) if isinstance(given, int) else given


def _as_value(given: Any) -> Any:
    return str(given).lower() if isinstance(given, bool) else str(given) if isinstance(given, int) else given


_Text = Annotated[str, Field(max_length=200, description="a text of 200 characters at most"), BeforeValidator(_as_text)]
_Value = Annotated[
    str, Field(max_length=200, description="a text of 200 characters at most"), BeforeValidator(_as_value)
]
_Name = Annotated[
    str, Field(min_length=1, max_length=200, description="the name of a column"), BeforeValidator(_as_text)
]
_FieldName = Annotated[
    str, Field(min_length=1, max_length=100, description="the name of a field, such as phone.mobile")
]
Source = Annotated[
    str, Field(max_length=60, pattern=r"^[a-z0-9][a-z0-9_-]*$", description="a name of a-z, 0-9, - and _")
]


class Part(BaseModel):
    """A part of a mapping: nothing is converted, and an unknown key is a fault."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Formats(Part):
    """How cells are written. What a column does not say the mapping says for all."""

    country: str | None = Field(default=None, description="the country (ISO 3166) of numbers without a +, such as CN")
    currency: str | None = Field(default=None, description="the currency (ISO 4217) of amounts, such as CNY")
    date: str | None = Field(default=None, max_length=40, description="how days are written, such as DD.MM.YYYY")
    instant: str | None = Field(
        default=None, max_length=40, description="how instants are written: YYYYMMDD HH:mm:ss, epoch, epoch_ms"
    )
    timezone: str | None = Field(
        default=None, max_length=100, description="the time zone of instants without an offset, such as Asia/Shanghai"
    )
    decimal: Literal[".", ","] | None = Field(default=None, description="what stands before decimals: . or ,")
    separator: str | None = Field(
        default=None, min_length=1, max_length=5, description="what stands between the texts of a list, such as ;"
    )
    empty: list[_Text] | None = Field(
        default=None, max_length=50, description="texts that say that there is nothing, such as [NULL, n/a]"
    )

    @field_validator("country")
    @classmethod
    def _is_a_country(cls, code: str | None) -> str | None:
        if code is not None and code not in SUPPORTED_REGIONS:
            raise fault(f"is no country: {code!r}", "a code of two capital letters such as CN")
        return code

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, code: str | None) -> str | None:
        try:
            return None if code is None else known_currency(code)
        except Unfit as error:
            raise fault(f"is no currency: {code!r}", error.accepted) from None

    @field_validator("date", "instant")
    @classmethod
    def _is_a_format(cls, written: str | None) -> str | None:
        if written is None or written in dates.EPOCHS:
            return written
        try:
            dates.compiled(written)
        except dates.FormatFaulty as error:
            raise fault(f"{error}: {written!r}", "YYYY, MM or MON, DD, HH, mm, ss and what stands between") from None
        return written

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            raise fault(f"is no time zone: {name!r}", "a name such as Asia/Shanghai") from None


class Column(Formats):
    """What a column is: its field, what its texts stand for, and how they are written if not as the others."""

    field: _FieldName
    values: dict[_Text, _Value] = Field(
        default_factory=dict, max_length=10_000, description="what a text of the file stands for, as {M: male}"
    )
    type: Literal["text", "number", "flag", "date"] = Field(
        default="text", description="what an attribute holds: text, number, flag or date"
    )
    optional: bool = Field(default=False, description="true if the file may lack the column")
    keep_invalid: bool = Field(
        default=False, description="true if numbers that are no valid ones (extensions) are kept as they are"
    )


def _as_column(given: Any) -> Any:
    return {"field": given} if isinstance(given, str) else given


AnyColumn = Annotated[Column, BeforeValidator(_as_column, json_schema_input_type=Column | _FieldName)]


class Mapping(Part):
    """A whole mapping. `only_known` feeds change what is known and make nothing new: only the id is asked for."""

    feed: Kind = Field(description="customers, holdings, usage or agreements")
    source: Source
    formats: Formats = Field(default_factory=Formats, description="how cells are written, as {date: DD.MM.YYYY}")
    columns: dict[_Name, AnyColumn] = Field(
        min_length=1, max_length=500, description="the columns of the file, as {Telefon: phone.home}"
    )
    constants: dict[_FieldName, _Value] = Field(
        default_factory=dict, max_length=100, description="fields that are the same in all rows, as {kind: person}"
    )
    only_known: bool = Field(default=False, description="true if rows make no new records")


def schema() -> dict[str, Any]:
    """The JSON Schema of a mapping, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Mapping.model_json_schema()}
