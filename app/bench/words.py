"""How results are written: tables, durations, shares. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, and an empty one."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def ms(seconds: float) -> str:
    """Milliseconds."""
    return f"{seconds * 1e3:.2f} ms" if seconds < 0.01 else f"{seconds * 1e3:.1f} ms"


def us(seconds: float) -> str:
    """Microseconds."""
    return f"{seconds * 1e6:,.0f} µs"


def share(shares: Mapping[str, float]) -> str:
    """What each used of a core."""
    return ", ".join(f"{name} {share:.2f}" for name, share in shares.items()) or "not told by this system"
