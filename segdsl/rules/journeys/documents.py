"""A journey of the API's JSON as one of the language, with the ids of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import journeys as j
from segdsl.language.values import ByName
from segdsl.rules.activations.fields import Attempts, FieldReader
from segdsl.rules.journeys import model as m
from segdsl.rules.journeys.blocks import Names, Placed, nest, steps_of, target_of
from segdsl.rules.journeys.normal import normal_journey, with_blocks
from segdsl.rules.journeys.paths import (
    MERGE,
    STEPS,
    Path,
    block_paths,
    default_name,
    keys,
    path_text,
    rule_paths,
    stage_paths,
    step_paths,
)
from segdsl.rules.journeys.reading import JourneyDocument, read_document
from segdsl.rules.rule.document import UnreadableError

SegmentId = str
PartIds = Mapping[tuple[str, ByName], str]
_REENTRY: dict[str, j.Reentry] = {api: mode for mode, api in j.REENTRY.items()}


class JourneyParts(msgspec.Struct, frozen=True):
    """A journey that was read, in normal form: its rules are the ids of their segments.

    `ids` has the ids of its parts (`segdsl.rules.journeys.paths`), those of its activations by
    their names. It is called as its bundle, not as the version that it is (`version_name`).
    """

    journey: j.Journey[SegmentId]
    ids: PartIds
    version_name: str
    id: str | None = None
    bundle_id: str | None = None
    folder_id: str | None = None

    @property
    def segment_ids(self) -> tuple[SegmentId, ...]:
        """The segments that the journey is made of, without those of excluded paths."""
        return tuple(dict.fromkeys(j.rules(self.journey)))


def read_journey(
    document: Any, activations: Mapping[str, str], report: Report, path: str = "$"
) -> JourneyParts | None:
    """A journey, an answer or a body; None after a report.

    `activations` are the names of the journey's activations by the ids of their steps.
    """
    found = read_document(document, report, path)
    return None if found is None else parts_of(found, activations, report)


def parts_of(
    document: JourneyDocument, activations: Mapping[str, str], report: Report
) -> JourneyParts | None:
    """The same of a document that was read."""
    try:
        return _parts(document, activations, FieldReader(report))
    except UnreadableError:
        return None


def activation_ids(journey: m.Journey) -> tuple[str, ...]:
    """The activation steps that the steps of a journey name, in their order."""
    found = (
        step.journey_activation_step_id
        for stage in journey.stages
        for step in stage.steps.values()
        if isinstance(step, m.Activation)
    )
    return tuple(dict.fromkeys(each for each in found if each is not None))


def segment_ids(journey: m.Journey) -> tuple[str, ...]:
    """Every segment that a journey names, in the order of the document."""
    return tuple(dict.fromkeys(_segment_ids(journey)))


def _segment_ids(journey: m.Journey) -> Iterator[str]:
    if journey.goal is not None:
        yield journey.goal.segment_id
    for stage in journey.stages:
        for criteria in (stage.entry_criteria, stage.milestone, *stage.exit_criterias):
            if criteria is not None:
                yield criteria.segment_id
        for step in stage.steps.values():
            match step:
                case m.WaitCondition(conditions=conditions):
                    yield from (each.segment_id for each in conditions if each.segment_id)
                case m.Decision(branches=branches):
                    yield from (each.segment_id for each in branches if each.segment_id)
                case _:
                    pass


def _parts(
    document: JourneyDocument, activations: Mapping[str, str], reader: FieldReader
) -> JourneyParts:
    source, path = document.journey, document.path
    _refuse_same_names(source, activations, path, reader)
    stages = {stage.id: stage.name for stage in source.stages if stage.id is not None}
    names = Names(activations, stages, source.id)
    attempts = Attempts()
    read = [
        attempts.read(
            lambda stage=stage, at=f"{path}.journeyStages[{index}]": _stage(  # type: ignore[misc]
                stage, at, names, reader
            ),
            (j.JourneyStage(stage.name), ()),
        )
        for index, stage in enumerate(source.stages)
    ]
    attempts.done()
    journey = normal_journey(
        j.Journey(
            document.bundle or source.name,
            tuple(stage for stage, _ in read),
            source.description,
            None,
            _REENTRY[source.reentry_mode],
            _criterion(source.goal, names),
        )
    )
    placed = [blocks for _, blocks in read]
    ids = dict(_part_ids(source, journey, placed, activations))
    return JourneyParts(
        journey, ids, source.name, source.id, document.bundle_id, document.folder_id
    )


def _refuse_same_names(
    journey: m.Journey, activations: Mapping[str, str], path: str, reader: FieldReader
) -> None:
    """Steps name activations by their names in a file: two cannot have the same."""
    seen: dict[str, str] = {}
    for id in activation_ids(journey):
        name = activations.get(id)
        if name is not None and seen.setdefault(name, id) != id:
            reader.fail(
                path,
                f"two activations of this journey are named “{name}”: #{seen[name]} and #{id}",
                "rename one of them",
            )


def _stage(
    stage: m.Stage, path: str, names: Names, reader: FieldReader
) -> tuple[j.JourneyStage[SegmentId], tuple[Placed, ...]]:
    placed = nest(stage, path, reader)
    exits = [_known(each, names) for each in stage.exit_criterias]
    steps = steps_of(placed, stage.steps, path, names, reader)
    made = j.JourneyStage(
        stage.name,
        stage.description,
        _criterion(stage.entry_criteria, names),
        _criterion(stage.milestone, names),
        distinct(exits),
        with_distinct_names(steps, set()),
    )
    return made, placed


_Named = TypeVar("_Named", j.Criterion[SegmentId], j.Branch[SegmentId], j.Variant[SegmentId])


def distinct(parts: Iterable[_Named]) -> tuple[_Named, ...]:
    """The parts, numbered where their names occurred before: in a file they are told by them."""
    listed = list(parts)
    return tuple(
        msgspec.structs.replace(each, name=name)
        for each, name in zip(listed, keys(each.name for each in listed), strict=True)
    )


def with_distinct_names(block: j.Block[SegmentId], taken: set[str]) -> j.Block[SegmentId]:
    """The steps, those numbered whose written name another step of the stage has."""
    made: list[j.Step[SegmentId]] = []
    for step in block:
        name = step.name
        is_written = name is not None and name != default_name(step)
        if is_written or isinstance(step, j.Decide | j.Split):
            free, number = name or "", 1
            while free in taken:
                number += 1
                free = f"{name} ({number})"
            taken.add(free)
            step = msgspec.structs.replace(step, name=free)
        match step:
            case j.Decide(_, branches):
                step = msgspec.structs.replace(step, branches=distinct(branches))
            case j.Split(_, variants):
                step = msgspec.structs.replace(step, variants=distinct(variants))
            case _:
                pass
        made.append(with_blocks(step, [with_distinct_names(of, taken) for of in j.blocks(step)]))
    return tuple(made)


def _criterion(criteria: m.Criteria | None, names: Names) -> j.Criterion[SegmentId] | None:
    return None if criteria is None else _known(criteria, names)


def _known(criteria: m.Criteria, names: Names) -> j.Criterion[SegmentId]:
    target = criteria.target
    jump = None if target is None else target_of(target, names)
    return j.Criterion(criteria.name, criteria.segment_id, jump, description=criteria.description)


# --- the ids of the parts --------------------------------------------------------------


def _part_ids(
    source: m.Journey,
    journey: j.Journey[SegmentId],
    placed: list[tuple[Placed, ...]],
    activations: Mapping[str, str],
) -> Iterator[tuple[tuple[str, ByName], str]]:
    def named(kind: str, path: Path) -> tuple[str, ByName]:
        return kind, ByName(path_text(path), journey.name)

    for path, _, segment in rule_paths(journey):
        yield named("journey segment", path), segment
    for id in activation_ids(source):
        if id in activations:
            yield ("journey activation", ByName(activations[id], journey.name)), id
    stages = zip(stage_paths(journey), journey.stages, source.stages, placed, strict=True)
    for at, stage, of_source, blocks in stages:
        if of_source.id is not None:
            yield ("journey stage", ByName(stage.name, journey.name)), of_source.id
        for path, id in _step_ids(stage.steps, blocks, (*at, STEPS), of_source.steps):
            yield named("journey step", path), id
        for path, id in _excluded(stage.steps, blocks, (*at, STEPS), of_source.steps):
            yield named("journey segment", path), id


def _walk(
    block: j.Block[SegmentId], placed: tuple[Placed, ...], inside: Path
) -> Iterator[tuple[Path, list[Path], Placed]]:
    """Every step that has an id with its path, those of its blocks, and its place."""
    for path, step, at in zip(step_paths(block, inside), block, placed, strict=True):
        inner = block_paths(step, path)
        if at.id is not None:
            yield path, inner, at
        for where, steps, blocks in zip(inner, j.blocks(step), at.blocks, strict=True):
            yield from _walk(steps, blocks, where)


def _step_ids(
    block: j.Block[SegmentId],
    placed: tuple[Placed, ...],
    inside: Path,
    steps: Mapping[str, m.Step],
) -> Iterator[tuple[Path, str]]:
    for path, inner, at in _walk(block, placed, inside):
        assert at.id is not None
        yield path, at.id
        for where, id in zip(inner, _path_ids(steps[at.id]), strict=True):
            if id is not None:
                yield where, id
        if at.merge is not None:
            yield (*path, MERGE), at.merge


def _path_ids(step: m.Step) -> tuple[str | None, ...]:
    match step:
        case m.WaitCondition(conditions=conditions):
            return tuple(each.id for each in conditions)
        case m.Decision(branches=branches):
            return tuple(each.id for each in branches)
        case m.Test(variants=variants):
            return tuple(each.id for each in variants)
        case _:
            return ()


def _excluded(
    block: j.Block[SegmentId],
    placed: tuple[Placed, ...],
    inside: Path,
    steps: Mapping[str, m.Step],
) -> Iterator[tuple[Path, str]]:
    """The segments of excluded paths."""
    for _, inner, at in _walk(block, placed, inside):
        step = steps[cast(str, at.id)]
        if isinstance(step, m.Decision):
            for where, branch in zip(inner, step.branches, strict=True):
                if branch.excluded_path and branch.segment_id is not None:
                    yield where, branch.segment_id
