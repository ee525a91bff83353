"""Asterisk 22 into a folder, from Debian's packages: no root, no service, nothing outside the folder."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.demo.pbx.apt import Apt, AsteriskMissing
from app.telephony.asterisk_config.modules import MODULES

PACKAGES = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm")
LIBRARIES = re.compile(
    r"libc6|libbsd0|libcap2|libcrypt1|libedit\d+|libgcc-s1|libgsm1|libjansson\d+|libmd0|libnspr4|libnss3|libsqlite3-0"
    r"|libsrtp2-\d+|libssl\d+(t64)?|libstdc\+\+6|libsystemd0|libtinfo\d+|liburiparser\d+|libuuid1|libxml2(-\d+)?"
    r"|libxslt1\.1|libzstd1|liblzma5|zlib1g"
)
"""Of the 160 packages that Asterisk depends on, those that what we load is linked with, in any later version, too."""
LOADERS = {
    "amd64": ("x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2"),
    "arm64": ("aarch64-linux-gnu", "lib/ld-linux-aarch64.so.1"),
}
WRAPPER = """#!/bin/sh
# Debian's newer Asterisk with the libraries it was built with, beside this machine's own
root=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$root/usr/{loader}" --library-path "$root/usr/lib/{triplet}" --argv0 asterisk "$root/usr/sbin/asterisk" "$@"
"""
Tell = Callable[[str], None]


class Installation(NamedTuple):
    """An unpacked Asterisk."""

    root: Path
    triplet: str

    @property
    def binary(self) -> Path:
        """What is to be run."""
        return self.root / "bin" / "asterisk"

    @property
    def modules(self) -> Path:
        """Its modules."""
        return self.root / "usr/lib" / self.triplet / "asterisk/modules"

    @property
    def data(self) -> Path:
        """Its documentation (which it needs to start), sounds and music."""
        return self.root / "usr/share/asterisk"

    def version(self) -> str:
        """What it says of itself, such as `Asterisk 22.10.1`."""
        words = [str(self.binary), "-V"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def install(folder: Path, tell: Tell = lambda _: None) -> Installation:
    """The Asterisk in `folder`, put there if it is not; safe when several do so at once. Raises `AsteriskMissing`."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    there = Installation(folder / "root", _machine()[0])
    with _alone(folder):
        if not _complete(there):
            tell(f"installing Asterisk into {folder} (once)")
            _install(folder, there)
    return there


def _install(folder: Path, there: Installation) -> None:
    new = Installation(folder / "new", there.triplet)
    shutil.rmtree(new.root, ignore_errors=True)
    apt = Apt(folder / "apt")
    apt.update()
    closure = apt.closure(PACKAGES)
    apt.unpack([*PACKAGES, *filter(LIBRARIES.fullmatch, closure)], new.root)
    _make_usable(new)
    if unresolved(new):
        apt.unpack(closure, new.root)
        if still := unresolved(new):
            raise AsteriskMissing(f"Debian's packages do not fit together today ({', '.join(sorted(still)[:5])})")
    (new.root / "complete").write_text("\n".join(MODULES))
    shutil.rmtree(there.root, ignore_errors=True)
    new.root.rename(there.root)
    shutil.rmtree(folder / "apt/lists", ignore_errors=True)  # large, and out of date tomorrow


def _complete(it: Installation) -> bool:
    """Whether everything that we load has been seen to resolve in it."""
    stamp = it.root / "complete"
    return stamp.exists() and stamp.read_text() == "\n".join(MODULES)


def _make_usable(it: Installation) -> None:
    """What Debian's maintainer scripts would do, and a way to start it."""
    triplet, loader = _machine()
    if not (it.root / "usr" / loader).exists() and (it.root / loader).exists():
        for name in ("lib", "lib64"):  # where packages still have the folders at the root
            shutil.copytree(it.root / name, it.root / "usr" / name, dirs_exist_ok=True, symlinks=True)
    for sounds in (it.data / "sounds").glob("en_US_f_*"):
        english = it.data / "sounds/en"
        if not english.exists():
            english.symlink_to(sounds.name)
    it.binary.parent.mkdir(exist_ok=True)
    it.binary.write_text(WRAPPER.format(loader=loader, triplet=triplet))
    it.binary.chmod(0o755)


def unresolved(it: Installation, modules: Sequence[str] = MODULES) -> set[str]:
    """The libraries that Asterisk or any module needs and has not; modules that are not there themselves."""
    usr, (triplet, loader) = it.root / "usr", _machine()
    found = set()
    for path in (usr / "sbin/asterisk", *(it.modules / f"{name}.so" for name in modules)):
        words = [str(usr / loader), "--library-path", str(usr / "lib" / triplet), "--list", str(path)]
        listed = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
        if listed.returncode and not listed.stdout:
            found.add(path.name)
        found.update(line.split()[0] for line in listed.stdout.splitlines() if "not found" in line)
    return found


def _machine() -> tuple[str, str]:
    """The names that Debian gives this kind of machine: its folder of libraries, its dynamic loader."""
    if shutil.which("dpkg") is None:
        raise AsteriskMissing("it comes from Debian's packages, and there is no dpkg")
    told = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)  # noqa: S607
    kind = told.stdout.strip()
    if kind not in LOADERS:
        raise AsteriskMissing(f"nobody has tried it on {kind} (only on {', '.join(LOADERS)})")
    return LOADERS[kind]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
