"""Documents of `segdsl.output.documents` as JSON text."""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.output.documents import Output
from segdsl.rules.rule.model import encode


def encoded(output: Output) -> str:
    """The document as JSON in lines that end with a line end; numbers of rules keep their text.

    What a terminal would obey or not show is written as an escape, `\\u009b`: the same to a
    program. Half characters, which names of files that are not UTF-8 come with, become U+FFFD.
    """
    try:
        text = encode(output)
    except UnicodeEncodeError:
        text = encode(_cleaned(output))
    return escaped(text) + "\n"


def escaped(json: str) -> str:
    """JSON with escapes for all characters that are not printable."""
    if json.isascii() or json.replace("\n", "").isprintable():
        return json
    return "".join(
        character if character == "\n" or character.isprintable() else _escape(character)
        for character in json
    )


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


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
                field.name: getattr(value, field.name) for field in msgspec.structs.fields(value)
            }
            return msgspec.structs.replace(
                value, **{name: _cleaned(field) for name, field in fields.items()}
            )
        case _:
            return value
