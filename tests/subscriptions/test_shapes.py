"""What is published of webhooks to subscribers: each type, by whoever writes it, and as the page tells it."""

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from jsonschema import ValidationError  # type: ignore[import-untyped]

from app.core.clock import now, utc
from app.core.ids import new_id
from app.customers.usage import alert_life
from app.customers.usage.models import SEVERITIES
from app.desk.cases import life as case_life
from app.desk.cases.models import PRIORITIES, STATUSES
from app.desk.visits import life as visit_life
from app.desk.visits.service import _TOLD_AS
from app.subscriptions import shapes
from app.subscriptions.kinds import EVENTS, TEST
from app.subscriptions.shapes import SHAPES
from tests.fixtures.announced import hold
from tests.fixtures.spoken import DOCUMENT, named
from tests.subscriptions.conftest import raised

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks-out.md").read_text()
ROWS = re.findall(r"^\| (`\w+\.\w+`[^|]*) \| ([^|]*) \| ([^|]*) \|$", PAGE, re.MULTILINE)


def held(kind: str, data: dict[str, Any]) -> None:
    hold([{"id": new_id(), "type": kind, "at": utc(now()), "data": msgspec.json.encode(data).decode()}])


def words(shape: type[msgspec.Struct], field: str) -> set[str]:
    """The values that a field may have."""
    return set(get_args(get_type_hints(shape)[field]))


def test_what_is_not_as_it_is_published_is_found() -> None:
    told = raised(1)
    held("alert.raised", told)
    left_out = {name: value for name, value in told.items() if name != "owner"}
    for wrong in (
        told | {"title": "x"},
        told | {"rule": None},
        told | {"alert_id": "7"},
        told | {"state": "done"},
        told | {"due_at": "2027-01-15T08:00:00+00:00"},
        left_out,
    ):
        with pytest.raises(ValidationError):
            held("alert.raised", wrong)
    with pytest.raises(AssertionError, match=r"alert\.seen is told to the channel subscribers"):
        held("alert.seen", told)


def test_each_type_is_a_message_of_the_document() -> None:
    assert set(SHAPES) == {*EVENTS, TEST}
    assert len(DOCUMENT["channels"]["subscribers"]["messages"]) == len(SHAPES)
    for kind, shape in SHAPES.items():
        message = DOCUMENT["components"]["messages"][named("subscribers", kind)]
        payload = DOCUMENT["components"]["schemas"][message["payload"]["$ref"].rpartition("/")[2]]
        assert payload["required"] == ["type", "timestamp", "data"]
        data = DOCUMENT["components"]["schemas"][payload["properties"]["data"]["$ref"].rpartition("/")[2]]
        assert (data["title"], set(data["required"])) == (shape.__name__, set(data["properties"]))
        assert "headers" in message


def test_values_that_are_enumerated_are_those_of_the_rooms() -> None:
    assert words(shapes.CaseData, "status") == set(STATUSES)
    assert words(shapes.CaseData, "priority") == set(PRIORITIES)
    assert words(shapes.CaseChangedData, "act") == case_life.ACTS - {"close"}
    assert words(shapes.AlertData, "severity") == set(SEVERITIES)
    assert words(shapes.AlertChangedData, "state") == set(alert_life.LIVE)
    assert words(shapes.AlertClosedData, "state") == set(alert_life.AFTER.values()) - set(alert_life.LIVE)
    for (_, act), status in visit_life.AFTER.items():
        shape = SHAPES[_TOLD_AS.get(act, "visit.changed")]
        assert (act in words(shape, "act"), status in words(shape, "status")) == (True, True), (act, status)


def fields(shape: type[msgspec.Struct]) -> set[str]:
    """As the page writes them: what may be null with a question mark."""
    found = get_type_hints(shape)
    return {f"{name}?" if type(None) in (kind, *get_args(kind)) else name for name, kind in found.items()}


def test_the_page_tells_each_type_and_its_fields() -> None:
    told = {
        kind: set(re.findall(r"`(\w+\??)`", data)) for kinds, _, data in ROWS for kind in re.findall("`([^`]+)`", kinds)
    }
    assert told == {kind: fields(shape) for kind, shape in SHAPES.items()}
    assert len(ROWS) < len(SHAPES)
