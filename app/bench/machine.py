"""The machine that was measured, told so that somebody else can compare theirs."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import msgspec

from app.bench.figures import latency

WRITES = 200
PAGE = b"x" * 8192


class Machine(msgspec.Struct, frozen=True):
    """What it is, and how busy it was with other things when the bench began."""

    processor: str
    cores: int
    memory: int
    system: str
    python: str
    database: str
    load: float
    flush: float
    """Median seconds until a page is on the disk (fdatasync)."""


def look(folder: Path, database: str) -> Machine:
    """This machine; `folder` is on the disk that the journal uses, `database` the version of PostgreSQL."""
    return Machine(
        processor=_fact("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}, uvicorn {version('uvicorn')}",
        database=database,
        load=os.getloadavg()[0],
        flush=_flush(folder / "flush"),
    )


def _fact(file: str, name: str) -> str | None:
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _flush(file: Path) -> float:
    sync = getattr(os, "fdatasync", os.fsync)
    taken = []
    with file.open("wb", buffering=0) as page:
        page.write(PAGE)
        os.fsync(page.fileno())
        for _ in range(WRITES):
            begun = time.perf_counter()
            page.seek(0)
            page.write(PAGE)
            sync(page.fileno())
            taken.append(time.perf_counter() - begun)
    file.unlink()
    return latency(taken).median
