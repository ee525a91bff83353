"""What may follow what in the life of a case."""

import pytest

from app.desk.cases.errors import CaseRefuses
from app.desk.cases.life import ACTS, AFTER, LIVE, OVER, after
from app.desk.cases.models import STATUSES


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_act_in_every_status_is_in_the_table_or_refused(status: str, act: str) -> None:
    if (status, act) in AFTER:
        assert after(status, act) == AFTER[status, act]
    else:
        with pytest.raises(CaseRefuses) as refused:
            after(status, act)
        assert refused.value.facts["state"] == status
        assert all(after(status, other) for other in refused.value.facts["accepted"] if other in ACTS)


def test_every_status_is_reached_and_only_closed_is_final() -> None:
    assert {*LIVE, *OVER} == set(STATUSES)
    assert set(AFTER.values()) == set(STATUSES)
    assert set(STATUSES) - {status for status, _ in AFTER} == {"closed"}


def test_a_case_is_closed_only_once_it_is_solved() -> None:
    assert [status for status in STATUSES if (status, "close") in AFTER] == ["solved"]
    with pytest.raises(CaseRefuses, match=r"Cannot close: the case is on hold; what can be done: assign, change, link"):
        after("on_hold", "close")
