"""What a preview comes to: counts, shares and samples, as data and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from segdsl.live.questions import Node, Question, Rule


class Counted(msgspec.Struct, frozen=True):
    """How many profiles a rule selects, and the seconds from asking to the answer."""

    count: int
    seconds: float


class Failed(msgspec.Struct, frozen=True):
    """A rule that could not be counted: why, and what to do, in the reader's words."""

    message: str
    help: str | None = None


Answer = Counted | Failed


class Sample(msgspec.Struct, frozen=True):
    """Some profiles of a segment: names of columns, and a row of values for each profile."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Preview(msgspec.Struct, frozen=True):
    """All that was asked and answered about some segments of a parent segment."""

    parent_id: str
    parent_name: str
    population: int
    questions: Sequence[Question]
    answers: Mapping[Rule, Answer]
    samples: Mapping[Rule, Sample | Failed] = {}

    @property
    def failures(self) -> list[tuple[str, Failed]]:
        """Each segment that could not be counted or sampled, by name, with the reason."""
        found: list[tuple[str, Failed]] = []
        for each in self.questions:
            every: list[Answer | Sample] = [self.answers[rule] for rule in each.rules()]
            if each.rule in self.samples:
                every.append(self.samples[each.rule])
            first = next((answer for answer in every if isinstance(answer, Failed)), None)
            if first is not None:
                found.append((each.segment.name, first))
        return found


def share(count: int, population: int) -> str:
    """A part of the whole in percent: never rounded to none or to all where it is neither."""
    if population == 0:
        return "–"
    percent = 100 * count / population
    if 0 < percent < 0.05:
        return "<0.1%"
    if 99.95 <= percent < 100:
        return ">99.9%"
    return f"{percent:.1f}%"


def as_data(preview: Preview) -> dict[str, Any]:
    """The preview as plain data; counts are numbers, shares are parts of 1."""
    parent = {
        "id": preview.parent_id,
        "name": preview.parent_name,
        "population": preview.population,
    }
    return {
        "parent_segment": parent,
        "segments": [_segment(each, preview) for each in preview.questions],
    }


def _segment(of: Question, preview: Preview) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": of.segment.name,
        "folder": of.segment.folder,
        **_answer(preview.answers[of.rule], preview.population),
    }
    if of.tree is not None:
        found["breakdown"] = _node(of.tree, preview)
    sample = preview.samples.get(of.rule)
    if isinstance(sample, Sample):
        found["sample"] = {"columns": sample.names, "rows": sample.rows}
    elif sample is not None:
        found["sample"] = {"error": sample.message}
    return found


def _answer(answer: Answer, population: int) -> dict[str, Any]:
    match answer:
        case Counted(count, seconds):
            part = count / population if population else None
            return {"count": count, "share": part, "seconds": round(seconds, 3)}
        case Failed(message):
            return {"count": None, "share": None, "error": message}


def _node(of: Node, preview: Preview) -> dict[str, Any]:
    found = {"condition": of.text, **_answer(preview.answers[of.rule], preview.population)}
    found.pop("seconds", None)
    if of.left is not None:
        left = preview.answers[of.left]
        found["left"] = left.count if isinstance(left, Counted) else None
    if of.children:
        found["children"] = [_node(child, preview) for child in of.children]
    return found
