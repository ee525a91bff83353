"""The report of agents as a table for spreadsheets: a row for each agent and interval. Pure."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from io import StringIO
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from app.core.formulas import neutral
from app.reports.agent_metrics import NUMBERS, AgentMetrics
from app.reports.agent_service import AgentReport

COLUMNS = ("agent", "name", "team", "start", "end", *NUMBERS, *AgentMetrics.__struct_fields__)

MOST_REASONS = 50
"""Reasons are free text: where everybody writes their own, a column for each would be a table of empty cells."""

OTHERS = "not_ready: (others)"

_numbers = attrgetter(*NUMBERS)


def agents_as_csv(report: AgentReport) -> str:
    """The intervals of all agents, with a header, in the form of the queue report's table. The seconds not ready for
    each reason follow in a column of their own, such as `not_ready: break`; those for others than the MOST_REASONS that
    are in most rows are together in one."""
    told = Counter(
        reason for agent in report.agents for one in agent.intervals for reason in one.counts.not_ready_by_reason
    )
    by_number = sorted(told, key=lambda reason: (-told[reason], reason))
    reasons, others = sorted(by_number[:MOST_REASONS]), len(told) > MOST_REASONS
    text = StringIO("\ufeff")
    text.seek(0, 2)
    lines = csv.writer(text)
    lines.writerow([*COLUMNS, *(f"not_ready: {reason}" for reason in reasons), *([OTHERS] if others else [])])
    lines.writerows(_rows(report, reasons, others))
    return text.getvalue()


def _rows(report: AgentReport, reasons: Sequence[str], others: bool) -> Iterator[list[Any]]:
    zone, named = ZoneInfo(report.time_zone), frozenset(reasons)
    for agent in report.agents:
        whose = [neutral(each or "") for each in (agent.agent, agent.name, agent.team)]
        for one in agent.intervals:
            edges = [each.astimezone(zone).isoformat() for each in (one.start, one.end)]
            seconds = one.counts.not_ready_by_reason
            by_reason = [seconds.get(reason, 0.0) for reason in reasons]
            if others:
                by_reason.append(sum((seconds[reason] for reason in seconds.keys() - named), start=0.0))
            yield [*whose, *edges, *_numbers(one.counts), *msgspec.structs.astuple(one.metrics), *by_reason]
