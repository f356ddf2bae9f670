"""`create`: segments of files created on a server, by a plan that only creates.

Everything is checked before anything is sent: names that are taken, references to what is not
there, rules that the API cannot hold. A segment that is there already is left as it is; to change
one is not creation. The plan is carried out as that of `apply` is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Literal as OneOf

import msgspec

from segdsl.api import ClientError, same_rule
from segdsl.api import Segment as ApiSegment
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.order import in_dependency_order
from segdsl.language.references.segment_names import segment_ids
from segdsl.language.references.uniqueness import Folder, report_duplicates
from segdsl.language.syntax.spelling import string
from segdsl.rules.lower import lower
from segdsl.rules.lower.segment import Layout
from segdsl.workspace.kinds.registry import KINDS, Kinds
from segdsl.workspace.kinds.resource import Change, Version
from segdsl.workspace.kinds.segments import SegmentKind
from segdsl.workspace.kinds.segments.sources import check_new, wanted
from segdsl.workspace.kinds.segments.state import with_ids
from segdsl.workspace.project.keys import SEGMENT, Ref
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.snapshot import Snapshot
from segdsl.workspace.sync import applying
from segdsl.workspace.sync.plan import Plan


class Step(msgspec.Struct, frozen=True):
    """A segment to be created by a change; `existing` where it is there with the same content."""

    segment: c.Segment
    change: Change
    existing: ApiSegment | None = None

    @property
    def folder(self) -> Folder:
        return self.segment.place[0]


class Outcome(msgspec.Struct, frozen=True):
    """What became of a step; `count` where profiles were to be counted and could be."""

    step: Step
    done: OneOf["created", "there already", "failed", "not tried"]
    id: str | None = None
    count: int | None = None
    error: ClientError | None = None

    @property
    def is_done(self) -> bool:
        return self.done in ("created", "there already")


# --- what is to be done --------------------------------------------------------------


def plan_creation(
    segments: Sequence[c.Segment], server: Snapshot, report: Report, *, layout: Layout = "v5"
) -> list[Step]:
    """The steps, each after those of the segments that it refers to; none after an error."""
    report_duplicates(segments, report)
    ordered = in_dependency_order(segments, report)
    ids = segment_ids(ordered, server.ids_with(ordered), report)
    changes = [_change(segment, ids, report, layout) for segment in ordered]
    numbers: dict[Ref, int] = {}
    steps: list[Step] = []
    for segment, change in zip(ordered, changes, strict=True):
        if change is None:
            continue
        existing = server.at(*segment.place)
        if existing is None:
            behind = change.state.refers_to & numbers.keys()
            first = tuple(sorted(numbers[ref] for ref in behind))
            change = msgspec.structs.replace(change, first=first)
            numbers[change.ref] = len(numbers)
        else:
            _check_same(segment, change.body or "", existing, report)
        steps.append(Step(segment, change, existing))
    return [] if report.has_errors else steps


def _change(segment: c.Segment, ids: Ids, report: Report, layout: Layout) -> Change | None:
    """The change that creates a segment, with symbolic ids; None after a report."""
    check_new(segment, report)
    # A name that means nothing is reported already; any id will do to check the rule.
    unknown = {("segment", name): "0" for name, _ in named_segments(segment.condition)}
    rule = lower(segment, report, layout=layout, ids={**unknown, **ids})
    if rule is None:
        return None
    found = wanted(segment, rule)
    return Change(segment.span.file, after=Version(found.state, None), body=found.body)


def _check_same(segment: c.Segment, rule: str, existing: ApiSegment, report: Report) -> None:
    """Reports a segment that is there already with other content."""
    differences = []
    if existing.rule is None or not same_rule(msgspec.Raw(rule.encode()), existing.rule):
        differences.append("another rule")
    if (segment.description or "") != (existing.description or ""):
        differences.append("another description")
    if segment.kind != existing.kind:
        differences.append("another kind")
    if segment.hidden == existing.is_visible:
        differences.append("another visibility")
    if differences:
        report.add(
            Code.SEG308,
            segment.span,
            f"{string(segment.name)} already exists (#{existing.id}), with "
            f"{' and '.join(differences)}",
            help="nothing was changed; look at it with `segdsl show`, and give this one another "
            "name or folder",
        )


# --- doing it ------------------------------------------------------------------------


async def create(
    connection: Connection,
    steps: Sequence[Step],
    *,
    count: bool = False,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Carries out the steps, independent ones together; `on_outcome` is called with each outcome.

    A failure stops what refers to it and nothing else. With `count` the profiles of each are
    counted, and the server keeps the count of what is created.
    """
    plan = Plan(
        connection.parent.id,
        connection.target,
        tuple(step.change for step in steps if step.existing is None),
    )
    kinds: Kinds = {**KINDS, SEGMENT: SegmentKind(count_population=count)}
    run = _Run(connection, steps, count, on_outcome)
    async with asyncio.TaskGroup() as group:
        for step in steps:
            if step.existing is not None:
                run.finish(group, Outcome(step, "there already", step.existing.id))
        await applying.carry_out(
            connection.client, plan, lambda outcome: run.finish(group, run.outcome(outcome)), kinds
        )
    return [run.tasks[step.change.ref].result() for step in steps]


class _Run:
    """Finishes each step once its segment is there: counts it, and reports it."""

    def __init__(
        self,
        connection: Connection,
        steps: Iterable[Step],
        count: bool,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self.connection = connection
        self.steps = {step.change.ref: step for step in steps}
        self.count = count
        self.on_outcome = on_outcome
        self.ids: dict[Ref, str] = {}
        """The ids of what is there, by symbolic ids."""
        self.tasks: dict[Ref, asyncio.Task[Outcome]] = {}

    def outcome(self, outcome: applying.Outcome) -> Outcome:
        """The outcome of a step, from that of its change."""
        step = self.steps[outcome.change.ref]
        match outcome.done:
            case "created" | "there already" | "failed" | "not tried" as done:
                return Outcome(step, done, outcome.id, error=outcome.error)
            case "updated" | "deleted":
                raise AssertionError("the plan only creates")

    def finish(self, group: asyncio.TaskGroup, outcome: Outcome) -> None:
        ref = outcome.step.change.ref
        if outcome.id is not None:
            self.ids[ref] = outcome.id
        self.tasks[ref] = group.create_task(self._finished(outcome))

    async def _finished(self, outcome: Outcome) -> Outcome:
        if self.count and outcome.is_done:
            outcome = await self._counted(outcome)
        self.on_outcome(outcome)
        return outcome

    async def _counted(self, outcome: Outcome) -> Outcome:
        rule = with_ids(outcome.step.change.body or "", self.ids)
        try:
            count = await self.connection.client.count(
                self.connection.parent.id, msgspec.Raw(rule.encode())
            )
        except ClientError as error:
            return Outcome(outcome.step, "failed", error=error)
        return msgspec.structs.replace(outcome, count=count)
