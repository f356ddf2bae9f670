"""Imports files and folders of YAML: which files are read, and where segments are written.

The activations of a segment go to the file of the segment, behind it.

Folders mirror the server's: a file's place under the folder with the tool's `tdx.json` is its
segment's, or, where there is none, its place under the folder that was named.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal as OneOf
from typing import NamedTuple

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.errors import FileError
from segdsl.files import name_of, read_seg, walk, write_text
from segdsl.language import activations as a
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName, folder_text
from segdsl.source import Source
from segdsl.workspace.tdx.segments import read_segment

ENDINGS = (".yml", ".yaml")
TOP = "tdx.json"
"""The file that marks the top of the tool's folders."""
REPOSITORY = ".git"


class YamlFile(NamedTuple):
    """A YAML file, and its folder under the top one."""

    path: str
    folder: tuple[str, ...]


class SegFile(NamedTuple):
    """A `.seg` file to write, and whether it is there already."""

    path: Path
    text: str
    what: OneOf["new", "the same", "changed", "in the way"]


class Import(NamedTuple):
    made: list[SegFile]
    sources: dict[str, Source]
    files: int


class _Converted(NamedTuple):
    """A segment in its folder with its activations, and the file that they go to."""

    path: Path
    segment: t.Segment
    folder: tuple[str, ...]
    activations: tuple[t.Activation, ...]

    def text(self, names: Mapping[str, int]) -> str:
        """The text of the file; `names` says how many segments have each name.

        Where several have it, the activations name the folder too.
        """
        activations = self.activations
        if names[self.segment.name] > 1:
            reference = ByName(self.segment.name, folder_text(self.folder))
            activations = tuple(
                msgspec.structs.replace(each, target=a.Target("segment", reference))
                for each in activations
            )
        return format_file(t.File((self.segment, *activations)))


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
    """Reads each file, and writes its segment; a file with errors is reported and skipped.

    A file that exists with another text is not overwritten without `force`.
    """
    sources: dict[str, Source] = {}
    converted: list[_Converted] = []
    places: dict[tuple[tuple[str, ...], str], str] = {}
    targets: dict[str, str] = {}
    for each in found:
        source, usable = read_seg(each.path, report)
        sources[source.name] = source
        read = read_segment(source, report) if usable else None
        if read is None:
            continue
        folder = each.folder if read.folder is None else read.folder
        if each.folder and folder != each.folder:
            report.add(
                Code.SEG704,
                read.at,
                f"the file says the folder `{'/'.join(folder)}`, and it stands in "
                f"`{'/'.join(each.folder)}`: what it says is taken",
                help="take the key out, or move the file",
            )
        segment = _in_folder(read.segment, folder)
        target = Path(to, *each.folder, f"{Path(each.path).stem}.seg")
        twin = places.setdefault((folder, segment.name), source.name)
        other = targets.setdefault(str(target).casefold(), source.name)
        if source.name not in (twin, other) or twin != other:
            report.add(
                Code.SEG702,
                read.at,
                f"`{twin if twin != source.name else other}` makes the same segment or file",
                help="give one of the two another name",
            )
            continue
        converted.append(_Converted(target, segment, folder, read.activations))
    names = Counter(each.segment.name for each in converted)
    made = [_made(each.path, each.text(names), force) for each in converted]
    if write:
        for one in made:
            if one.what in ("new", "changed"):
                try:
                    one.path.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    why = (error.strerror or str(error)).lower()
                    raise FileError(f"cannot make the folder `{one.path.parent}`: {why}") from None
                write_text(str(one.path), one.text)
    return Import(made, sources, len(found))


def _made(path: Path, text: str, force: bool) -> SegFile:
    if not path.exists():
        return SegFile(path, text, "new")
    if path.is_file() and path.read_bytes() == text.encode():
        return SegFile(path, text, "the same")
    return SegFile(path, text, "changed" if force else "in the way")


def _in_folder(segment: t.Segment, folder: tuple[str, ...]) -> t.Segment:
    if not folder:
        return segment
    at = 1 if segment.clause("description") is not None else 0
    clause = t.Clause("folder", "/".join(folder))
    return msgspec.structs.replace(
        segment, clauses=(*segment.clauses[:at], clause, *segment.clauses[at:])
    )
