"""Journeys as one SVG picture, readable on light and dark pages, with nothing from elsewhere.

Each stage is a box with its steps from top to bottom; who enters it stands above them, its exits
beside them, and its milestone on the arrow to the next stage. Jumps are boxes that name where they
lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

import msgspec

from segdsl.analysis.graph.labels import Label, target_text
from segdsl.analysis.graph.layout import (
    GAP,
    LINE,
    Arrow,
    Beside,
    Box,
    Drawing,
    Part,
    box_of,
    draw_block,
    stacked,
    text_width,
    wrapped,
)
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.terminal import visible

_MARGIN = 24.0
_INSIDE = 20.0
"""Room inside the box of a stage."""
_TITLE = 34.0
"""The height of the title of a stage."""
_HEADING = 44.0
_BETWEEN_STAGES = 56.0
_STYLE = """
.page{fill:#ffffff}.stage{fill:#f6f8fa;stroke:#d0d7de}.name{fill:#1f2328;font-weight:600}
.arrow{fill:none;stroke:#59636e;stroke-width:1.4}.tip{fill:#59636e}
.box{stroke-width:1.2}.head{font-size:11px;fill:#59636e}.text{fill:#1f2328}
.beside{fill:#1f2328;font-size:11px}.behind{fill:#f6f8fa}
.activate{fill:#ddf4ff;stroke:#54aeff}.wait{fill:#fff8c5;stroke:#d4a72c}
.decide{fill:#fbefff;stroke:#c297ff}.split{fill:#ffeff7;stroke:#ff80c8}
.jump{fill:#ffffff;stroke:#818b98;stroke-dasharray:4 3}.end{fill:#eaeef2;stroke:#818b98}
.enter,.milestone{fill:#dafbe1;stroke:#4ac26b}.exit{fill:#ffebe9;stroke:#ff8182}
@media (prefers-color-scheme:dark){
.page{fill:#0d1117}.stage{fill:#151b23;stroke:#3d444d}.name,.text,.beside{fill:#f0f6fc}
.arrow{stroke:#9198a1}.tip{fill:#9198a1}.head{fill:#b7bdc8}.behind{fill:#151b23}
.activate{fill:#0c2d6b;stroke:#388bfd}.wait{fill:#3b2300;stroke:#bb8009}
.decide{fill:#271052;stroke:#8957e5}.split{fill:#42062a;stroke:#db61a2}
.jump{fill:#0d1117;stroke:#9198a1}.end{fill:#262c36;stroke:#656c76}
.enter,.milestone{fill:#033a16;stroke:#2ea043}.exit{fill:#490202;stroke:#f85149}}
"""


def svg(journeys: Sequence[j.Journey[c.Segment]]) -> str:
    """The text of one picture with all journeys, one under the other; it ends with a line end."""
    drawn = [_journey(journey) for journey in journeys]
    width = max((each.width for each in drawn), default=0.0) + 2 * _MARGIN
    height = sum(each.height for each in drawn) + _MARGIN * (len(drawn) + 1)
    names = ", ".join(visible(journey.name) for journey in journeys)
    title = f"Journey {names}" if len(drawn) == 1 else f"Journeys {names}"
    size = f"{_number(width)} {_number(height)}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" '
        f'width="{_number(width)}" height="{_number(height)}" role="img">',
        f"<title>{_escaped(title)}</title>",
        f"<style>text{{font:12px ui-sans-serif,system-ui,sans-serif}}{_STYLE.strip()}</style>",
        '<rect class="page" width="100%" height="100%"/>',
    ]
    y = _MARGIN
    for each in drawn:
        lines.append(f'<g transform="translate({_number(_MARGIN)} {_number(y)})">')
        lines += each.lines
        lines.append("</g>")
        y += each.height + _MARGIN
    return "\n".join([*lines, "</svg>"]) + "\n"


class _Drawn(msgspec.Struct, frozen=True):
    width: float
    height: float
    lines: tuple[str, ...]


class _Stage(msgspec.Struct, frozen=True):
    """A stage: what hangs on its axis, and the boxes of its exits beside that."""

    title: tuple[str, ...]
    whole: str
    flow: Drawing
    exits: tuple[Box, ...]
    exits_width: float
    milestone: Label | None

    @property
    def left(self) -> float:
        return max(self.flow.left, text_width(self.title) / 2)

    @property
    def right(self) -> float:
        return max(self.flow.right, text_width(self.title) / 2)

    @property
    def height(self) -> float:
        exits = self.exits[-1].y + self.exits[-1].height if self.exits else 0.0
        return _TITLE + max(self.flow.height, exits) + _INSIDE


# --- layout ------------------------------------------------------------------------------


def _journey(journey: j.Journey[c.Segment]) -> _Drawn:
    stages = [*map(_stage, journey.stages)]
    axis = _INSIDE + max((each.left for each in stages), default=0.0)
    right = max((each.right for each in stages), default=0.0)
    beside = max((each.exits_width for each in stages), default=0.0)
    title = wrapped(f"Journey {visible(journey.name)}", 60, 1)
    goal = _goal(journey)
    width = axis + right + _INSIDE + (beside + _INSIDE if beside else 0.0)
    heading = text_width(title) * 1.2 + (0.0 if goal is None else goal.width + 2 * _INSIDE)
    width = max(width, heading)
    lines = [_text("name", 0.0, 18.0, title[0], "start", size=16)] if title else []
    top = _HEADING
    if goal is not None:
        lines += _box(msgspec.structs.replace(goal, x=width - goal.width, y=0.0))
        top = max(top, goal.height + 12.0)
    y = top
    for number, stage in enumerate(stages):
        lines += _drawn_stage(stage, axis, y, width, axis + right + _INSIDE)
        y += stage.height
        if number + 1 < len(stages):
            lines += _between(stage, axis, y)
            y += _BETWEEN_STAGES
    return _Drawn(width, y, tuple(lines))


def _goal(journey: j.Journey[c.Segment]) -> Box | None:
    if journey.goal is None:
        return None
    return box_of(
        Label("milestone", _leaving("goal", journey.goal.jump), visible(journey.goal.name))
    )


def _leaving(word: str, jump: j.JourneyStageRef | None) -> str:
    return word if jump is None else f"{word} → {target_text(jump)}"


def _stage(stage: j.JourneyStage[c.Segment]) -> _Stage:
    flow = _flow(stage)
    boxes = [
        box_of(Label("exit", _leaving("exit", exit.jump), visible(exit.name)))
        for exit in stage.exits
    ]
    exits, width, _ = stacked(boxes)
    milestone = stage.milestone
    whole = f"Stage {visible(stage.name)}"
    return _Stage(
        wrapped(whole, 40, 1),
        whole,
        flow,
        exits,
        width,
        None if milestone is None else Label("milestone", "milestone", visible(milestone.name)),
    )


def _flow(stage: j.JourneyStage[c.Segment]) -> Drawing:
    """Who enters the stage, with the steps under that."""
    steps = draw_block(stage.steps)
    if stage.enter is None:
        return steps
    enter = box_of(Label("enter", "enter", visible(stage.enter.name)))
    half = enter.width / 2
    parts: list[Part] = [enter]
    below = enter.height
    if steps.parts:
        parts.append(Arrow(((0.0, below), (0.0, below + GAP))))
        below += GAP
    parts += steps.moved(0.0, below)
    return Drawing(
        max(half, steps.left), max(half, steps.right), below + steps.height, tuple(parts)
    )


# --- text --------------------------------------------------------------------------------


def _drawn_stage(
    stage: _Stage, axis: float, y: float, width: float, beside: float
) -> Iterator[str]:
    yield (
        f'<rect class="stage" y="{_number(y)}" width="{_number(width)}" '
        f'height="{_number(stage.height)}" rx="8"/>'
    )
    yield _text("name", _INSIDE, y + 22.0, "".join(stage.title), "start", whole=stage.whole)
    parts = (*stage.flow.moved(axis, y + _TITLE),)
    # Arrows first, so that nothing is crossed out.
    for part in sorted(parts, key=lambda each: not isinstance(each, Arrow)):
        match part:
            case Arrow():
                yield from _arrow(part)
            case Box():
                yield from _box(part)
            case Beside():
                yield from _beside(part)
    for exit in stage.exits:
        moved = msgspec.structs.replace(exit, x=beside, y=exit.y + y + _TITLE)
        yield from _box(moved)


def _between(stage: _Stage, axis: float, y: float) -> Iterator[str]:
    """The arrow to the next stage, with the milestone that leads there; nothing without one."""
    if stage.milestone is None:
        return
    yield from _arrow(Arrow(((axis, y), (axis, y + _BETWEEN_STAGES))))
    lines = wrapped(f"milestone: {stage.milestone.text}", 40, 1)
    x, middle = axis + 10.0, y + _BETWEEN_STAGES / 2 + 4.0
    whole = f"milestone: {stage.milestone.text}"
    yield _text("beside", x, middle, lines[0], "start", whole=whole)


def _box(box: Box) -> Iterator[str]:
    x, y, width, height = map(_number, (box.x, box.y, box.width, box.height))
    radius = "3" if box.kind in ("activate", "decide", "split", "jump") else "12"
    yield f"<g><title>{_escaped(box.whole)}</title>"
    yield (
        f'<rect class="box {box.kind}" x="{x}" y="{y}" width="{width}" height="{height}" '
        f'rx="{radius}"/>'
    )
    middle = box.x + box.width / 2
    baseline = box.y + (box.height - LINE * (len(box.head) + len(box.lines))) / 2 + 12.0
    kinds = [*("head" for _ in box.head), *("text" for _ in box.lines)]
    if not box.lines:
        kinds = ["text"] * len(box.head)
    for line, kind in zip((*box.head, *box.lines), kinds, strict=True):
        yield _text(kind, middle, baseline, line, "middle")
        baseline += LINE
    yield "</g>"


def _beside(part: Beside) -> Iterator[str]:
    width, height = text_width(part.lines) * 0.95, 14.0 * len(part.lines)
    x, y = part.x - width / 2, part.y - height / 2
    yield f"<g><title>{_escaped(part.whole)}</title>"
    yield (
        f'<rect class="behind" x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" '
        f'height="{_number(height)}"/>'
    )
    for number, line in enumerate(part.lines):
        yield _text("beside", part.x, y + 11.0 + 14.0 * number, line, "middle")
    yield "</g>"


def _arrow(arrow: Arrow) -> Iterator[str]:
    points = " ".join(f"{_number(x)},{_number(y)}" for x, y in arrow.points)
    yield f'<polyline class="arrow" points="{points}"/>'
    if arrow.has_head:
        x, y = arrow.points[-1]
        left, right, above = _number(x - 4), _number(x + 4), _number(y - 7)
        tip = f"{_number(x)},{_number(y)}"
        yield f'<polygon class="tip" points="{left},{above} {right},{above} {tip}"/>'


def _text(
    kind: str, x: float, y: float, text: str, anchor: str, *, size: int = 0, whole: str = ""
) -> str:
    style = f' style="font-size:{size}px"' if size else ""
    title = f"<title>{_escaped(whole)}</title>" if whole and whole != text else ""
    return (
        f'<text class="{kind}" x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}"{style}>'
        f"{title}{_escaped(text)}</text>"
    )


def _number(value: float) -> str:
    """A length with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def _escaped(text: str) -> str:
    """A text in XML; what XML cannot hold is shown as a replacement character."""
    return escape(re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text))
