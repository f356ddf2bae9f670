"""A document of `segdsl.output.shapes` as text."""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.output.shapes import Output
from segdsl.rule.model import encode


def encoded(output: Output) -> str:
    """The document as JSON in lines that end with a line end; numbers of rules keep their text.

    Half characters, which names of files that are not UTF-8 come with, become U+FFFD.
    """
    try:
        return encode(output) + "\n"
    except UnicodeEncodeError:
        return encode(_cleaned(output)) + "\n"


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        case dict():
            return {_cleaned(key): _cleaned(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_cleaned(inner) for inner in value]
        case msgspec.Struct():
            fields = {
                each.name: getattr(value, each.name) for each in msgspec.structs.fields(value)
            }
            return msgspec.structs.replace(value, **{k: _cleaned(v) for k, v in fields.items()})
        case _:
            return value
