"""The figures of a simulation as tables for a terminal."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from app.simulation.estimates import Estimate
from app.simulation.predictions import ClassAccuracy
from app.simulation.results import ClassFigures, Comparison, Figures

SHARES = ("probability_of_waiting", "abandon_rate", "utilisation", "occupancy")
NONE = "-"


def run_tables(told: Figures) -> RenderableType:
    """One run: the contacts by class, their waits, their service levels, and the agents by group."""
    classes = [*told.classes, told.total] if len(told.classes) > 1 else told.classes
    return Group(
        _head(told),
        _contacts(classes),
        _waits(classes),
        _levels(classes, told),
        _groups(told),
        f"± half the width of the {told.confidence:.0%} confidence interval, from {told.batches} batch means; none "
        "where batches are too small or all alike. Beside shares of none or all of n: 3/n.",
    )


def comparison_table(told: Comparison) -> RenderableType:
    """Two runs side by side; an interval of the difference without 0 is marked."""
    table = _table("figure", "of", "A", "B", "B - A", "")
    before = None
    for each in told.differences:
        if before is not None and before != each.of:
            table.add_section()
        before = each.of
        share = each.figure in SHARES or each.figure.startswith("sl_")
        one, other = (_value(value, share) for value in (each.first, each.second))
        table.add_row(
            each.figure, escape(each.of), one, other, _estimate(each.difference, share), _mark(each.difference)
        )
    first, second = told.first, told.second
    contacts = f"{first.contacts:,}" + (f" and {second.contacts:,}" if second.contacts != first.contacts else "")
    return Group(
        f"{contacts} contacts, the first {first.warmup:,} of them not counted, seed {first.seed}: the same in both.",
        table,
        f"± half the width of the {first.confidence:.0%} confidence interval from {first.batches} pairs of batches; "
        "* where it leaves out 0; none where batches are too small or all alike.",
    )


def prediction_table(told: list[ClassAccuracy]) -> RenderableType:
    """How well each estimator did in each class, in seconds and as shares of the mean wait."""
    table = _table("class", "contacts", "mean wait, s", "estimator", "bias", "MAE", "RMSE", "bias", "MAE", "RMSE")
    for each in told if len(told) > 2 else told[-1:]:
        table.add_section()
        mean = each.mean_wait_seconds
        head = (escape(each.name), f"{each.contacts:,}", f"{mean:.1f}")
        for it in each.estimators if each.contacts else ():
            errors = (it.bias_seconds, it.mean_absolute_error_seconds, it.root_mean_square_error_seconds)
            shares = (f"{error / mean:.1%}" for error in errors)
            table.add_row(*head, it.estimator, *(f"{error:.1f}" for error in errors), *shares)
            head = ("", "", "")
    return Group(
        table, "Predicted less real wait of those who had to wait and were answered: seconds, and of the mean wait."
    )


def _head(told: Figures) -> str:
    level = f"service level {told.service_level_seconds:g} s, short abandons up to {told.short_abandon_seconds:g} s"
    hours = told.simulated_seconds / 3600
    return (
        f"{told.contacts:,} contacts in {hours:,.1f} hours of virtual time, the first {told.warmup:,} not counted; "
        f"seed {told.seed}; {level}."
    )


def _table(first: str, *others: str) -> Table:
    table = Table(first)
    for other in others:
        table.add_column(other, justify="right")
    return table


def _contacts(classes: Iterable[ClassFigures]) -> Table:
    table = _table("contacts", "offered", "answered", "abandoned", "left over", "P(wait)", "abandon rate")
    for each in classes:
        counts = (each.offered, each.answered, each.abandoned, each.left_over)
        shares = (each.probability_of_waiting, each.abandon_rate)
        table.add_row(escape(each.name), *(f"{count:,}" for count in counts), *(_estimate(it, True) for it in shares))
    return table


def _waits(classes: list[ClassFigures]) -> Table:
    table = _table("wait, s", "mean of all", "ASA", *classes[0].wait_percentiles)
    for each in classes:
        figures = (each.mean_wait_seconds, each.asa_seconds, *each.wait_percentiles.values())
        table.add_row(escape(each.name), *(_estimate(it) for it in figures))
    return table


def _levels(classes: list[ClassFigures], told: Figures) -> Table:
    table = _table(f"within {told.service_level_seconds:g} s", *classes[0].service_level)
    for each in classes:
        table.add_row(escape(each.name), *(_estimate(it, True) for it in each.service_level.values()))
    return table


def _groups(told: Figures) -> Table:
    table = _table("agents", "count", "contacts", "utilisation", "occupancy")
    for each in told.groups:
        shares = (each.utilisation, each.occupancy)
        table.add_row(
            escape(each.name), f"{each.agents:,}", f"{each.contacts:,}", *(_estimate(it, True) for it in shares)
        )
    return table


def _estimate(it: Estimate, share: bool = False) -> str:
    value = _value(it.value, share)
    if it.value is None or it.half_width is None:
        return value
    return f"{value} ± {_value(it.half_width, share)}"


def _value(value: float | None, share: bool) -> str:
    if value is None:
        return NONE
    return f"{value:.4f}" if share else f"{value:.2f}"


def _mark(it: Estimate) -> str:
    told = it.value is not None and it.half_width is not None
    return "*" if told and it.value != 0 and not it.holds(0.0) else ""
