"""A made-up workspace of many segments with a schema of 500 columns, the same each time.

Its files are such as teams write: three to twelve conditions about attributes and behaviors,
with descriptions, folders, comments and imported definitions, and nothing to report.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from segdsl.language.values import ColumnType
from segdsl.schema.document import write_schema
from segdsl.schema.model import Behavior, Column, Schema

ATTRIBUTES = 300
BEHAVIORS = 10
COLUMNS_OF_A_BEHAVIOR = 20
A_FOLDER = 100
"""Files in one folder."""
_COMMON_ONES = 14
"""Attributes that the shared definitions are about; the segments themselves ask others."""
_TYPES: tuple[ColumnType, ...] = (
    *("string", "string", "number", "number", "timestamp"),
    *("boolean", "string_array"),
)
_PROJECT = """\
allow = ["SEG608"]

[targets.live]
kind = "treasuredata"
region = "us01"
parent_segment = 1
"""
_COMMON = """\
# Who we may write to; the other files import these.
param days: number = 30

let reachable = boolean_005 is true or boolean_012 is true
let recent = timestamp_004 within past days days
"""


def schema() -> Schema:
    return Schema(
        "1",
        "Shop",
        attributes=tuple(_column(at) for at in range(ATTRIBUTES)),
        behaviors=tuple(
            Behavior(
                f"behavior_events_{at}",
                tuple(_column(each) for each in range(COLUMNS_OF_A_BEHAVIOR)),
            )
            for at in range(BEHAVIORS)
        ),
    )


def _column(at: int) -> Column:
    type = _TYPES[at % len(_TYPES)]
    return Column(f"{type}_{at:03}", type)


def write(folder: Path, files: int) -> None:
    """The workspace with that many `.seg` files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "segdsl.toml").write_text(_PROJECT)
    (folder / "live.schema.toml").write_text(write_schema(schema()))
    (folder / "common.seg").write_text(_COMMON)
    for at, text in enumerate(texts(files - 1)):
        inside = folder / f"team-{at // A_FOLDER:03}"
        if at % A_FOLDER == 0:
            inside.mkdir()
        (inside / f"segment-{at:05}.seg").write_text(text)


def texts(number: int) -> Iterator[str]:
    """That many files, each with one segment."""
    chance = random.Random(2024)
    for at in range(number):
        yield _text(at, chance)


def _text(at: int, chance: random.Random) -> str:
    asked = chance.sample(range(_COMMON_ONES, ATTRIBUTES), chance.randint(2, 8))
    lines = [_attribute(_column(each), chance) for each in asked]
    behaviors = chance.sample(range(BEHAVIORS), chance.randint(1, 4))
    lines += [_behavior(f"events_{each}", chance) for each in behaviors]
    if chance.random() < 0.3:
        one, other = lines.pop(), lines.pop()
        lines.append(f"any (\n    {one},\n    {other},\n  )")
    head = ""
    if chance.random() < 0.2:
        head = 'import reachable, recent from "../common.seg"\n\n'
        lines.append("reachable\n  and recent")
    # What makes every segment another than all the rest.
    lines.append(f"string_000 = {_text_of(at)}")
    if chance.random() < 0.5:
        lines[1] = f"# Agreed with the team.\n  and {lines[1]}"
        joined = f"{lines[0]}\n  " + "\n  and ".join(lines[1:])
    else:
        joined = "\n  and ".join(lines)
    return (
        f'{head}# Made for campaign {at}.\nsegment "Campaign {at:05}"\n'
        f'  description "Whom campaign {at} is for"\n  folder "Team {at // A_FOLDER}"\n\n'
        f"where\n  {joined}\n"
    )


def _text_of(number: int) -> str:
    return f'"value {number}"'


def _attribute(column: Column, chance: random.Random) -> str:
    name, number = column.name, chance.randint(1, 10_000)
    match column.type:
        case "string":
            return chance.choice(
                [
                    f"{name} in ({', '.join(_text_of(number + at) for at in range(3))})",
                    f"{name} contains {_text_of(number)}",
                    f"{name} is not null",
                ]
            )
        case "number":
            return chance.choice(
                [f"{name} > {number}", f"{name} between {number} and {number + 100}"]
            )
        case "timestamp":
            return chance.choice(
                [f"{name} within past {number % 90 + 1} days", f"{name} after 2024-01-31"]
            )
        case "boolean":
            return f"{name} is true"
        case _:
            return f"any of {name} = {_text_of(number)}"


def _behavior(name: str, chance: random.Random) -> str:
    number = chance.randint(2, 1_000)
    filters = (
        f"string_000 = {_text_of(number)} and timestamp_004 within past {number % 90 + 1} days"
    )
    return chance.choice(
        [
            f"(has {name} where {filters})",
            f"(no {name} where {filters})",
            f"count({name} where {filters}) >= {number}",
            f"sum({name}.number_002 where {filters}) > {number}",
            f"max({name}.timestamp_004) within past {number % 30 + 1} days",
        ]
    )
