"""Where the parts of a journey stand in a picture: blocks under blocks, and side by side.

As steps nest, a block is as wide as its widest step, and a branching step as wide as its blocks
together. Everything hangs on an axis, which the flow goes down. Lengths are pixels; the width of a
text is estimated, so that boxes have some room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from segdsl.analysis.graph.labels import Block, Kind, Label, Step, goes_on, step_label, ways
from segdsl.terminal import cell_width

CELL = 7.0
"""The width of a letter, at a size of 12 pixels."""
LINE = 16.0
PAD_X, PAD_Y = 12.0, 8.0
GAP = 26.0
"""Between a step and the next, with room for an arrow."""
BETWEEN = 24.0
"""Between two blocks side by side."""
WAY = 52.0
"""From a branching step to its blocks, with room for what is beside the arrows."""
MOST_CELLS = 26
MOST_LINES = 3


class Box(msgspec.Struct, frozen=True):
    """A box with its lines of text; `x` and `y` are its upper left corner."""

    kind: Kind
    x: float
    y: float
    width: float
    height: float
    head: tuple[str, ...]
    lines: tuple[str, ...]
    whole: str


class Arrow(msgspec.Struct, frozen=True):
    """A line through points, with an arrowhead at its end or without one."""

    points: tuple[tuple[float, float], ...]
    has_head: bool = True


class Beside(msgspec.Struct, frozen=True):
    """A text in the middle of an arrow; `x` and `y` are its center."""

    x: float
    y: float
    lines: tuple[str, ...]
    whole: str


Part = Box | Arrow | Beside


class Drawing(msgspec.Struct, frozen=True):
    """Parts around an axis at x = 0, from y = 0 down.

    `left` and `right` are how far they reach, and `goes_on` is whether the flow comes out below.
    """

    left: float
    right: float
    height: float
    parts: tuple[Part, ...]
    goes_on: bool = True

    def moved(self, x: float, y: float) -> tuple[Part, ...]:
        """The parts elsewhere."""
        return tuple(_moved(each, x, y) for each in self.parts)


def _moved(part: Part, x: float, y: float) -> Part:
    match part:
        case Arrow(points):
            there = tuple((at_x + x, at_y + y) for at_x, at_y in points)
            return msgspec.structs.replace(part, points=there)
        case Box() | Beside():
            return msgspec.structs.replace(part, x=part.x + x, y=part.y + y)


# --- texts -------------------------------------------------------------------------------


def wrapped(text: str, cells: int = MOST_CELLS, most: int = MOST_LINES) -> tuple[str, ...]:
    """A text in lines of at most so many cells; what does not fit ends with an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in re.findall(r"\S+", text):
        while cell_width(word) > cells:
            room = cells if not line else 0
            if line:
                lines.append(line)
                line = ""
                continue
            head = _first_cells(word, room)
            lines.append(head)
            word = word[len(head) :]
        if line and cell_width(line) + 1 + cell_width(word) > cells:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], _first_cells(lines[most - 1], cells - 1) + "…"]
    return tuple(lines)


def _first_cells(text: str, cells: int) -> str:
    """The beginning of a text that takes at most so many cells, but at least one character."""
    width = 0
    for at, letter in enumerate(text):
        width += cell_width(letter)
        if width > cells:
            return text[: max(at, 1)]
    return text


def text_width(lines: Iterable[str]) -> float:
    """How wide lines are, about."""
    return max((cell_width(line) for line in lines), default=0) * CELL


def box_of(label: Label) -> Box:
    """The box of a label, with its upper middle at 0, 0."""
    head = wrapped(label.head)
    lines = wrapped(label.text)
    width = max(text_width((*head, *lines)) + 2 * PAD_X, 56.0)
    height = (len(head) + len(lines)) * LINE + 2 * PAD_Y
    whole = f"{label.head}: {label.text}" if label.text else label.head
    return Box(label.kind, -width / 2, 0.0, width, height, head, lines, whole)


# --- blocks ------------------------------------------------------------------------------


def draw_block(block: Block) -> Drawing:
    """The steps of a block one under the other; a block without steps is nothing at all."""
    parts: list[Part] = []
    left = right = height = 0.0
    flows = True
    for number, step in enumerate(block):
        drawing = draw_step(step)
        if number > 0:
            if flows:
                parts.append(Arrow(((0.0, height), (0.0, height + GAP))))
            height += GAP
        parts += drawing.moved(0.0, height)
        left, right = max(left, drawing.left), max(right, drawing.right)
        height += drawing.height
        flows = drawing.goes_on
    return Drawing(left, right, height, tuple(parts), flows)


def draw_step(step: Step) -> Drawing:
    """A step, with the blocks of its ways side by side under it."""
    box = box_of(step_label(step))
    half = box.width / 2
    following = ways(step)
    if not following:
        return Drawing(half, half, box.height, (box,), goes_on(step))
    columns = [_column(way.label, draw_block(way.steps)) for way in following]
    width = sum(each.left + each.right for each in columns) + BETWEEN * (len(columns) - 1)
    deepest = max(each.height for each in columns)
    bottom = box.height + deepest
    middle = box.height + GAP / 2
    parts: list[Part] = [box, Arrow(((0.0, box.height), (0.0, middle)), False)]
    joined: list[float] = []
    x = -width / 2
    for way, column in zip(following, columns, strict=True):
        axis = x + column.left
        points = ((0.0, middle), (axis, middle), (axis, box.height + WAY))
        parts.append(Arrow(points, way.steps != ()))
        parts += column.moved(axis, box.height)
        if column.goes_on:
            joined.append(axis)
            parts.append(Arrow(((axis, box.height + column.height), (axis, bottom)), False))
        x += column.left + column.right + BETWEEN
    if joined:
        bottom += GAP / 2
        for axis in joined:
            points = ((axis, bottom - GAP / 2), (axis, bottom), (0.0, bottom))
            parts.append(Arrow(points, False))
    half = max(half, width / 2)
    return Drawing(half, half, bottom, tuple(parts), bool(joined))


def _column(label: str, block: Drawing) -> Drawing:
    """A block with what is beside the arrow that leads there."""
    lines = wrapped(label, most=2)
    half = text_width(lines) / 2 + 6
    beside = Beside(0.0, GAP / 2 + (WAY - GAP / 2) / 2, lines, label)
    top = WAY if block.parts else WAY + LINE
    if not block.parts:
        through: tuple[Part, ...] = (Arrow(((0.0, WAY), (0.0, top)), False),)
    else:
        through = block.moved(0.0, WAY)
    return Drawing(
        max(block.left, half),
        max(block.right, half),
        top + block.height,
        (*through, beside),
        block.goes_on,
    )


def stacked(boxes: Sequence[Box], gap: float = 10.0) -> tuple[tuple[Box, ...], float, float]:
    """Boxes one under the other at the left edge 0; with their width and height together."""
    placed: list[Box] = []
    y = 0.0
    for box in boxes:
        placed.append(msgspec.structs.replace(box, x=0.0, y=y))
        y += box.height + gap
    return tuple(placed), max((each.width for each in boxes), default=0.0), max(y - gap, 0.0)
