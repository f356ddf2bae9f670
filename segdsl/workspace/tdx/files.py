"""Imports files and folders of YAML: which files are read, and where what they hold is written.

The activations of a segment or a journey go to its file, behind it. A parent segment goes to
`parent_segment.toml` of the folder that is written to.

Folders mirror the server's: a file's place under the folder with the tool's `tdx.json` is its
segment's, or, where there is none, its place under the folder that was named.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal as OneOf
from typing import NamedTuple, assert_never

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.errors import FileError
from segdsl.files import name_of, read_seg, walk, write_text
from segdsl.language import activations as a
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.language.values import ByName, folder_text
from segdsl.parent_segment.shape import FILE as PARENT_FILE
from segdsl.parent_segment.writing import write_configuration
from segdsl.source import Source
from segdsl.toml.document import read_text
from segdsl.workspace.tdx.journeys import ImportedJourney
from segdsl.workspace.tdx.parents import ImportedParent
from segdsl.workspace.tdx.reading import read_file
from segdsl.workspace.tdx.segments import ImportedSegment

ENDINGS = (".yml", ".yaml")
TOP = "tdx.json"
"""The file that marks the top of the tool's folders."""
REPOSITORY = ".git"


class YamlFile(NamedTuple):
    """A YAML file, and its folder under the top one."""

    path: str
    folder: tuple[str, ...]


Kind = OneOf["segment", "journey", "parent segment"]


class WrittenFile(NamedTuple):
    """A file to write, what it holds, and whether it is there already."""

    path: Path
    text: str
    what: OneOf["new", "the same", "changed", "in the way"]
    kind: Kind


class Import(NamedTuple):
    made: list[WrittenFile]
    sources: dict[str, Source]
    files: int


class _Converted(NamedTuple):
    """A segment or a journey in its folder with its activations, and the file that they go to."""

    path: Path
    item: t.Segment | t.Journey
    folder: tuple[str, ...]
    activations: tuple[t.Activation, ...]

    @property
    def kind(self) -> Kind:
        return "segment" if isinstance(self.item, t.Segment) else "journey"

    def text(self, names: Mapping[tuple[Kind, str], int]) -> str:
        """The text of the file; `names` says how many items of each kind have each name.

        Where several segments have it, the activations name the folder too.
        """
        activations = self.activations
        if self.kind == "segment" and names[self.kind, self.item.name] > 1:
            reference = ByName(self.item.name, folder_text(self.folder))
            activations = tuple(
                msgspec.structs.replace(each, target=a.Target("segment", reference))
                for each in activations
            )
        return format_file(t.File((self.item, *activations)))


def yaml_files(paths: Iterable[str]) -> list[YamlFile]:
    """The YAML files at paths; raises FileError."""
    found: dict[str, YamlFile] = {}
    for path in paths:
        if not os.path.isdir(path):
            if not os.path.exists(path):
                raise FileError(f"there is no file or folder `{path}`: check the spelling")
            folder = os.path.dirname(path)
            found.setdefault(name_of(path), YamlFile(path, _place(folder, folder)))
            continue
        before = len(found)
        for parent, names in walk(path):
            place = _place(parent, path)
            for name in names:
                if name.endswith(ENDINGS):
                    file = os.path.join(parent, name)
                    found.setdefault(name_of(file), YamlFile(file, place))
        if len(found) == before:
            raise FileError(f"no YAML file is in the folder `{path}`: name another, or a file")
    return list(found.values())


def _place(folder: str, named: str) -> tuple[str, ...]:
    """A folder's path from the top; where nothing marks a top, it is the folder that was named."""
    whole = os.path.abspath(folder)
    return Path(whole).relative_to(_top(whole) or os.path.abspath(named)).parts


def _top(folder: str) -> str | None:
    """The nearest folder with a `tdx.json`, this one or one above, in the same repository."""
    while not os.path.exists(os.path.join(folder, TOP)):
        above = os.path.dirname(folder)
        if above == folder or os.path.exists(os.path.join(folder, REPOSITORY)):
            return None
        folder = above
    return folder


def import_files(
    found: Sequence[YamlFile], to: Path, report: Report, *, force: bool, write: bool
) -> Import:
    """Reads each file, and writes what it holds; a file with errors is reported and skipped.

    A file that exists with another text is not overwritten without `force`. Raises FileError.
    """
    run = _Run(to, report)
    for each in found:
        source, usable = read_seg(each.path, report)
        run.sources[source.name] = source
        read = read_file(source, report) if usable else None
        match read:
            case None:
                pass
            case ImportedParent():
                run.take_parent(read, source)
            case ImportedSegment() | ImportedJourney():
                run.take_item(read, each, source)
            case _:
                assert_never(read)
    made = run.made(force)
    if write:
        for one in made:
            if one.what in ("new", "changed"):
                _write(one)
    return Import(made, run.sources, len(found))


class _Run:
    """What the files of one run hold, and where it goes."""

    def __init__(self, to: Path, report: Report) -> None:
        self._to = to
        self._report = report
        self._converted: list[_Converted] = []
        self._parents: list[ImportedParent] = []
        self._places: dict[tuple[tuple[str, ...], Kind, str], str] = {}
        self._targets: dict[str, str] = {}
        self.sources: dict[str, Source] = {}

    def take_parent(self, read: ImportedParent, source: Source) -> None:
        target = self._to / PARENT_FILE
        other = self._targets.setdefault(str(target).casefold(), source.name)
        if other != source.name:
            self._report.add(
                Code.SEG702,
                read.at,
                f"`{other}` is a parent segment too, and a project has one `{PARENT_FILE}`",
                help="import it alone, into another folder with `--to`",
            )
            return
        self._parents.append(read)

    def take_item(
        self, read: ImportedSegment | ImportedJourney, file: YamlFile, source: Source
    ) -> None:
        folder = file.folder if read.folder is None else read.folder
        if file.folder and folder != file.folder:
            self._report.add(
                Code.SEG704,
                read.at,
                f"the file says the folder `{'/'.join(folder)}`, and it stands in "
                f"`{'/'.join(file.folder)}`: what it says is taken",
                help="take the key out, or move the file",
            )
        item = _in_folder(
            read.segment if isinstance(read, ImportedSegment) else read.journey, folder
        )
        target = Path(self._to, *file.folder, f"{Path(file.path).stem}.seg")
        converted = _Converted(target, item, folder, read.activations)
        place = (folder, converted.kind, item.name)
        twin = self._places.setdefault(place, source.name)
        other = self._targets.setdefault(str(target).casefold(), source.name)
        if source.name not in (twin, other) or twin != other:
            self._report.add(
                Code.SEG702,
                read.at,
                f"`{twin if twin != source.name else other}` makes the same {converted.kind} "
                "or file",
                help="give one of the two another name",
            )
            return
        self._converted.append(converted)

    def made(self, force: bool) -> list[WrittenFile]:
        """The files, parent segments first; raises FileError."""
        names = Counter((each.kind, each.item.name) for each in self._converted)
        parents = [
            _made(self._to / PARENT_FILE, _parent_text(each, self._to), force, "parent segment")
            for each in self._parents
        ]
        return [
            *parents,
            *(_made(each.path, each.text(names), force, each.kind) for each in self._converted),
        ]


def _parent_text(parent: ImportedParent, to: Path) -> str:
    """The text of the file; what one that is there holds beside the configuration stays."""
    path = to / PARENT_FILE
    before = read_text(path, FileError, f"{path} is not a valid TOML file", root=None)
    return write_configuration(before or "", parent.configuration, PARENT_FILE)


def _write(file: WrittenFile) -> None:
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise FileError(f"cannot make the folder `{file.path.parent}`: {why}") from None
    write_text(str(file.path), file.text)


def _made(path: Path, text: str, force: bool, kind: Kind) -> WrittenFile:
    if not path.exists():
        return WrittenFile(path, text, "new", kind)
    if path.is_file() and path.read_bytes() == text.encode():
        return WrittenFile(path, text, "the same", kind)
    return WrittenFile(path, text, "changed" if force else "in the way", kind)


def _in_folder(item: t.Segment | t.Journey, folder: tuple[str, ...]) -> t.Segment | t.Journey:
    """The item with its folder, behind its description."""
    if not folder:
        return item
    path = "/".join(folder)
    if isinstance(item, t.Segment):
        at = 1 if item.clause("description") is not None else 0
        clause = t.Clause("folder", path)
        return msgspec.structs.replace(
            item, clauses=(*item.clauses[:at], clause, *item.clauses[at:])
        )
    at = 1 if item.clauses and isinstance(item.clauses[0], Described) else 0
    return msgspec.structs.replace(
        item, clauses=(*item.clauses[:at], InFolder(path), *item.clauses[at:])
    )
