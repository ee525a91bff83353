"""What can be dialled. Pure."""

import re

_SPACING = re.compile(r"[\s()./-]")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)

NUMBER = "a number has digits, * and #, and may begin with +"
"""What would be right, for whoever gave something else."""


def plain(number: str | None) -> str | None:
    """A number as it is dialled, without what people write between its digits; None for what is no number. Letters and
    signs would be a way to anything that a switch knows by name."""
    found = _SPACING.sub("", number or "")
    return found if _NUMBER.fullmatch(found) else None


def has_digit(number: str) -> bool:
    """Whether it could be a number: how one is written is the platform's matter, but none is without a digit."""
    return any(character.isdigit() for character in number)
