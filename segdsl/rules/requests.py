"""The requests that create funnels, activations and templates, as `segdsl compile` writes them.

A segment is one request, and is written as its body. What takes several requests, or goes to a
path with an id of something else, is a `Declaration`: the requests in the order in which they are
sent. What only a server knows is left out of the bodies (folders, the ids of a new funnel and its
stages), and stays in paths as the API's description has it: `{segmentId}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never
from typing import Literal as OneOf

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import IdResolver, Ids
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.values import ById, ByName
from segdsl.rules.activations import Family, encode_activation, encode_template, family_of
from segdsl.rules.funnels import encode_funnel, encode_stage
from segdsl.rules.lower import lower
from segdsl.rules.lower.segment import Layout
from segdsl.source import Span

Method = OneOf["POST", "PATCH"]
DeclarationKind = OneOf["funnel", "activation", "activation template"]

FUNNELS = "/entities/funnels"
SEGMENTS = "/entities/segments"
TEMPLATES = "/entities/activation_templates"
_ACTIVATIONS = "/entities/segments/{segmentId}/syndications"
_LEGACY_ACTIVATIONS = "/audiences/{audienceId}/segments/{segmentId}/syndications"


class ApiRequest(msgspec.Struct, frozen=True):
    """A request with its body, which is JSON of the API."""

    method: Method
    path: str
    body: Any


class TargetIds(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom an activation is of, by id; a name is a symbolic id. One of the two is set."""

    segment: str | None = None
    stage: str | None = None


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


def _target(target: a.Target, ids: Ids) -> TargetIds:
    id = IdResolver(True, ids).id_at(target.kind, target.reference, target.span, (), Report())
    return TargetIds(segment=id) if target.kind == "segment" else TargetIds(stage=id)


def declarations(
    items: Iterable[c.Funnel | a.ActivationTemplate | a.Activation],
    ids: Ids,
    report: Report,
    *,
    layout: Layout = "v5",
    symbolic: bool = False,
) -> list[tuple[Span, Declaration]]:
    """The items with their requests, in their order, each with its place in the text.

    What cannot be compiled is reported and left out.
    """
    made: list[tuple[Span, Declaration | None]] = []
    for item in items:
        match item:
            case c.Funnel():
                found = funnel_requests(item, report, layout=layout, symbolic=symbolic, ids=ids)
            case a.ActivationTemplate():
                found = template_requests(item, ids, report, symbolic=symbolic)
            case a.Activation():
                found = activation_requests(item, ids, report, symbolic=symbolic)
            case _:
                assert_never(item)
        made.append((item.span, found))
    return [(span, each) for span, each in made if each is not None]
