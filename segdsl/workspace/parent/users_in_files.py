"""What the items of files use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from segdsl.language import journeys as j
from segdsl.language.condition.tree import Segment
from segdsl.language.predictive import PredictiveSegment
from segdsl.language.references.uniqueness import Folder
from segdsl.language.values import ById, Reference, folder_path
from segdsl.loading import Loaded
from segdsl.parent_segment.vanishing import Field
from segdsl.source import Span
from segdsl.workspace.parent.users import User, UserKind, Uses
from segdsl.workspace.parent.uses import delivery_uses, feature_uses, segment_uses

RuleUses = Callable[[Reference], frozenset[Field]]
"""What the rule of a segment of the server uses."""
_Path = Sequence[str | None]


def uses_in_files(loaded: Loaded, on_server: RuleUses) -> Iterator[Uses]:
    """What the items of files use; those with mistakes are not among them.

    `on_server` answers for the segments that predictive segments name, and that no file defines.
    """

    def user(kind: UserKind, path: _Path, span: Span) -> User:
        source = loaded.sources.get(span.file)
        line = None if source is None else source.line_of(span.start)
        return User(kind, "/".join(filter(None, path)), None, span.file or None, line)

    for segment in loaded.segments:
        yield user("segment", (segment.folder, segment.name), segment.span), segment_uses(segment)
    for funnel in loaded.funnels:
        for stage in funnel.stages:
            if stage.segment is not None:
                place = (funnel.folder, funnel.name, stage.name)
                yield user("stage", place, stage.span), segment_uses(stage.segment)
    for each in loaded.activations:
        yield user("activation", (each.name,), each.span), delivery_uses(each.delivery)
    for template in loaded.templates:
        yield (
            user("template", (template.folder, template.name), template.span),
            delivery_uses(template.delivery),
        )
    for model in loaded.predictive_segments:
        at = user("predictive segment", (model.folder, model.name), model.span)
        yield at, _model(model, loaded, on_server)
    for journey in loaded.journeys:
        for path, span, fields in _journey(journey):
            yield user("journey", (journey.folder, journey.name, *path), span), fields


def _model(model: PredictiveSegment, loaded: Loaded, on_server: RuleUses) -> frozenset[Field]:
    uses = frozenset() if model.features is None else feature_uses(model.features.items)
    for each in (model.predicts, model.among, model.scores):
        if each is not None:
            uses |= _rule(each.target, loaded.segments, on_server)
    return uses


def _rule(target: Reference, segments: Sequence[Segment], on_server: RuleUses) -> frozenset[Field]:
    named = [each for each in segments if is_named(target, *each.place)]
    if not named:
        return on_server(target)
    return frozenset(field for each in named for field in segment_uses(each))


def is_named(target: Reference, folder: Folder | None, name: str) -> bool:
    """Whether a reference by name means the segment at a place, or may mean it."""
    if isinstance(target, ById) or target.name != name:
        return False
    return target.parent is None or (
        folder is not None and folder == folder_path(target.parent.removeprefix("/"))
    )


def _journey(
    journey: j.Journey[Segment],
) -> Iterator[tuple[tuple[str, ...], Span, frozenset[Field]]]:
    """The criteria, branches, conditions and tests of a journey, each with what it uses."""
    if journey.goal is not None:
        goal = journey.goal
        yield (goal.name,), goal.span, segment_uses(goal.rule)
    for stage in journey.stages:
        for criterion in (stage.enter, stage.milestone, *stage.exits):
            if criterion is not None:
                yield (stage.name, criterion.name), criterion.span, segment_uses(criterion.rule)
        for step in j.walk_steps(stage.steps):
            match step:
                case j.WaitForCondition(criterion=criterion):
                    path = (stage.name, criterion.name)
                    yield path, criterion.span, segment_uses(criterion.rule)
                case j.Decide(branches=branches):
                    for branch in branches:
                        if branch.rule is not None:
                            uses = segment_uses(branch.rule)
                            yield (stage.name, branch.name), branch.span, uses
                case j.Split(name=name, by=str(by)):
                    uses = frozenset((Field("attribute", "", by),))
                    yield (stage.name, name), step.span, uses
                case _:
                    pass
