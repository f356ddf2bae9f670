"""The segments that a workspace holds, each with its place in a file.

What is wrong with a file is in the report, as everywhere; a segment with mistakes is left
out, and whoever goes on looks at the report first.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from segdsl.diagnostics import Report
from segdsl.errors import FileError
from segdsl.files import SUFFIX, walk
from segdsl.language.condition import tree as c
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.walk import values_in, walk_item
from segdsl.language.values import Name
from segdsl.loading import Loaded, load_files
from segdsl.source import Source, Span
from segdsl.workspace.project.known_ids import Known
from segdsl.workspace.sync.segment_state import Key


class Local(msgspec.Struct, frozen=True):
    """A segment of a file. `file` counts from the workspace's folder.

    `says_more` is whether its text holds more than its rule: comments, uses of definitions.
    """

    segment: c.Segment
    file: str
    place: Span
    says_more: bool

    @property
    def key(self) -> Key:
        return self.segment.place


class Workspace(msgspec.Struct, frozen=True):
    """A folder's segments, the paths of its files, and all that was read.

    `paths` count from the folder, `files` are the same as they were named for reading.
    """

    folder: Path
    segments: tuple[Local, ...]
    paths: tuple[str, ...]
    files: tuple[str, ...]
    loaded: Loaded

    @property
    def sources(self) -> dict[str, Source]:
        """Each text by the name that it is reported under."""
        return self.loaded.sources

    def text(self, path: str) -> str:
        """The text of a file."""
        local = next(each for each in self.segments if each.file == path)
        return self.sources[local.segment.span.file].text

    def within(self, paths: Sequence[str]) -> list[Local]:
        """The segments in files and folders that a person named, or all; raises FileError."""
        if not paths:
            return list(self.segments)
        wanted = relative_to(self.folder, paths)
        return [each for each in self.segments if inside(each.file, wanted)]


def read_workspace(
    folder: Path, here: Path, settings: Mapping[str, str], report: Report, known: Known
) -> Workspace:
    """All `.seg` files of a folder; files are reported by their path from `here`."""
    files = files_of(folder)
    named = tuple(os.path.relpath(each, here) for each in files)
    loaded = load_files(
        named,
        settings,
        report,
        known.owners,
        known.ids,
        known.several,
    )
    items = {
        (name, item.span.start): (item, file)
        for name, file in loaded.trees.items()
        for item in file.items
        if isinstance(item, t.Segment)
    }
    found: list[Local] = []
    for segment in loaded.segments:
        item, file = items[segment.span.file, segment.span.start]
        path = os.path.relpath(here / segment.span.file, folder)
        found.append(Local(segment, Path(path).as_posix(), item.span, _says_more(item, file)))
    report_duplicates([each.segment for each in found], report)
    relative = tuple(each.relative_to(folder).as_posix() for each in files)
    return Workspace(folder, tuple(found), relative, named, loaded)


def files_of(folder: Path) -> list[Path]:
    """The `.seg` files of a folder, by path, see `walk`; raises FileError."""
    return [
        Path(parent, each)
        for parent, names in walk(str(folder))
        for each in names
        if each.endswith(SUFFIX)
    ]


def no_folders(folder: Path) -> list[str]:
    """What is in a workspace that no segment's folder can have the path of, from the workspace.

    Files are, and links: `walk` passes those to folders over.
    """
    found = []
    for parent, _ in walk(str(folder)):
        with os.scandir(parent) as entries:
            found += [each.path for each in entries if not each.is_dir(follow_symlinks=False)]
    return [Path(each).relative_to(folder).as_posix() for each in found]


def relative_to(folder: Path, paths: Sequence[str]) -> list[str]:
    """Paths that count from the current folder as they count from the workspace's.

    Raises FileError where one is outside.
    """
    root = folder.resolve()
    found = []
    for path in paths:
        whole = Path(path).resolve()
        if not whole.is_relative_to(root):
            raise FileError(f"`{path}` is outside the workspace {folder}")
        found.append(whole.relative_to(root).as_posix())
    return found


def inside(file: str, paths: list[str]) -> bool:
    """Whether a file is one of these paths, or in one of them; all count from the workspace."""
    return any(
        path == "." or file == path or file.startswith(posixpath.join(path, "")) for path in paths
    )


def _says_more(item: t.Segment, file: t.File) -> bool:
    start, end = item.span.start, item.span.end
    if any(start <= each.span.start < end for each in file.comments):
        return True
    uses = (isinstance(node, t.Use) for node in walk_item(item))
    return any(uses) or any(isinstance(value, Name) for value in values_in(item))
