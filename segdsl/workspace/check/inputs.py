"""Which files a command reads, and what it needs to know of the others of the project.

What reads a project is imported only where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from segdsl.diagnostics import Report
from segdsl.errors import FileError
from segdsl.files import read_seg, seg_files
from segdsl.project_file import FILE, project_file

if TYPE_CHECKING:
    from datetime import datetime

    from segdsl.analysis.lint.unused import Export
    from segdsl.language.condition.tree import Place
    from segdsl.workspace.check.check_runner import OtherFiles
    from segdsl.workspace.check.exports import OtherFacts
    from segdsl.workspace.project.config import Project


class InputFiles(msgspec.Struct, frozen=True):
    """The files to read, the project that they are in, and the other files of it."""

    files: list[str]
    project: Project | None
    rest: tuple[str, ...] = ()

    def fixed_now(self, target: str | None) -> datetime | None:
        """The time that a local target fixes (`now`), an aware time; None where it fixes none."""
        return None if self.project is None else self.project.fixed_now(target)


def input_files(files: Sequence[str] | None, target: str | None) -> InputFiles:
    """The files that are named (None: no file), or all of the project; raises FileError."""
    project = _project(target)
    if files is None:
        return InputFiles([], project)
    if files:
        named = seg_files(files)
        return InputFiles(named, project, _besides(named, project))
    if project is None:
        raise FileError(
            f"specify a file or a folder to check: there is no {FILE} here or in a folder above, "
            "so there is no project to check"
        )
    return InputFiles(seg_files([os.path.relpath(project.folder)]), project)


def _project(target: str | None) -> Project | None:
    """The project that the current folder is in; one that names a target must be there."""
    if target is None and project_file(os.getcwd()) is None:
        return None
    from pathlib import Path

    from segdsl.workspace.project.config import need_project

    project = need_project(Path.cwd())
    project.target(target)
    return project


def _besides(files: Sequence[str], project: Project | None) -> tuple[str, ...]:
    """The files of a project that are not among some."""
    if project is None:
        return ()
    try:
        every = seg_files([os.path.relpath(project.folder)])
    except FileError:
        return ()
    named = {os.path.abspath(each) for each in files}
    return tuple(each for each in every if os.path.abspath(each) not in named)


class OtherFilesReader:
    """The segments that are not in the files to read; reads the other files when it is called.

    Errors in those files, or in the lock, are not reported.
    """

    def __init__(self, inputs: InputFiles, target: str | None) -> None:
        self._files = inputs.rest
        self._project = inputs.project
        self._target = target
        self.was_read = False

    def __call__(self) -> OtherFiles:
        from segdsl.analysis.lint.unused import imports_in
        from segdsl.language.syntax.parser import parse
        from segdsl.workspace.check.check_runner import OtherFiles, keys_of, places_in

        self.was_read = True
        places: set[Place] = set()
        locked: set[Place] = set()
        imported: set[Export] = set()
        report = Report()
        is_read = True
        try:
            for key, path in zip(keys_of(self._files), self._files, strict=True):
                source, usable = read_seg(path, report)
                if usable:
                    tree = parse(source, report)
                    places.update(places_in(tree))
                    imported.update(imports_in(key, tree))
            locked.update(self._locked())
        except FileError:
            is_read = False
        all_known = is_read and not report.has_errors
        return OtherFiles(frozenset(places), frozenset(locked), all_known, frozenset(imported))

    def facts(self) -> OtherFacts:
        """What the other files define, as far as activations ask for it."""
        from segdsl.language.references.facts import Facts
        from segdsl.loading import load_files
        from segdsl.workspace.check.check_runner import keys_of
        from segdsl.workspace.check.exports import facts_of

        self.was_read = True
        report = Report()
        try:
            loaded = load_files(self._files, {}, report)
        except FileError:
            return Facts(), False
        named = [loaded.trees[key] for key in keys_of(self._files) if key in loaded.trees]
        all_known = not any(each.code.name[3] == "0" for each in report.diagnostics)
        return facts_of(loaded, named, report), all_known

    def _locked(self) -> Iterator[Place]:
        from segdsl.workspace.project.keys import SEGMENT
        from segdsl.workspace.project.lock_file import load_lock

        if self._project is not None:
            name, _ = self._project.target(self._target)
            for entry in load_lock(self._project, name).entries:
                if entry.kind == SEGMENT:
                    yield entry.folder, entry.name
