"""The edge that reads and writes files; every stage beyond it works on texts in memory.

What a person named and cannot be had is a `FileError`, wrong use; what is wrong
inside a file that is there, or with an import, is a finding in the report.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator

from segdsl.diagnostics import Code, Report
from segdsl.project.finding import FILE
from segdsl.resolve import Program, import_key
from segdsl.source import Source, Span
from segdsl.syntax.parser import parse
from segdsl.syntax.tree import File, Import

MAX_BYTES = 8_000_000
MAX_FILES = 1_000
SUFFIX = ".seg"
WRITTEN = (".lock.toml", ".schema.toml")
"""The endings of the files that segdsl keeps beside a project's."""
STDIN = "<stdin>"
PASSED_OVER = ("node_modules", "__pycache__")
ENVIRONMENT = "pyvenv.cfg"
"""The file that makes a folder a virtual environment."""
_BOM = b"\xef\xbb\xbf"


class FileError(OSError):
    """A file or folder that cannot be used as asked; its text says why and what to do."""


# --- finding files -------------------------------------------------------------------


def seg_files(paths: Iterable[str]) -> list[str]:
    """The files that paths stand for, each once: a folder's `.seg` files, sorted, or the path.

    `-` is standard input and stays as it is. Of folders, see `walk` for what is passed over.
    """
    found: dict[str, str] = {}
    for path in paths:
        if path == "-":
            found.setdefault(STDIN, path)
            continue
        if os.path.isdir(path):
            for file in _in_folder(path):
                found.setdefault(name_of(file), file)
        elif os.path.exists(path):
            found.setdefault(name_of(path), path)
        else:
            raise FileError(f"there is no file or folder `{path}`: check the spelling")
    return list(found.values())


def walk(folder: str) -> Iterator[tuple[str, list[str]]]:
    """A folder and those in it, each with the names of its files; all sorted.

    Passed over are hidden folders and those of what was installed: `node_modules`,
    `__pycache__` and virtual environments. Raises FileError for a folder that cannot be read: what
    is in it would count as not there.
    """

    def refuse(error: OSError) -> None:
        raise FileError(f"cannot read the folder `{error.filename}`: {_reason(error)}") from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        if ENVIRONMENT in names and parent != folder:
            folders.clear()
            continue
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and each not in PASSED_OVER
        )
        yield parent, sorted(names)


def _in_folder(folder: str) -> list[str]:
    files = [
        os.path.join(parent, each)
        for parent, names in walk(folder)
        for each in names
        if each.endswith(SUFFIX)
    ]
    if not files:
        raise FileError(f"no {SUFFIX} file is in the folder `{folder}`: name another, or a file")
    return sorted(files)


def name_of(path: str) -> str:
    """The name that a file is reported under: as typed, with `/` and no idle `./`."""
    if path == "-":
        return STDIN
    text = path.replace(os.sep, "/")
    root = "/" if text.startswith("/") else ""
    return root + "/".join(part for part in text.split("/") if part not in ("", ".")) or "."


# --- reading -------------------------------------------------------------------------


def read_bytes(path: str) -> bytes:
    """A file's bytes (`-`: standard input's), but no more than shows that it is too large."""
    if path == "-":
        stream = sys.stdin
        return b"" if stream is None else stream.buffer.read(MAX_BYTES + 1)
    try:
        with open(path, "rb", buffering=0) as file:
            # Where the size is known, no room is made for the largest.
            known = os.fstat(file.fileno())
            if stat.S_ISREG(known.st_mode) and 0 < known.st_size <= MAX_BYTES:
                return file.readall()
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"cannot read `{path}`: {_reason(error)}") from error
    except ValueError as error:  # a NUL in the path
        raise FileError(f"cannot read `{path!r}`: it is no file name") from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def body_of(data: bytes) -> bytes:
    """What a file says: without a byte order mark."""
    return data.removeprefix(_BOM)


def decode(data: bytes, name: str, report: Report) -> tuple[Source, bool]:
    """The text of a file, and whether it can be gone on with; what is wrong is reported.

    A byte order mark is taken off. Of a file that cannot be used, the source holds what
    is needed to show the place.
    """
    if len(data) > MAX_BYTES:
        report.add(
            Code.SEG006,
            Span(name, 0, 0),
            f"this file is larger than {MAX_BYTES // 1_000_000} MB",
            help="split it into several files and share definitions with `import`",
        )
        return Source(name, ""), False
    body = body_of(data)
    try:
        return Source(name, body.decode()), True
    except UnicodeDecodeError as error:
        at = len(body[: error.start].decode())
        utf16 = body[:2] in (b"\xff\xfe", b"\xfe\xff")
        report.add(
            Code.SEG005,
            Span(name, at, at + 1),
            f"the byte 0x{body[error.start]:02X} is not UTF-8",
            help="it looks like UTF-16: save the file as UTF-8"
            if utf16
            else "save the file as UTF-8",
        )
        return Source(name, body.decode(errors="replace")), False


def read_source(path: str, report: Report) -> tuple[Source, bool]:
    """The source in a file that a person named; see `decode` for what comes back."""
    return decode(read_bytes(path), name_of(path), report)


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

    def program(self, path: str) -> Program:
        # The name that a file which imports this one back would give it.
        key = STDIN if path == "-" else import_key("", name_of(path))
        if key not in self.trees:
            self._parse(key, read_bytes(path))
        files: dict[str, File] = {}
        waiting = [key]
        while waiting:
            name = waiting.pop(0)
            if name in files:
                continue
            files[name] = self.trees[name]
            for item in files[name].items:
                if isinstance(item, Import):
                    is_room = len(files) + len(waiting) < MAX_FILES
                    imported = self._import(name, item, is_room)
                    if imported is not None:
                        waiting.append(imported)
        return Program(key, files)

    def _parse(self, name: str, data: bytes) -> None:
        source, usable = decode(data, name, self.report)
        self.sources[name] = source
        tree = parse(source, self.report) if usable else File((), names_known=False)
        self.trees[name] = tree
        if not tree.names_known:
            self.broken.add(name)

    def _import(self, importer: str, item: Import, is_room: bool) -> str | None:
        """The name of the imported file, read by now; None after a report."""
        name = import_key(importer, item.path)
        if name in self.trees and is_room:
            return name
        problem: str | None = None
        help = "the path counts from the folder of the file that imports"
        if not is_room:
            problem = f"more than {MAX_FILES:,} files are imported"
            help = "gather their definitions in fewer files"
        elif os.path.isdir(name):
            problem = f"`{item.path}` is a folder"
            help = "import from a file in it"
        elif "\0" not in name and os.path.exists(name):
            try:
                data = read_bytes(name)
            except FileError as error:
                problem = str(error)
                help = "make the file readable"
            else:
                self._parse(name, data)
                return name
        else:
            problem = f"there is no file `{name}`"
        self.report.add(Code.SEG107, item.path_span, problem, help=help)
        self.broken.add(importer)
        return None


# --- writing -------------------------------------------------------------------------


def check_output(path: str, *, read: Iterable[str] = (), makes_source: bool = False) -> None:
    """Raises FileError where what a command makes would replace what a project is made of.

    That are sources, unless a source is made, the project file, locks and schemas; and the files
    that were `read` to make it.
    """
    for name in {os.path.basename(path), os.path.basename(os.path.realpath(path))}:
        if name == FILE or name.endswith(WRITTEN) or (name.endswith(SUFFIX) and not makes_source):
            raise FileError(
                f"`{path}` is in the place of a file that a project is made of: name another file"
            )
    for each in read:
        if each != "-" and os.path.isfile(path) and os.path.samefile(each, path):
            raise FileError(f"`{path}` is read by this command: name another file")


def write_text(path: str, text: str) -> None:
    """Writes a whole file or leaves it as it was; a link's target is written, its mode kept."""
    write_bytes(path, text.encode())


def write_bytes(path: str, data: bytes) -> None:
    """The same for bytes."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise FileError(f"cannot write `{path}`: {_reason(error)}") from error
    if mode is not None and stat.S_ISDIR(mode):
        raise FileError(f"cannot write `{path}`: it is a folder; name a file in it")
    target = os.path.realpath(path)
    if not os.path.isdir(os.path.dirname(target)):
        raise FileError(
            f"cannot write `{path}`: there is no folder `{os.path.dirname(path)}`; make it first"
        )
    try:
        if mode is not None and not stat.S_ISREG(mode):
            # A device or a pipe is not a place to put another file in.
            with open(path, "wb") as device:
                device.write(data)
        else:
            _replace(target, data, mode)
    except OSError as error:
        raise FileError(f"cannot write `{path}`: {_reason(error)}") from error


def _replace(target: str, data: bytes, mode: int | None) -> None:
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(0, "it is write-protected")
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:200]}.{os.getpid()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
