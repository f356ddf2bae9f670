"""The resources that a workspace holds, each with its place in a file.

What is wrong with a file is in the report, as everywhere; a resource with mistakes is left
out, and the caller looks at the report first.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from segdsl.diagnostics import Report
from segdsl.errors import FileError
from segdsl.files import SUFFIX, read_seg, walk
from segdsl.loading import Loaded, load_files
from segdsl.source import Source
from segdsl.workspace.kinds.registry import KINDS, Kinds, named_kinds
from segdsl.workspace.kinds.resource import LocalResource, WorkspaceFiles
from segdsl.workspace.project.known_ids import Known


class Workspace(msgspec.Struct, frozen=True):
    """A folder's resources, the paths of its files, and all that was read.

    `paths` count from the folder. `files` are the `.seg` files as they were named for reading,
    and `texts` has the source of each file by its path.
    """

    folder: Path
    kinds: Kinds
    resources: tuple[LocalResource, ...]
    paths: tuple[str, ...]
    files: tuple[str, ...]
    texts: Mapping[str, Source]
    loaded: Loaded

    @property
    def sources(self) -> dict[str, Source]:
        """Each source by the name that it is reported under."""
        return {source.name: source for source in self.texts.values()} | self.loaded.sources

    def text(self, path: str) -> str:
        """The text of a file."""
        return self.texts[path].text


def read_workspace(
    folder: Path,
    here: Path,
    settings: Mapping[str, str],
    report: Report,
    known: Known,
    kinds: Kinds = KINDS,
) -> Workspace:
    """All resources of a folder's files; files are reported by their path from `here`."""
    suffixes = {SUFFIX, *(kind.suffix for kind in kinds.values())}
    files = files_of(folder, suffixes)
    programs = tuple(os.path.relpath(file, here) for file in files if file.name.endswith(SUFFIX))
    # What a workspace can have is looked up in it, and on the server.
    named = named_kinds(kinds)
    ids = {name: id for name, id in known.ids.items() if name[0] not in named}
    several = {name: found for name, found in known.several.items() if name[0] not in named}
    loaded = load_files(programs, settings, report, known.owners, ids, several)
    texts = {_path(name, here, folder): source for name, source in loaded.sources.items()}
    names = {name: _path(name, here, folder) for name in loaded.sources}
    for file in files:
        if not file.name.endswith(SUFFIX):
            name = os.path.relpath(file, here)
            source, _ = read_seg(name, report)
            names[source.name] = _path(name, here, folder)
            texts[names[source.name]] = source
    listed = WorkspaceFiles(texts, names, loaded)
    resources = [each for kind in kinds.values() for each in kind.read_files(listed, report)]
    relative = tuple(file.relative_to(folder).as_posix() for file in files)
    return Workspace(folder, kinds, tuple(resources), relative, programs, texts, loaded)


def _path(name: str, here: Path, folder: Path) -> str:
    """The path of a file from the workspace's folder, by its path from `here`."""
    return Path(os.path.relpath(here / name, folder)).as_posix()


def files_of(folder: Path, suffixes: Iterable[str] = (SUFFIX,)) -> list[Path]:
    """The files of a folder with these suffixes, by path, see `walk`; raises FileError."""
    endings = tuple(suffixes)
    return [
        Path(parent, name)
        for parent, names in walk(str(folder))
        for name in names
        if name.endswith(endings)
    ]


def non_folders(folder: Path) -> list[str]:
    """What is in a workspace that no resource's folder can have the path of, from the workspace.

    Files are, and links: `walk` skips those to folders.
    """
    paths = []
    for parent, _ in walk(str(folder)):
        with os.scandir(parent) as entries:
            paths += [entry.path for entry in entries if not entry.is_dir(follow_symlinks=False)]
    return [Path(path).relative_to(folder).as_posix() for path in paths]


def relative_to(folder: Path, paths: Sequence[str]) -> list[str]:
    """Paths that count from the current folder as they count from the workspace's.

    Raises FileError where one is outside.
    """
    root = folder.resolve()
    relative = []
    for path in paths:
        whole = Path(path).resolve()
        if not whole.is_relative_to(root):
            raise FileError(f"`{path}` is outside the workspace {folder}")
        relative.append(whole.relative_to(root).as_posix())
    return relative


def inside(file: str, paths: list[str]) -> bool:
    """Whether a file is one of these paths, or in one of them; all count from the workspace."""
    return any(
        path == "." or file == path or file.startswith(posixpath.join(path, "")) for path in paths
    )
