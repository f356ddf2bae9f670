"""The root of all errors that segdsl raises on purpose, and those about what a person gave.

Every one carries a message for the reader: what is wrong, where, and what to do.
"""

from __future__ import annotations


class SegdslError(Exception):
    """What segdsl could not do. `message` is one sentence or two for the reader.

    `more` are lines behind `message` that are fit for a terminal, such as an example, or the place
    in a file; a name from outside may have line ends in `message`, and does not have them there.
    """

    def __init__(self, message: str = "", more: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.more = more

    def __str__(self) -> str:
        return self.message if not self.more else f"{self.message}\n{self.more}"


class InputError(SegdslError):
    """Something that a person named, configured or wrote cannot be used as asked."""


class FileError(InputError):
    """A file or folder that cannot be read or written."""
