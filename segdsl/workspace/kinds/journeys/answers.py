"""What a server has of a journey: its versions, the rules of the newest, and its activations.

The stages that jumps lead to are of some version, each of which has stages of its own. Here a
stage has the id of the oldest version with a stage of its name, whichever version is meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import msgspec

from segdsl.api.journey_records import Journey, JourneyActivation
from segdsl.api.responses import Segment as ApiSegment
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language.values import ById, ByName
from segdsl.rules.activations import read_journey_activation
from segdsl.rules.journeys import (
    JourneyParts,
    activation_ids,
    parts_of,
    path_text,
    read_document,
    rule_paths,
    segment_ids,
)
from segdsl.rules.rule.document import load
from segdsl.workspace.kinds.deliveries.documents import SETTINGS, about_secrets, secrets_in
from segdsl.workspace.kinds.journeys.documents import document_of, step_ids_of
from segdsl.workspace.kinds.journeys.state import (
    ActivationPart,
    JourneyState,
    RuleState,
    activation_document,
)
from segdsl.workspace.kinds.resource import CANNOT_READ
from segdsl.workspace.kinds.segments.state import canonical_rule_of
from segdsl.workspace.kinds.state import report_in_words
from segdsl.workspace.project.keys import Folder
from segdsl.workspace.project.lock import is_id


def bundle_of(journey: Journey) -> str:
    """What all versions of a journey have in common."""
    return journey.bundle_id or journey.id


def name_of(journey: Journey) -> str:
    return journey.bundle_name or journey.name


class JourneyIndex:
    """All versions of all journeys, by what they have in common, the oldest first.

    `is_whole` is whether the list had none that could not be read.
    """

    def __init__(self, journeys: Iterable[Journey], *, is_whole: bool) -> None:
        self.is_whole = is_whole
        self.versions: dict[str, list[Journey]] = {}
        for each in journeys:
            self.versions.setdefault(bundle_of(each), []).append(each)
        for listed in self.versions.values():
            listed.sort(key=lambda each: (each.version or 0, len(each.id), each.id))
        self._stages: dict[str, tuple[str, str]] = {}
        self._first: dict[tuple[str, str], str] = {}
        for bundle, listed in self.versions.items():
            for version in listed:
                for stage in version.stages:
                    self._stages[stage.id] = bundle, stage.name
                    self._first.setdefault((bundle, stage.name), stage.id)

    def with_versions(self, bundle: str, versions: Iterable[Journey]) -> JourneyIndex:
        """The same with other versions of a journey."""
        others = (each for of, listed in self.versions.items() if of != bundle for each in listed)
        return JourneyIndex((*others, *versions), is_whole=self.is_whole)

    def newest(self, bundle: str) -> Journey:
        return self.versions[bundle][-1]

    def stage_id(self, bundle: str, name: str) -> str:
        """The id by which a stage is called here."""
        return self._first[bundle, name]

    def stage(self, id: str) -> tuple[str, str] | None:
        """The journey of a stage of any version, and the name of the stage."""
        return self._stages.get(id)

    def target(self, bundle: str, stage_id: str) -> tuple[str, str]:
        """The ids of the version and of its stage that a jump leads to: the newest version that is
        launched and has a stage of that name, or else the newest that has one."""
        known = self._stages.get(stage_id)
        if known is None or known[0] != bundle:
            return bundle, stage_id
        found = [
            (version, stage)
            for version in reversed(self.versions[bundle])
            for stage in version.stages
            if stage.name == known[1]
        ]
        launched = [each for each in found if each[0].state == "launched"]
        version, stage = (launched or found)[0]
        return version.id, stage.id

    @cached_property
    def users(self) -> Mapping[str, frozenset[str]]:
        """The versions whose criteria have a segment, by its id."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for listed in self.versions.values():
            for version in listed:
                read = read_document(_loaded(version.document), Report())
                for id in () if read is None else segment_ids(read.journey):
                    found[id].add(version.id)
        return {id: frozenset(versions) for id, versions in found.items()}


def _loaded(document: msgspec.Raw) -> Any:
    return load(bytes(document).decode(), Report())


class JourneyAnswer(msgspec.Struct, frozen=True, dict=True):
    """The newest version of a journey, whole, with the segments of its criteria by their ids and
    its activations; what cannot be read is not there. Of one that is not whole only the list's."""

    journey: Journey
    index: JourneyIndex
    rules: Mapping[str, ApiSegment] = {}
    activations: tuple[JourneyActivation, ...] = ()
    is_whole: bool = True

    @property
    def bundle(self) -> str:
        return bundle_of(self.journey)

    @cached_property
    def _read(self) -> tuple[JourneyParts | None, Report]:
        report = Report()
        document = read_document(_loaded(self.journey.document), report)
        names = {each.id: each.name for each in self.activations}
        return None if document is None else parts_of(document, names, report), report

    @property
    def parts(self) -> JourneyParts | None:
        """What it says, with the ids of its parts; None where no file can say it."""
        return self._read[0]

    @cached_property
    def all_segments(self) -> frozenset[str]:
        """The segments of its criteria, and those of excluded paths."""
        document = read_document(_loaded(self.journey.document), Report())
        return frozenset(() if document is None else segment_ids(document.journey))

    @cached_property
    def is_known(self) -> bool:
        """Whether all stages that it leads to are known."""
        known = True

        def look(target: j.JourneyStageRef) -> j.JourneyStageRef:
            nonlocal known
            if isinstance(target.stage, ById) and self.index.stage(target.stage.id) is None:
                known = False
            return target

        if self.parts is not None:
            j.map_targets(self.parts.journey, look)
        return known

    @cached_property
    def used_activations(self) -> tuple[JourneyActivation, ...]:
        """Those that its steps name."""
        document = read_document(_loaded(self.journey.document), Report())
        used = () if document is None else activation_ids(document.journey)
        return tuple(each for each in self.activations if each.id in used)


def journey_state(answer: JourneyAnswer, folder: Folder) -> JourneyState:
    """The state of a journey in that folder; with a `problem` where no file can hold it."""
    journey, index = answer.journey, answer.index
    versions = index.versions.get(answer.bundle, [journey])
    stages = tuple(
        (index.stage_id(answer.bundle, each.name), each.name)
        for each in (versions[-1] if versions[-1].id == journey.id else journey).stages
        if index.stage(each.id) is not None
    )
    state = JourneyState(
        folder,
        name_of(journey),
        "",
        "",
        stages=stages,
        launched=journey.state == "launched",
        version=journey.version or 0,
        versions=len(versions),
    )
    if not answer.is_whole:
        return state
    parts, report = answer._read
    if parts is None:
        problem = report_in_words(_errors(report)) or CANNOT_READ
        return msgspec.structs.replace(state, problem=problem)
    try:
        return _whole_state(state, answer, parts)
    except _ProblemError as problem:
        return msgspec.structs.replace(state, problem=str(problem))


class _ProblemError(Exception):
    """Why no file can hold a journey."""


def _errors(report: Report) -> Report:
    found = Report()
    found.diagnostics.extend(each for each in report.diagnostics if each.severity == "error")
    return found


def _whole_state(state: JourneyState, answer: JourneyAnswer, parts: JourneyParts) -> JourneyState:
    report = Report()
    journey = j.map_targets(parts.journey, lambda target: _placed(target, answer))
    document = document_of(journey, report)
    if document is None:
        raise _ProblemError(report_in_words(report))
    steps = {place: id for place, id in step_ids_of(parts).items() if is_id(id)}
    return msgspec.structs.replace(
        state,
        description=parts.journey.description or "",
        document=document,
        rules=tuple(
            RuleState(path_text(path), _rule(answer, name, id))
            for path, name, id in rule_paths(parts.journey)
        ),
        activations=tuple(
            _activation(each) for each in sorted(answer.used_activations, key=lambda of: of.name)
        ),
        steps=steps,
    )


def _placed(target: j.JourneyStageRef, answer: JourneyAnswer) -> j.JourneyStageRef:
    """Where a jump leads, whichever version of that journey it names."""
    stage = target.stage
    if not isinstance(stage, ById):
        return target
    known = answer.index.stage(stage.id)
    if known is None:
        return target
    bundle, name = known
    if bundle != answer.bundle:
        return j.JourneyStageRef(ById(answer.index.stage_id(bundle, name)), ById(bundle))
    if name in {each.name for each in answer.journey.stages}:
        return j.JourneyStageRef(ByName(name))
    raise _ProblemError(f"it jumps to the stage “{name}” of an older version of itself")


def _rule(answer: JourneyAnswer, name: str, id: str) -> str:
    segment = answer.rules.get(id)
    if segment is None or segment.rule is None:
        raise _ProblemError(f"the rule of “{name}”, the segment #{id}, cannot be read")
    return canonical_rule_of(segment)


def _activation(activation: JourneyActivation) -> ActivationPart:
    what = f"its activation “{activation.name}”"
    resource = _loaded(activation.document)
    attributes = resource.get("attributes", resource)
    secrets = [*secrets_in((attributes.get("activationParams") or {}).get(SETTINGS))]
    if secrets:
        raise _ProblemError(f"{what}: {about_secrets(secrets)}")
    report = Report()
    parts = read_journey_activation(resource, report)
    document = None
    if parts is not None:
        document = activation_document(parts.activation(a.Target("journey", ById("0"))), report)
    if document is None:
        raise _ProblemError(f"{what}: {report_in_words(report) or CANNOT_READ}")
    return ActivationPart(activation.id, activation.name, document)
