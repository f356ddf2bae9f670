"""The reference of the JSON documents: their JSON Schema, and the tables of their page.

`python -m segdsl.output.reference FOLDER` writes both files into the folder. The text of the page
stays, and the tables below its mark are replaced.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from segdsl.output.documents import Output, outputs

SCHEMA = "output.schema.json"
PAGE = "output.md"
MARK = "<!-- What follows is written by `python -m segdsl.output.reference`. -->\n"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The JSON Schema of all documents; their key `command` says which one it is."""
    documents = outputs()
    refs, parts = msgspec.json.schema_components(
        [documents[name] for name in sorted(documents)], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": _DIALECT,
        "title": "What segdsl writes with --format json",
        "oneOf": list(refs),
        "$defs": {name: _strict(parts[name]) for name in sorted(parts)},
    }


def _strict(part: dict[str, Any]) -> dict[str, Any]:
    """The schema of a struct with every key required, because every key is written."""
    fields = {name: _plain(field) for name, field in part["properties"].items()}
    return {**part, "properties": fields, "required": list(fields)}


def _plain(field: Any) -> Any:
    """The schema without default values, because no key is left out."""
    match field:
        case dict():
            kept = {name: _plain(inner) for name, inner in field.items() if name != "default"}
            # `{}` beside null would say the same twice, and any value once.
            if {} in kept.get("anyOf", ()):
                del kept["anyOf"]
            return kept
        case list():
            return [_plain(inner) for inner in field]
        case _:
            return field


# --- the page ------------------------------------------------------------------------


def tables() -> str:
    """Each document and each nested object as a table of keys, in Markdown."""
    whole = schema()["$defs"]
    documents = outputs()
    common = set(whole[Output.__name__]["properties"])
    text = "\n## Every document\n\n" + _table(whole[Output.__name__], set())
    for name in sorted(set(documents) - {"segdsl"}):
        part = whole[documents[name].__name__]
        text += f"\n## `{name}`\n\n{part['description']}\n\n" + _table(part, common)
    text += "\n## Parts\n"
    for name in sorted(set(whole) - {document.__name__ for document in documents.values()}):
        part = whole[name]
        text += f"\n### {name}\n\n{part['description']}\n\n" + _table(part, set())
    return text


def _table(part: dict[str, Any], without: set[str]) -> str:
    rows = [
        f"| `{name}` | {_type(field)} | {field.get('description', '')} |\n"
        for name, field in part["properties"].items()
        if name not in without
    ]
    return "| Key | Value | Meaning |\n| --- | --- | --- |\n" + "".join(rows)


def _type(field: dict[str, Any]) -> str:
    match field:
        case {"$ref": ref}:
            name = ref.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": choices}:
            return " or ".join(map(_type, choices))
        case {"enum": values}:
            return " or ".join("null" if value is None else f"`{value}`" for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "array"}:
            return "list"
        case {"type": kind}:
            return str(kind)
        case _:
            return "any"


def page(before: str) -> str:
    """The page with current tables."""
    return before[: before.index(MARK) + len(MARK)] + tables()


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / SCHEMA).write_text(schema_text(), encoding="utf-8")
    path = folder / PAGE
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
