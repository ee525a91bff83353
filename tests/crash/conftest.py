"""The dice of the tests that leave something to chance."""

import os
from random import Random, SystemRandom

import pytest

pytest.register_assert_rewrite("tests.crash.judge")


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> Random:
    """Dice whose seed is told when the test fails; CALLFLOOR_TEST_SEED throws the same again."""
    seed = int(os.environ.get("CALLFLOOR_TEST_SEED") or SystemRandom().randrange(10**9))
    request.node.add_report_section("call", "seed", f"CALLFLOOR_TEST_SEED={seed}")
    return Random(seed)
