"""Reads what `callfloor staff` is asked: options and a profile; keeps every fault, so that all are told at once."""

import csv
import math
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from app.routing.staffing.erlang import ServiceLevel
from app.routing.staffing.staffing import (
    LONGEST,
    MOST_AGENTS,
    MOST_CONTACTS,
    SHORTEST_INTERVAL,
    Demand,
    Staffing,
    Targets,
    beyond,
    staff,
)

MOST_LINES = 3_000
"""A month of quarter hours."""
_MOST_CHARACTERS = 1 << 20
_COLUMNS = ("start", "contacts", "aht_seconds")


class Faults(list[str]):
    """What is wrong, one sentence each; as text, all of it."""

    def found(self, where: str, what: str, accepted: str) -> None:
        """Keep one."""
        self.append(f"{where}: {what}; accepted: {accepted}")

    def __str__(self) -> str:
        head = "One thing is" if len(self) == 1 else f"{len(self)} things are"
        return f"{head} wrong with what was asked:\n" + "\n".join(f"  {each}" for each in self)


class Range(NamedTuple):
    """From `low` to `high`; `open_low` and `open_high` leave the ends out."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False
    kind: str = "a number"

    def __str__(self) -> str:
        low = f"{'above' if self.open_low else 'at least'} {self.low:,g}"
        return f"{self.kind}, {low} and {'below' if self.open_high else 'at most'} {self.high:,.10g}"

    def holds(self, value: float) -> bool:
        """Whether the value lies in it."""
        return (self.low < value if self.open_low else self.low <= value) and (
            value < self.high if self.open_high else value <= self.high
        )


CONTACTS = Range(0, MOST_CONTACTS)
TIME = Range(1, LONGEST, kind="seconds")
LIMIT = Range(0, LONGEST, kind="seconds")
MEAN_WAIT = Range(0, LONGEST, open_low=True, kind="seconds")
INTERVAL = Range(SHORTEST_INTERVAL, LONGEST, kind="seconds")
SHARE = Range(0, 1, open_low=True, open_high=True, kind="a share (0.85 or 85%)")
OCCUPANCY = Range(0, 1, open_low=True, kind="a share (0.85 or 85%)")
SHRINKAGE = Range(0, 1, open_high=True, kind="a share (0.3 or 30%)")


HALF_HOUR = 1800.0
SHORT_ABANDON = 5.0


class Question(NamedTuple):
    """What is to be reckoned; `places` names each demand as who asked knows it."""

    demands: list[Demand]
    places: list[str]
    targets: Targets
    shrinkage: float
    is_profile: bool

    def staffed(self, faults: Faults) -> list[Staffing]:
        """What each interval needs; one that cannot be staffed is a fault."""
        staffed = []
        for demand, place in zip(self.demands, self.places, strict=True):
            found = staff(demand, self.targets, self.shrinkage)
            if found is None:
                faults.found(place, beyond(demand), f"what {MOST_AGENTS:,} agents can do")
            else:
                staffed.append(found)
        return staffed


def question(faults: Faults, options: Mapping[str, str | None], profile: Path | None) -> Question:
    """What the options ask. What is wrong goes to `faults`, and then the question is not to be asked."""

    def value(name: str, accepted: Range) -> float | None:
        given = options[name]
        return None if given is None else number(faults, name, given, accepted)

    common = Demand(
        contacts=0,
        interval_seconds=HALF_HOUR if options["--interval"] is None else value("--interval", INTERVAL) or 0,
        aht_seconds=value("--aht", TIME) or 0,
        patience_seconds=value("--patience", TIME),
    )
    targets = read_targets(faults, options)
    if options["--max-abandoned"] is not None and options["--patience"] is None:
        faults.found("--patience", "missing; without a patience nobody leaves", str(TIME))
    shrinkage = value("--shrinkage", SHRINKAGE) or 0.0
    if profile is None:
        common = _one_interval(faults, options, common)
        return Question([common], ["--contacts"], targets, shrinkage, False)
    if options["--contacts"] is not None:
        faults.found("--contacts", "the profile says how many contacts come", "--contacts or --profile, one of them")
    demands, places = read_profile(faults, profile, common, aht_given=options["--aht"] is not None)
    return Question(demands, places, targets, shrinkage, True)


def read_targets(faults: Faults, options: Mapping[str, str | None], short_abandon: float = SHORT_ABANDON) -> Targets:
    """What is to be reached; that nothing is asked for is a fault. `short_abandon` seconds are if no option says so."""

    def value(name: str, accepted: Range) -> float | None:
        given = options[name]
        return None if given is None else number(faults, name, given, accepted)

    share, within = _service_level(faults, options["--target"])
    asked = ("--target", "--max-asa", "--max-occupancy", "--max-abandoned")
    if all(options[name] is None for name in asked):
        faults.found("--target", "nothing is to be reached", f"one or more of {', '.join(asked)}")
    return Targets(
        service_level=share,
        within_seconds=within,
        variant=_variant(faults, options["--variant"] or ""),
        short_abandon_seconds=short_abandon
        if options["--short-abandon"] is None
        else value("--short-abandon", LIMIT) or 0,
        asa_seconds=value("--max-asa", MEAN_WAIT),
        occupancy=value("--max-occupancy", OCCUPANCY),
        abandon_rate=value("--max-abandoned", SHARE),
    )


def number(faults: Faults, where: str, text: str, accepted: Range) -> float | None:
    """The number that the text is; None, and a fault, if it is none or out of the range. `85%` is 0.85."""
    percent = accepted.kind.startswith("a share") and text.rstrip().endswith("%")
    try:
        value = float(text.rstrip().removesuffix("%")) / 100 if percent else float(text)
    except ValueError:
        value = math.nan
    if accepted.holds(value):
        return value
    what = f"{text!r} is no number" if math.isnan(value) else f"{text} is out of range"
    faults.found(where, what, str(accepted))
    return None


def _service_level(faults: Faults, text: str | None) -> tuple[float | None, float]:
    if text is None:
        return None, 20.0
    share, _, seconds = text.partition("/")
    try:
        level, within = float(share) / 100, float(seconds)
    except ValueError:
        level = within = math.nan
    if SHARE.holds(level) and LIMIT.holds(within):
        return level, within
    accepted = "a percentage between 0 and 100, a slash and at most 86,400 seconds, such as 80/20"
    faults.found("--target", f"{text!r} is no service level", accepted)
    return None, 20.0


def _variant(faults: Faults, name: str) -> ServiceLevel:
    try:
        return ServiceLevel(name)
    except ValueError:
        faults.found("--variant", f"there is no {name!r}", ", ".join(ServiceLevel))
        return ServiceLevel.OFFERED


def _one_interval(faults: Faults, options: Mapping[str, str | None], common: Demand) -> Demand:
    contacts = None
    if options["--contacts"] is None:
        faults.found("--contacts", "missing", f"{CONTACTS}, or a --profile")
    else:
        contacts = number(faults, "--contacts", options["--contacts"], CONTACTS)
    if options["--aht"] is None:
        faults.found("--aht", "missing", str(TIME))
    return _demand(common, contacts or 0, common.aht_seconds, None)


def _demand(common: Demand, contacts: float, aht: float, start: str | None) -> Demand:
    return Demand(
        contacts=contacts,
        interval_seconds=common.interval_seconds,
        aht_seconds=aht,
        patience_seconds=common.patience_seconds,
        start=start,
    )


def read_profile(faults: Faults, path: Path, common: Demand, *, aht_given: bool) -> tuple[list[Demand], list[str]]:
    """The intervals of a CSV file, and where each stands in it. Without a column aht_seconds `common` has it."""
    accepted = f"a CSV file in UTF-8 with a header ({', '.join(_COLUMNS)})"
    text = text_in(faults, "--profile", path, accepted)
    if text is None:
        return [], []
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    demands: list[Demand] = []
    places: list[str] = []
    try:
        if not _header_fits(faults, path, rows.fieldnames or (), aht_given=aht_given):
            return [], []
        for row in rows:
            if len(demands) == MOST_LINES:
                faults.found(f"{path}", f"more than {MOST_LINES:,} intervals", f"at most {MOST_LINES:,}")
                break
            place = f"{path} line {rows.line_num}"
            demands.append(_read_row(faults, place, row, common))
            places.append(place)
    except csv.Error as error:
        # the DictReader counts lines only once they are read
        faults.found(f"{path} line {rows.reader.line_num}", f"is no CSV ({error})", "comma-separated values")
        return [], []
    if not demands:
        faults.found(f"{path}", "there is no interval in it", "a line for each interval, below the header")
    return demands, places


def text_in(faults: Faults, option: str, path: Path, accepted: str) -> str | None:
    """What stands in the file that `option` names; None, and why in `faults`, where it is not such a text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read(_MOST_CHARACTERS + 1)
    except OSError as error:
        faults.found(f"{option} {path}", f"cannot be read ({error.strerror})", accepted)
        return None
    except UnicodeDecodeError as error:
        faults.found(f"{option} {path}", f"is not UTF-8 ({error.reason} at byte {error.start})", accepted)
        return None
    if len(text) > _MOST_CHARACTERS:
        faults.found(f"{option} {path}", "is too large", f"at most {_MOST_CHARACTERS:,} characters")
        return None
    return text


def _header_fits(faults: Faults, path: Path, header: object, *, aht_given: bool) -> bool:
    columns = [str(name) for name in header] if isinstance(header, list) else []
    needed = {"contacts"} if aht_given else {"contacts", "aht_seconds"}
    before = len(faults)
    for name in sorted(needed - set(columns)):
        instead = ", or --aht" if name == "aht_seconds" else ""
        faults.found(f"{path} line 1", f"the column {name} is missing", f"{', '.join(_COLUMNS)}{instead}")
    for name in columns:
        if name not in _COLUMNS or columns.count(name) > 1:
            faults.found(f"{path} line 1", f"the column {name!r} is unknown or twice there", ", ".join(_COLUMNS))
    return len(faults) == before


def _read_row(faults: Faults, place: str, row: dict[str | None, object], common: Demand) -> Demand:
    if None in row:
        faults.found(place, "has more values than the header has columns", "as many values as columns")

    def value(name: str, accepted: Range) -> float:
        return number(faults, f"{place}, {name}", str(row[name] or ""), accepted) or 0.0

    aht = value("aht_seconds", TIME) if "aht_seconds" in row else common.aht_seconds
    start = row.get("start")
    return _demand(common, value("contacts", CONTACTS), aht, str(start) if start else None)
