"""Journeys as a Mermaid flowchart, which GitHub and many editors draw.

Steps are nodes, stages and journeys boxes around them. Jumps between the journeys that are drawn
are dotted arrows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segdsl.analysis.graph.labels import (
    Block,
    Kind,
    Label,
    block_goes_on,
    goes_on,
    stage_criteria,
    step_label,
    target_text,
    ways,
)
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.values import ByName
from segdsl.terminal import visible

_SHAPES: dict[Kind, tuple[str, str]] = {
    "activate": ("[", "]"),
    "wait": ("([", "])"),
    "decide": ("{", "}"),
    "split": ("{{", "}}"),
    "jump": ("[/", "/]"),
    "end": ("((", "))"),
    "enter": ("[", "]"),
    "milestone": ("[[", "]]"),
    "exit": (">", "]"),
}
# `#` begins a code, so it goes first.
_CODES = {
    "#": "#35;",
    "&": "#amp;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "`": "#96;",
    "\\": "#92;",
}
_Loose = list[tuple[str, str]]
"""Nodes whose arrows have no end yet, each with what is beside its arrow."""


def mermaid(journeys: Sequence[j.Journey[c.Segment]]) -> str:
    """The text of one flowchart with all journeys; it ends with a line end."""
    chart = _Chart(journeys)
    return chart.text()


def escaped(text: str) -> str:
    """A text as it can stand between the quotes of a label."""
    return "".join(_CODES.get(each, each) for each in text)


class _Chart:
    def __init__(self, journeys: Sequence[j.Journey[c.Segment]]) -> None:
        self._journeys = journeys
        self._lines = ["flowchart TD"]
        self._arrows: list[str] = []
        self._count = 0
        self._stages: dict[tuple[str, str], str] = {}
        for number, journey in enumerate(journeys, 1):
            for place, stage in enumerate(journey.stages, 1):
                self._stages.setdefault((journey.name, stage.name), f"j{number}s{place}")

    def text(self) -> str:
        for number, journey in enumerate(self._journeys, 1):
            self._journey(journey, f"j{number}")
        lines = [*self._lines, *(f"  {each}" for each in self._arrows)]
        return "\n".join(lines) + "\n"

    def _journey(self, journey: j.Journey[c.Segment], id: str) -> None:
        self._open(f'{id}["Journey {escaped(visible(journey.name))}"]', 1)
        if journey.goal is not None:
            node = self._node(Label("milestone", "goal", visible(journey.goal.name)), 2)
            self._leads(node, journey.goal.jump, journey)
        for place, stage in enumerate(journey.stages, 1):
            own = f"{id}s{place}"
            self._open(f'{own}["Stage {escaped(visible(stage.name))}"]', 2)
            before: _Loose = []
            if stage.enter is not None:
                enter = Label("enter", "enter", visible(stage.enter.name))
                before = [(self._node(enter, 3), "")]
            self._block(stage.steps, before, journey)
            for label, jump in stage_criteria(stage):
                node = self._node(label, 3)
                if label.kind == "milestone" and place < len(journey.stages):
                    self._arrows.append(f"{node} --> {id}s{place + 1}")
                else:
                    self._leads(node, jump, journey)
            self._lines.append("    end")
        self._lines.append("  end")

    def _open(self, title: str, depth: int) -> None:
        self._lines.append(f"{'  ' * depth}subgraph {title}")

    def _node(self, label: Label, depth: int) -> str:
        self._count += 1
        id = f"n{self._count}"
        first, last = _SHAPES[label.kind]
        words = escaped(label.head)
        if label.text:
            words += f"<br/>{escaped(label.text)}"
        self._lines.append(f'{"  " * depth}{id}{first}"{words}"{last}')
        return id

    def _arrow(self, from_: Iterable[tuple[str, str]], to: str) -> None:
        for node, label in from_:
            beside = f'|"{escaped(label)}"|' if label else ""
            self._arrows.append(f"{node} -->{beside} {to}")

    def _leads(
        self, node: str, target: j.JourneyStageRef | None, journey: j.Journey[c.Segment]
    ) -> None:
        """A dotted arrow to where a jump leads, where that is drawn, or a node that names it."""
        if target is None:
            return
        to = self._drawn(target, journey)
        if to is None:
            to = self._node(Label("jump", target_text(target)), 2)
        self._arrows.append(f"{node} -.-> {to}")

    def _drawn(self, target: j.JourneyStageRef, journey: j.Journey[c.Segment]) -> str | None:
        if not isinstance(target.stage, ByName):
            return None
        if target.journey is None:
            name = journey.name
        elif isinstance(target.journey, ByName):
            name = target.journey.name
        else:
            return None
        return self._stages.get((name, target.stage.name))

    def _block(self, block: Block, before: _Loose, journey: j.Journey[c.Segment]) -> _Loose:
        """The steps of a block behind `before`; returns what leads on from its end."""
        for step in block:
            node = self._node(step_label(step), 3)
            self._arrow(before, node)
            if isinstance(step, j.Jump):
                to = self._drawn(step.target, journey)
                if to is not None:
                    self._arrows.append(f"{node} -.-> {to}")
            before = []
            for way in ways(step):
                inner = self._block(way.steps, [(node, way.label)], journey)
                before += inner if block_goes_on(way.steps) else []
            if not ways(step) and goes_on(step):
                before = [(node, "")]
        return before
