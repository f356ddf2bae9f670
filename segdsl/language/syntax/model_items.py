"""Journeys and predictive segments as items of a file, and what such items say as a whole.

The types are those of the clauses and steps with a `StageRule` for each rule.
"""

from __future__ import annotations

from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.syntax import journey_tree as jt
from segdsl.language.syntax import predictive_tree as pt
from segdsl.language.syntax.delivery_tree import Described, InFolder
from segdsl.language.syntax.tree import Journey, PredictiveSegment, StageRule

Criterion = j.Criterion[StageRule]
Step = j.Step[StageRule]
Block = tuple[Step, ...]
WaitForCondition = j.WaitForCondition[StageRule]
Decide = j.Decide[StageRule]
Branch = j.Branch[StageRule]
Split = j.Split[StageRule]
Variant = j.Variant[StageRule]
JourneyClause = jt.JourneyClause[StageRule]
StageClause = jt.StageClause[StageRule]
JourneyStage = jt.JourneyStage[StageRule]


def predictive_item(model: p.PredictiveSegment) -> PredictiveSegment:
    """A predictive segment as an item of a file."""
    uses = zip(pt.USE_WORDS, (model.predicts, model.among, model.scores), strict=True)
    clauses: list[pt.PredictiveClause | None] = [
        None if model.description is None else Described(model.description),
        None if model.folder is None else InFolder(model.folder),
        *(None if use is None else pt.UsesSegment(word, use) for word, use in uses),
        None if model.grades is None else pt.Grades(model.grades),
        model.features,
    ]
    return PredictiveSegment(
        model.name,
        tuple(clause for clause in clauses if clause is not None),
        model.span,
        model.name_span,
    )


def journey_of(item: Journey) -> j.Journey[StageRule]:
    """What the clauses of a journey say."""
    description: str | None = None
    folder: str | None = None
    reentry: j.Reentry | None = None
    goal: Criterion | None = None
    for clause in item.clauses:
        match clause:
            case Described(text):
                description = text
            case InFolder(path):
                folder = path
            case jt.Reenters(how):
                reentry = how
            case jt.Meets(_, criterion):
                goal = criterion
    return j.Journey(
        item.name,
        tuple(map(_stage_of, item.stages)),
        description,
        folder,
        reentry,
        goal,
        item.span,
        item.name_span,
    )


def _stage_of(stage: JourneyStage) -> j.JourneyStage[StageRule]:
    description: str | None = None
    criteria: dict[jt.CriterionWord, list[Criterion]] = {}
    steps: Block = ()
    for clause in stage.clauses:
        match clause:
            case Described(text):
                description = text
            case jt.Meets(word, criterion):
                criteria.setdefault(word, []).append(criterion)
            case jt.Steps(block):
                steps = block
    return j.JourneyStage(
        stage.name,
        description,
        next(iter(criteria.get("enter", ())), None),
        next(iter(criteria.get("milestone", ())), None),
        tuple(criteria.get("exit", ())),
        steps,
        stage.span,
        stage.name_span,
    )


def journey_item(journey: j.Journey[StageRule]) -> Journey:
    """A journey as an item of a file."""
    clauses: list[JourneyClause | None] = [
        None if journey.description is None else Described(journey.description),
        None if journey.folder is None else InFolder(journey.folder),
        None if journey.reentry is None else jt.Reenters(journey.reentry),
        None if journey.goal is None else jt.Meets("goal", journey.goal, journey.goal.span),
    ]
    return Journey(
        journey.name,
        tuple(clause for clause in clauses if clause is not None),
        tuple(map(_stage_item, journey.stages)),
        journey.span,
        journey.name_span,
    )


def _stage_item(stage: j.JourneyStage[StageRule]) -> JourneyStage:
    clauses: list[StageClause] = []
    if stage.description is not None:
        clauses.append(Described(stage.description))
    if stage.enter is not None:
        clauses.append(jt.Meets("enter", stage.enter, stage.enter.span))
    if stage.milestone is not None:
        clauses.append(jt.Meets("milestone", stage.milestone, stage.milestone.span))
    clauses += [jt.Meets("exit", criterion, criterion.span) for criterion in stage.exits]
    if stage.steps:
        clauses.append(jt.Steps(stage.steps))
    return JourneyStage(stage.name, tuple(clauses), stage.span, stage.name_span)
