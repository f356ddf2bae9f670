"""The JSON documents of the commands that connect to a server, except plans and pulls."""

from __future__ import annotations

from collections.abc import Sequence

from segdsl.api import ClientError, Unreadable
from segdsl.language.activations import Activation
from segdsl.output import documents, models
from segdsl.output.segments import folder_of
from segdsl.schema.search import SchemaItem
from segdsl.workspace.creation import Outcome as Created
from segdsl.workspace.remote.breakdown import CountRequest, Node
from segdsl.workspace.remote.listing import PlacedSegment, in_order
from segdsl.workspace.remote.preview import (
    Answer,
    Counted,
    ExportSample,
    Failed,
    FunnelQuestion,
    Preview,
    Sample,
)
from segdsl.workspace.remote.running import Run
from segdsl.workspace.remote.schema import Sample as Values
from segdsl.workspace.remote.schema import values_of
from segdsl.workspace.remote.snapshot import Snapshot
from segdsl.workspace.remote.training import Training


def api_error(error: ClientError | Failed | str | None) -> models.Error | None:
    """An error of the API."""
    if error is None:
        return None
    if isinstance(error, str):
        return models.Error(kind="api", message=error)
    return models.Error(kind="api", message=error.message, help=error.help)


# --- counts --------------------------------------------------------------------------


def preview_output(preview: Preview) -> documents.PreviewOutput:
    """The counts, and shares from 0 to 1."""
    return documents.PreviewOutput(
        parent_segment=models.ParentSegment(
            id=preview.parent_id, name=preview.parent_name, population=preview.population
        ),
        segments=tuple(_counted(request, preview) for request in preview.requests),
        funnels=tuple(_funnel(funnel, preview) for funnel in preview.funnels),
        activations=tuple(_activation(*each) for each in preview.exports),
    )


def _activation(activation: Activation, sample: ExportSample | Failed) -> models.SampledActivation:
    rows = sample if isinstance(sample, ExportSample) else ExportSample((), ())
    return models.SampledActivation(
        name=activation.name,
        file=activation.span.file or None,
        columns=tuple(
            models.ExportedColumn(name=each.name, type=each.type, masked=each.masked)
            for each in rows.columns
        ),
        rows=rows.rows,
        notes=rows.notes,
        error=api_error(sample) if isinstance(sample, Failed) else None,
    )


def _funnel(counted: FunnelQuestion, preview: Preview) -> models.CountedFunnel:
    return models.CountedFunnel(
        name=counted.funnel.name,
        folder=counted.funnel.folder,
        file=counted.funnel.span.file or None,
        stages=tuple(
            models.CountedStage(
                name=step.stage.name,
                count=_count(step.answer),
                share=_share(step.answer, preview),
                conversion=step.conversion,
                seconds=_seconds(step.answer),
                error=None if step.answer is None else _error(step.answer),
            )
            for step in preview.steps(counted)
        ),
    )


def _counted(request: CountRequest, preview: Preview) -> models.CountedSegment:
    answer = preview.answers[request.rule]
    return models.CountedSegment(
        name=request.segment.name,
        folder=request.segment.folder,
        file=request.segment.span.file or None,
        count=_count(answer),
        share=_share(answer, preview),
        seconds=_seconds(answer),
        error=_error(answer),
        breakdown=None if request.tree is None else _condition(request.tree, preview),
        sample=_sample(preview.samples.get(request.rule), preview.masked),
    )


def _count(answer: Answer | None) -> int | None:
    return answer.count if isinstance(answer, Counted) else None


def _seconds(answer: Answer | None) -> float | None:
    return round(answer.seconds, 3) if isinstance(answer, Counted) else None


def _share(answer: Answer | None, preview: Preview) -> float | None:
    count = _count(answer)
    return None if count is None or not preview.population else count / preview.population


def _error(answer: Answer | Sample) -> models.Error | None:
    return api_error(answer) if isinstance(answer, Failed) else None


def _condition(node: Node, preview: Preview) -> models.CountedCondition:
    answer = preview.answers[node.rule]
    return models.CountedCondition(
        condition=node.text,
        count=_count(answer),
        share=_share(answer, preview),
        left=None if node.left is None else _count(preview.answers[node.left]),
        children=tuple(_condition(child, preview) for child in node.children),
        error=_error(answer),
    )


def _sample(sample: Sample | Failed | None, masked: frozenset[str]) -> models.Sample | None:
    match sample:
        case None:
            return None
        case Failed():
            return models.Sample(columns=(), masked=(), rows=(), error=api_error(sample))
        case Sample(names, rows):
            hidden = tuple(name for name in names if name in masked)
            return models.Sample(columns=names, masked=hidden, rows=rows, error=None)


# --- segments ------------------------------------------------------------------------


def create_output(outcomes: Sequence[Created]) -> documents.CreateOutput:
    """The outcome of outcome segment."""
    return documents.CreateOutput(
        segments=tuple(
            models.CreatedSegment(
                name=outcome.step.segment.name,
                folder=folder_of(outcome.step.folder),
                file=outcome.step.segment.span.file or None,
                status=_CREATED[outcome.done],
                id=outcome.id,
                count=outcome.count,
                error=api_error(outcome.error),
            )
            for outcome in outcomes
        )
    )


_CREATED: dict[str, models.CreatedStatus] = {
    "created": "created",
    "there already": "there_already",
    "failed": "failed",
    "not tried": "not_tried",
}


def run_output(run: Run) -> documents.RunActivationOutput:
    """A run of an activation, as far as it is."""
    execution = run.execution
    return documents.RunActivationOutput(
        id=run.of.activation.id,
        name=run.of.activation.name,
        folder=folder_of(run.of.folder),
        run=execution.attempt_id or None,
        status=execution.status or None,
        ended=execution.is_ended,
        created_at=execution.created_at,
        finished_at=execution.finished_at,
        rows=run.rows if execution.is_ended else None,
    )


def training_output(training: Training) -> documents.RunPredictiveSegmentOutput:
    """A training of a predictive segment, as far as it is."""
    execution = training.execution
    return documents.RunPredictiveSegmentOutput(
        id=training.of.segment.id,
        name=training.of.segment.name,
        folder=folder_of(training.of.folder),
        run=execution.attempt_id or None,
        status=execution.status or None,
        ended=execution.is_ended,
        created_at=execution.created_at,
        finished_at=execution.finished_at,
        accuracy=training.accuracy,
        auc=training.area,
        features=tuple(
            models.ModelFeature(feature=each.feature, weight=each.weight)
            for each in training.features
        ),
        scores=tuple(
            models.ScoreCount(
                low=each.low, high=each.high, converted=each.positives, others=each.negatives
            )
            for each in training.scores
        ),
    )


def list_output(server: Snapshot) -> documents.ListOutput:
    """All segments by path, without their rules."""
    return documents.ListOutput(
        segments=tuple(
            models.ListedSegment(
                id=segment.id,
                name=segment.name,
                folder=folder_of(path),
                kind=segment.kind,
                raw_kind=segment.raw_kind,
                is_visible=segment.is_visible,
                description=segment.description,
                population=segment.population,
                updated_at=segment.updated_at,
            )
            for path, segment in in_order(server)
        ),
        unreadable=tuple(map(_unreadable, server.unreadable)),
    )


def _unreadable(entry: Unreadable) -> models.UnreadableSegment:
    return models.UnreadableSegment(id=entry.id or None, name=entry.name or None, why=entry.why)


def delete_output(found: PlacedSegment, *, deleted: bool) -> documents.DeleteOutput:
    """A segment that was deleted, or is about to be."""
    folder, segment = found
    return documents.DeleteOutput(
        id=segment.id, name=segment.name or None, folder=folder_of(folder), deleted=deleted
    )


# --- schema --------------------------------------------------------------------------


def schema_show_output(
    items: Sequence[SchemaItem], samples: Sequence[Values]
) -> documents.SchemaShowOutput:
    """The contents of a schema, with values of columns if they were read."""
    return documents.SchemaShowOutput(
        things=tuple(
            models.SchemaThing(
                what=_WHAT[item.kind],
                name=item.name,
                of=item.parent,
                spelling=item.spelling,
                more=item.details,
                label=item.label,
                values=values_of(item, samples),
            )
            for item in items
        )
    )


_WHAT: dict[str, models.What] = {
    "attribute": "attribute",
    "behavior": "behavior",
    "column": "column",
    "group attribute": "group_attribute",
    "segment": "segment",
    "stage": "stage",
    "journey": "journey",
    "journey stage": "journey_stage",
    "model": "model",
    "variant": "variant",
    "template": "template",
    "connection": "connection",
    "user": "user",
}
