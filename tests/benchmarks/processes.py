"""The whole process, as at a prompt: the command against an interpreter that does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import language
from commands import COMMAND, NOTHING, running, said
from measures import Comparison


def rows(folder: Path) -> Iterator[Comparison]:
    (folder / "a.seg").write_text(language.SEGMENT, encoding="utf-8")

    # Its negation is meant to hold where there is no value.
    compiling = (COMMAND, "compile", "--allow", "SEG601", "a.seg")

    def compiles() -> None:
        shown = "".join(said(*compiling, folder=folder).split())
        assert shown == "".join(language.compiled().split()), f"`compile` printed {shown}"

    def helps() -> None:
        shown = said(COMMAND, "--help", folder=folder)
        assert all(name in shown for name in ("compile", "preview")), f"it printed {shown}"

    yield Comparison(
        "segdsl compile FILE",
        "python -c pass",
        5,
        "at most",
        running(*compiling, folder=folder),
        running(*NOTHING, folder=folder),
        compiles,
        rounds=21,
        calls=2,
    )
    yield Comparison(
        "segdsl --help",
        "python -c pass",
        4,
        "at most",
        running(COMMAND, "--help", folder=folder),
        running(*NOTHING, folder=folder),
        helps,
        rounds=21,
        calls=2,
    )
