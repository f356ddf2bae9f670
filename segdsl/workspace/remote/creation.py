"""Creating segments on a server: what is to be done, then doing it, in the order of references.

Everything is looked at before anything is sent: names that are taken, references that
lead nowhere, rules that the API cannot hold. What is there already is left as it is; to
change a segment that is there is not creation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal as OneOf

import msgspec

from segdsl.api import (
    AlreadyExistsError,
    Client,
    ClientError,
    NewSegment,
    same_rule,
)
from segdsl.api import Segment as ApiSegment
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.order import in_dependency_order
from segdsl.language.references.segment_names import segment_ids
from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.references.uniqueness import Folder, report_duplicates
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ByName
from segdsl.rules.lower import create_request, lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import encode
from segdsl.workspace.remote.snapshot import Snapshot


class Step(msgspec.Struct, frozen=True):
    """A segment to be created; `existing` where it is there already, as it should be."""

    segment: c.Segment
    ids: Ids
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


# --- what is to be done --------------------------------------------------------------


def steps(
    segments: Sequence[c.Segment], server: Snapshot, report: Report, *, layout: Layout = "v5"
) -> list[Step]:
    """What to do, each segment after those that it refers to; nothing after an error."""
    report_duplicates(segments, report)
    ordered = in_dependency_order(segments, report)
    known = segment_ids(ordered, server.ids_with(ordered), report)
    ids = {name: id for name, id in known.items() if not is_symbolic(id)}
    found = [_step(each, ids, server, report, layout) for each in ordered]
    return [] if report.has_errors else found


def _step(segment: c.Segment, ids: Ids, server: Snapshot, report: Report, layout: Layout) -> Step:
    if segment.kind == "funnel_stage":
        report.add(
            Code.SEG307,
            segment.span,
            f"{string(segment.name)} is a stage of a funnel, and is created with its funnel",
            help="create the funnel in the console first",
        )
    # What is still to be created has no id yet; any will do to see whether the rule fits.
    rule = lower(segment, report, layout=layout, ids={**_stand_ins(segment), **ids})
    existing = server.at(*segment.place)
    if existing is None or rule is None:
        return Step(segment, ids)
    changes = _differences(segment, encode(rule, pretty=False), existing)
    if changes:
        report.add(
            Code.SEG308,
            segment.span,
            f"{string(segment.name)} is there already (#{existing.id}), with "
            f"{' and '.join(f'another {change}' for change in changes)}",
            help="nothing was changed; look at it with `segdsl show`, and give this one another "
            "name or folder",
        )
    return Step(segment, ids, existing)


def _stand_ins(segment: c.Segment) -> dict[tuple[str, ByName], str]:
    return {("segment", name): "0" for name, _ in named_segments(segment.condition)}


def _differences(segment: c.Segment, rule: str, existing: ApiSegment) -> list[str]:
    found = []
    if existing.rule is None or not same_rule(msgspec.Raw(rule.encode()), existing.rule):
        found.append("rule")
    if (segment.description or "") != (existing.description or ""):
        found.append("description")
    if segment.kind != existing.kind:
        found.append("kind")
    if segment.hidden == existing.is_visible:
        found.append("visibility")
    return found


# --- doing it ------------------------------------------------------------------------


async def create(
    client: Client,
    parent_id: str,
    todo: Sequence[Step],
    *,
    layout: Layout = "v5",
    count: bool = False,
    told: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Does each step once those that it refers to are done, independent ones together.

    A failure stops what refers to it and nothing else. `told` hears of each outcome.
    """
    made: dict[ByName, asyncio.Future[str | None]] = {}
    for step in todo:
        future = asyncio.get_running_loop().create_future()
        made.update(dict.fromkeys(c.spellings(*step.segment.place), future))

    async def do(step: Step) -> Outcome:
        ids = dict(step.ids)
        for name, _ in named_segments(step.segment.condition):
            if ("segment", name) not in ids:
                id = await made[name]
                if id is None:
                    return Outcome(step, "not tried")
                ids["segment", name] = id
        try:
            return await _do(client, parent_id, step, ids, layout, count)
        except ClientError as error:
            return Outcome(step, "failed", error=error)

    async def do_and_tell(step: Step) -> Outcome:
        outcome = await do(step)
        waited = made[c.spellings(*step.segment.place)[1]]
        if not waited.done():
            waited.set_result(outcome.id)
        told(outcome)
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(do_and_tell(step)) for step in todo]
    return [task.result() for task in tasks]


async def _do(
    client: Client, parent_id: str, step: Step, ids: Ids, layout: Layout, count: bool
) -> Outcome:
    report = Report()
    lowered = lower(step.segment, report, layout=layout, ids=ids)
    assert lowered is not None, "a step is made of what compiles"
    rule = encode(lowered, pretty=False)
    done: OneOf["created", "there already"] = "there already"
    found = step.existing
    if found is None:
        request = create_request(step.segment, lowered)
        folder = await client.ensure_folder(parent_id, step.folder) if step.folder else None
        new = NewSegment(
            name=request.name,
            kind=step.segment.kind,
            rule=msgspec.Raw(rule.encode()),
            description=request.description,
            folder_id=None if folder is None else folder.id,
            count_population=count,
            is_visible=not step.segment.hidden,
        )
        try:
            found, done = await client.create_segment(parent_id, new), "created"
        except AlreadyExistsError as error:
            # Somebody was quicker; if it is the same, all is as it should be.
            if _differences(step.segment, rule, error.existing):
                raise
            found = error.existing
    counted = await client.count(parent_id, msgspec.Raw(rule.encode())) if count else None
    return Outcome(step, done, found.id, counted)
