"""`callfloor staff`: how many agents a forecast or a scenario needs.

The reckoning for a forecast lives in the room `routing`, the search for a scenario's mix in the room `simulation`.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

    from app.cli.forecast import Faults, Question
    from app.routing.staffing.staffing import Plan
    from app.simulation.staffing import Found


def add_to(commands: typer.Typer) -> None:
    """Add the command of this file."""
    commands.command()(staff)


# Numbers come as text, so that all that is wrong with them can be told at once.
Contacts = Annotated[str | None, typer.Option(metavar="NUMBER", help="Contacts that come in the interval.")]
Handling = Annotated[str | None, typer.Option(metavar="SECONDS", help="Mean handling time: talk, hold and wrap-up.")]
Length = Annotated[str | None, typer.Option(metavar="SECONDS", help="Length of an interval, 1800 if not given.")]
PROFILE_HELP = "Intervals one by one: columns start, contacts, aht_seconds."
Profile = Annotated[Path | None, typer.Option(metavar="FILE.csv", help=PROFILE_HELP)]
TARGET_HELP = "Service level, such as 80/20: 80 % within 20 seconds."
Target = Annotated[str | None, typer.Option(metavar="SHARE/SECONDS", help=TARGET_HELP)]
VARIANT_HELP = "Which service level: sl_offered, sl_answered, sl_abandon_credit, sl_excl_short."
Variant = Annotated[str, typer.Option(metavar="NAME", help=VARIANT_HELP)]
MeanWait = Annotated[str | None, typer.Option(metavar="SECONDS", help="Mean wait of the answered at most.")]
Occupancy = Annotated[str | None, typer.Option(metavar="SHARE", help="Occupancy at most, as 0.85 or 85%.")]
ABANDONED_HELP = "Abandon rate at most; needs --patience, or a scenario with patience."
Abandoned = Annotated[str | None, typer.Option(metavar="SHARE", help=ABANDONED_HELP)]
PATIENCE_HELP = "Mean time after which who waits leaves; left out, nobody leaves."
Patience = Annotated[str | None, typer.Option(metavar="SECONDS", help=PATIENCE_HELP)]
SHORT_HELP = "Until when an abandon is a short one, for sl_excl_short; 5, or what the scenario says."
Short = Annotated[str | None, typer.Option(metavar="SECONDS", help=SHORT_HELP)]
SHRINKAGE_HELP = "Share of paid time that is not spent at the desk, as 0.3 or 30%."
Shrinkage = Annotated[str, typer.Option(metavar="SHARE", help=SHRINKAGE_HELP)]
SCENARIO_HELP = "A scenario with skills, see docs/simulation.md: finds the agents of each group by simulation."
ScenarioFile = Annotated[Path | None, typer.Option(metavar="FILE.yaml", help=SCENARIO_HELP)]
COST_HELP = "What an agent of a group costs beside the others, 1 if not given; once for each group."
Costs = Annotated[list[str] | None, typer.Option("--cost", metavar="GROUP=NUMBER", help=COST_HELP)]
TOTAL_HELP = "With a scenario: targets are for all contacts and agents together, not for each class and group."
InTotal = Annotated[bool, typer.Option("--in-total", help=TOTAL_HELP)]
AsJson = Annotated[bool, typer.Option("--json", help="For machines, on standard output.")]


def staff(
    contacts: Contacts = None,
    aht: Handling = None,
    interval: Length = None,
    profile: Profile = None,
    target: Target = None,
    variant: Variant = "sl_offered",
    max_asa: MeanWait = None,
    max_occupancy: Occupancy = None,
    max_abandoned: Abandoned = None,
    patience: Patience = None,
    short_abandon: Short = None,
    shrinkage: Shrinkage = "0",
    scenario: ScenarioFile = None,
    cost: Costs = None,
    in_total: InTotal = False,
    as_json: AsJson = False,
) -> None:
    """Tell the least number of agents that reaches every target, and what one agent less would bring about.

    Erlang C, or Erlang A with --patience, both exactly; a mix of skills with --scenario, by simulation. Exit
    status 2 if something asked for is wrong or cannot be reached; the message lists every fault.
    """
    options = {
        "--contacts": contacts,
        "--aht": aht,
        "--interval": interval,
        "--target": target,
        "--variant": variant,
        "--max-asa": max_asa,
        "--max-occupancy": max_occupancy,
        "--max-abandoned": max_abandoned,
        "--patience": patience,
        "--short-abandon": short_abandon,
        "--shrinkage": shrinkage,
    }
    if scenario is not None:
        _mix(scenario, options, _Others(profile, cost or [], in_total), as_json)
    else:
        _plan(options, _Others(profile, cost or [], in_total), as_json)


class _Others(NamedTuple):
    """Options that are not one text each."""

    profile: Path | None
    costs: list[str]
    in_total: bool


def _plan(options: dict[str, str | None], others: _Others, as_json: bool) -> None:
    from app.cli.forecast import Faults, question
    from app.routing.staffing.staffing import plan

    faults = Faults()
    for name, given in (("--cost", others.costs), ("--in-total", others.in_total)):
        if given:
            faults.found(name, "there is no scenario", "together with --scenario")
    asked = question(faults, options, others.profile)
    _refuse(faults)
    staffed = asked.staffed(faults)
    _refuse(faults)
    _tell(plan(asked.demands, staffed, asked.targets, asked.shrinkage), asked, as_json)


def _mix(path: Path, options: dict[str, str | None], others: _Others, as_json: bool) -> None:
    from app.cli.forecast import Faults
    from app.cli.mixing import found, mix_question
    from app.cli.plan_tables import mix_tables

    faults = Faults()
    asked = mix_question(faults, path, options, others.costs, profile=others.profile)
    _refuse(faults)
    assert asked is not None
    told = found(faults, asked, in_total=others.in_total)
    _refuse(faults)
    assert told is not None
    _show(told, mix_tables(told), as_json)


def _refuse(faults: "Faults") -> None:
    if faults:
        typer.echo(f"callfloor: {faults}", err=True)
        raise typer.Exit(2)


def _tell(told: "Plan", asked: "Question", as_json: bool) -> None:
    from app.cli.plan_tables import one_interval, profile_table

    _show(told, profile_table(told) if asked.is_profile else one_interval(told), as_json)


def _show(told: "Plan | Found", tables: "RenderableType", as_json: bool) -> None:
    import msgspec
    from rich.console import Console

    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
        return
    Console(width=None if sys.stdout.isatty() else 120).print(tables)
