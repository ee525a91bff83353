"""Flows and their versions as they are sent and told."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import MISSING, AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.api.schemas.common import NO_NUL, PRINTABLE, SLUG, GivenInstant, Input, Instant, Name, Output
from app.ivr.records.comparing import Changed, Difference
from app.ivr.records.models import FlowVersion
from app.ivr.records.queries import FlowProfile

LONGEST_TEXT = 262_144
TAKEN_BY_ROUTES = ("check", "schema")


def _free(flow_id: str) -> str:
    if flow_id in TAKEN_BY_ROUTES:
        raise PydanticCustomError("reserved", "is a word of this API", {"expected": "another id"})
    return flow_id


FlowId = Annotated[str, StringConstraints(pattern=SLUG), AfterValidator(_free)]
Text = Annotated[
    str,
    Field(max_length=LONGEST_TEXT, pattern=NO_NUL, description="the flow in YAML or JSON, kept as it is written"),
]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=PRINTABLE)]
Version = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="the flow's `version` as you read it; 409 if it has changed")
]
Number = Annotated[int, Field(ge=1, le=2**31 - 1, description="the number of a version")]


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("instant", "is out of range", {"expected": "an instant to come"}) from None


class FlowIn(Input):
    """A new flow. `text` becomes its draft, even if it is faulty; it says `flow: <id>` itself."""

    id: FlowId
    name: Name
    text: Text
    note: Note | None = None


class FlowPatch(Input):
    """What to change of a flow itself."""

    version: Version
    name: Name | MISSING = MISSING


class DraftIn(Input):
    """The draft as it is to be. A note tells others what it is about."""

    version: Version
    text: Text
    note: Note | None = None


class TextIn(Input):
    """A text to be checked; with `id` it must be that flow."""

    text: Text
    id: FlowId | None = None


class Change(Input):
    """A change of the flow as it was read."""

    version: Version


class ScheduleIn(Input):
    """When the draft is to be published, with an offset from UTC."""

    version: Version
    publish_at: Annotated[GivenInstant, AfterValidator(_in_utc), Field(strict=False)]


class RollBackIn(Input):
    """Which earlier version is published again, as a new one."""

    version: Version
    to: Number
    note: Note | None = None


class FlowFaultOut(Output):
    """Something that is wrong with a text: the place, the node that it is in, the line."""

    where: str
    what: str
    accepted: str
    node: str | None
    line: int | None


class FlowWarningOut(Output):
    """Something of the published version that cannot be as it was meant at present; it serves all the same."""

    where: str
    what: str
    node: str | None


class UseOut(Output):
    """Something outside that a flow names, and where; `node` is null beside the nodes."""

    kind: Literal["queue", "skill", "team", "agent", "hours", "flow"]
    id: str
    node: str | None
    where: str


class CheckOut(Output):
    """What is wrong with a text, and what it names."""

    faults: list[FlowFaultOut]
    uses: list[UseOut]


class FlowVersionBriefOut(Output):
    """A version without its text. `from_number` is the version that a roll-back brought back."""

    number: int
    state: Literal["draft", "published", "retired"]
    author: str
    note: str | None
    from_number: int | None
    created_at: Instant
    updated_at: Instant
    publish_at: Instant | None
    scheduled_by: str | None
    published_at: Instant | None
    published_by: str | None
    retired_at: Instant | None


class FlowVersionOut(FlowVersionBriefOut):
    """A version with its text, as it was written."""

    text: str


class FlowOut(Output):
    """A flow. `version` grows with every change of it or its draft; whoever changes it names the one they read."""

    id: str
    name: str
    version: int
    created_at: Instant
    draft: FlowVersionBriefOut | None
    published: FlowVersionBriefOut | None

    @classmethod
    def of(cls, found: FlowProfile) -> "FlowOut":
        """From the records."""
        return cls.model_validate({**_own(found), "draft": found.draft, "published": found.published})


class FlowDetailOut(Output):
    """A flow with the texts that count. `faults` are those of the draft, `warnings` those of the published version."""

    id: str
    name: str
    version: int
    created_at: Instant
    draft: FlowVersionOut | None
    published: FlowVersionOut | None
    faults: list[FlowFaultOut]
    warnings: list[FlowWarningOut]

    @classmethod
    def of(cls, found: FlowProfile, faults: list[dict[str, Any]], warnings: list[dict[str, Any]]) -> "FlowDetailOut":
        """From the records and what was found in them."""
        own = {**_own(found), "draft": found.draft, "published": found.published}
        return cls.model_validate({**own, "faults": faults, "warnings": warnings})


def _own(found: FlowProfile) -> dict[str, Any]:
    return {name: getattr(found.flow, name) for name in ("id", "name", "version", "created_at")}


class FlowPage(Output):
    """A page of flows."""

    items: list[FlowOut]
    next: str | None


class FlowVersionPage(Output):
    """A page of a flow's versions, the newest first."""

    items: list[FlowVersionBriefOut]
    next: str | None


class ChangedOut(Output):
    """A part that both versions have, but not alike; null where the one has it not."""

    name: str
    before: Any
    after: Any


class StructureOut(Output):
    """The difference in meaning, however the texts are laid out; `rest` is what is beside the nodes."""

    added: list[str]
    removed: list[str]
    changed: list[ChangedOut]
    rest: list[ChangedOut]


class DifferenceOut(Output):
    """In what `after` differs from `before`: by line (a unified diff) and by node (null if one cannot be read)."""

    before: int
    after: int
    text: str
    nodes: StructureOut | None

    @classmethod
    def of(cls, before: FlowVersion, after: FlowVersion, found: Difference) -> "DifferenceOut":
        """From two versions and what was found."""
        nodes = found.structure and StructureOut(
            added=list(found.structure.added),
            removed=list(found.structure.removed),
            changed=_told(found.structure.changed),
            rest=_told(found.structure.rest),
        )
        return cls(before=before.number, after=after.number, text=found.text, nodes=nodes)


def _told(changes: tuple[Changed, ...]) -> list[ChangedOut]:
    return [ChangedOut(**each._asdict()) for each in changes]
