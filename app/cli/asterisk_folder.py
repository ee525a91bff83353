"""The folder of an Asterisk's configuration: files, passwords that are made once, what was there before."""

import grp
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.trouble import Trouble

if TYPE_CHECKING:
    from app.telephony.asterisk_config.plan_file import AgentPart, Passwords

PASSWORDS = "callfloor-passwords.json"
BEFORE = ".before-callfloor"
OURS = "; Written by `callfloor asterisk config`"
GROUP = "asterisk"
"""Asterisk's own user group, where its package made one."""


def passwords_in(folder: Path, agents: "list[AgentPart]") -> "Passwords":
    """The passwords kept in the folder, with new ones for phones that are new."""
    import msgspec

    from app.telephony.asterisk_config.plan_file import Passwords

    path = folder / PASSWORDS
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Passwords)
    except FileNotFoundError:
        kept = Passwords(_new_password(), {})
    except msgspec.DecodeError as error:
        raise Trouble(f"{path}: {error}. Put it right, or remove it to have new passwords made.") from error
    for agent in agents:
        if agent.password is None:
            kept.agents.setdefault(agent.endpoint, _new_password())
    return kept


def write(folder: Path, files: Mapping[str, str], passwords: "Passwords") -> list[str]:
    """Write all files; those that were there and are not ours are kept beside, and named."""
    import msgspec

    folder.mkdir(parents=True, exist_ok=True)
    kept = [name for name in files if _set_aside(folder / name)]
    for name, text in files.items():
        _write(folder / name, text, 0o640)
    _write(folder / PASSWORDS, msgspec.json.format(msgspec.json.encode(passwords), indent=2).decode(), 0o600)
    return kept


def readable_by_asterisk(folder: Path, names: Mapping[str, str]) -> bool:
    """Let Asterisk's group read the files, where there is one and we may; whether that was done."""
    try:
        grp.getgrnam(GROUP)
        for name in names:
            shutil.chown(folder / name, group=GROUP)
    except (KeyError, PermissionError):
        return False
    return True


def _new_password() -> str:
    return secrets.token_urlsafe(18)


def _set_aside(path: Path) -> bool:
    if not path.exists() or path.read_text(errors="replace").startswith(OURS):
        return False
    path.replace(path.with_name(path.name + BEFORE))
    return True


def _write(path: Path, text: str, mode: int) -> None:
    """All or nothing, and never readable by others, not even for a moment."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
