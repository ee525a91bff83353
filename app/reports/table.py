"""The queue report as a table for spreadsheets: a row for each queue and interval. Pure."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from app.core.formulas import neutral
from app.reports.metrics import Counts, Metrics
from app.reports.service import QueueReport

COLUMNS = ("queue", "name", "start", "end", "offered", *Counts.__struct_fields__, *Metrics.__struct_fields__)


def as_csv(report: QueueReport) -> str:
    """The intervals of all queues, with a header; instants are those of the report's time zone, with their offset, and
    what there was nothing to measure of is empty. A byte order mark tells spreadsheets that it is UTF-8."""
    text = StringIO("\ufeff")
    text.seek(0, 2)
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    lines.writerows(_rows(report))
    return text.getvalue()


def _rows(report: QueueReport) -> Iterator[list[Any]]:
    zone = ZoneInfo(report.time_zone)
    for queue in report.queues:
        for one in queue.intervals:
            edges = [each.astimezone(zone).isoformat() for each in (one.start, one.end)]
            figures = (*msgspec.structs.astuple(one.counts), *msgspec.structs.astuple(one.metrics))
            yield [queue.queue, neutral(queue.name or ""), *edges, one.offered, *figures]
