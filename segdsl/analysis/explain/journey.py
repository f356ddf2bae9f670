"""A resolved journey as an outline in plain English: who enters, what happens, how they leave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from segdsl.analysis.explain.legend import legend, names_in
from segdsl.analysis.explain.outline import Item, Outline
from segdsl.analysis.explain.segment import explain_criterion, shown, times_note
from segdsl.analysis.explain.verbs import listed
from segdsl.language import journeys as j
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import name, reference, string
from segdsl.language.values import Number
from segdsl.schema.labels import NO_LABELS, Labels

Criterion = j.Criterion[c.Segment]
Step = j.Step[c.Segment]
Block = j.Block[c.Segment]
_REENTRY: dict[j.Reentry, str] = {
    "never": "A profile that has left never enters again.",
    "unless goal achieved": "A profile that has left may enter again, unless it reached the goal.",
    "always": "A profile that has left may enter again.",
}


def explain_journey(journey: j.Journey[c.Segment], labels: Labels = NO_LABELS) -> Outline:
    """The journey in words; `labels` are what the console calls what it names."""
    facts = []
    if journey.folder is not None:
        facts.append(f"Folder: {shown(journey.folder)}")
    if journey.description is not None:
        facts.append(f"Description: {shown(journey.description)}")
    rules = [*j.rules(journey)]
    closing = [_REENTRY[journey.reentry or "never"]]
    closing += times_note([each.condition for each in rules])
    called = legend(pair for each in rules for pair in names_in(each, labels))
    if called is not None:
        closing.append(called)
    names = [stage.name for stage in journey.stages]
    stages = [
        _stage(stage, names[number + 1] if number + 1 < len(names) else None)
        for number, stage in enumerate(journey.stages)
    ]
    if journey.goal is not None:
        stages.insert(0, _goal(journey.goal))
    return Outline(
        f"Journey {string(journey.name)}",
        tuple(facts),
        _opening(len(names)),
        tuple(stages),
        tuple(closing),
    )


def _opening(stages: int) -> str:
    if stages == 0:
        return "It has no stages."
    return "It has one stage:" if stages == 1 else f"It has {stages} stages:"


# --- who ---------------------------------------------------------------------------------


def _goal(goal: Criterion) -> Item:
    return _criterion(goal, f"Goal {string(goal.name)}", _leaving(goal, "has reached the goal"))


def _stage(stage: j.JourneyStage[c.Segment], following: str | None) -> Item:
    items = []
    if stage.enter is not None:
        text = f"Enter {string(stage.enter.name)}"
        items.append(_criterion(stage.enter, text, "Who meets it enters the stage."))
    if stage.milestone is not None:
        leads = (
            "Who meets it has reached the milestone."
            if following is None
            else f"Who meets it goes on to the stage {string(following)}."
        )
        text = f"Milestone {string(stage.milestone.name)}"
        items.append(_criterion(stage.milestone, text, leads))
    for exit in stage.exits:
        items.append(_criterion(exit, f"Exit {string(exit.name)}", _leaving(exit)))
    if stage.steps:
        items.append(Item("Its steps are:", tuple(_steps(stage.steps))))
    about = () if stage.description is None else (f"Description: {shown(stage.description)}",)
    if stage.enter is None:
        about = (*about, "Nobody enters it by a rule of its own.")
    return Item(f"Stage {string(stage.name)}:", tuple(items), about)


def _leaving(criterion: Criterion, reached: str | None = None) -> str:
    where = "leaves the journey" if criterion.jump is None else f"goes on in {_to(criterion.jump)}"
    return f"Who meets it {where if reached is None else f'{reached}, and {where}'}."


def _to(target: j.JourneyStageRef) -> str:
    stage = f"the stage {reference(target.stage)}"
    return (
        stage if target.journey is None else f"{stage} of the journey {reference(target.journey)}"
    )


def _criterion(criterion: Criterion, title: str, then: str) -> Item:
    rule = explain_criterion(criterion.rule)
    text = f"{title}: {rule.text[0].lower()}{rule.text[1:]}"
    return Item(text, rule.items, (*rule.notes, then))


# --- what happens ------------------------------------------------------------------------


def _steps(block: Block) -> Iterator[Item]:
    return map(_step, block)


def _named(step: Step) -> str:
    return "" if step.name is None else f"{string(step.name)}: "


def _begin(step: Step, words: str) -> Item:
    lead = _named(step)
    return Item(lead + words if lead else words[0].upper() + words[1:])


def _step(step: Step) -> Item:
    match step:
        case j.Activate(activation):
            return _begin(step, f"it is sent to the activation {string(activation)}.")
        case j.WaitFor(amount, unit):
            return _begin(step, f"it waits for {_amount(amount, unit)}.")
        case j.WaitUntilDate(date, zone):
            return _begin(step, f"it waits until {date}{_zone(zone)}.")
        case j.WaitUntilDays(weekdays, zone):
            return _begin(step, f"it waits until {listed([*weekdays], 'or')}{_zone(zone)}.")
        case j.WaitForCondition():
            return _wait(step)
        case j.Decide(title, branches):
            items = tuple(_branch(each) for each in branches)
            return Item(f"{string(title)}: it takes the first branch whose rule it meets:", items)
        case j.Split(title, variants, by):
            items = tuple(_variant(each) for each in variants)
            how = "at random" if by is None else f"at random, by its {name(by)}"
            return Item(f"{string(title)}: it gets one of these variants, {how}:", items)
        case j.Jump(target):
            return _begin(step, f"it goes on in {_to(target)}.")
        case j.End():
            return _begin(step, "it stays in the stage, without further steps.")
        case _:
            assert_never(step)


def _wait(step: j.WaitForCondition[c.Segment]) -> Item:
    criterion = step.criterion
    rule = explain_criterion(criterion.rule)
    longest = None if step.timeout is None else _amount(*step.timeout)
    most = "" if longest is None else f", for {longest} at most"
    asked = f"{string(criterion.name)}: {rule.text[0].lower()}{rule.text[1:]}"
    items = [Item(asked, rule.items, rule.notes), _block("When it does", step.then)]
    if longest is not None:
        items.append(_block(f"After {longest}", step.otherwise))
    text = f"it waits until it meets {string(criterion.name)}{most}:"
    lead = _named(step)
    return Item(lead + text if lead else text[0].upper() + text[1:], tuple(items))


def _block(when: str, block: Block) -> Item:
    return Item(f"{when}:" if block else f"{when}, it goes on.", tuple(_steps(block)))


def _branch(branch: j.Branch[c.Segment]) -> Item:
    if branch.rule is None:
        return _block(f"{string(branch.name)}, if it meets none", branch.steps)
    rule = explain_criterion(branch.rule)
    text = f"{string(branch.name)}: {rule.text[0].lower()}{rule.text[1:]}"
    then = Item("Then:" if branch.steps else "Then it goes on.", tuple(_steps(branch.steps)))
    return Item(text, (*rule.items, then), rule.notes)


def _variant(variant: j.Variant[c.Segment]) -> Item:
    what = "the control variant " if variant.control else ""
    cap = "" if variant.cap is None else f", at most {variant.cap.text} profiles"
    share = f"{variant.percentage.text}% get {what}{string(variant.name)}{cap}"
    return Item(
        f"{share}:" if variant.steps else f"{share}, and go on.", tuple(_steps(variant.steps))
    )


def _amount(amount: Number, unit: j.WaitUnit) -> str:
    return f"{amount.text} {unit}{'' if amount.text == '1' else 's'}"


def _zone(zone: str | None) -> str:
    return f", in the time zone {zone or j.DEFAULT_ZONE}"
