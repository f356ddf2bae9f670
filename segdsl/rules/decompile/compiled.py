"""What `segdsl compile` writes of what is no segment, back to syntax trees.

It is `{"kind", "name", "folder", "of", "requests": [{"method", "path", "body"}]}`; see
`segdsl.rules.requests`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from segdsl.language import activations as a
from segdsl.language.predictive import Features
from segdsl.language.references.symbolic_ids import reference_of
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import predictive_item
from segdsl.language.values import ByName
from segdsl.rules.activations import (
    ActivationParts,
    read_activation,
    read_journey_activation,
    read_template,
)
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.activations.lift import lift_activation, lift_template
from segdsl.rules.activations.resources import path_of_fields
from segdsl.rules.decompile.secrets import without_secrets
from segdsl.rules.funnels.lift import lift_funnel
from segdsl.rules.funnels.reading import FunnelParts, StageSegment, read_funnel, read_stage
from segdsl.rules.journeys import read_criteria, read_journey
from segdsl.rules.journeys.lift import lift_journey
from segdsl.rules.predictive import read_predictive
from segdsl.rules.requests import id_of_request
from segdsl.rules.rule.document import UnreadableError
from segdsl.rules.rule.growth import Growth
from segdsl.rules.rule.model import Rule

_KINDS = ("funnel", "activation", "activation template", "predictive segment", "journey")


def read_compiled(
    document: Any, path: str, reader: FieldReader, growth: Growth
) -> tuple[t.Item, ...]:
    """The item, and behind a journey its activations; raises UnreadableError after a report."""
    known = ("kind", "name", "folder", "of", "requests")
    data = reader.fields(document, path, known, "a compiled declaration")
    kind = reader.choice(data.get("kind"), f"{path}.kind", _KINDS, "the kind")
    folder = reader.optional_text(data, "folder", path, "a folder")
    at = f"{path}.requests"

    def sent(value: Any, path: str) -> Sent:
        request = reader.fields(value, path, ("method", "path", "body"), "a request")
        method, to = (
            reader.text(request.get(key, ""), f"{path}.{key}", "a text")
            for key in ("method", "path")
        )
        if method != "GET":
            reader.need(request, "body", path, "a request")
        return Sent(method, to, request.get("body"), f"{path}.body")

    requests = reader.each(reader.items(data.get("requests"), at, "`requests`"), at, sent)
    bodies = tuple((each.body, each.at) for each in requests if each.method != "GET")
    if not bodies:
        reader.fail(at, "there is no request")
    match kind:
        case "funnel":
            return (_funnel(bodies, folder, reader, growth),)
        case "activation":
            activation = _merged(bodies, reader).activation(_target(data, path, reader))
            delivery = _without_secrets(activation.delivery, bodies[-1], reader)
            return (lift_activation(msgspec.structs.replace(activation, delivery=delivery)),)
        case "predictive segment":
            guessed = len(bodies) < len(requests)
            return (_predictive(bodies[0], folder, reader, guessed=guessed),)
        case "journey":
            return _journey(requests, folder, reader, growth)
        case _:
            document, path = bodies[0]
            of_template = read_template(document, reader.report, path)
            if of_template is None:
                raise UnreadableError
            template = of_template.template
            delivery = _without_secrets(template.delivery, bodies[0], reader)
            placed = msgspec.structs.replace(template, folder=folder, delivery=delivery)
            return (lift_template(placed),)


class Sent(NamedTuple):
    """A request that was read; `at` is where its body is."""

    method: str
    path: str
    body: Any
    at: str


def _predictive(
    sent: tuple[Any, str], folder: str | None, reader: FieldReader, *, guessed: bool
) -> t.PredictiveSegment:
    """Where the guess is asked for first, its features are those that are guessed."""
    parts = read_predictive(sent[0], reader.report, sent[1])
    if parts is None:
        raise UnreadableError
    segment = msgspec.structs.replace(parts.segment, folder=folder)
    if guessed:
        segment = msgspec.structs.replace(segment, features=Features(guessed=True))
    return predictive_item(segment)


def _journey(
    requests: tuple[Sent, ...], folder: str | None, reader: FieldReader, growth: Growth
) -> tuple[t.Item, ...]:
    """The journey as its last request has it; bodies name earlier requests by their numbers."""
    rules: dict[str, Rule] = {}
    activations: dict[str, a.Activation] = {}
    own: str | None = None
    for number, request in enumerate(requests[:-1], 1):
        id = id_of_request(number)
        if request.path.endswith("/activations"):
            activation = read_journey_activation(request.body, reader.report, request.at)
            if activation is None:
                raise UnreadableError
            delivery = _without_secrets(activation.delivery, (request.body, request.at), reader)
            activations[id] = activation.activation(a.Target("journey", ByName("")))
            activations[id] = msgspec.structs.replace(activations[id], delivery=delivery)
        elif request.path.endswith("/segments"):
            criteria = read_criteria(request.body, reader.report, request.at, growth)
            if criteria is None:
                raise UnreadableError
            rules[id] = criteria.rule
        else:
            own = id
    last = requests[-1]
    document = last.body
    if isinstance(document, dict) and own is not None:
        document = {**document, "id": own}
    names = {id: each.name for id, each in activations.items()}
    parts = read_journey(document, names, reader.report, last.at)
    if parts is None:
        raise UnreadableError
    journey = lift_journey(parts, rules, reader, folder=folder, path=last.at)
    target = a.Target("journey", ByName(parts.journey.name))
    return (
        journey,
        *(
            lift_activation(msgspec.structs.replace(each, target=target))
            for each in activations.values()
        ),
    )


def _without_secrets(
    delivery: a.Delivery, body: tuple[Any, str], reader: FieldReader
) -> a.Delivery:
    return without_secrets(delivery, path_of_fields(*body), reader.report)


def _funnel(
    bodies: tuple[tuple[Any, str], ...], folder: str | None, reader: FieldReader, growth: Growth
) -> t.Funnel:
    """The rules belong to the stages of their names."""
    (document, path), *others = bodies
    parts = read_funnel(document, reader.report, path)
    segments: dict[str, StageSegment] = {}
    for body, at in others:
        segment = read_stage(body, reader.report, at, growth)
        if segment is None:
            raise UnreadableError
        if parts is not None and segment.name not in [stage.name for stage in parts.stages]:
            reader.fail(at, f"no stage of the funnel is named “{segment.name}”")
        segments[segment.name] = segment
    if parts is None:
        raise UnreadableError
    stages = tuple(
        msgspec.structs.replace(stage, segment_id=stage.name if stage.name in segments else None)
        for stage in parts.stages
    )
    whole = FunnelParts(parts.name, parts.description, stages)
    return lift_funnel(whole, segments, reader, folder=folder, path=path)


def _merged(bodies: tuple[tuple[Any, str], ...], reader: FieldReader) -> ActivationParts:
    """One activation of its bodies: the second has the end, which the first has no field for."""
    read = [
        read_journey_activation(body, reader.report, path)
        if is_journey_activation(body)
        else read_activation(body, reader.report, path)
        for body, path in bodies
    ]
    first, *others = read
    if first is None or None in others:
        raise UnreadableError
    if not others:
        return first
    last = others[-1]
    assert last is not None
    workflow, in_sequence = first.delivery.workflow, first.delivery.in_sequence
    delivery = msgspec.structs.replace(last.delivery, workflow=workflow, in_sequence=in_sequence)
    schedule = delivery.schedule
    if isinstance(schedule, a.Repeat):
        schedule = msgspec.structs.replace(schedule, end=None)
    without_end = msgspec.structs.replace(delivery, schedule=schedule)
    merged = msgspec.structs.replace(last, delivery=without_end)
    if msgspec.structs.replace(merged, column_ids=first.column_ids) != first:
        path = bodies[-1][1]
        reader.fail(path, "this request says something else than the one before it")
    return msgspec.structs.replace(last, delivery=delivery)


def is_journey_activation(body: Any) -> bool:
    """Whether a body is that of a journey's activation."""
    return isinstance(body, dict) and body.get("type") == "journeyActivationStep"


def _target(data: dict[str, Any], path: str, reader: FieldReader) -> a.Target:
    at = f"{path}.of"
    kinds: tuple[a.TargetKind, ...] = ("segment", "stage", "journey")
    of = reader.fields(data.get("of"), at, kinds, "`of`")
    if len(of) != 1:
        reader.fail(at, "`of` has one of `segment`, `stage` and `journey`")
    [kind] = (each for each in kinds if each in of)
    id = reader.identifier(of[kind], f"{at}.{kind}", "an id")
    return a.Target(kind, reference_of(kind, id))
