"""The state of a funnel with its stages, wherever it is: in a workspace, on a server, in a plan.

A stage's rule is a segment of its own on the server, and a part of the funnel here. Nothing is
read or written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.language.values import ByName
from segdsl.rules.lift.segments import lift_rule
from segdsl.rules.rule.document import load
from segdsl.rules.rule.reader import read_rule
from segdsl.workspace.kinds.segments.state import rule_refs, with_ids
from segdsl.workspace.kinds.state import (
    State,
    StateMeta,
    different_fields,
    digest_of,
    piece_of,
    report_in_words,
    true_words,
)
from segdsl.workspace.project.keys import FUNNEL, STAGE, Folder, Part, Ref
from segdsl.workspace.remote.source import with_names

_HEAD = "funnel"


def _about_rules(verb: str, stages: Sequence[StageState]) -> list[str]:
    """A sentence on the rules of stages, if there are any."""
    if not stages:
        return []
    names = [f"“{each.name}”" for each in stages]
    if len(names) == 1:
        return [f"{verb} the rule of the stage {names[0]}"]
    return [f"{verb} the rules of the stages {', '.join(names[:-1])} and {names[-1]}"]


class StageState(msgspec.Struct, frozen=True):
    """A stage: its id or symbolic id, and its rule as canonical JSON, "" where it has none."""

    id: str
    name: str
    rule: str = ""
    description: str = ""

    @property
    def ref(self) -> Ref:
        return Ref(STAGE, self.id)


class FunnelState(
    msgspec.Struct,
    State,
    metaclass=StateMeta,
    frozen=True,
    dict=True,
    tag_field="resource",
    tag=FUNNEL,
):
    """What is compared of a funnel."""

    folder: Folder
    name: str
    description: str
    stages: tuple[StageState, ...]

    @property
    def resource(self) -> str:
        return FUNNEL

    @cached_property
    def digest(self) -> str:
        stages = [[each.id, each.name, each.rule, each.description] for each in self.stages]
        return digest_of([self.folder, self.name, self.description, stages])

    @cached_property
    def refers_to(self) -> frozenset[Ref]:
        """The segments and stages in its rules, without its own stages."""
        own = {each.ref for each in self.stages}
        rules = (each.rule for each in self.stages if each.rule)
        return frozenset(ref for rule in rules for ref in rule_refs(rule)) - own

    @property
    def parts(self) -> Sequence[Part]:
        return tuple(Part(STAGE, each.name, each.id) for each in self.stages)

    @cached_property
    def pieces(self) -> Mapping[str, str]:
        """The funnel itself, and the rule of each stage."""
        names = [[each.id, each.name] for each in self.stages]
        head = piece_of([self.folder, self.name, self.description, names])
        rules = {
            each.id: piece_of([each.rule, each.description]) if each.rule else ""
            for each in self.stages
        }
        return {_HEAD: head, **rules}

    def source(self, names: Mapping[Ref, ByName], report: Report | None = None) -> str | None:
        """A `report` gets what cannot be expressed, by its JSON path."""
        found = Report() if report is None else report
        clauses: list[t.FunnelClause] = []
        if self.description:
            clauses.append(t.FunnelClause("description", self.description))
        if self.folder:
            clauses.append(t.FunnelClause("folder", "/".join(self.folder)))
        own = {each.ref: ByName(each.name, self.name) for each in self.stages}
        stages = [_stage(each, {**names, **own}, found) for each in self.stages]
        if found.has_errors:
            return None
        return format_file(t.File((t.Funnel(self.name, tuple(clauses), tuple(stages)),)))

    @property
    def inexpressible(self) -> str | None:
        report = Report()
        if self.source({}, report) is not None:
            return None
        return report_in_words(report)

    def with_ids(self, ids: Mapping[Ref, str]) -> FunnelState:
        stages = (
            StageState(
                ids.get(each.ref, each.id),
                each.name,
                with_ids(each.rule, ids) if each.rule else "",
                each.description,
            )
            for each in self.stages
        )
        return msgspec.structs.replace(self, stages=tuple(stages))

    def changes_from(self, old: State) -> Sequence[str]:
        """`description`, `stages` for other names or another order of them, and `rule`."""
        assert isinstance(old, FunnelState), "of one kind"
        rules = {each.id: (each.rule, each.description) for each in old.stages}
        words = {
            "description": old.description != self.description,
            "stages": [each[:2] for each in _stages(old)] != [each[:2] for each in _stages(self)],
            "rule": any(
                rules.get(each.id, ("", "")) != (each.rule, each.description)
                for each in self.stages
            ),
        }
        return true_words(words)

    def changes_in_words(self, old: State, names: Mapping[Ref, ByName]) -> Sequence[str]:
        """What becomes of the stages, in sentences."""
        assert isinstance(old, FunnelState), "of one kind"
        before = {each.id: each for each in old.stages}
        after = {each.id: each for each in self.stages}
        sentences = [
            f"the stage “{before[id].name}” is now called “{each.name}”"
            for id, each in after.items()
            if id in before and before[id].name != each.name
        ]
        sentences += [
            f"the stage “{each.name}” is new" for id, each in after.items() if id not in before
        ]
        sentences += [
            f"the stage “{each.name}” and its statistics are deleted"
            for id, each in before.items()
            if id not in after
        ]
        both = [(before[id], each) for id, each in after.items() if id in before]
        sentences += _about_rules("adds", [new for old, new in both if new.rule and not old.rule])
        sentences += _about_rules(
            "removes", [new for old, new in both if old.rule and not new.rule]
        )
        kept = [id for id in before if id in after]
        if kept != [id for id in after if id in before]:
            sentences.append("its stages are in another order")
        return sentences

    def differences(self, server: State) -> Sequence[str]:
        assert isinstance(server, FunnelState), "of one kind"
        fields = different_fields(self, server, ("folder", "name", "description"))
        if [each[:2] for each in _stages(self)] != [each[:2] for each in _stages(server)]:
            fields.append("the ids of its stages")
        theirs = {each.id: each for each in server.stages}
        fields += [
            f"the rule of the stage “{each.name}”"
            for each in self.stages
            if each.id in theirs and each != theirs[each.id]
        ]
        return fields or ["the spelling of its JSON"]


def _stages(state: FunnelState) -> list[tuple[str, str, str]]:
    return [(each.id, each.name, each.rule) for each in state.stages]


def _stage(stage: StageState, names: Mapping[Ref, ByName], report: Report) -> t.Stage:
    clauses: tuple[t.FunnelClause, ...] = ()
    if stage.description:
        clauses = (t.FunnelClause("description", stage.description),)
    if not stage.rule:
        return t.Stage(stage.name, clauses)
    rule = read_rule(load(stage.rule, report), "$.rule", report)
    if rule is None:
        return t.Stage(stage.name, clauses)
    lifted = lift_rule(rule, stage.name)
    where = None if lifted.where is None else with_names(lifted.where, names)
    return t.Stage(stage.name, clauses, t.StageRule(where, lifted.limit))
