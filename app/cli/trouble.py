"""What goes wrong in an expected way is told in one sentence that says what to do; a defect keeps its traceback."""

import errno
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_settings import SettingsError


class Trouble(Exception):
    """Something the person at the terminal can put right; the message says how."""


@contextmanager
def told_plainly() -> Iterator[None]:
    """End the process with one sentence and status 1 for trouble, quietly with status 130 for Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nothing more to say
        sys.exit(1)
    except Exception as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        sys.stderr.write(f"callfloor: {sentence}\n")
        sys.exit(1)


def sentence_for(error: Exception) -> str | None:
    """What to tell a person about `error`; None for what nobody expected."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from app.core.errors import CallfloorError
    from app.db.errors import EmbeddedServerError, meaning

    if isinstance(error, Trouble | EmbeddedServerError):
        return str(error)
    if isinstance(error, CallfloorError):
        return str(error)
    if isinstance(error, ValidationError):
        return _settings_sentence(error)
    if isinstance(error, SettingsError):
        return _json_sentence(error)
    unreachable = meaning(error) if not isinstance(error, OSError) else None
    if unreachable is not None:
        return str(unreachable)
    return _file_sentence(error) if isinstance(error, OSError) else None


def _settings_sentence(error: "ValidationError") -> str:
    faults = []
    for fault in error.errors():
        name = "CALLFLOOR_" + "_".join(str(part) for part in fault["loc"]).upper()
        faults.append(f"{name} {fault['msg'].removeprefix('Value error, ')}")
    return "Settings are wrong: " + "; ".join(faults) + "."


def _json_sentence(error: "SettingsError") -> str:
    """Which variables of the concern that `error` names cannot be read; never what is in them."""
    named = re.search(r'field "(\w+)"', str(error))
    prefix = f"CALLFLOOR_{named[1]}_".upper() if named else "CALLFLOOR_"
    wrong = [name for name, value in os.environ.items() if name.upper().startswith(prefix) and not _is_json(value)]
    accepted = 'JSON such as {"name": "value"} or ["10.0.0.0/8"]'
    return f"Settings are wrong: {', '.join(sorted(wrong)) or prefix + '...'} is no JSON; accepted: {accepted}."


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _file_sentence(error: OSError) -> str | None:
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOSPC):
        where = error.filename or "a file"
        return (
            f"{where}: {error.strerror}. Give it to the user that runs Callfloor, or name another place with "
            "CALLFLOOR_VAR (or --var)."
        )
    return None
