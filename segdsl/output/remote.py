"""From what a server answered to the JSON documents of the commands that ask it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from segdsl.api import ClientError, Unreadable
from segdsl.output import parts, shapes
from segdsl.output.making import folder_of
from segdsl.schema.search import SchemaItem
from segdsl.workspace.creation import Outcome as Created
from segdsl.workspace.remote.breakdown import Node, Question
from segdsl.workspace.remote.listing import Found, Shown, in_order
from segdsl.workspace.remote.preview import Answer, Counted, Failed, Preview, Sample
from segdsl.workspace.remote.schema import Sample as Values
from segdsl.workspace.remote.schema import values_of
from segdsl.workspace.remote.snapshot import Snapshot


def api_error(error: ClientError | Failed | str | None) -> parts.Error | None:
    """What the API did not do."""
    if error is None:
        return None
    if isinstance(error, str):
        return parts.Error(kind="api", message=error)
    return parts.Error(kind="api", message=error.message, help=error.help)


# --- counts --------------------------------------------------------------------------


def preview_output(preview: Preview) -> shapes.PreviewOutput:
    """Counts as numbers, shares as parts of 1."""
    return shapes.PreviewOutput(
        parent_segment=parts.ParentSegment(
            id=preview.parent_id, name=preview.parent_name, population=preview.population
        ),
        segments=tuple(_counted(each, preview) for each in preview.questions),
    )


def _counted(of: Question, preview: Preview) -> parts.CountedSegment:
    answer = preview.answers[of.rule]
    return parts.CountedSegment(
        name=of.segment.name,
        folder=of.segment.folder,
        file=of.segment.span.file or None,
        count=_count(answer),
        share=_share(answer, preview),
        seconds=round(answer.seconds, 3) if isinstance(answer, Counted) else None,
        error=_error(answer),
        breakdown=None if of.tree is None else _condition(of.tree, preview),
        sample=_sample(preview.samples.get(of.rule)),
    )


def _count(answer: Answer) -> int | None:
    return answer.count if isinstance(answer, Counted) else None


def _share(answer: Answer, preview: Preview) -> float | None:
    count = _count(answer)
    return None if count is None or not preview.population else count / preview.population


def _error(answer: Answer | Sample) -> parts.Error | None:
    return api_error(answer) if isinstance(answer, Failed) else None


def _condition(of: Node, preview: Preview) -> parts.CountedCondition:
    answer = preview.answers[of.rule]
    return parts.CountedCondition(
        condition=of.text,
        count=_count(answer),
        share=_share(answer, preview),
        left=None if of.left is None else _count(preview.answers[of.left]),
        children=tuple(_condition(child, preview) for child in of.children),
        error=_error(answer),
    )


def _sample(of: Sample | Failed | None) -> parts.Sample | None:
    match of:
        case None:
            return None
        case Failed():
            return parts.Sample(columns=(), rows=(), error=api_error(of))
        case Sample(names, rows):
            return parts.Sample(columns=names, rows=rows, error=None)


# --- segments ------------------------------------------------------------------------


def create_output(outcomes: Sequence[Created]) -> shapes.CreateOutput:
    """What became of each segment."""
    return shapes.CreateOutput(
        segments=tuple(
            parts.CreatedSegment(
                name=each.step.segment.name,
                folder=folder_of(each.step.folder),
                file=each.step.segment.span.file or None,
                status=_CREATED[each.done],
                id=each.id,
                count=each.count,
                error=api_error(each.error),
            )
            for each in outcomes
        )
    )


_CREATED: dict[str, parts.CreatedStatus] = {
    "created": "created",
    "there already": "there_already",
    "failed": "failed",
    "not tried": "not_tried",
}


def list_output(server: Snapshot) -> shapes.ListOutput:
    """All segments by path, without their rules."""
    return shapes.ListOutput(
        segments=tuple(
            parts.ListedSegment(
                id=each.id,
                name=each.name,
                folder=folder_of(path),
                kind=each.kind,
                raw_kind=each.raw_kind,
                is_visible=each.is_visible,
                description=each.description,
                population=each.population,
                updated_at=each.updated_at,
            )
            for path, each in in_order(server)
        ),
        unreadable=tuple(map(_unreadable, server.unreadable)),
    )


def _unreadable(of: Unreadable) -> parts.UnreadableSegment:
    return parts.UnreadableSegment(id=of.id or None, name=of.name or None, why=of.why)


def show_output(shown: Shown, source: str | None) -> shapes.ShowOutput:
    """A segment as the API answers it, and as source."""
    folder, segment = shown.found
    return shapes.ShowOutput(
        id=segment.id,
        name=segment.name or None,
        folder=folder_of(folder),
        source=source,
        segment=msgspec.Raw(shown.json.encode()),
    )


def delete_output(found: Found, *, deleted: bool) -> shapes.DeleteOutput:
    """A segment that was, or is not yet, deleted."""
    folder, segment = found
    return shapes.DeleteOutput(
        id=segment.id, name=segment.name or None, folder=folder_of(folder), deleted=deleted
    )


# --- schema --------------------------------------------------------------------------


def schema_show_output(
    things: Sequence[SchemaItem], samples: Sequence[Values]
) -> shapes.SchemaShowOutput:
    """What a schema has, with values of columns where they were asked for."""
    return shapes.SchemaShowOutput(
        things=tuple(
            parts.SchemaThing(
                what=_WHAT[each.kind],
                name=each.name,
                of=each.parent,
                spelling=each.spelling,
                more=each.details,
                label=each.label,
                values=values_of(each, samples),
            )
            for each in things
        )
    )


_WHAT: dict[str, parts.What] = {
    "attribute": "attribute",
    "behavior": "behavior",
    "column": "column",
    "group attribute": "group_attribute",
    "segment": "segment",
    "stage": "stage",
    "model": "model",
    "variant": "variant",
}
