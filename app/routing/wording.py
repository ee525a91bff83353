"""Numbers, durations and lists as people say them. Pure."""

from collections.abc import Iterable

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MINUTE, HOUR, DAY = 60, 3600, 86_400


def span(seconds: float) -> str:
    """A duration of at least 0 seconds, as exactly as people say it: 0.4 s, 95 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    if seconds < 0.05:
        return "less than 0.1 s"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 2 * HOUR:
        return _two(whole, MINUTE, "min", 1, "s")
    if whole < 2 * DAY:
        return _two(whole, HOUR, "h", MINUTE, "min")
    return _two(whole, DAY, "d", HOUR, "h")


def count(number: int, what: str, more: str = "") -> str:
    """A number and what is counted, as a sentence begins with it."""
    said = NUMBERS[number].capitalize() if number < len(NUMBERS) else f"{number:,}"
    return f"{said}{more} {what}{'' if number == 1 else 's'}"


def any_of(each: Iterable[str]) -> str:
    """One of these."""
    return _joined(list(each), "or")


def all_of(each: Iterable[str], one: str = "", several: str = "") -> str:
    """All of these; after a verb, where one is given for one and for several."""
    listed = list(each)
    verb = one if len(listed) == 1 else several
    return f"{verb} {_joined(listed, 'and')}" if verb else _joined(listed, "and")


def _joined(listed: list[str], last: str) -> str:
    return f" {last} ".join(part for part in (", ".join(listed[:-1]), *listed[-1:]) if part)


def _two(whole: int, large: int, its_unit: str, small: int, unit: str) -> str:
    many, rest = divmod(whole, large)
    return f"{many} {its_unit}" + (f" {rest // small} {unit}" if rest >= small else "")
