"""What an activation refers to: who it sends, and the template that it is made from.

A name means what the files define, or else what the server has.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.values import ById, ByName, MembershipKind, Reference
from segdsl.rules.activations import read_template
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.sql.exports import Placeholders
from segdsl.terminal import visible
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.preview import Failed
from segdsl.workspace.remote.snapshot import read_snapshot


class Definitions(msgspec.Struct, frozen=True):
    """What activations may refer to in files: segments, funnels, and templates."""

    segments: Sequence[c.Segment] = ()
    funnels: Sequence[c.Funnel] = ()
    templates: Sequence[a.ActivationTemplate] = ()


class ExportTarget(msgspec.Struct, frozen=True):
    """The profiles that are sent, and what is known for the placeholders of texts."""

    segment: c.Segment
    placeholders: Placeholders


async def target_of(
    connection: Connection, target: a.Target, delivery: a.Delivery, definitions: Definitions
) -> ExportTarget | Failed:
    """The segment or stage of a target, and the values of placeholders.

    Ids and names of segments and stages are requested only if a text of the delivery has them.
    """
    used = _placeholders(delivery)
    known: dict[a.PlaceholderName, str] = {"parent segment id": connection.parent.id}
    reference = target.reference
    if target.kind == "segment":
        found = [each for each in definitions.segments if reference in c.spellings(*each.place)]
        wanted_values = used & {"segment name", "segment id"}
        known |= await _segment_values(connection, reference, wanted_values)
        segment = found[0] if len(found) == 1 else _member("segment", reference, target)
        return ExportTarget(segment, known)
    if target.kind == "journey":
        return Failed(
            "an activation of a journey sends the profiles that are at its steps: run "
            "`segdsl simulate` to see who they are"
        )
    if isinstance(reference, ByName):
        known |= {"segment name": reference.name, "stage name": reference.name}
        if reference.parent is not None:
            known["funnel name"] = reference.parent
    if not used <= known.keys():
        known |= await _stage_values(connection, reference)
    if isinstance(reference, ById):
        return ExportTarget(_member("stage", reference, target), known)
    wanted = (reference.parent, reference.name)
    for funnel in definitions.funnels:
        for stage in funnel.stages:
            if (funnel.name, stage.name) == wanted:
                if stage.segment is None:
                    return Failed(f"the stage “{visible(stage.name)}” has no rule: it is empty")
                return ExportTarget(stage.segment, known)
    for on_server in await connection.client.funnels(connection.parent.id):
        for each in on_server.stages:
            if (on_server.name, each.name) == wanted:
                return ExportTarget(_member("stage", ById(each.id), target), known)
    return Failed(
        f"no funnel “{visible(reference.parent or '')}” with a stage “{visible(reference.name)}” "
        "is in these files or on the server"
    )


def _member(of: MembershipKind, reference: Reference, target: a.Target) -> c.Segment:
    """A segment of the members of another, or of a stage, as the server has it."""
    member = c.Membership(of=of, target=reference, span=target.span)
    return c.Segment(_name(reference), member, span=target.span)


async def _segment_values(
    connection: Connection, reference: Reference, used: frozenset[a.PlaceholderName]
) -> dict[a.PlaceholderName, str]:
    """The name and the id of a segment, as far as they are known."""
    known: dict[a.PlaceholderName, str] = {}
    if isinstance(reference, ById):
        known["segment id"] = reference.id
    else:
        known["segment name"] = reference.name
    if used <= known.keys():
        return known
    snapshot = await read_snapshot(connection.client, connection.parent.id, rules=False)
    found = [
        each
        for path, each in snapshot.segments
        if each.id == known.get("segment id")
        or (path is not None and reference in c.spellings(path, each.name))
    ]
    if len(found) == 1:
        known |= {"segment id": found[0].id, "segment name": found[0].name}
    return known


async def _stage_values(
    connection: Connection, reference: Reference
) -> dict[a.PlaceholderName, str]:
    """What the server knows of a stage; nothing where it is not there.

    Its segment is that of its rule, which has the name of the stage.
    """
    found = [
        (funnel, stage)
        for funnel in await connection.client.funnels(connection.parent.id)
        for stage in funnel.stages
        if reference in (ById(stage.id), ByName(stage.name, funnel.name))
    ]
    if len(found) != 1:
        return {}
    [(funnel, stage)] = found
    known: dict[a.PlaceholderName, str] = {
        "funnel name": funnel.name,
        "stage name": stage.name,
        "segment name": stage.name,
    }
    return known if stage.segment_id is None else known | {"segment id": stage.segment_id}


def _placeholders(delivery: a.Delivery) -> frozenset[a.PlaceholderName]:
    """Which placeholders the texts of a delivery have."""
    columns = delivery.columns or a.Columns()
    parts = [
        part
        for item in columns.items
        if isinstance(item.source, a.TextSource)
        for part in item.source.parts
    ]
    return frozenset(part.name for part in parts if isinstance(part, a.Placeholder))


def _name(reference: Reference) -> str:
    return f"#{reference.id}" if isinstance(reference, ById) else reference.name


async def delivery_of(
    connection: Connection, activation: a.Activation, definitions: Definitions
) -> a.Delivery | Failed:
    """What is exported: from the template what the activation does not say itself."""
    own, reference = activation.delivery, activation.template
    if reference is None or own.columns is not None:
        return own
    template = next(
        (each for each in definitions.templates if ByName(each.name) == reference), None
    )
    if template is None:
        found = await _server_template(connection, reference)
        if isinstance(found, Failed):
            return found
        template = found
    delivery = template.delivery
    return msgspec.structs.replace(delivery, behaviors=own.behaviors or delivery.behaviors)


async def _server_template(
    connection: Connection, reference: Reference
) -> a.ActivationTemplate | Failed:
    """A template as the server has it."""
    client, title = connection.client, visible(_name(reference))
    if isinstance(reference, ById):
        id = reference.id
    else:
        listed = await client.templates(connection.parent.id)
        ids = [each.id for each in listed if each.name == reference.name]
        if len(ids) != 1:
            number = f"{len(ids)} templates" if ids else "no template"
            return Failed(
                f"{number} on the server named “{title}”, and none in these files",
                "the columns are those of the template: add its file, or write them here",
            )
        (id,) = ids
    report = Report()
    document = (await client.template(id)).document
    try:
        parts = read_template(load(bytes(document).decode(), report), report)
    except UnreadableError:
        parts = None
    if parts is None:
        reasons = "; ".join(each.message for each in report.diagnostics)
        return Failed(f"the template “{title}” on the server cannot be read: {reasons}")
    return parts.template
