"""Where a command works: its settings, its database, its port."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.cli.trouble import Trouble
from app.db.embedded import EmbeddedServer
from app.settings import Settings

ASTERISK = "CALLFLOOR_ASTERISK"
"""The variable that names another folder for the Asterisk of the demo and the bench than the one below the data."""


def settings_with(var: Path | None = None, host: str | None = None, port: int | None = None) -> Settings:
    """The settings of the environment, with what was named on the command line put in their place."""
    settings = Settings()
    http: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    changes: dict[str, Any] = {"http": settings.http.model_copy(update=http)}
    if var is not None:
        changes["var"] = var
    return settings.model_copy(update=changes)


def must_have_folder(file: Path | None, option: str) -> None:
    """Raise `Trouble` where a file that is to be written names a folder that is not there, before any work is done."""
    if file is not None and not file.absolute().parent.is_dir():
        raise Trouble(f"{file}: there is no folder {file.parent}. Name another file with {option}.")


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The address of a running database: the one that is set, or the embedded server's in `var`."""
    if settings.database.url is not None:
        yield settings.database.url.get_secret_value()
        return
    with EmbeddedServer(settings.database_folder) as server:
        yield server.url


@contextmanager
def bound_socket(host: str, port: int) -> Iterator[socket.socket]:
    """A socket bound to the address; raises `Trouble` when somebody has it already, then or when it is to listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with taken_told(host, port):
            bound.bind((host, port))
        yield bound


@contextmanager
def taken_told(host: str, port: int) -> Iterator[None]:
    """Say which address cannot be had, and what to do about it."""
    try:
        yield
    except OSError as error:
        raise Trouble(
            f"Cannot listen on {host} port {port} ({error.strerror or error}). Stop the program that has it, or name "
            "another place with --host and --port."
        ) from error
