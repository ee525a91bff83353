"""The bench runs from end to end, small; what it prints is looked at, how fast it was is not."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest

from app.bench import calls
from app.bench.plan import Plan
from app.bench.report import summary, write
from app.bench.run import Programs, measure
from app.cli.bench_switch import started
from tests.cli.running import data_folder

ROOT = Path(__file__).parents[2]
SMALL = Plan(
    agents=30, customers=500, callers=(1, 10), core_seconds=0.5, warm_up=0.2, lone_seconds=0.3, inserts=50,
    connections=8, hook_rounds=1, hook_seconds=0.5, rates=(5.0,), pop_seconds=2.0, growing_agents=(24, 48),
    growing_waiting=(10, 20), growth_rounds=1, growth_seconds=0.3, growth_pops=5,
    deciding_agents=(20,), deciding_waiting=(0, 30), deciding_seconds=0.05, deciding_beside=(20, 30), deciding_rounds=1,
    theory_contacts=10_000, theory_seconds=0.1, flow_rates=(5.0,), flow_seconds=2.0,
    phones=30, phone_rates=(5.0,), phone_seconds=3.0, phones_saturated=(20.0, 3.0),
    feed_rows=200, bulk_rows=300,
    many_customers=300, many_contacts=900, many_reads=80,
)  # fmt: skip


def words(command: str, port: int) -> list[str]:
    return [sys.executable, "-m", "app.cli", command, "--port", str(port), "--stop-with-stdin"]


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.timeout(500)
def test_a_small_run_measures_everything_and_writes_it_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TALK_SECONDS", 0.5)
    programs = Programs(
        serve=lambda port: words("serve", port),
        yardsticks=lambda port: words("bench-yardsticks", port),
        ringer=[sys.executable, "-m", "app.cli", "bench-ari"],
        asterisk=partial(started, Path(os.environ.get("CALLFLOOR_ASTERISK", ROOT / "var/asterisk"))),
    )
    said: list[str] = []
    with data_folder() as folder:
        told = measure(SMALL, programs, folder, said.append)
    document = tmp_path / "performance.md"
    document.write_text(
        "# Old\n\n<!-- by hand: what stands between these two lines is kept -->\nkept\n<!-- until here -->\n"
    )
    write(told, document)
    text = document.read_text()
    assert [pace.callers for pace in told.paces] == [1, 10]
    assert said
    assert "kept" in text
    for target in ("(a) ", "(b) ", "(c) ", "(d) ", "(e) ", "(f) ", "(g) ", "(h) ", "(i) ", "(j) "):
        assert target in text
    assert "commands/s" in summary(told)
    assert isinstance(told.calls, str) or not any(each.lost for each in (*told.calls.idle, *told.calls.saturated))
