"""The edge that reads and writes files; every stage beyond it works on texts in memory.

What a person named and cannot be had is a `FileError`, wrong use; what is wrong
inside a file that is there, or with an import, is a finding in the report.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from typing import cast

from segdsl.diagnostics import Code, Report
from segdsl.errors import FileError
from segdsl.project_file import FILE, project_file
from segdsl.source import Source, Span

MAX_BYTES = 8_000_000
SUFFIX = ".seg"
WRITTEN = (".lock.toml", ".schema.toml")
"""The endings of the files that segdsl keeps beside a project's."""
STDIN = "<stdin>"
PASSED_OVER = ("node_modules", "__pycache__")
ENVIRONMENT = "pyvenv.cfg"
"""The file that makes a folder a virtual environment."""
_BOM = b"\xef\xbb\xbf"


# --- finding files -------------------------------------------------------------------


def seg_files(paths: Iterable[str]) -> list[str]:
    """The files that paths stand for, each once: a folder's `.seg` files, sorted, or the path.

    `-` is standard input and stays as it is. Of folders, see `walk` for what is passed over. A
    path that a person named and that cannot be read is a FileError; of what is found in a
    folder, `read_seg` reports it.
    """
    found: dict[str, str] = {}
    for path in paths:
        if path == "-":
            found.setdefault(STDIN, path)
            continue
        if _is_folder(path):
            for file in _in_folder(path):
                found.setdefault(name_of(file), file)
        elif os.path.lexists(path):
            check_readable(path, own_folder(path))
            found.setdefault(name_of(path), path)
        else:
            raise FileError(f"`{path}` does not exist: check the spelling")
    return list(found.values())


def _is_folder(path: str) -> bool:
    try:
        return os.path.isdir(path)
    except ValueError as error:  # a NUL in the path
        raise FileError(f"cannot read `{path!r}`: it is not a valid file name") from error


def walk(folder: str) -> Iterator[tuple[str, list[str]]]:
    """A folder and those in it, each with the names of its files; all sorted.

    Passed over are hidden folders and files, folders that are links (see `link_fault`), and
    those of what was installed: `node_modules`, `__pycache__` and virtual environments. Raises
    FileError for a folder that cannot be read: what is in it would count as not there.
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
        yield parent, sorted(each for each in names if not each.startswith("."))


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


# --- what belongs to a project --------------------------------------------------------


def own_folder(path: str) -> str:
    """The folder that a file belongs to, links resolved: nothing outside of it is read for it.

    It is the folder of the project that the current folder is in, where the file is in that; or
    else that of the nearest `segdsl.toml` above the file; or else the current folder, where the
    file is in it; or else the folder that the file is in. `-` is in the current folder.
    """
    here = os.path.realpath(os.curdir)
    place = here if path == "-" else os.path.realpath(os.path.dirname(path) or os.curdir)
    for start in (here, place):
        project = project_file(start)
        if project is not None and is_within(place, os.path.dirname(project)):
            return os.path.dirname(project)
    return here if is_within(place, here) else place


def is_within(path: str, folder: str) -> bool:
    """Whether a path, links resolved, is a folder or something in it."""
    real, root = os.path.realpath(path), os.path.realpath(folder)
    return real == root or real.startswith(os.path.join(root, ""))


def link_fault(path: str, root: str | None) -> str | None:
    """Why a path is not followed to where its links lead; None where it is.

    The one rule for links. A link to a file is followed, when reading and when writing, where
    it leads to something of the same ending inside `root` (anywhere, if that is None): a link
    gives nothing to read that could not be there itself. A link to a folder is followed by
    nothing that goes through folders, see `linked_folder`. What is not there (yet) is judged by
    the folders above it.
    """
    try:
        real = os.path.realpath(path)
    except ValueError:  # a NUL in the path, or half a character
        return "it is not a valid file name"
    if root is not None and not is_within(real, root):
        return f"it is outside the folder `{root}`"
    if os.path.islink(path):
        if not os.path.exists(path):
            return "it is a broken link"
        ending = os.path.splitext(path)[1]
        if os.path.splitext(real)[1] != ending:
            return f"its target is not a `{ending}` file" if ending else None
    return None


def linked_folder(path: str, root: str) -> str | None:
    """The first folder between `root` and a path in it that is a link, and so is not walked.

    Nothing is to be written there: it would not be seen again.
    """
    at = root
    for part in os.path.relpath(os.path.dirname(path) or os.curdir, root).split(os.sep):
        at = os.path.join(at, part)
        if part not in (os.curdir, os.pardir) and os.path.islink(at):
            return at
    return None


def _mode(path: str) -> int | None:
    """What a path leads to; None where that is not there, or cannot be known."""
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError):
        return None


def check_readable(path: str, root: str | None) -> None:
    """Raises FileError for what is no regular file that can be read, or not followed there."""
    mode = _mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        raise _wrong_kind(path, mode)
    fault = link_fault(path, root)
    if fault is not None:
        raise FileError(f"cannot read `{name_of(path)}`: {fault}")
    if not os.access(path, os.R_OK):
        raise FileError(f"cannot read `{name_of(path)}`: permission denied")


# --- reading -------------------------------------------------------------------------


def read_bytes(path: str, most: int = MAX_BYTES) -> bytes:
    """A regular file's bytes (`-`: standard input's), but no more than shows that it is too large.

    Raises FileError for anything else: a pipe or a device may never end.
    """
    if path == "-":
        if sys.stdin is None:
            return b""
        return _first(cast(BufferedReader, sys.stdin.buffer).read1, most + 1)
    try:
        # A pipe that nobody writes to is not waited for.
        descriptor = os.open(path, os.O_RDONLY | _NOT_WAITING)
        known = os.fstat(descriptor)
        if not stat.S_ISREG(known.st_mode):
            os.close(descriptor)
            raise _wrong_kind(path, known.st_mode)
        with open(descriptor, "rb", buffering=0) as file:
            if 0 < known.st_size <= most:
                # Where the size is known, no room is made for the largest.
                return file.readall()[: most + 1]
            return _first(lambda size: file.read(size) or b"", most + 1)
    except FileError:
        raise
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise _wrong_kind(path, stat.S_IFSOCK) from error
        raise FileError(f"cannot read `{name_of(path)}`: {_reason(error)}") from error
    except ValueError as error:  # a NUL in the path
        raise FileError(f"cannot read `{path!r}`: it is not a valid file name") from error


def _first(read: Callable[[int], bytes], most: int) -> bytes:
    """What is read piece by piece, as far as there is room: an interruption comes between two."""
    parts: list[bytes] = []
    while most and (part := read(min(most, _PIECE))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


_NOT_WAITING = (
    getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
)
_PIECE = 1 << 20


def _wrong_kind(path: str, mode: int) -> FileError:
    if stat.S_ISDIR(mode):
        return FileError(f"cannot read `{name_of(path)}`: it is a folder")
    kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    return FileError(
        f"cannot read `{name_of(path)}`: it is {kind}, not a regular file; standard input is `-`"
    )


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


def read_seg(path: str, report: Report, root: str | None = None) -> tuple[Source, bool]:
    """The source in one of `seg_files`; what cannot be read is reported, and the others go on.

    `root` is the folder that the file belongs to, where that is known (`own_folder`).
    """
    name = name_of(path)
    data = seg_bytes(path, name, report, root)
    return (Source(name, ""), False) if data is None else decode(data, name, report)


def seg_bytes(path: str, name: str, report: Report, root: str | None = None) -> bytes | None:
    """The bytes of one of `seg_files`; None after a report."""
    try:
        fault = _seg_fault(path, root)
        if fault is None:
            return read_bytes(path)
        problem = f"cannot read `{name}`: {fault}"
    except FileError as error:
        problem = str(error)
    report.add(
        Code.SEG116,
        Span(name, 0, 0),
        problem,
        help="remove it, or replace it by a regular file",
    )
    return None


def _seg_fault(path: str, root: str | None) -> str | None:
    # What is no link is in the folder that it was found in.
    return link_fault(path, root or own_folder(path)) if os.path.islink(path) else None


# --- writing -------------------------------------------------------------------------


def check_followed(path: str, root: str) -> None:
    """Raises FileError for a path that links lead out of `root`, or to something else."""
    fault = link_fault(path, root)
    if fault is not None:
        raise FileError(f"cannot write `{path}`: {fault}")


def check_output(path: str, *, read: Iterable[str] = (), makes_source: bool = False) -> None:
    """Raises FileError where what a command makes would replace what a project is made of.

    That are sources, unless a source is made, the project file, locks and schemas; and the files
    that were `read` to make it.
    """
    for name in {os.path.basename(path), os.path.basename(os.path.realpath(path))}:
        if name == FILE or name.endswith(WRITTEN) or (name.endswith(SUFFIX) and not makes_source):
            raise FileError(f"`{path}` is a file of the project: choose another file")
    for each in read:
        if each != "-" and os.path.isfile(path) and os.path.samefile(each, path):
            raise FileError(f"`{path}` is an input of this command: choose another file")


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
        raise FileError(f"cannot write `{path}`: it is a folder; specify a file in it")
    target = os.path.realpath(path)
    if not os.path.isdir(os.path.dirname(target)):
        raise FileError(
            f"cannot write `{path}`: there is no folder `{os.path.dirname(path)}`; create it first"
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
