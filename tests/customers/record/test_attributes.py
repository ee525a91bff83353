"""Declared attributes: what fits, what does not, and what is said of it."""

from typing import Any

import pytest

from app.customers.record.attributes import Definition, faults_of, limit_faults

TEXT = Definition("branch", "Branch", "text", {"max_length": 5})
COUNT = Definition("cards", "Cards", "whole_number", {"minimum": 0, "maximum": 9})
RATE = Definition("rate", "Rate", "number", {"minimum": 0.5})
BORN = Definition("born", "Born", "date", {"maximum": "2026-12-31"})
RISK = Definition("risk", "Risk", "choice", {"choices": ["low", "高"]})
VIP = Definition("vip", "VIP", "boolean")


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        *[(TEXT, "12345"), (TEXT, ""), (TEXT, None), (COUNT, 0), (COUNT, 9), (RATE, 1), (RATE, 0.5), (RATE, 10**400)],
        *[(BORN, "1949-10-01"), (RISK, "高"), (VIP, True), (VIP, False)],
    ],
)
def test_what_fits_is_no_fault(definition: Definition, value: Any) -> None:
    assert faults_of([definition], {definition.name: value, "free": {"a": 1}}, "body.attributes") == []


@pytest.mark.parametrize(
    ("definition", "value", "accepted"),
    [
        (TEXT, "123456", "a text of at most 5 characters"),
        (TEXT, 5, "a text of at most 5 characters"),
        (COUNT, 10, "a whole number from 0 to 9"),
        (COUNT, 1.5, "a whole number from 0 to 9"),
        (COUNT, True, "a whole number from 0 to 9"),
        (COUNT, "3", "a whole number from 0 to 9"),
        (RATE, 0.4, "a number from 0.5"),
        (BORN, "2027-01-01", "a date as YYYY-MM-DD to 2026-12-31"),
        (BORN, "20260101", "a date as YYYY-MM-DD to 2026-12-31"),
        (BORN, "yesterday", "a date as YYYY-MM-DD to 2026-12-31"),
        (RISK, "medium", "one of low, 高"),
        (RISK, [], "one of low, 高"),
        (VIP, "true", "true or false"),
        (VIP, 1, "true or false"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_what_would_be_right(
    definition: Definition, value: Any, accepted: str
) -> None:
    [fault] = faults_of([definition], {definition.name: value}, "body.attributes")
    assert (fault["where"], fault["accepted"]) == (f"body.attributes.{definition.name}", accepted)


@pytest.mark.parametrize(
    ("kind", "limits", "where"),
    [
        ("text", {"minimum": 1}, "limits.minimum"),
        ("text", {"max_length": 0}, "limits.max_length"),
        ("text", {"max_length": 10**6}, "limits.max_length"),
        ("number", {"minimum": "one"}, "limits.minimum"),
        ("whole_number", {"maximum": 1.5}, "limits.maximum"),
        ("number", {"minimum": 2, "maximum": 1}, "limits.minimum"),
        ("date", {"minimum": 5}, "limits.minimum"),
        ("boolean", {"choices": ["a"]}, "limits.choices"),
        ("choice", {}, "limits.choices"),
        ("choice", {"choices": []}, "limits.choices"),
        ("choice", {"choices": ["a", "a"]}, "limits.choices"),
    ],
)
def test_limits_that_contradict_the_type_are_refused(kind: str, limits: dict[str, Any], where: str) -> None:
    assert [fault["where"] for fault in limit_faults(Definition("x", "X", kind, limits), "limits")] == [where]


@pytest.mark.parametrize("definition", [TEXT, COUNT, RATE, BORN, RISK, VIP])
def test_sound_limits_are_none(definition: Definition) -> None:
    assert limit_faults(definition, "limits") == []
