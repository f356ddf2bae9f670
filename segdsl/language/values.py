"""The values a condition compares with, and how they are written down.

Shared by every stage: literals of the source, values of the condition tree and
values of the API's rule are these. A number keeps the text it was written with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal as OneOf

import msgspec

from segdsl.source import NOWHERE, Span

Unit = OneOf["year", "quarter", "month", "week", "day", "hour", "minute", "second"]
ColumnType = OneOf[
    "string", "number", "timestamp", "date", "string_array", "number_array", "boolean"
]
"""The types of attributes and of behaviors' columns (described)."""
TIME_TYPES: tuple[ColumnType, ...] = ("timestamp", "date")
"""Those whose values are Unix seconds."""
Owner = OneOf["customer group", "behavior"]
"""What the first part of a qualified name can be; only a schema knows which."""
SegmentKind = OneOf["batch", "realtime", "funnel_stage", "journey"]
"""`journey` is the kind of the rules of a journey, which no `segment` is written with."""
SEGMENT_KINDS: tuple[SegmentKind, ...] = ("batch", "realtime", "funnel_stage")
"""Those of segments, by their number in the API (described)."""
KIND_NUMBERS: Mapping[SegmentKind, int] = {
    **{kind: number for number, kind in enumerate(SEGMENT_KINDS)},
    "journey": 3,
}
"""The numbers of all kinds; that of journeys is documented, and not described."""
UNITS: tuple[Unit, ...] = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")

# Patterns as texts: `re` compiles each when it is first used, and most runs use none.
JSON_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
WHOLE = r"0|[1-9][0-9]*"
ISO_TIMESTAMP = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


class Number:
    """A number as it was written: `text` is a JSON number and goes out unchanged.

    Not a msgspec struct, so that the JSON encoder hands it to our hook.
    """

    __slots__ = ("text",)
    __match_args__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    @property
    def value(self) -> Decimal:
        return Decimal(self.text)

    @property
    def is_bounded(self) -> bool:
        """Whether it is of a size that can be reckoned with: 400 characters, exponents to 9999."""
        if len(self.text) < 7:
            # An exponent above 9999 takes more.
            return True
        _, _, exponent = self.text.lower().partition("e")
        return len(self.text) <= 400 and len(exponent.lstrip("+-")) <= 4

    @property
    def is_whole(self) -> bool:
        """Whether this is 0, 1, 2 … written plainly."""
        text = self.text
        return text.isascii() and text.isdigit() and (text[0] != "0" or text == "0")


class Text(msgspec.Struct, frozen=True, gc=False):
    value: str


class Boolean(msgspec.Struct, frozen=True, gc=False):
    value: bool


class Date(msgspec.Struct, frozen=True, gc=False):
    """A timestamp literal: the text the API is sent."""

    text: str

    @property
    def is_iso(self) -> bool:
        """Whether it names a moment: ISO 8601, and in the calendar."""
        return is_iso_timestamp(self.text)


def is_iso_timestamp(text: str) -> bool:
    if re.fullmatch(ISO_TIMESTAMP, text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


class Name(msgspec.Struct, frozen=True, gc=False):
    """A parameter used as a value; the resolver puts the value in its place."""

    name: str
    span: Span = NOWHERE


Literal = Text | Number | Boolean | Date
Value = Literal | Name


class Part(msgspec.Struct, frozen=True, gc=False):
    """One step of a duration: `30 days`."""

    amount: Value
    unit: Unit


class Duration(msgspec.Struct, frozen=True, gc=False):
    """A length of time, `1 day 12 hours`.

    `rounded` is the unit whose start it is counted from, where that is not the
    smallest unit named.
    """

    parts: tuple[Part, ...]
    rounded: Unit | None = None

    @property
    def smallest(self) -> Unit:
        return max((part.unit for part in self.parts), key=UNITS.index)


class Order(msgspec.Struct, frozen=True, gc=False):
    """One sort key of a limit; no column means the aggregate of the condition."""

    column: str | None
    descending: bool


class Limit(msgspec.Struct, frozen=True, gc=False):
    """The first `number` profiles (or percent of them) in an order."""

    number: Value
    percent: bool
    order: tuple[Order, ...]
    span: Span = NOWHERE


class ById(msgspec.Struct, frozen=True, gc=False):
    id: str


MembershipKind = OneOf["segment", "stage", "variant"]
PARENT_WORDS = {
    "segment": "folder",
    "stage": "funnel",
    "variant": "test",
    "journey stage": "journey",
    "journey segment": "journey",
    "journey activation": "journey",
    "journey step": "journey",
}
"""What the things of a kind belong to: a segment's folder may be named, the others must be."""


class ByName(msgspec.Struct, frozen=True, gc=False):
    """Something on the server by its name.

    `parent` is a stage's funnel, a variant's test, or the path of a segment's folder
    (`Loyalty/Tokyo`, `/` for the root); None where a segment is named without its folder.
    """

    name: str
    parent: str | None = None


Reference = ById | ByName


def folder_path(folder: str | None) -> tuple[str, ...]:
    """The path of a folder clause, `Loyalty/Tokyo`; no clause is the root folder."""
    return tuple(part.strip() for part in (folder or "").split("/") if part.strip())


def folder_text(path: tuple[str, ...]) -> str:
    """The one spelling of a folder's path in a reference: `Loyalty/Tokyo`, `/` for the root."""
    return "/".join(path) or "/"
