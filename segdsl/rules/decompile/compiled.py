"""What `segdsl compile` writes of a funnel, an activation or a template, back to syntax trees.

It is `{"kind", "name", "folder", "of", "requests": [{"method", "path", "body"}]}`; see
`segdsl.rules.requests`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from segdsl.language import activations as a
from segdsl.language.references.symbolic_ids import reference_of
from segdsl.language.syntax import tree as t
from segdsl.rules.activations import ActivationParts, read_activation, read_template
from segdsl.rules.activations.fields import FieldReader
from segdsl.rules.activations.lift import lift_activation, lift_template
from segdsl.rules.activations.resources import path_of_fields
from segdsl.rules.decompile.secrets import without_secrets
from segdsl.rules.funnels.lift import lift_funnel
from segdsl.rules.funnels.reading import FunnelParts, StageSegment, read_funnel, read_stage
from segdsl.rules.rule.document import UnreadableError
from segdsl.rules.rule.growth import Growth

_KINDS = ("funnel", "activation", "activation template")


def read_compiled(
    document: Any, path: str, reader: FieldReader, growth: Growth
) -> t.Funnel | t.Activation | t.ActivationTemplate:
    """The item; raises UnreadableError after a report."""
    known = ("kind", "name", "folder", "of", "requests")
    data = reader.fields(document, path, known, "a compiled declaration")
    kind = reader.choice(data.get("kind"), f"{path}.kind", _KINDS, "the kind")
    folder = reader.optional_text(data, "folder", path, "a folder")
    at = f"{path}.requests"

    def body(value: Any, path: str) -> tuple[Any, str]:
        request = reader.fields(value, path, ("method", "path", "body"), "a request")
        return reader.need(request, "body", path, "a request"), f"{path}.body"

    bodies = reader.each(reader.items(data.get("requests"), at, "`requests`"), at, body)
    if not bodies:
        reader.fail(at, "there is no request")
    match kind:
        case "funnel":
            return _funnel(bodies, folder, reader, growth)
        case "activation":
            activation = _merged(bodies, reader).activation(_target(data, path, reader))
            delivery = _without_secrets(activation.delivery, bodies[-1], reader)
            return lift_activation(msgspec.structs.replace(activation, delivery=delivery))
        case _:
            document, path = bodies[0]
            of_template = read_template(document, reader.report, path)
            if of_template is None:
                raise UnreadableError
            template = of_template.template
            delivery = _without_secrets(template.delivery, bodies[0], reader)
            return lift_template(
                msgspec.structs.replace(template, folder=folder, delivery=delivery)
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
    read = [read_activation(body, reader.report, path) for body, path in bodies]
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


def _target(data: dict[str, Any], path: str, reader: FieldReader) -> a.Target:
    at = f"{path}.of"
    of = reader.fields(data.get("of"), at, ("segment", "stage"), "`of`")
    if len(of) != 1:
        reader.fail(at, "`of` has one of `segment` and `stage`")
    if "segment" in of:
        id = reader.identifier(of["segment"], f"{at}.segment", "an id")
        return a.Target("segment", reference_of("segment", id))
    id = reader.identifier(of["stage"], f"{at}.stage", "an id")
    return a.Target("stage", reference_of("stage", id))
