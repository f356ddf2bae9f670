"""The result of a preview: counts, shares and samples, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from segdsl.language.activations import Activation
from segdsl.language.condition import tree as c
from segdsl.language.values import ColumnType
from segdsl.workspace.remote.breakdown import CountRequest, Rule


class Counted(msgspec.Struct, frozen=True):
    """The number of profiles that a rule selects, and the seconds until the answer."""

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


class FunnelStage(msgspec.Struct, frozen=True):
    """A stage with what to count; no `request` if it has no rule, or one with errors."""

    stage: c.Stage
    request: CountRequest | None = None


class FunnelQuestion(msgspec.Struct, frozen=True):
    """A funnel to count, with its stages in their order."""

    funnel: c.Funnel
    stages: tuple[FunnelStage, ...]


class SampleColumn(msgspec.Struct, frozen=True):
    """A column as it would be exported; `type` is None if it is not known."""

    name: str
    type: ColumnType | None
    masked: bool = False


class ExportSample(msgspec.Struct, frozen=True):
    """The first rows of an activation; a masked column has null. `notes` say what is not shown."""

    columns: tuple[SampleColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()
    zone: str = "UTC"


class Preview(msgspec.Struct, frozen=True):
    """The counts and samples of some segments, funnels and activations of a parent segment.

    `zone` is its time zone, `times` are the columns of samples that hold Unix seconds, and `masked`
    those whose values are hidden, and null here.
    """

    parent_id: str
    parent_name: str
    population: int
    requests: Sequence[CountRequest]
    answers: Mapping[Rule, Answer]
    samples: Mapping[Rule, Sample | Failed] = {}
    zone: str = "UTC"
    times: frozenset[str] = frozenset()
    funnels: Sequence[FunnelQuestion] = ()
    masked: frozenset[str] = frozenset()
    exports: Sequence[tuple[Activation, ExportSample | Failed]] = ()

    def steps(self, funnel: FunnelQuestion) -> tuple[Step, ...]:
        """The stages of a funnel with their counts, and the conversion from each to the next."""
        steps: list[Step] = []
        before: int | None = None
        for each in funnel.stages:
            answer = None if each.request is None else self.answers[each.request.rule]
            count = answer.count if isinstance(answer, Counted) else None
            conversion = None if count is None or not before else count / before
            steps.append(Step(each.stage, answer, conversion))
            before = count
        return tuple(steps)

    @property
    def failures(self) -> list[tuple[str, Failed]]:
        """What could not be counted or sampled, by name, with the reason."""
        found: list[tuple[str, Failed]] = []
        for each in self.requests:
            every: list[Answer | Sample] = [self.answers[rule] for rule in each.rules()]
            if each.rule in self.samples:
                every.append(self.samples[each.rule])
            first = next((answer for answer in every if isinstance(answer, Failed)), None)
            if first is not None:
                found.append((each.segment.name, first))
        for funnel in self.funnels:
            for step in self.steps(funnel):
                if isinstance(step.answer, Failed):
                    found.append((f"{funnel.funnel.name}: {step.stage.name}", step.answer))
        for activation, sample in self.exports:
            if isinstance(sample, Failed):
                found.append((activation.name, sample))
        return found


class Step(msgspec.Struct, frozen=True):
    """A stage of a counted funnel; `answer` is None if it has no rule that can be counted.

    `conversion` is its number of profiles divided by that of the stage before, None for the first
    stage, and where either is not known or there is nobody in the stage before. It is above 1 where
    the funnel widens.
    """

    stage: c.Stage
    answer: Answer | None
    conversion: float | None


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


_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(count: int, whole: int, width: int) -> str:
    """A bar of at most `width` cells for a part of the whole; anything above 0 can be seen."""
    if whole == 0 or count == 0:
        return ""
    eighths = max(1, min(8 * width, round(8 * width * count / whole)))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
