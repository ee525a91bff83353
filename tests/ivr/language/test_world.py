"""What expressions see is made only when it is asked for, and nothing else is there."""

import pytest

from app.ivr.language.world import ROOTS, Known, QueueView, World


def test_the_roots_are_plain_data() -> None:
    known = Known(World(now=0.0, queues={"cards": QueueView(waiting=2)}), "Asia/Shanghai", {"n": 1.0})
    assert set(known) == set(ROOTS)
    assert len(known) == len(ROOTS)
    assert known["now"] == {
        "iso": "1970-01-01T08:00:00+08:00",
        "date": "1970-01-01",
        "weekday": 4,
        "hour": 8,
        "minute": 0,
    }
    assert known["queues"]["cards"] == {
        "open": True, "waiting": 2, "agents_on_duty": 0, "estimated_wait": -1.0, "records": False,
    }  # fmt: skip
    assert known["vars"] == {"n": 1.0}
    assert known["customer"]["known"] is False
    assert "secrets" not in known
    with pytest.raises(KeyError):
        known["secrets"]
