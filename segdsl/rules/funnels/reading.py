"""Funnels and the rules of their stages, read from either family of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.values import Number
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.activations.resources import READ_ONLY, open_resource
from segdsl.rules.lift.segments import lift_rule
from segdsl.rules.rule.document import UnreadableError
from segdsl.rules.rule.growth import Growth
from segdsl.rules.rule.model import Rule
from segdsl.rules.rule.reader import read_rule

MIN_STAGES, MAX_STAGES = 3, 8

FIELDS = ("name", "description", "stages")
IGNORED = READ_ONLY | {
    "segmentFolderId",
    "population",
    "countPopulation",
    "numSyndications",
    "needToRunWorkflow",
}
STAGE_FIELDS = ("id", "segmentId", "name")
STAGE_IGNORED = frozenset(
    {"numSyndications", "numSyndication", "audienceId", "funnelId", "segmentFolderId"}
)
_KIND = "2"
_RULE_ASK = "ask for the segment itself; lists and summaries may leave the rule out"


class StageParts(msgspec.Struct, frozen=True):
    """A stage of a funnel that was read; `segment_id` is None where it has no rule."""

    name: str
    id: str | None = None
    segment_id: str | None = None


class FunnelParts(msgspec.Struct, frozen=True):
    """A funnel that was read; ids are None where the document has none."""

    name: str
    description: str | None
    stages: tuple[StageParts, ...]
    id: str | None = None
    folder_id: str | None = None


class StageSegment(msgspec.Struct, frozen=True):
    """The segment that is the rule of a stage; ids are None where the document has none.

    Answers do not name the stage (described): the stage names the segment.
    """

    name: str
    description: str | None
    rule: Rule
    id: str | None = None
    funnel_id: str | None = None
    stage_id: str | None = None


def read_funnel(document: Any, report: Report, path: str = "$") -> FunnelParts | None:
    """A funnel of either family, an answer or a body; None after a report.

    The document is JSON as `segdsl.rules.rule.document.load` reads it.
    """
    try:
        return _funnel(document, path, FieldReader(report))
    except UnreadableError:
        return None


def _funnel(document: Any, path: str, reader: FieldReader) -> FunnelParts:
    what = "a funnel"
    resource = open_resource(document, path, "funnel", what, reader)
    attributes, path = resource.attributes, resource.path
    data = reader.fields(attributes, path, FIELDS, what, IGNORED)
    folder_id = resource.related.get("parentFolder")
    if folder_id is None and attributes.get("segmentFolderId") is not None:
        at = f"{path}.segmentFolderId"
        folder_id = reader.identifier(attributes["segmentFolderId"], at, "an id") or None
    attempts = Attempts()
    name = attempts.read(
        lambda: reader.text(reader.need(data, "name", path, what), f"{path}.name", "a name"), ""
    )
    description = attempts.read(
        lambda: reader.optional_text(data, "description", path, "a description"), None
    )
    stages = attempts.read(lambda: _stages(data, path, reader), ())
    attempts.done()
    return FunnelParts(name, description, stages, resource.id, folder_id)


def _stages(data: dict[str, Any], path: str, reader: FieldReader) -> tuple[StageParts, ...]:
    at = f"{path}.stages"
    needed = reader.need(data, "stages", path, "a funnel")

    def stage(value: Any, path: str) -> StageParts:
        data = reader.fields(value, path, STAGE_FIELDS, "a stage", STAGE_IGNORED)
        return StageParts(
            reader.text(reader.need(data, "name", path, "a stage"), f"{path}.name", "a name"),
            reader.optional_id(data, "id", path, "an id"),
            reader.optional_id(data, "segmentId", path, "an id"),
        )

    stages = reader.each(reader.items(needed, at, "`stages`"), at, stage)
    names = [each.name for each in stages]
    for index, name in enumerate(names):
        if name in names[:index]:
            reader.fail(f"{at}[{index}].name", f"two stages of this funnel are named “{name}”")
    return stages


def read_stage(
    document: Any, report: Report, path: str = "$", growth: Growth | None = None
) -> StageSegment | None:
    """The segment that is the rule of a stage, of either family; None after a report.

    `growth` is that of the document, where it has several rules.
    """
    try:
        return _stage(document, path, FieldReader(report), growth)
    except UnreadableError:
        return None


def _stage(document: Any, path: str, reader: FieldReader, growth: Growth | None) -> StageSegment:
    what = "the rule of a stage"
    resource = open_resource(document, path, "segment-funnel-stage", what, reader)
    data, path = resource.attributes, resource.path
    if data.get("kind") is not None and not _is_stage_kind(data["kind"]):
        reader.fail(f"{path}.kind", f"{what} is a segment of the kind {_KIND} (funnel_stage)")
    if "rule" not in data or (resource.is_answer and data["rule"] is None):
        reader.fail(path, "this segment has no `rule`", _RULE_ASK)
    rule = read_rule(data["rule"], f"{path}.rule", reader.report, growth)
    present = {key: value for key, value in data.items() if value is not None}
    name = reader.text(present.get("name"), f"{path}.name", "a name")
    description = reader.optional_text(present, "description", path, "a description")
    at = f"{path}.funnel_stage"
    known = ("funnel_id", "stage_id")
    named = reader.fields(present.get("funnel_stage", {}), at, known, "`funnel_stage`")
    funnel_id, stage_id = (reader.optional_id(named, key, at, "an id") for key in known)
    if rule is None:
        raise UnreadableError
    return StageSegment(name, description, rule, resource.id, funnel_id, stage_id)


def _is_stage_kind(kind: Any) -> bool:
    return kind == "funnel_stage" or (isinstance(kind, Number) and kind.text == _KIND)


def is_stage_document(document: Any) -> bool:
    """Whether the document is the segment of a stage, and not another thing."""
    while isinstance(document, dict) and isinstance(document.get("data"), dict):
        document = document["data"]
    if not isinstance(document, dict):
        return False
    if isinstance(document.get("attributes"), dict):
        return document.get("type") == "segment-funnel-stage"
    return document.get("kind") is not None and _is_stage_kind(document["kind"])


def funnel_of(
    parts: FunnelParts,
    segments: Mapping[str, StageSegment],
    report: Report,
    *,
    folder: str | None = None,
    path: str = "$",
) -> c.Funnel | None:
    """The funnel with the rules of its stages, `segments` by their ids; None after a report.

    A stage whose segment is not among them is reported: nobody knows its rule. `path` is where the
    funnel's fields are in its document.
    """
    reader = FieldReader(report)
    attempts = Attempts()
    stages = [
        attempts.read(lambda at=at, stage=stage: _resolved(stage, segments, at, reader), None)  # type: ignore[misc]
        for index, stage in enumerate(parts.stages)
        for at in [f"{path}.stages[{index}]"]
    ]
    known = tuple(stage for stage in stages if stage is not None)
    if attempts.failed:
        return None
    return c.Funnel(parts.name, known, parts.description, folder)


def _resolved(
    stage: StageParts, segments: Mapping[str, StageSegment], path: str, reader: FieldReader
) -> c.Stage:
    if stage.segment_id is None:
        return c.Stage(stage.name)
    segment = segments.get(stage.segment_id)
    if segment is None:
        refuse_unknown_rule(stage, path, reader)
    tree = lift_rule(segment.rule, stage.name, segment.description, "funnel_stage")
    found = Report()
    resolved = resolve(Program("", {"": t.File((tree,))}), found)
    if not resolved:
        problem = next(each for each in found.diagnostics if each.severity == "error")
        reader.fail(path, f"the rule of this stage cannot be declared: {problem.message}")
    return c.Stage(stage.name, resolved[0])


def refuse_unknown_rule(stage: StageParts, path: str, reader: FieldReader) -> NoReturn:
    reader.fail(
        f"{path}.segmentId",
        f"the rule of this stage is the segment #{stage.segment_id}, which is not here",
        "pass it together with the funnel, in one list",
    )
