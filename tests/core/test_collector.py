"""What the collector is told of a process that starts and then serves; in a process of its own, as it is the whole
process that is told."""

import subprocess
import sys

STARTS = """
import gc
from app.core import collector

collector.wait_for_start()
assert not gc.isenabled(), "looked at what comes to be while the program starts"
kept = [object() for _ in range(10)]
collector.calm()
assert gc.isenabled(), "rubbish that a serving process makes is never collected"
assert gc.get_freeze_count() > 0, "what has been there since the start is looked at for ever"
"""


def test_nothing_is_collected_while_the_program_starts_and_all_that_comes_after_is() -> None:
    started = subprocess.run([sys.executable, "-c", STARTS], capture_output=True, text=True, check=False)
    assert started.returncode == 0, started.stderr
