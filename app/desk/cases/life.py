"""The life of a case as a table. Pure."""

from collections.abc import Mapping

from app.desk.cases.errors import CaseRefuses

LIVE = ("new", "open", "pending", "on_hold")
OVER = ("solved", "closed")

_STAYS = {(status, act): status for act in ("change", "note", "link") for status in (*LIVE, "solved")}
_STAYS |= {(status, act): status for act in ("take", "assign") for status in LIVE}

AFTER: Mapping[tuple[str, str], str] = {
    **_STAYS,
    ("new", "take"): "open",
    ("new", "work"): "open",
    ("pending", "work"): "open",
    ("on_hold", "work"): "open",
    ("new", "wait"): "pending",
    ("open", "wait"): "pending",
    ("on_hold", "wait"): "pending",
    ("new", "hold"): "on_hold",
    ("open", "hold"): "on_hold",
    ("pending", "hold"): "on_hold",
    **{(status, "solve"): "solved" for status in LIVE},
    ("solved", "reopen"): "open",
    ("solved", "close"): "closed",
}
"""(status, act) -> status. `wait` is for the customer, `hold` for others. A closed case is never touched again: what
comes of it later is a case that follows it."""

ACTS = frozenset(act for _, act in AFTER)


def after(status: str, act: str) -> str:
    """The status after an act. Raises CaseRefuses, which tells what can be done instead."""
    found = AFTER.get((status, act))
    if found is None:
        accepted = sorted(possible for before, possible in AFTER if before == status)
        raise CaseRefuses(act, status, accepted or ["a new case that follows it"])
    return found
