"""Where and of what figures were measured: the machine, the versions, the day, the commit."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import msgspec

PEERS = ("cel-python", "rule-engine", "sqlglot", "sqlglotc", "duckdb", "tpchgen-cli")
_ROOT = Path(__file__).parents[2]


class Machine(msgspec.Struct, frozen=True):
    """`cores` are those that a process may use; `commit` ends in `-dirty` where files differ."""

    cpu: str
    cores: int
    system: str
    python: str
    versions: dict[str, str]
    date: str
    commit: str

    def __str__(self) -> str:
        named = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{self.date}, {self.cpu}, {self.cores} cores, {self.system}, Python {self.python}; "
            f"{named}; commit {self.commit[:12]}{'-dirty' * self.commit.endswith('-dirty')}"
        )


def this_machine() -> Machine:
    versions: dict[str, str] = {}
    for name in ("segdsl", *PEERS):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return Machine(
        _cpu(),
        _cores(),
        f"{platform.system()} {platform.release()}",
        platform.python_version(),
        versions,
        datetime.datetime.now(datetime.UTC).date().isoformat(),
        _commit(),
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()


def _commit() -> str:
    return _output("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _output(*command: str) -> str:
    """What a command prints; nothing where it is not there or does not work."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
