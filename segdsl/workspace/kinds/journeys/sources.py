"""What a journey of a file compiles to, what it names, and what it is compared by. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.condition.tree import folder_path
from segdsl.language.references.ids import Ids
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.syntax.spelling import string
from segdsl.language.values import ById, ByName, Reference
from segdsl.rules.journeys import normal_journey, path_text, rule_paths
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower, lower_in_any_layout
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import encode
from segdsl.workspace.kinds.activations.state import with_references
from segdsl.workspace.kinds.deliveries import references as r
from segdsl.workspace.kinds.deliveries.documents import report_secrets
from segdsl.workspace.kinds.journeys.documents import document_of, read_content
from segdsl.workspace.kinds.journeys.likeness import stage_renames, step_ids
from segdsl.workspace.kinds.journeys.state import (
    ActivationPart,
    JourneyState,
    RuleState,
    activation_document,
)
from segdsl.workspace.kinds.resource import LocalResource, Seen, Use, Wanted
from segdsl.workspace.kinds.segments.sources import compile_rule, uses_in, with_models
from segdsl.workspace.project.keys import (
    JOURNEY,
    JOURNEY_ACTIVATION,
    JOURNEY_STAGE,
    TEMPLATE,
    Part,
    new_part,
)

MOST_VERSIONS = 30
"""Versions of a journey (documented)."""


class JourneyItem(msgspec.Struct, frozen=True):
    """A journey with its activations, which stand in the same file."""

    journey: j.Journey[c.Segment]
    activations: tuple[a.Activation, ...] = ()

    @property
    def used(self) -> tuple[a.Activation, ...]:
        """Those that a step activates, by their names: no server shows the others."""
        names = activated(self.journey)
        found = {each.name: each for each in self.activations if each.name in names}
        return tuple(found[name] for name in sorted(found))


def items_of(
    journeys: Iterable[j.Journey[c.Segment]], activations: Iterable[a.Activation]
) -> list[JourneyItem]:
    """The journeys, each with the activations of its file that name it."""
    own: dict[tuple[str, str], list[a.Activation]] = {}
    for activation in activations:
        place = place_of(activation)
        if place is not None:
            own.setdefault(place, []).append(activation)
    return [JourneyItem(each, tuple(own.get((each.span.file, each.name), ()))) for each in journeys]


def place_of(activation: a.Activation) -> tuple[str, str] | None:
    """The file of an activation of a journey, and the name of the journey; None for others, and
    "" for a journey that is called by its id."""
    target = activation.target
    if target.kind != JOURNEY:
        return None
    match target.reference:
        case ByName(name):
            return activation.span.file, name
        case ById():
            return activation.span.file, ""


def activated(journey: j.Journey[c.Segment]) -> dict[str, j.Activate]:
    """The first step that activates each activation, by its name."""
    found: dict[str, j.Activate] = {}
    for stage in journey.stages:
        for step in j.walk_steps(stage.steps):
            if isinstance(step, j.Activate):
                found.setdefault(step.activation, step)
    return found


# --- names -----------------------------------------------------------------------------


def uses_of(item: JourneyItem) -> list[Use]:
    """The segments of its rules, the stages of other journeys that it leads to, and what its
    activations name."""
    found = [use for rule in j.rules(item.journey) for use in uses_in(rule.condition)]
    for target in jumps_of(item.journey):
        found += _uses_of_target(target)
    for activation in item.activations:
        if activation.template is not None:
            found += r.use(TEMPLATE, activation.template, activation.template_span)
        found += r.uses_of(activation.delivery)
    return found


def jumps_of(journey: j.Journey[c.Segment]) -> list[j.JourneyStageRef]:
    """The stages of other journeys that it leads to, each as often as it does."""
    found: list[j.JourneyStageRef] = []

    def keep(target: j.JourneyStageRef) -> j.JourneyStageRef:
        if target.journey is not None:
            found.append(target)
        return target

    j.map_targets(normal_journey(journey), keep)
    return found


def _uses_of_target(target: j.JourneyStageRef) -> Iterator[Use]:
    journey, stage = target.journey, target.stage
    if isinstance(journey, ByName):
        yield Use(JOURNEY, journey, target.span)
        if isinstance(stage, ByName):
            yield Use(JOURNEY_STAGE, ByName(stage.name, journey.name), target.span)


def _with_ids(
    journey: j.Journey[c.Segment], ids: Mapping[tuple[str, ByName], str] | None, report: Report
) -> j.Journey[c.Segment]:
    """The journey with ids in the place of the names of others; symbolic ids without `ids`."""

    def known(kind: str, name: ByName) -> Reference:
        id = symbolic_id(kind, name) if ids is None else ids.get((kind, name))
        return name if id is None else ById(id)

    def change(target: j.JourneyStageRef) -> j.JourneyStageRef:
        to, stage = target.journey, target.stage
        if to is None:
            return target
        if isinstance(stage, ByName):
            if isinstance(to, ById):
                report.add(
                    Code.SEG313,
                    target.span,
                    f"the journey of the stage {string(stage.name)} is called by its id, so that "
                    "no name of a stage is known",
                    help="name both, or use the ids of both",
                )
                return target
            stage = known(JOURNEY_STAGE, ByName(stage.name, to.name))
        return j.JourneyStageRef(
            stage, known(JOURNEY, to) if isinstance(to, ByName) else to, target.span
        )

    return j.map_targets(normal_journey(journey), change)


# --- parts -----------------------------------------------------------------------------


def parts(item: JourneyItem, seen: Seen) -> Sequence[Part]:
    """The stages, activations and steps, with the ids of those that are on the server.

    Each is known by its name, or its path. A stage that was renamed is the one that is gone and
    says the same.
    """
    server = _server(seen)
    there = {} if server is None else {name: id for id, name in server.stages}
    renamed = {} if server is None else stage_renames(server, _fingerprints(item.journey))
    stages = [
        Part(JOURNEY_STAGE, name, there[old])
        if (old := renamed.get(name, name)) in there
        else new_part(JOURNEY_STAGE, name, item.journey.name)
        for name in (stage.name for stage in item.journey.stages)
    ]
    ids = {} if server is None else {each.name: each.id for each in server.activations}
    activations = [
        Part(JOURNEY_ACTIVATION, each.name, ids[each.name])
        if each.name in ids
        else new_part(JOURNEY_ACTIVATION, each.name, item.journey.name)
        for each in item.used
    ]
    return (*stages, *activations)


def _server(seen: Seen) -> JourneyState | None:
    server = seen.server
    assert server is None or isinstance(server, JourneyState), "a journey"
    return server


def _fingerprints(journey: j.Journey[c.Segment]) -> dict[str, object]:
    """What each stage says but for its name and its rules."""
    content = document_of(_with_ids(journey, None, Report()), Report())
    known = None if content is None else read_content(content)
    return {} if known is None else {each.name: each for each in known.journey.stages}


# --- compiling -------------------------------------------------------------------------


def compile_journey(
    item: JourneyItem, local: LocalResource, ids: Ids, seen: Seen, report: Report, layout: Layout
) -> Wanted | None:
    """The state of a journey; None after a report."""
    own = Report()
    server = _server(seen)
    _report_missing(item, server, own)
    _report_left_templates(item, server, own)
    journey = _with_ids(item.journey, ids, own)
    document = document_of(journey, own)
    rules = _rules(journey, ids, server, own, layout)
    activations = [_activation(each, local, ids, own) for each in item.used]
    state = None
    if not own.has_errors and document is not None:
        known = parts(item, seen)
        part_ids = {part.name: part.id for part in known if part.kind == JOURNEY_ACTIVATION}
        state = JourneyState(
            folder_path(journey.folder),
            journey.name,
            journey.description or "",
            document,
            tuple(rules),
            tuple(
                ActivationPart(part_ids[each.name], each.name, text)
                for each, text in zip(item.used, activations, strict=True)
                if text is not None
            ),
            tuple((part.id, part.name) for part in known if part.kind == JOURNEY_STAGE),
            step_ids(document, journey.name, server),
        )
        _report_versions(state, server, local, own)
    report.diagnostics.extend(each for each in own.diagnostics if each not in report.diagnostics)
    return None if state is None or own.has_errors else Wanted(None, state)


def _rules(
    journey: j.Journey[c.Segment],
    ids: Ids,
    server: JourneyState | None,
    report: Report,
    layout: Layout,
) -> list[RuleState]:
    there = {} if server is None else {each.place: each.rule for each in server.rules}
    found = []
    for path, _, segment in rule_paths(normal_journey(journey)):
        place = path_text(path)
        rule = compile_rule(segment, ids, there.get(place), report, layout)
        if rule is not None:
            text = canonical_rule(encode(rule, pretty=False).encode())
            found.append(RuleState(place, text))
    return found


def _activation(
    activation: a.Activation, local: LocalResource, ids: Ids, report: Report
) -> str | None:
    if report_secrets(activation.delivery, "activation", local.span, report):
        return None
    return activation_document(with_references(activation, r.with_ids(ids)), report)


def _report_missing(item: JourneyItem, server: JourneyState | None, report: Report) -> None:
    """Reports steps that activate what the file does not have, but for those that choose no
    activation on the server either."""
    known = {each.name for each in item.activations}
    open_steps: set[str] = set()
    if server is not None and server.content is not None:
        chosen = {each.name for each in server.activations}
        for stage in server.content.journey.stages:
            steps = (each for each in j.walk_steps(stage.steps) if isinstance(each, j.Activate))
            open_steps.update(each.activation for each in steps if each.activation not in chosen)
    for name, step in activated(item.journey).items():
        if name not in known and name not in open_steps:
            report.add(
                Code.SEG313,
                step.span,
                f"the file of the journey {string(item.journey.name)} has no activation "
                f"{string(name)}",
                help=f"add `activation {string(name)} of journey {string(item.journey.name)}` to "
                "it: a plan has a journey with its activations, from one file",
            )


def _report_left_templates(item: JourneyItem, server: JourneyState | None, report: Report) -> None:
    """Reports activations that are no longer made from a template: no request says so."""
    for part in () if server is None else server.activations:
        made = part.activation is not None and part.activation.template is not None
        for activation in item.used:
            if made and activation.name == part.name and activation.template is None:
                report.add(
                    Code.SEG313,
                    activation.name_span,
                    f"the activation {string(part.name)} is made from a template, which an "
                    "activation of a journey cannot leave",
                    help="give the new one another name, or keep the template",
                )


def _report_versions(
    state: JourneyState, server: JourneyState | None, local: LocalResource, report: Report
) -> None:
    """Reports what would need one version too many."""
    if server is None or not server.launched or server.versions < MOST_VERSIONS:
        return
    if state.content_digest != server.content_digest:
        report.add(
            Code.SEG313,
            local.span,
            f"the journey {string(state.name)} is launched and has {server.versions} versions, "
            "and no journey has more",
            help="delete older versions in the console, or create another journey",
        )


def matches(item: JourneyItem, state: JourneyState, ids: Ids) -> bool:
    """Whether a journey has the content of a state, in either layout."""
    report = Report()
    known = {**with_models(ids)}
    journey = _with_ids(item.journey, known, report)
    rules = []
    for path, _, segment in rule_paths(normal_journey(journey)):
        rule = lower_in_any_layout(segment, report, ids=known)
        if rule is None:
            return False
        text = canonical_rule(encode(rule, pretty=False).encode())
        rules.append(RuleState(path_text(path), text))
    activations = [
        (each.name, activation_document(with_references(each, r.with_ids(known)), report))
        for each in item.used
    ]
    return (
        document_of(journey, report) == state.document
        and rules == list(state.rules)
        and activations == [(each.name, each.document) for each in state.activations]
        and (item.journey.description or "") == state.description
    )


def fingerprint(item: JourneyItem) -> object | None:
    """What it says, with the names of others in the place of ids, and no name of its own."""
    report = Report()
    journey = _with_ids(item.journey, None, report)
    document = document_of(journey, report)
    rules = []
    for path, _, segment in rule_paths(normal_journey(journey)):
        rule = lower(segment, report, symbolic=True)
        rules.append((path_text(path), None if rule is None else normalise(rule)))
    activations = tuple(
        (each.name, activation_document(with_references(each, _symbolic), report))
        for each in item.used
    )
    return document, tuple(rules), activations


def _symbolic(kind: str, target: Reference) -> Reference:
    return ById(symbolic_id(kind, target)) if isinstance(target, ByName) else target
