"""The requests that create what is no segment, as `segdsl compile` writes them.

A segment is one request, and is written as its body. What takes several requests, or goes to a
path with an id of something else, is a `Declaration`: the requests in the order in which they are
sent. What only a server knows is left out of the bodies (folders, the ids of a new funnel and its
stages), and stays in paths as the API's description has it: `{segmentId}`. A journey names what
its earlier requests create: `{id of request 1}`, `{id of stage 1 of request 3}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never
from typing import Literal as OneOf

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import IdResolver, Ids
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.values import ById, ByName
from segdsl.rules.activations import Family, encode_activation, encode_template, family_of
from segdsl.rules.funnels import encode_funnel, encode_stage
from segdsl.rules.journeys import (
    encode_draft,
    encode_journey,
    lower_journey,
    normal_journey,
    path_text,
    rule_paths,
)
from segdsl.rules.lower import create_request, lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.predictive import encode_predictive
from segdsl.source import Span

Method = OneOf["GET", "POST", "PATCH"]
DeclarationKind = OneOf[
    "funnel", "activation", "activation template", "predictive segment", "journey"
]
Item = c.Funnel | a.ActivationTemplate | a.Activation | p.PredictiveSegment | j.Journey[c.Segment]

FUNNELS = "/entities/funnels"
SEGMENTS = "/entities/segments"
TEMPLATES = "/entities/activation_templates"
PREDICTIVE_SEGMENTS = "/entities/predictive_segments"
GUESSED_FEATURES = "/entities/segments/{segmentId}/predictive_segments/guess_rule_async"
JOURNEYS = "/entities/journeys"
JOURNEY = "/entities/journeys/{journeyId}"
JOURNEY_ACTIVATIONS = "/entities/journeys/{journeyId}/activations"
CRITERIA = "/audiences/{audienceId}/segments"
"""Where the segments of a journey's criteria are created (assumed: as other segments)."""
_ACTIVATIONS = "/entities/segments/{segmentId}/syndications"
_LEGACY_ACTIVATIONS = "/audiences/{audienceId}/segments/{segmentId}/syndications"


class ApiRequest(msgspec.Struct, frozen=True):
    """A request with its body, which is JSON of the API; null for one that has none."""

    method: Method
    path: str
    body: Any


class TargetIds(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom an activation is of, by id; a name is a symbolic id. One of them is set."""

    segment: str | None = None
    stage: str | None = None
    journey: str | None = None


class Declaration(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing with the requests that create it; `folder` is a path."""

    kind: DeclarationKind
    name: str
    folder: str | None = None
    of: TargetIds | None = None
    requests: tuple[ApiRequest, ...]


def funnel_requests(
    funnel: c.Funnel,
    report: Report,
    *,
    layout: Layout = "v5",
    symbolic: bool = False,
    ids: Ids | None = None,
) -> Declaration | None:
    """The funnel, then the segment of each stage with a rule; None after a report.

    A segment names its stage where `ids` has the ids of both funnel and stage (kinds `funnel` and
    `stage`), or with `symbolic`.
    """
    requests = [ApiRequest("POST", FUNNELS, encode_funnel(funnel, "entities"))]
    known = ids or {}
    failed = False
    for stage in funnel.stages:
        if stage.segment is None:
            continue
        rule = lower(stage.segment, report, layout=layout, symbolic=symbolic, ids=known)
        if rule is None:
            failed = True
            continue
        body = encode_stage(
            stage.segment,
            rule,
            "entities",
            funnel_id=_known("funnel", ByName(funnel.name), known, symbolic),
            stage_id=_known("stage", ByName(stage.name, funnel.name), known, symbolic),
        )
        requests.append(ApiRequest("POST", SEGMENTS, body))
    if failed:
        return None
    return Declaration(
        kind="funnel", name=funnel.name, folder=funnel.folder, requests=tuple(requests)
    )


def activation_requests(
    activation: a.Activation, ids: Ids, report: Report, *, symbolic: bool = False
) -> Declaration | None:
    """One request, or two where the activation needs both families; None after a report.

    The ids of connection, template and recipients are needed, or `symbolic`; the target may be new.
    """
    segment_id = _segment_id(activation.target, ids)

    def request(method: Method, path: str, family: Family) -> ApiRequest | None:
        body = encode_activation(activation, ids, report, family, symbolic=symbolic)
        if segment_id is not None:
            path = path.replace("{segmentId}", segment_id)
        return None if body is None else ApiRequest(method, path, body)

    match family_of(activation):
        case "entities":
            requests = [request("POST", _ACTIVATIONS, "entities")]
        case "legacy":
            requests = [request("POST", _LEGACY_ACTIVATIONS, "legacy")]
        case "journey":
            path = JOURNEY_ACTIVATIONS.replace("{journeyId}", _journey_id(activation.target, ids))
            requests = [request("POST", path, "journey")]
        case "both":
            first = request("POST", _LEGACY_ACTIVATIONS, "legacy")
            if first is None:
                return None
            requests = [first, request("PATCH", f"{_ACTIVATIONS}/{{id}}", "entities")]
    made = tuple(each for each in requests if each is not None)
    if len(made) < len(requests):
        return None
    target = _target(activation.target, ids)
    return Declaration(kind="activation", name=activation.name, of=target, requests=made)


def template_requests(
    template: a.ActivationTemplate, ids: Ids, report: Report, *, symbolic: bool = False
) -> Declaration | None:
    """The one request of a template; None after a report."""
    body = encode_template(template, ids, report, symbolic=symbolic)
    if body is None:
        return None
    return Declaration(
        kind="activation template",
        name=template.name,
        folder=template.folder,
        requests=(ApiRequest("POST", TEMPLATES, body),),
    )


def predictive_requests(
    segment: p.PredictiveSegment, ids: Ids, report: Report, *, symbolic: bool = False
) -> Declaration | None:
    """The request that creates a predictive segment; None after a report.

    Where features are guessed, the guess is asked for first, and its answer goes into the body.
    """
    body = encode_predictive(segment, ids, report, "entities", symbolic=symbolic)
    if body is None:
        return None
    requests = [ApiRequest("POST", PREDICTIVE_SEGMENTS, body)]
    if segment.features is not None and segment.features.guessed:
        target = a.Target("segment", segment.predicts.target)
        id = _segment_id(target, ids) or "{segmentId}"
        path = GUESSED_FEATURES.replace("{segmentId}", id)
        requests.insert(0, ApiRequest("GET", path, None))
    return Declaration(
        kind="predictive segment",
        name=segment.name,
        folder=segment.folder,
        requests=tuple(requests),
    )


def id_of_request(number: int) -> str:
    """What stands in a body for the id that the response of a request has, counted from 1."""
    return f"{{id of request {number}}}"


def id_of_stage(number: int, request: int) -> str:
    """The same for the id of a stage in that response, both counted from 1."""
    return f"{{id of stage {number} of request {request}}}"


def journey_requests(
    journey: j.Journey[c.Segment],
    activations: Iterable[a.Activation],
    ids: Ids,
    report: Report,
    *,
    layout: Layout = "v5",
    symbolic: bool = False,
) -> Declaration | None:
    """The segments of the criteria, the journey, its activations, its steps; None after a report.

    The journey is created with its stages alone, as its activations need its id, and its steps
    need theirs. `activations` are those of the journey.
    """
    normal = normal_journey(journey)
    requests: list[ApiRequest] = []
    known: dict[tuple[str, ByName], str] = {**ids}
    failed = False

    def add(method: Method, path: str, body: Any, kind: str, name: ByName) -> None:
        requests.append(ApiRequest(method, path, body))
        known[kind, name] = id_of_request(len(requests))

    for at, _, segment in rule_paths(normal):
        rule = lower(segment, report, layout=layout, symbolic=symbolic, ids=ids)
        if rule is None:
            failed = True
            continue
        name = ByName(path_text(at), journey.name)
        add("POST", CRITERIA, create_request(segment, rule), "journey segment", name)
    add("POST", JOURNEYS, encode_draft(normal), "journey", ByName(journey.name))
    created = len(requests)
    for number, stage in enumerate(journey.stages, 1):
        name = ByName(stage.name, journey.name)
        known["journey stage", name] = id_of_stage(number, created)
    for activation in activations:
        body = encode_activation(activation, ids, report, "journey", symbolic=symbolic)
        if body is None:
            failed = True
            continue
        name = ByName(activation.name, journey.name)
        add("POST", JOURNEY_ACTIVATIONS, body, "journey activation", name)
    lowered = None if failed else lower_journey(normal, known, report, symbolic=symbolic)
    if lowered is None:
        return None
    requests.append(ApiRequest("PATCH", JOURNEY, encode_journey(lowered)))
    return Declaration(
        kind="journey", name=journey.name, folder=journey.folder, requests=tuple(requests)
    )


def _known(kind: str, name: ByName, ids: Ids, symbolic: bool) -> str | None:
    known = ids.get((kind, name))
    return symbolic_id(kind, name) if known is None and symbolic else known


def _segment_id(target: a.Target, ids: Ids) -> str | None:
    """The id in the path: of a segment, if it is known. That of a stage's segment is not."""
    if target.kind != "segment":
        return None
    id = target.reference.id if isinstance(target.reference, ById) else None
    if isinstance(target.reference, ByName):
        id = ids.get(("segment", target.reference))
    return id if id is not None and id.isascii() and id.isdigit() else None


def _journey_id(target: a.Target, ids: Ids) -> str:
    """The id in the path, if it is known."""
    reference = target.reference
    id = reference.id if isinstance(reference, ById) else ids.get(("journey", reference))
    return id if id is not None and id.isascii() and id.isdigit() else "{journeyId}"


def _target(target: a.Target, ids: Ids) -> TargetIds:
    id = IdResolver(True, ids).id_at(target.kind, target.reference, target.span, (), Report())
    match target.kind:
        case "segment":
            return TargetIds(segment=id)
        case "stage":
            return TargetIds(stage=id)
        case "journey":
            return TargetIds(journey=id)
        case _:
            assert_never(target.kind)


def declarations(
    items: Iterable[Item],
    ids: Ids,
    report: Report,
    *,
    layout: Layout = "v5",
    symbolic: bool = False,
    activations: Iterable[a.Activation] = (),
) -> list[tuple[Span, Declaration]]:
    """The items with their requests, in their order, each with its place in the text.

    An activation of one of the journeys is in its declaration, and so are those of `activations`.
    What cannot be compiled is reported and left out.
    """
    listed = list(items)
    names = {each.name for each in listed if isinstance(each, j.Journey)}
    beside = [*(each for each in listed if isinstance(each, a.Activation)), *activations]
    of_journeys = [each for each in dict.fromkeys(beside) if _journey_name(each) in names]
    made: list[tuple[Span, Declaration | None]] = []
    for item in listed:
        match item:
            case c.Funnel():
                found = funnel_requests(item, report, layout=layout, symbolic=symbolic, ids=ids)
            case a.ActivationTemplate():
                found = template_requests(item, ids, report, symbolic=symbolic)
            case a.Activation():
                if _journey_name(item) in names:
                    continue
                found = activation_requests(item, ids, report, symbolic=symbolic)
            case p.PredictiveSegment():
                found = predictive_requests(item, ids, report, symbolic=symbolic)
            case j.Journey():
                own = [each for each in of_journeys if _journey_name(each) == item.name]
                found = journey_requests(item, own, ids, report, layout=layout, symbolic=symbolic)
            case _:
                assert_never(item)
        made.append((item.span, found))
    return [(span, each) for span, each in made if each is not None]


def _journey_name(activation: a.Activation) -> str | None:
    """The name of the journey that an activation is of; None for others."""
    target = activation.target
    is_named = target.kind == "journey" and isinstance(target.reference, ByName)
    return target.reference.name if is_named and isinstance(target.reference, ByName) else None
