"""How `callfloor staff` shows what it found."""

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app.routing.staffing.staffing import LOAD, Expected, Plan, Staffing
from app.simulation.estimates import Estimate
from app.simulation.staffing import Found, OneLess, ReachedClass

_COLUMNS = {"service_level": "level", "asa_seconds": "ASA", "abandon_rate": "abandoned"}
_MODELS = {"erlang_c": "Erlang C: nobody leaves", "erlang_a": "Erlang A: callers leave"}


def one_interval(plan: Plan) -> Group:
    """One interval: what the agents needed bring about, beside what one less would."""
    [found] = plan.intervals
    title = f"{found.agents} agents at the desk, {found.scheduled} to schedule"
    table = Table(title=title)
    table.add_column("")
    table.add_column(f"{found.agents} agents", justify="right")
    table.add_column(f"{found.agents - 1} agents" if found.agents else "", justify="right")
    table.add_row("load", f"{found.load:.2f} Erlangs", "")
    chosen, less = _cells(plan, found.expected), _cells(plan, found.one_less)
    for name, cell in chosen.items():
        table.add_row(name, cell, less[name])
    return Group(table, Text(f"{_MODELS[plan.model]}; {_limits(found)}."))


def profile_table(plan: Plan) -> Group:
    """A row an interval, and the sums."""
    sums = (
        f"{_MODELS[plan.model]}; {plan.total.agent_hours:,.1f} hours at the desk, "
        f"{plan.total.scheduled_hours:,.1f} to schedule."
    )
    table = Table()
    level = _level(plan)
    table.add_column("start")
    for name in ("contacts", "load", "agents", "schedule", level, "ASA", "abandoned", "occupancy", "one less"):
        table.add_column(name, justify="right")
    table.add_column("limited by")
    for found in plan.intervals:
        cells, less = _cells(plan, found.expected), _cells(plan, found.one_less)
        table.add_row(
            found.start or "",
            f"{found.contacts:,.6g}",
            f"{found.load:.2f}",
            str(found.agents),
            str(found.scheduled),
            *(cells[name] for name in (level, "ASA", "abandoned", "occupancy")),
            less[level],
            ", ".join(_COLUMNS.get(name, name) for name in found.limited_by),
        )
    table.add_section()
    total = plan.total
    table.add_row("total", f"{total.contacts:,.6g}", "most", str(total.most_agents), str(total.most_scheduled))
    return Group(table, Text(sums))


def mix_tables(found: Found) -> Group:
    """A scenario: the agents of each group with what one less would miss, and what each class of contacts gets."""
    return Group(
        _groups(found),
        _classes(found),
        Text(
            f"{'For all together' if found.in_total else 'For each class and group'}, by simulation: "
            f"{found.runs} runs, {found.contacts:,} contacts; seed {found.seed}.\n"
            f"± half the width of the 95% confidence interval from {found.deciding:,} contacts."
        ),
    )


def _groups(found: Found) -> Table:
    table = Table("agents")
    for name in ("given", "needed", "schedule", "cost", "occupancy"):
        table.add_column(name, justify="right")
    table.add_column("with one less")
    for each in found.groups:
        counts = (each.given, each.needed, each.scheduled)
        cost = f"{each.cost * each.needed:,.10g}"
        less = _one_less(each.one_less)
        table.add_row(escape(each.name), *map(str, counts), cost, _share(each.occupancy), less)
    if len(found.groups) > 1:
        table.add_section()
        sums = [sum(getattr(each, name) for each in found.groups) for name in ("given", "needed", "scheduled")]
        table.add_row("total", *map(str, sums), f"{found.cost:,.10g}")
    return table


def _one_less(it: OneLess | None) -> str:
    if it is None:
        return "-"
    value = _time(it.value) if it.figure == "asa_seconds" else _share(it.value)
    of = f" of {escape(it.of)}" if it.of else ""
    return f"{it.figure.removesuffix('_seconds').replace('_rate', ' rate')}{of} {value}: {it.verdict}"


def _classes(found: Found) -> Table:
    table = Table("contacts")
    for name in (f"{found.targets.variant} in {found.targets.within_seconds:g} s", "abandoned", "ASA"):
        table.add_column(name, justify="right")
    for each in found.classes:
        table.add_row(escape(each.name or ""), *_reached(each))
    if len(found.classes) > 1:
        table.add_section()
        table.add_row("total", *_reached(found.total))
    return table


def _reached(it: ReachedClass) -> tuple[str, str, str]:
    return _share(it.service_level), _share(it.abandon_rate), _time(it.asa_seconds)


def _share(it: Estimate) -> str:
    if it.value is None:
        return "-"
    return f"{it.value:.1%}" + ("" if it.half_width is None else f" ± {it.half_width:.1%}")


def _time(it: Estimate) -> str:
    if it.value is None:
        return "-"
    return f"{it.value:,.1f}" + ("" if it.half_width is None else f" ± {it.half_width:,.1f}") + " s"


def _level(plan: Plan) -> str:
    return f"{plan.targets.variant} in {plan.targets.within_seconds:g} s"


def _limits(found: Staffing) -> str:
    if LOAD in found.limited_by:
        return "limited by the load: with fewer agents the queue grows without end"
    if found.limited_by:
        return f"limited by {_names(found)}"
    return "one agent is the least there is" if found.agents else "nothing comes in"


def _names(found: Staffing) -> str:
    return ", ".join(name.removesuffix("_seconds").replace("_", " ") for name in found.limited_by)


def _cells(plan: Plan, expected: Expected | None) -> dict[str, str]:
    """What is expected, as it is shown; without a steady state (or an agent) there is nothing to show."""
    if expected is None:
        return dict.fromkeys((_level(plan), "P(wait)", "ASA", "95 % wait at most", "abandoned", "occupancy"), "-")
    return {
        _level(plan): f"{getattr(expected, plan.targets.variant):.1%}",
        "P(wait)": f"{expected.p_wait:.1%}",
        "ASA": f"{expected.asa_seconds:,.1f} s",
        "95 % wait at most": f"{expected.wait_p95_seconds:,.1f} s",
        "abandoned": f"{expected.abandon_rate:.1%}",
        "occupancy": f"{expected.occupancy:.1%}",
    }
