"""The e-mail addresses in the files of a workspace, which say whom activations notify."""

from __future__ import annotations

import re
from pathlib import Path

from segdsl.files import MAX_BYTES, read_bytes
from segdsl.workspace.sync.workspace import files_of

_ADDRESS = re.compile(r'"([^"\\\s]+@[^"\\\s]+)"')


def addresses_in(folder: Path) -> frozenset[str]:
    """The addresses in quotes in all `.seg` files of a folder, in lower case; raises FileError.

    A file with mistakes counts as well: names are looked up to mend it.
    """
    return frozenset(
        address.lower()
        for path in files_of(folder)
        for address in _ADDRESS.findall(read_bytes(str(path), MAX_BYTES).decode("utf-8", "replace"))
    )
