"""Files with all that they import, each read once: the edge between paths and programs.

What an import may bring in is decided here: only `.seg` files of the folder that the importing
project is in (`files.own_folder`), because a line of an imported file may be shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from segdsl.diagnostics import Code, Report
from segdsl.errors import FileError
from segdsl.files import (
    STDIN,
    SUFFIX,
    decode,
    is_within,
    link_fault,
    name_of,
    own_folder,
    read_bytes,
    seg_bytes,
)
from segdsl.language.resolve import Program, import_key
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.tree import File, Import
from segdsl.project_file import FILE
from segdsl.source import Source

MAX_FILES = 1_000


def load_programs(
    paths: Iterable[str], report: Report
) -> tuple[tuple[Program, ...], dict[str, Source]]:
    """Several files with their imports, each read once: the programs that can be resolved, and
    every source that was read, by name.

    A program with a mistake in a definition of any of its files is left out: what its
    names stand for is not known, and findings about them would mislead.
    """
    loader = _Loader(report)
    programs = [loader.program(path) for path in paths]
    whole = tuple(each for each in programs if loader.broken.isdisjoint(each.files))
    return whole, loader.sources


class _Loader:
    """Reads and parses each file once, whoever imports it."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.sources: dict[str, Source] = {}
        self.trees: dict[str, File] = {}
        self.broken: set[str] = set()
        self._roots: dict[str, str] = {}
        self._faults: dict[tuple[str, str], tuple[str, str] | None] = {}

    def program(self, path: str) -> Program:
        # The name that a file which imports this one back would give it.
        key = STDIN if path == "-" else import_key("", name_of(path))
        root = self._root(path)
        if key not in self.trees:
            self._read(key, path, root)
        files: dict[str, File] = {}
        waiting = [key]
        known = {key}
        while waiting:
            name = waiting.pop(0)
            files[name] = self.trees[name]
            for item in files[name].items:
                if isinstance(item, Import):
                    imported = self._import(name, item, root, known)
                    if imported is not None and imported not in known:
                        known.add(imported)
                        waiting.append(imported)
        return Program(key, files)

    def _root(self, path: str) -> str:
        folder = "-" if path == "-" else os.path.dirname(path)
        if folder not in self._roots:
            self._roots[folder] = own_folder(path)
        return self._roots[folder]

    def _read(self, name: str, path: str, root: str) -> None:
        data = seg_bytes(path, name, self.report, root)
        if data is not None:
            self._parse(name, data)
            return
        self.sources[name] = Source(name, "")
        self.trees[name] = File((), names_known=False)
        self.broken.add(name)

    def _parse(self, name: str, data: bytes) -> None:
        source, usable = decode(data, name, self.report)
        self.sources[name] = source
        tree = parse(source, self.report) if usable else File((), names_known=False)
        self.trees[name] = tree
        if not tree.names_known:
            self.broken.add(name)

    def _import(self, importer: str, item: Import, root: str, known: set[str]) -> str | None:
        """The name of the imported file, read by now; None after a report."""
        name = import_key(importer, item.path)
        is_room = name in known or len(known) < MAX_FILES
        code = Code.SEG107
        problem: str | None = None
        help = "the path is relative to the folder of the importing file"
        if not is_room:
            problem = f"more than {MAX_FILES:,} files are imported"
            help = "combine their definitions in fewer files"
        elif (fault := self._fault(name, item.path, root)) is not None:
            code = Code.SEG115
            problem, help = fault
        elif name in self.trees:
            return name
        elif os.path.isdir(name):
            problem = f"`{item.path}` is a folder"
            help = "import from a file in it"
        elif os.path.lexists(name):
            try:
                fault_of_link = link_fault(name, root)
                data = b"" if fault_of_link else read_bytes(name)
            except FileError as error:
                problem = str(error)
                help = "import from a file that can be read"
            else:
                if fault_of_link is None:
                    self._parse(name, data)
                    return name
                problem = f"cannot read `{name}`: {fault_of_link}"
                help = "import from the file itself"
        else:
            problem = f"there is no file `{name}`"
        self.report.add(code, item.path_span, problem, help=help)
        self.broken.add(importer)
        return None

    def _fault(self, name: str, path: str, root: str) -> tuple[str, str] | None:
        key = (name, root)
        if key not in self._faults:
            self._faults[key] = _import_fault(name, path, root)
        return self._faults[key]


def _import_fault(name: str, path: str, root: str) -> tuple[str, str] | None:
    """Why a path is none that a file may import, and what to do; whether it is there is not said.

    A line of an imported file may be shown, so it must not be one of somebody else's.
    """
    try:
        inside = is_within(name, root)
    except ValueError:  # a NUL in the path, or half a character
        return f"{path!r} is not a valid file name", "import from a file of the project"
    if not inside:
        return (
            f"`{path}` is outside the folder `{root}`",
            f"copy the definitions into a file of that folder, or put a {FILE} in the folder "
            "that holds both files",
        )
    if not name.endswith(SUFFIX) and not os.path.isdir(name):
        return f"`{path}` is not a {SUFFIX} file", f"import from a file whose name ends in {SUFFIX}"
    return None
