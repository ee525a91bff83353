"""What stands between the cells of a CSV file, told from its first lines and the columns that are wanted. Pure."""

import csv
from collections.abc import Collection, Sequence

from app.core.errors import Invalid

CANDIDATES = ",;\t|"
NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
LOOKED_AT = 2000
"""Characters of each line; all the lines that are looked at have fewer than a cell may have."""

_ANNOUNCED = "sep="


class DelimiterUntold(Invalid):
    """What stands between the cells of a file cannot be told, or what was named cannot stand there."""

    code = "delimiter-untold"


def announced(line: str) -> str | None:
    """The delimiter that the first line tells as spreadsheets write it: sep=;"""
    bare = line.rstrip("\r\n").strip('"')
    return bare[len(_ANNOUNCED) :] if bare.lower().startswith(_ANNOUNCED) and len(bare) == len(_ANNOUNCED) + 1 else None


def delimiter_of(lines: Sequence[str], wanted: Collection[str]) -> str:
    """The delimiter of a file that begins so: the one under which its header has most of the wanted columns; where that
    does not tell, the one that gives every line as many cells. Raises DelimiterUntold."""
    starts = [line[:LOOKED_AT] for line in lines]
    tables = {each: list(csv.reader(starts, delimiter=each)) for each in CANDIDATES}
    names = {each: {cell.strip() for cell in rows[0]} for each, rows in tables.items() if rows}
    found = {each: len(names[each].intersection(wanted)) for each in names}
    best = [each for each in found if found[each] == max(found.values())]
    if len(best) > 1:
        best = [each for each in best if len(tables[each][0]) > 1 and _is_even(tables[each])] or best
    if len(best) > 1 and not any(each in lines[0] for each in CANDIDATES):
        return CANDIDATES[0]  # there is one column only
    if len(best) != 1:
        raise DelimiterUntold(
            "What stands between the cells cannot be told. Name it with --delimiter: a character, or tab."
        )
    return best[0]


def named_delimiter(name: str) -> str:
    """The delimiter that somebody named: itself, or a word for it. Raises DelimiterUntold."""
    found = NAMES.get(name.lower(), name)
    if len(found) != 1 or found in "\"'\r\n\0":
        raise DelimiterUntold(f"{name!r} cannot stand between cells; accepted: one character, or {', '.join(NAMES)}")
    return found


def _is_even(rows: list[list[str]]) -> bool:
    return all(len(row) == len(rows[0]) for row in rows if row)
