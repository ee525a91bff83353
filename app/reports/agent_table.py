"""The report of agents as a table for spreadsheets: a row for each agent and interval. Pure."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from app.customers.feeds.neutral import neutral
from app.reports.agent_metrics import NUMBERS, AgentMetrics
from app.reports.agent_service import AgentReport

COLUMNS = ("agent", "name", "team", "start", "end", *NUMBERS, *AgentMetrics.__struct_fields__)


def agents_as_csv(report: AgentReport) -> str:
    """The intervals of all agents, with a header, in the form of the queue report's table. The seconds not ready for
    each reason that occurs follow in a column of their own, such as `not_ready: break`."""
    reasons = sorted(report.total.counts.not_ready_by_reason)
    text = StringIO("\ufeff")
    text.seek(0, 2)
    lines = csv.writer(text)
    lines.writerow([*COLUMNS, *(f"not_ready: {reason}" for reason in reasons)])
    lines.writerows(_rows(report, reasons))
    return text.getvalue()


def _rows(report: AgentReport, reasons: Sequence[str]) -> Iterator[list[Any]]:
    zone = ZoneInfo(report.time_zone)
    for agent in report.agents:
        whose = [neutral(each or "") for each in (agent.agent, agent.name, agent.team)]
        for one in agent.intervals:
            edges = [each.astimezone(zone).isoformat() for each in (one.start, one.end)]
            numbers = [getattr(one.counts, name) for name in NUMBERS]
            by_reason = [one.counts.not_ready_by_reason.get(reason, 0.0) for reason in reasons]
            yield [*whose, *edges, *numbers, *msgspec.structs.astuple(one.metrics), *by_reason]
