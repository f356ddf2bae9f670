"""Any journey that the vendor tool's YAML can say is read from it as it is."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import tenth
from segdsl.diagnostics import Report
from segdsl.language import journeys as j
from segdsl.language.activations import WEEKDAYS
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_item
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ByName, Number
from segdsl.rules.journeys import lower_journey, normal_journey, path_text, rule_paths
from segdsl.rules.journeys import model as m
from segdsl.source import Source
from segdsl.workspace.tdx import ImportedJourney, read_file
from strategies.journey_graphs import journeys

pytest.importorskip("yaml")

RULES = {"young": 1, "old": 2}
_replace = msgspec.structs.replace
Json = dict[str, Any]


def in_words(journey: j.Journey[str]) -> j.Journey[str]:
    """The journey without what the YAML has no key for: zones, seeds, caps, control groups, ids."""

    def target(target: j.JourneyStageRef) -> j.JourneyStageRef:
        if isinstance(target.stage, ByName):
            return target
        return j.JourneyStageRef(ByName("Stage"), ByName("Other journey"))

    def step(step: j.Step[str]) -> j.Step[str]:
        match step:
            case j.WaitUntilDate() | j.WaitUntilDays():
                return _replace(step, timezone=None)
            case j.WaitForCondition():
                return _replace(step, then=block(step.then), otherwise=block(step.otherwise))
            case j.Decide(_, branches):
                return _replace(
                    step, branches=tuple(_replace(of, steps=block(of.steps)) for of in branches)
                )
            case j.Split(_, variants):
                shares = [Number(str(101 - len(variants))), *[Number("1")] * (len(variants) - 1)]
                return _replace(
                    step,
                    by=None,
                    variants=tuple(
                        _replace(
                            of, percentage=share, control=False, cap=None, steps=block(of.steps)
                        )
                        for of, share in zip(variants, shares, strict=True)
                    ),
                )
            case _:
                return step

    def block(steps: j.Block[str]) -> j.Block[str]:
        return tuple(map(step, steps))

    stages = tuple(_replace(stage, steps=block(stage.steps)) for stage in journey.stages)
    return j.map_targets(_replace(journey, stages=stages), target)


def lowered(journey: j.Journey[str]) -> m.Journey:
    """The journey as a graph; ids are the keys of segments and activations, and names."""
    ids: dict[tuple[str, ByName], str] = {}

    def known(name: ByName | None, stages: list[str]) -> None:
        assert name is not None
        ids["journey", name] = name.name
        for stage in stages:
            ids["journey stage", ByName(stage, name.name)] = stage

    own = ByName(journey.name)
    known(own, [stage.name for stage in journey.stages])
    for path, _, rule in rule_paths(normal_journey(journey)):
        ids["journey segment", ByName(path_text(path), journey.name)] = rule
    for stage in journey.stages:
        for step in j.walk_steps(stage.steps):
            if isinstance(step, j.Activate):
                ids["journey activation", ByName(step.activation, journey.name)] = step.activation

    def jump(target: j.JourneyStageRef) -> j.JourneyStageRef:
        if isinstance(target.journey, ByName):
            assert isinstance(target.stage, ByName)
            known(target.journey, [target.stage.name])
        return target

    j.map_targets(journey, jump)
    report = Report()
    made = lower_journey(journey, ids, report)
    assert made is not None, report.diagnostics
    return made


class Writer:
    """Writes a graph as the tool does; `form` is how its steps are known."""

    def __init__(self, activations: dict[str, str], form: str) -> None:
        self.activations = activations
        self.form = form

    def criteria(self, criteria: m.Criteria) -> Json:
        target = {} if criteria.target is None else {"target": self.target(criteria.target)}
        return {"name": criteria.name, "segment": criteria.segment_id, **target}

    def target(self, target: m.Target) -> Json:
        return {"journey": target.journey_id, "stage": target.journey_stage_id}

    def stage(self, stage: m.Stage) -> Json:
        made: Json = {"name": stage.name, "description": stage.description}
        if stage.entry_criteria is not None:
            made["entry_criteria"] = self.criteria(stage.entry_criteria)
        if stage.milestone is not None:
            made["milestone"] = self.criteria(stage.milestone)
        made["exit_criteria"] = [self.criteria(each) for each in stage.exit_criterias]
        steps = {id: self.step(step) for id, step in stage.steps.items()}
        if self.form == "map":
            made["steps"], made["root_step"] = steps, stage.root_step
            return made
        assert not steps or next(iter(steps)) == stage.root_step
        made["steps"] = [{"uuid": id, **step} for id, step in steps.items()]
        return made

    def step(self, step: m.Step) -> Json:
        match step:
            case m.WaitDuration(name, amount, unit, next_id):
                inside: Json = {"duration": int(amount.text), "unit": unit}
                return {"type": "wait", "name": name, "next": next_id, "with": inside}
            case m.WaitDate(name, date, _, next_id):
                return {"type": "wait", "name": name, "next": next_id, "with": {"wait_until": date}}
            case m.WaitDays(name, days, _, next_id):
                words = [WEEKDAYS[day - 1].lower() for day in days]
                return {
                    "type": "wait",
                    "name": name,
                    "next": next_id,
                    "with": {"days_of_week": words},
                }
            case m.WaitCondition(name, (met, *others)):
                condition: Json = {"name": met.name, "segment": met.segment_id, "next": met.next}
                for late in others:
                    assert late.move_after is not None
                    condition["timeout"] = {
                        "duration": int(late.move_after.text),
                        "unit": late.unit,
                        "next": late.next,
                    }
                return {"type": "wait", "name": name, "with": {"condition": condition}}
            case m.Activation(name, key, next_id):
                inside = {"activation": self.activations[key or ""]}
                return {"type": "activation", "name": name, "next": next_id, "with": inside}
            case m.Decision(name, branches):
                listed: list[Json] = [
                    {
                        "name": each.name,
                        "next": each.next,
                        **(
                            {"excluded": True}
                            if each.excluded_path
                            else {"segment": each.segment_id}
                        ),
                    }
                    for each in branches
                ]
                return {"type": "decision_point", "name": name, "with": {"branches": listed}}
            case m.Test(name, variants):
                listed = [
                    {"name": each.name, "percentage": int(each.percentage.text), "next": each.next}
                    for each in variants
                ]
                return {"type": "ab_test", "name": name, "with": {"variants": listed}}
            case m.Merge(next_id):
                return {"type": "merge", "next": next_id}
            case m.Jump(name, target):
                return {"type": "jump", "name": name, "with": {"target": self.target(target)}}
            case m.End(name):
                return {"type": "end", "name": name}
            case _:
                raise AssertionError(step)


def yaml_of(journey: j.Journey[str], form: str) -> str:
    """JSON is YAML, with each odd character as an escape."""
    graph = lowered(journey)
    names = sorted(
        {
            step.activation
            for stage in journey.stages
            for step in j.walk_steps(stage.steps)
            if isinstance(step, j.Activate)
        }
    )
    activations = {name: f"key-{number}" for number, name in enumerate(names)}
    writer = Writer(activations, form)
    goal = {} if graph.goal is None else {"goal": writer.criteria(graph.goal)}
    version = {"latest": True, "stages": [writer.stage(stage) for stage in graph.stages], **goal}
    document = {
        "type": "journey",
        "name": graph.name,
        "description": graph.description,
        "reentry": graph.reentry_mode,
        "segments": {key: {"rule": rule(limit)} for key, limit in RULES.items()},
        "activations": {
            key: {"name": name, "connection": "c", "columns": ["email"]}
            for name, key in activations.items()
        },
        **({"journeys": [version]} if form != "flat" else {**goal, "stages": version["stages"]}),
    }
    return json.dumps(document)


def rule(limit: int) -> Json:
    operator = {"type": "Less", "value": limit}
    return {
        "type": "And",
        "conditions": [{"type": "Value", "attribute": "age", "operator": operator}],
    }


def expected(journey: j.Journey[str]) -> str:
    """The source that says the same."""
    rules: dict[str, t.StageRule] = {}
    for key, limit in RULES.items():
        [item] = parse(Source("x", f'segment "x" where age < {limit}'), Report()).items
        assert isinstance(item, t.Segment)
        rules[key] = t.StageRule(item.where)
    return format_file(
        t.File((journey_item(j.map_rules(normal_journey(journey), rules.__getitem__)),))
    )


@pytest.mark.many
@given(journeys(st.sampled_from(list(RULES))), st.sampled_from(["list", "map", "flat"]))
@settings(max_examples=tenth(600))
def test_a_journey_goes_to_yaml_and_back(journey: j.Journey[str], form: str) -> None:
    wanted = in_words(journey)
    report = Report()
    found = read_file(Source("x.yml", yaml_of(wanted, form)), report)
    errors = [each.message for each in report.diagnostics if each.severity == "error"]
    assert isinstance(found, ImportedJourney), errors
    assert format_file(t.File((found.journey,))) == expected(wanted)
    # Nothing is left out but segments that no rule needs.
    assert {each.code.name for each in report.diagnostics} <= {"SEG703"}
    assert all("names the segment" in each.message for each in report.diagnostics)
