"""`segdsl check` of many files with a schema, against a process that reads and hashes them.

Of 1,000 and of 10,000; cold, which is without what an earlier check kept, and with nothing
changed since. That it looks at all of them, and finds what was changed, is asserted first.
"""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

import many_files
from commands import COMMAND, running, said
from measures import Comparison, nothing

FEW, FILES = 1_000, 10_000
KEPT = Path(".segdsl") / "check"
"""Where `segdsl check` keeps what it found."""
_HASHING = """\
import hashlib, os
files = 0
for folder, folders, names in os.walk("."):
    folders.sort()
    for name in sorted(names):
        if name.endswith(".seg"):
            with open(os.path.join(folder, name), "rb") as opened:
                hashlib.sha256(opened.read()).digest()
            files += 1
print(files)
"""
HASH = (sys.executable, "-c", _HASHING)
CHECK = (COMMAND, "check")


def forget(project: Path) -> None:
    """Takes away what was kept: the next check is cold."""
    shutil.rmtree(project / KEPT, ignore_errors=True)


def agree(project: Path, files: int, check: tuple[str | Path, ...] = CHECK) -> None:
    """Both look at all files; a mistake in one is found, and gone when it is put right."""
    hashed = said(*HASH, folder=project).strip()
    assert hashed == str(files), f"{hashed} of {files} files were hashed"
    fine = f"{files:,} files, {files - 1:,} segments, checked with live.schema.toml: no problems"
    plain = fine.replace(",", "")

    def finds_nothing() -> None:
        shown = said(*check, folder=project)
        assert plain in shown.replace(",", ""), f"of {files} files `check` said: {shown[:500]}"

    finds_nothing()
    changed = sorted(project.rglob("segment-*.seg"))[files // 2]
    before = changed.read_text()
    changed.write_text(before.replace("string_000", "string_999", 1))
    try:
        shown = said(*check, folder=project, code=1)
    finally:
        changed.write_text(before)
    missed = f"a mistake was not found: {shown[:500]}"
    assert "error[SEG50" in shown, missed
    assert changed.name in shown, missed
    finds_nothing()


def rows(folder: Path, few: int = FEW, files: int = FILES) -> Iterator[Comparison]:
    yield _cold(folder / "few", few)
    cold = _cold(folder / "many", files)
    yield cold
    yield msgspec.structs.replace(
        cold, what="the same, nothing changed since", target=2, rounds=15, before=nothing
    )


def _cold(project: Path, files: int) -> Comparison:
    many_files.write(project, files)
    return Comparison(
        f"segdsl check of {files:,} files, cold",
        f"reading and hashing {files:,} files",
        12,
        "at most",
        running(*CHECK, folder=project),
        running(*HASH, folder=project),
        functools.cache(lambda: agree(project, files)),
        rounds=7,
        before=lambda: forget(project),
    )
