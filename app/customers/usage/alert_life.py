"""The life of an alert as a table. Pure."""

from collections.abc import Mapping

from app.customers.usage.errors import AlertRefuses

LIVE = ("open", "acknowledged")

AFTER: Mapping[tuple[str, str], str] = {
    ("open", "acknowledge"): "acknowledged",
    ("open", "call_back"): "acknowledged",
    ("open", "open_case"): "acknowledged",
    ("open", "assign"): "open",
    ("open", "finish"): "done",
    ("open", "expire"): "expired",
    ("acknowledged", "release"): "open",
    ("acknowledged", "call_back"): "acknowledged",
    ("acknowledged", "open_case"): "acknowledged",
    ("acknowledged", "assign"): "acknowledged",
    ("acknowledged", "finish"): "done",
}
"""(state, act) -> state. Who has acknowledged an alert has promised to see to it, so only an open one expires.
`call_back` and `open_case` acknowledge it, and the alert keeps what was opened."""

ACTS = frozenset(act for _, act in AFTER)


def after(state: str, act: str) -> str:
    """The state after an act. Raises AlertRefuses, which tells what can be done instead."""
    found = AFTER.get((state, act))
    if found is None:
        accepted = sorted(possible for before, possible in AFTER if before == state and possible != "expire")
        raise AlertRefuses(act, state, accepted)
    return found
