"""Samples of everything that the expressions of a flow may refer to. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.core.expressions.kinds import UNKNOWN, Each
from app.ivr.language.flow import VariableType
from app.ivr.language.world import ROOTS, CallerView, ContactView, CustomerView, HoursView, NowView, QueueView

SAMPLES: dict[VariableType, Any] = {"text": "1", "number": 1.0, "flag": True}

_FREE = Each(UNKNOWN)


def _filled(view: msgspec.Struct) -> dict[str, Any]:
    """A sample of a view: whatever is 0 or empty could make an operation fail that is right."""
    plain: dict[str, Any] = msgspec.to_builtins(view)
    stand_ins: dict[type, Any] = {str: "1", int: 1, float: 1.0, bool: True}
    return {field: stand_ins.get(type(value), value) for field, value in plain.items()}


_HOUSE: dict[str, Any] = {
    "caller": _filled(CallerView()),
    "customer": _filled(CustomerView()) | {"attributes": _FREE, "segments": ["1"]},
    "contact": _filled(ContactView()),
    "queues": Each(_filled(QueueView())),
    "hours": Each(_filled(HoursView())),
    "now": _filled(NowView(iso="", date="", weekday=1, hour=1, minute=1)),
}
assert {*_HOUSE, "vars"} == set(ROOTS)


def samples(variables: Mapping[str, VariableType]) -> dict[str, Any]:
    """A sample of everything that the expressions of a flow with these variables may refer to."""
    return _HOUSE | {"vars": {name: SAMPLES[kind] for name, kind in variables.items()}}
