"""Texts that a spreadsheet would take for a formula, made harmless in files that people open, and back. Pure.

In a file that people open, such a text gets an apostrophe in front. Where the file is read again, the apostrophe is
taken off, so that a telephone number that begins with + comes back as it was.
"""

import re

_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*[\t\r\n]")
_NEUTRAL = re.compile(r"'+\s*[=+\-@＝＋－＠]|'+[\t\r\n]")


def neutral(text: str) -> str:
    """A text that no spreadsheet evaluates."""
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """The text of which `neutral` made this."""
    return text[1:] if _NEUTRAL.match(text) else text
