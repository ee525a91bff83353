"""Stories tell in full what followed instead."""

import pytest

pytest.register_assert_rewrite("tests.scenarios.story")
