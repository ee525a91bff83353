"""The report of agents as a table."""

import csv
from io import StringIO

from app.reports.agent_metrics import AgentCounts, added, measure_agent
from app.reports.agent_service import AgentFigures, AgentInterval, AgentReport, AgentTold
from app.reports.agent_table import MOST_REASONS, OTHERS, agents_as_csv
from tests.reports.kept import HOUR, START


def rows_of(*by_reason: dict[str, float]) -> list[dict[str, str]]:
    """The table of one agent, who was not ready for these reasons in one hour after the other."""
    counts = [AgentCounts(not_ready_by_reason=each) for each in by_reason]
    intervals = [
        AgentInterval(start=START + n * HOUR, end=START + (n + 1) * HOUR, counts=one, metrics=measure_agent(one))
        for n, one in enumerate(counts)
    ]
    total = AgentFigures(counts=added(counts), metrics=measure_agent(added(counts)))
    told = AgentTold("ann", "=Ann", None, total, intervals)
    end = intervals[-1].end
    text = agents_as_csv(AgentReport(START, end, end, "60min", "Asia/Shanghai", total, [told]))
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))


def test_the_reasons_of_most_rows_have_a_column_each_and_the_rest_one_together() -> None:
    once = {f"until {number:03}": float(number) for number in range(1, 101)}
    first, second = rows_of(once | {"break": 0.5, "lunch": 2.0}, {"lunch": 1.0, "break": 0.25})
    columns = [name for name in first if name.startswith("not_ready:")]
    kept = MOST_REASONS - 2
    assert columns == [
        "not_ready: break",
        "not_ready: lunch",
        *(f"not_ready: {each}" for each in list(once)[:kept]),
        OTHERS,
    ]
    assert float(first[OTHERS]) == sum(range(kept + 1, 101))
    assert (second["not_ready: lunch"], second["not_ready: until 001"], second[OTHERS]) == ("1.0", "0.0", "0.0")


def test_few_reasons_have_no_others() -> None:
    [row] = rows_of({"break": 60.0})
    assert (row["not_ready: break"], OTHERS in row) == ("60.0", False)
    assert (row["name"], row["start"]) == ("'=Ann", "2027-01-15T16:00:00+08:00")
