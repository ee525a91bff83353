"""Asterisk's files are sections of `name=value` lines."""

from collections.abc import Iterable

Line = tuple[str, str | int | None]


def section(head: str, *lines: Line) -> str:
    """One section; lines whose value is None are left out. `head` is the name, with its template where it has one."""
    return "".join([f"[{head}]\n", *(f"{name}={value}\n" for name, value in lines if value is not None)])


def file(why: str, *sections: str) -> str:
    """A whole file; `why` is its first line."""
    return "\n".join([f"; Written by `callfloor asterisk config`: {why}\n", *sections])


def listed(values: Iterable[str]) -> str:
    """Several values of one setting."""
    return ",".join(values)
