"""A thousand segments in forty folders, as they are written first and as they are changed later.

Also what a store holds of them, to be compared with what the compiler makes of the files.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from segdsl.diagnostics import Report
from segdsl.loading import load_segments
from segdsl.rules.lower import lower
from segdsl.rules.rule.model import encode

MANY = 1_000
FOLDERS = 40
SAME, RULE, PLACE, NAME, REPLACED, HEAD, PLACE_AND_RULE, SAME_TOO = range(8)
"""What becomes of a segment, by its number: each as often, and most change."""
_LATER_NAMES = {NAME: "Renamed ", REPLACED: "New "}
LATER_NAMES = sum(each % 8 in _LATER_NAMES for each in range(MANY))
"""How many have a name that there is only later."""
_BACK = 165
"""How far back a segment refers: what is changed refers to what is changed in other ways."""
_FAR_BACK = 500


class Stored(NamedTuple):
    """What a segment is; its rule is JSON, with names in the place of ids."""

    folder: str
    kind: int
    description: str
    rule: str


class Written(NamedTuple):
    """A segment of a file; `text` is its where clause."""

    file: str
    name: str
    folder: str
    kind: str
    description: str
    text: str


def written(later: bool) -> list[Written]:
    return [_written(number, later) for number in range(MANY)]


def _written(number: int, later: bool) -> Written:
    does = number % 8 if later else SAME
    replaced = does == REPLACED
    place = (number // (MANY // FOLDERS) + 7 * (does in (PLACE, PLACE_AND_RULE))) % FOLDERS
    is_realtime = number < _BACK and _shape(number) < 2 and (number % 8 != HEAD or later)
    return Written(
        # What replaces another is in another file, and nothing says that it is the same one.
        f"{'new' if replaced else 'f'}{number // 10}.seg",
        _name(number, later),
        f"Area {place // 8}/Part {place}",
        "realtime" if is_realtime else "batch",
        f"Number {number}, at last" if does == HEAD else f"Number {number}" * (number % 3),
        _where(number, number + 10_000 * (does in (RULE, PLACE_AND_RULE, REPLACED)), later),
    )


def _name(number: int, later: bool) -> str:
    does = number % 8 if later else SAME
    return f"{_LATER_NAMES.get(does, 'S')}{number}"


def _shape(number: int) -> int:
    return number // 8 % 4


def _where(number: int, limit: int, later: bool) -> str:
    own = (
        f"age > {limit}",
        f'country = "JP"\n  and age > {limit}',
        f'count(purchases where category = "Books" and amount > {limit}) >= 2',
        f'any (\n    age > {limit},\n    (no visits where page = "/{limit}"),\n  )',
    )[_shape(number)]
    parts = [own]
    if number >= _BACK:
        # Six deep in the end, over files, and to what the same apply makes or renames.
        way = "in" if number % 3 else "not in"
        parts.append(f'{way} segment "{_name(number - _BACK, later)}"')
    if number >= _FAR_BACK and number % 5 == 0:
        parts.append(f'any (in segment "{_name(number - _FAR_BACK, later)}", ltv > {limit})')
    return "\n  and ".join(parts)


def write(folder: Path, segments: Sequence[Written]) -> None:
    """The files of these segments, and no others, in a folder."""
    for each in folder.glob("*.seg"):
        each.unlink()
    for of in segments:
        head = [f'segment "{of.name}"', f'  folder "{of.folder}"']
        head += [f'  description "{of.description}"'] * bool(of.description)
        head += [f"  kind {of.kind}"] * (of.kind != "batch")
        with (folder / of.file).open("a") as file:
            file.write("\n".join(head) + f"\n\nwhere\n  {of.text}\n\n")


def wanted(folder: Path, segments: Sequence[Written]) -> dict[str, Stored]:
    """Each of them by its name as it is to be, its rule as the compiler makes it of the file."""
    report = Report()
    found = load_segments([str(folder)], {}, report).segments
    rules = {each.name: lower(each, report, symbolic=True) for each in found}
    assert not report.diagnostics
    assert len(found) == len(rules) == len(segments) == MANY
    return {
        each.name: Stored(
            each.folder,
            ("batch", "realtime").index(each.kind),
            each.description,
            _text(json.loads(encode(rule))),
        )
        for each in segments
        if (rule := rules[each.name]) is not None
    }


def stored(store: Path) -> tuple[dict[str, Stored], dict[str, int], int]:
    """The segments of a store and their ids, by name, and the number of folders."""
    rows = _select(
        store,
        "SELECT s.id, s.name, p.name || '/' || f.name, s.kind, s.description, s.rule "
        "FROM segments s JOIN folders f ON f.id = s.folder JOIN folders p ON p.id = f.parent",
    )
    [(folders,)] = _select(store, "SELECT count(*) FROM folders")
    [(segments,)] = _select(store, "SELECT count(*) FROM segments")
    ids = {name: id for id, name, *_ in rows}
    assert len(ids) == len(rows) == segments, "none twice, and none outside of the folders"
    names = {str(id): name for name, id in ids.items()}
    found = {
        name: Stored(folder, kind, description or "", _named(json.loads(rule), names))
        for _, name, folder, kind, description, rule in rows
    }
    return found, ids, folders


def created(store: Path) -> int:
    """How many segments a store has."""
    [(number,)] = _select(store, "SELECT count(*) FROM segments")
    return int(number)


def taken_over(store: Path) -> int:
    """How many have one of the names that there are only later."""
    [(number,)] = _select(store, "SELECT count(*) FROM segments WHERE name NOT LIKE 'S%'")
    return int(number)


def depth(of: dict[str, Stored]) -> int:
    """How many references lead one to the next, where most do."""
    deep: dict[str, int] = {}

    def of_one(name: str) -> int:
        if name not in deep:
            named = [each["id"] for each in _references(json.loads(of[name].rule))]
            deep[name] = max((1 + of_one(json.loads(each[5:])) for each in named), default=0)
        return deep[name]

    return max(map(of_one, of))


def _select(store: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(store)) as database:
        return database.execute(query).fetchall()


def _text(rule: Any) -> str:
    return json.dumps(rule, sort_keys=True)


def _named(rule: Any, names: dict[str, str]) -> str:
    """The same with the symbolic ids in the place of ids."""
    for reference in _references(rule):
        reference["id"] = f"name:{json.dumps(names[str(reference['id'])])}"
    return _text(rule)


def _references(rule: Any) -> Iterator[Any]:
    if rule["type"] == "Reference":
        yield rule
    for each in rule.get("conditions", ()):
        yield from _references(each)
