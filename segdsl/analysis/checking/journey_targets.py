"""Journeys against each other and their activations: where they jump, and what they activate.

A journey that neither a file nor the schema has is reported only where all files of a project were
read. The schema has the newest version of each journey: an id, which may be that of another one, is
not looked up. Of journeys with errors nothing is said. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from segdsl.analysis.checking.targets import Targets
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.journeys import JourneyStageRef
from segdsl.language.references.cycles import cycles
from segdsl.language.references.facts import Facts
from segdsl.language.references.journey_facts import JourneyFacts, JumpFacts
from segdsl.language.references.memberships import memberships
from segdsl.language.syntax.spelling import reference, string
from segdsl.language.values import ById, ByName, Reference
from segdsl.schema.model import Journey as ServerJourney
from segdsl.schema.model import Schema
from segdsl.source import Span, SpanKey

_Stage = tuple[c.Place, str]
_MOST_LISTED = 8
_PULL = "if it is new, run `segdsl schema pull`"


def check_journeys(
    journeys: Sequence[JourneyFacts],
    activations: Sequence[a.Activation],
    facts: Facts,
    schema: Schema | None,
    report: Report,
    *,
    is_project: bool,
) -> None:
    """Reports jumps and activations of journeys that lead nowhere, or round and round.

    `facts` are of all files of the workspace. `is_project` is whether these are known to be all
    there are.
    """
    checker = _Journeys(facts, schema, report, is_project=is_project)
    for journey in journeys:
        for jump in journey.jumps:
            checker.jump(journey, jump)
        checker.steps(journey)
    for activation in activations:
        if activation.target.kind == "journey":
            checker.activation(activation)
    checker.cycles({journey.name_span.key for journey in journeys})


def check_rules(rules: Iterable[c.Segment], targets: Targets, report: Report) -> None:
    """Reports realtime segments in rules of journeys, which are evaluated in batches."""
    for rule in rules:
        for node in memberships(rule.condition):
            if node.of == "segment" and targets.is_realtime(node.target):
                report.add(
                    Code.SEG252,
                    node.span,
                    f"the segment {reference(node.target, 'segment')} is a realtime one, and a "
                    "journey is evaluated in batches",
                    help="use a batch segment, or repeat its conditions",
                    via=node.via,
                )


class _Journeys:
    def __init__(
        self, facts: Facts, schema: Schema | None, report: Report, *, is_project: bool
    ) -> None:
        self.report = report
        on_server = None if schema is None else schema.journeys
        self.is_known = on_server is not None
        self.on_server: dict[str, list[ServerJourney]] = {}
        for each in on_server or ():
            self.on_server.setdefault(each.name, []).append(each)
        self.is_project = is_project
        self.journeys: dict[str, list[JourneyFacts]] = {}
        for journey in facts.journeys:
            self.journeys.setdefault(journey.place[1], []).append(journey)
        self.broken = facts.broken_journeys
        self.activations = facts.journey_activations

    def _journey(self, target: Reference, span: Span) -> JourneyFacts | None:
        """The journey of the workspace that is named; reported where there is none, or several."""
        if isinstance(target, ById) or target.name in self.broken:
            return None  # An id may be that of an older version, which the schema does not have.
        here = self.journeys.get(target.name, [])
        if len(here) > 1:
            self.report.add(
                Code.SEG305,
                span,
                f"{len(here)} journeys are named {reference(target)}",
                help="give them different names",
            )
            return None
        if here:
            return here[0]
        on_server = self.on_server.get(target.name, [])
        if len(on_server) > 1:
            ids = " or ".join(f"#{each.id}" for each in on_server)
            self.report.add(
                Code.SEG305,
                span,
                f"{len(on_server)} journeys are named {reference(target)}",
                help=f"specify one by its id: {ids}",
            )
        elif not on_server and self.is_project:
            default = "define it, or name one of the server by its id: `of journey #12`"
            if self.is_known:
                default = _PULL
            self.report.add(
                Code.SEG251,
                span,
                f"there is no journey {reference(target)}",
                help=self.report.did_you_mean(
                    target.name, {*self.journeys, *self.on_server}, default
                ),
            )
        return None

    def _on_server(self, target: Reference) -> ServerJourney | None:
        """The only journey of the server that is named, where no file defines one."""
        if isinstance(target, ById) or target.name in self.journeys or target.name in self.broken:
            return None
        found = self.on_server.get(target.name, [])
        return found[0] if len(found) == 1 else None

    def _stage_on_server(self, target: JourneyStageRef) -> None:
        """Reports a stage that the journey of the server does not have."""
        journey = None if target.journey is None else self._on_server(target.journey)
        if journey is None or not isinstance(target.stage, ByName):
            return
        names = [stage.name for stage in journey.stages]
        if target.stage.name not in names:
            self._no_stage(target.stage, journey.name, names, target.span)

    # --- jumps -------------------------------------------------------------------------

    def jump(self, source: JourneyFacts, jump: JumpFacts) -> None:
        target = jump.target
        to = source if target.journey is None else self._journey(target.journey, target.span)
        if to is None:
            self._stage_on_server(target)
        if to is None or not isinstance(target.stage, ByName):
            return
        if target.stage.name not in to.stages:
            self._no_stage(target.stage, to.place[1], to.stages, target.span)
        elif to is source:
            self._inside(jump, target.stage.name)

    def _no_stage(self, stage: ByName, journey: str, stages: Sequence[str], span: Span) -> None:
        listed = ", ".join(map(string, stages[:_MOST_LISTED]))
        self.report.add(
            Code.SEG251,
            span,
            f"the journey {string(journey)} has no stage {string(stage.name)}",
            help=self.report.did_you_mean(
                stage.name,
                stages,
                f"its stages are {listed}" if listed else "it has no stages",
            ),
        )

    def _inside(self, jump: JumpFacts, stage: str) -> None:
        """Jumps within a journey that the documentation does not have, or that are lost."""
        match jump.what:
            case "goal":
                message = "the goal jumps into its own journey"
                help = "a goal leads to another journey: jump there, or remove `jump to`"
            case "exit" if jump.stage == stage:
                message = f"this exit jumps to the stage that it leaves, {string(stage)}"
                help = (
                    "nobody enters a stage who meets one of its exits: jump to another stage, "
                    "or remove `jump to`"
                )
            case "step" if jump.stage == stage:
                message = f"this step jumps to the stage that it is in, {string(stage)}"
                help = "a jump leads to another stage: jump there, or `end`"
            case _:
                return
        self.report.add(Code.SEG635, jump.target.span, message, help=help)

    def cycles(self, reported: Collection[SpanKey]) -> None:
        """Reports stages that lead to each other by steps without a wait on the way.

        A stage alone is reported as a jump to itself. Cycles are reported at a jump of one of the
        journeys whose names stand at the places `reported`.
        """
        graph: dict[_Stage, list[_Stage]] = {}
        spans: dict[tuple[_Stage, _Stage], tuple[Span, bool]] = {}
        for several in self.journeys.values():
            for journey in several:
                for jump in journey.jumps:
                    edge = self._edge(journey, jump)
                    if edge is None:
                        continue
                    graph.setdefault(edge[0], []).append(edge[1])
                    is_here = journey.name_span.key in reported
                    spans.setdefault(edge, (jump.target.span, is_here))
        for cycle in cycles(graph):
            edges = [spans[before, after] for before, after in pairwise(cycle)]
            here = [span for span, is_here in edges if is_here]
            if len(edges) > 1 and here:
                first, *others = here
                shown = " → ".join(self._shown(stage, cycle) for stage in cycle)
                self.report.add(
                    Code.SEG636,
                    first,
                    f"profiles jump in a cycle without a wait: {shown}",
                    help="add a wait to one of these stages, such as `wait 1 day`, or end one",
                    notes=tuple(Note("this jump is a part of it", span) for span in others),
                )

    def _edge(self, source: JourneyFacts, jump: JumpFacts) -> tuple[_Stage, _Stage] | None:
        """From which stage to which a step jumps without a wait; None for other jumps."""
        target = jump.target
        if not jump.at_once or jump.stage is None or not isinstance(target.stage, ByName):
            return None
        if target.journey is None:
            to = source
        else:
            if not isinstance(target.journey, ByName):
                return None
            here = self.journeys.get(target.journey.name, [])
            if len(here) != 1:
                return None
            to = here[0]
        if target.stage.name not in to.stages:
            return None
        return (source.place, jump.stage), (to.place, target.stage.name)

    @staticmethod
    def _shown(stage: _Stage, cycle: Sequence[_Stage]) -> str:
        place, name = stage
        if all(other == place for other, _ in cycle):
            return string(name)
        return f"{string(name)} of {string(place[1])}"

    # --- activations -------------------------------------------------------------------

    def steps(self, journey: JourneyFacts) -> None:
        """Reports steps that activate what no file defines."""
        if not self.is_project:
            return
        name = journey.place[1]
        known = [activation for of, activation in self.activations if of == name]
        for step in journey.activations:
            if step.activation not in known:
                default = f"define it: `activation {string(step.activation)} of journey …`"
                self.report.add(
                    Code.SEG250,
                    step.span,
                    f"the journey {string(name)} has no activation {string(step.activation)}",
                    help=self.report.did_you_mean(step.activation, sorted(known), default),
                )

    def activation(self, activation: a.Activation) -> None:
        """Reports an activation of a journey that is not there, or does not use it."""
        target = activation.target
        journey = self._journey(target.reference, target.span)
        if journey is None:
            return
        used = [step.activation for step in journey.activations]
        if activation.name not in used:
            default = f"add a step, `activate {string(activation.name)}`, or remove the activation"
            self.report.add(
                Code.SEG634,
                activation.name_span,
                f"no step of the journey {string(journey.place[1])} activates "
                f"{string(activation.name)}",
                help=self.report.did_you_mean(activation.name, sorted({*used}), default),
            )
