"""An Asterisk that we start, speak to and stop."""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from app.core.errors import Unavailable
from app.demo.pbx.install import Installation

START_SECONDS = 30.0
STOP_SECONDS = 10.0
CLI_SECONDS = 10.0
FOLDERS = ("etc", "cache", "lib/keys", "spool/recording", "run", "log")


class AsteriskFailed(Unavailable):
    """Asterisk did not start, or has ended; the message carries what it said."""

    code: ClassVar[str] = "asterisk-failed"


class AsteriskServer:
    """One Asterisk in a folder that is its alone; `files` is its configuration (by file name).

    It ends with whoever started it: `setpriv` has the kernel tell it when the thread that called `start` is gone.
    So call `start` where you stay, in the main thread.
    """

    def __init__(self, installation: Installation, folder: Path, files: Mapping[str, str]) -> None:
        self._installation = installation
        self.folder = folder.resolve()  # Asterisk looks for its files from a folder of its own
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def recordings(self) -> Path:
        """Where stored recordings are."""
        return self.folder / "spool/recording"

    def start(self) -> None:
        """Start it and wait until every module is up. Raises `AsteriskFailed`."""
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.write(self._files)
        with (self.folder / "log/console.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - words of our own
                ["setpriv", "--pdeathsig", "TERM", *self._words("-f")],  # noqa: S607
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_booted()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it, whatever calls there are."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        try:
            self.command("core stop now")  # at a SIGTERM it waits for calls
        except (AsteriskFailed, subprocess.TimeoutExpired):
            process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End it without warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def write(self, files: Mapping[str, str]) -> None:
        """Write files of the configuration; a running Asterisk reads them when it is told to (`core reload`)."""
        for name, text in files.items():
            path = self.folder / "etc" / name
            path.touch(mode=0o600)
            path.write_text(text)

    def command(self, line: str) -> str:
        """What Asterisk's command line answers."""
        ran = subprocess.run(  # noqa: S603 - words of our own
            self._words("-rx", line), capture_output=True, text=True, timeout=CLI_SECONDS, check=False
        )
        if ran.returncode:
            raise AsteriskFailed(f"Asterisk does not answer `{line}`: {(ran.stderr or ran.stdout).strip()}")
        return ran.stdout

    def log(self, lines: int = 40) -> str:
        """The last that it said."""
        path = self.folder / "log/messages.log"
        texts = [it.read_text(errors="replace") for it in (self.folder / "log/console.log", path) if it.exists()]
        return "\n".join("".join(texts).splitlines()[-lines:])

    def _wait_until_booted(self) -> None:
        """ARI answers before all modules are up; the command line knows when they are."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.pid is None:
                raise AsteriskFailed(f"Asterisk ended at its start:\n{self.log()}")
            try:
                if "fully booted" in self.command("core waitfullybooted"):
                    return
            except (AsteriskFailed, subprocess.TimeoutExpired):
                time.sleep(0.02)
        raise AsteriskFailed(f"Asterisk is not up after {START_SECONDS:.0f} s:\n{self.log()}")

    def _words(self, *options: str) -> list[str]:
        return [str(self._installation.binary), "-C", str(self.folder / "etc/asterisk.conf"), *options]

    def __enter__(self) -> "AsteriskServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
