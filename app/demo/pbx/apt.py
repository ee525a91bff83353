"""Debian packages into a folder: apt with a state of its own, so nothing else changes and root is not needed."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from app.core.errors import Unavailable

SUITE = "sid"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SECONDS = 300


class AsteriskMissing(Unavailable):
    """Asterisk cannot be had on this machine."""

    code: ClassVar[str] = "asterisk-missing"

    def __init__(self, why: str) -> None:
        super().__init__(f"Asterisk 22 cannot be had here: {why}.")


class Apt:
    """Debian's unstable suite as seen by an apt whose lists and downloads are below `folder`.

    Which mirror it asks is what this machine's apt is set up with; signatures are checked as always.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._debs = folder / "packages"

    def update(self) -> None:
        """Get the lists of packages."""
        self._ensure_tools()
        for name in ("lists/partial", "packages/partial", "empty"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        (self._folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {self._mirror()} {SUITE} main\n")
        self._apt("update")

    def closure(self, packages: Iterable[str]) -> list[str]:
        """The packages and all that they depend on."""
        told = self._apt("install", "-s", "--no-install-recommends", *packages)
        return [line.split()[1] for line in told.splitlines() if line.startswith("Inst ")]

    def unpack(self, packages: Sequence[str], into: Path) -> None:
        """Download packages (those that are here already are not asked for again) and unpack them below `into`."""
        self._apt("download", *packages)
        wanted = [path for name in packages for path in self._debs.glob(f"{name}_*.deb")]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            list(pool.map(lambda deb: _run(["dpkg", "-x", str(deb), str(into)]), wanted))

    def _ensure_tools(self) -> None:
        missing = [name for name in ("apt-get", "dpkg") if shutil.which(name) is None]
        if missing:
            raise AsteriskMissing(f"it comes from Debian's packages, and there is no {' and no '.join(missing)}")
        if not KEYRING.exists():
            raise AsteriskMissing(f"there is no {KEYRING} to check Debian's signatures with")

    def _mirror(self) -> str:
        """Debian's mirror of this machine: the first site of its sources that ends in /debian."""
        words = ["apt-get", "indextargets", "--format", "$(SITE)"]
        for site in _run(words).splitlines():
            if site.rstrip("/").endswith("/debian"):
                return site
        raise AsteriskMissing("apt knows no mirror of Debian; run `apt-get update` once, or see /etc/apt/sources.list")

    def _apt(self, command: str, *words: str) -> str:
        folder = self._folder
        ours = {
            "Dir::State": folder,
            "Dir::State::lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder,
            "Dir::Cache::archives": self._debs,
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": folder / "empty",
            "Dir::Etc::preferencesparts": folder / "empty",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": 3,
        }
        options = [word for name, value in ours.items() for word in ("-o", f"{name}={value}")]
        return _run(["apt-get", *options, "-qq", command, *words], self._debs)


def _run(words: Sequence[str], folder: Path | None = None) -> str:
    """What a command prints. Raises `AsteriskMissing` with its last words."""
    environment = os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        ran = subprocess.run(  # noqa: S603 - words of our own
            words, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise AsteriskMissing(f"{words[0]} did not end within {SECONDS} s") from error
    if ran.returncode:
        said = (ran.stderr or ran.stdout).strip().splitlines() or ["it said nothing"]
        raise AsteriskMissing(f"{words[0]} failed ({said[-1]})")
    return ran.stdout
