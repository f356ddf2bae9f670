"""Activations against what other files and the schema have: their targets and their templates.

A name means the workspace's thing first, and then the server's. Of what a file with errors
defines, and of a rule that only the server has, nothing is said. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import assert_never

import msgspec

from segdsl.analysis.checking.export_names import check_shared_names
from segdsl.analysis.checking.locks import check_locks
from segdsl.analysis.checking.structure import check_has_schedule, funnel_placeholders
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.references.facts import Facts, SegmentFacts, StageFacts
from segdsl.language.references.memberships import memberships
from segdsl.language.syntax.spelling import behavior, reference, string
from segdsl.language.values import ById, ByName, Reference, folder_text
from segdsl.schema.ids import all_ids
from segdsl.schema.model import Schema
from segdsl.source import Span

_PULL = "if it is new, run `segdsl schema pull`"
_MOST_LISTED = 8
_REALTIME = SegmentFacts(((), ""), "realtime")
"""A realtime segment that only the server has."""
_DEFINE = "define it, or name the file that defines it as well"


def check_targets(
    activations: Sequence[a.Activation],
    facts: Facts,
    schema: Schema | None,
    report: Report,
    *,
    all_known: bool = True,
) -> None:
    """Reports targets and templates that are not there or do not fit, and names used twice.

    `facts` are of all files of the workspace; `all_known` says whether there are no more.
    """
    checker = Targets(facts, schema, report, all_known=all_known)
    for each in activations:
        checker.target(each)
        checker.template(each)
    checker.duplicates(activations)


def check_stages(
    segments: Iterable[c.Segment],
    facts: Facts,
    schema: Schema | None,
    report: Report,
    *,
    all_known: bool = True,
) -> None:
    """Reports stages that rules name, and that are not there."""
    checker = Targets(facts, schema, report, all_known=all_known)
    for segment in segments:
        for node in memberships(segment.condition):
            if node.of == "stage" and isinstance(node.target, ByName):
                checker.named_stage(node.target, node.span, node.via)


def check_models(
    segments: Iterable[c.Segment],
    facts: Facts,
    schema: Schema,
    report: Report,
    *,
    all_known: bool = True,
) -> None:
    """Reports predictive models whose scores rules ask for, and that are not there.

    A predictive segment of the workspace is one, whether or not the server has it yet.
    """
    known = {*facts.models, *facts.broken_models}
    ids = all_ids(schema)
    there = {each.name for kind, each in ids if kind == "predictive model"}
    for segment in segments:
        for node in walk(segment.condition):
            if not isinstance(node, c.Score) or not isinstance(node.model, ByName):
                continue
            named = node.model
            if named.name not in known and named.name not in there and all_known:
                report.add(
                    Code.SEG510,
                    node.span,
                    f"there is no predictive model {reference(named)}",
                    help=report.did_you_mean(named.name, known | there, _PULL),
                    via=node.via,
                )


class Targets:
    """What the workspace and the schema have, to look up what items refer to."""

    def __init__(
        self, facts: Facts, schema: Schema | None, report: Report, *, all_known: bool
    ) -> None:
        self.schema = schema
        self.report = report
        self.all_known = all_known
        self.ids = {} if schema is None else all_ids(schema)
        self.segments: dict[ByName, list[SegmentFacts]] = {}
        known = {each.place: each for each in facts.segments}
        for place in sorted({*facts.places, *known}):
            segment = known.get(place) or SegmentFacts(place)
            for spelling in c.spellings(*place):
                self.segments.setdefault(spelling, []).append(segment)
        self.stages: dict[str, dict[c.Place, dict[str, StageFacts]]] = {}
        for stage in facts.stages:
            places = self.stages.setdefault(stage.funnel[1], {})
            places.setdefault(stage.funnel, {})[stage.name] = stage
        self.templates: dict[str, list[a.ActivationTemplate]] = {}
        for template in facts.templates:
            self.templates.setdefault(template.name, []).append(template)
        self.broken = {
            spelling for place in facts.broken_segments for spelling in c.spellings(*place)
        }
        self.broken_funnels = {name for _, name in facts.broken_funnels}
        self.broken_templates = facts.broken_templates

    # --- who is sent -------------------------------------------------------------------

    def target(self, activation: a.Activation) -> None:
        target = activation.target
        match target.kind:
            case "segment":
                self._segment(activation, target.reference)
            case "stage":
                self._stage(activation, target.reference)
            case "journey":
                pass  # see `journey_targets`
            case _:
                assert_never(target.kind)

    def _segment(self, activation: a.Activation, target: Reference) -> None:
        found = self.segment(target, activation.target.span, "of segment")
        if found is not None and found.kind == "realtime":
            self._realtime(activation)
        if found is not None and found is not _REALTIME:
            self._uses(activation, found.behaviors, "segment")

    def segment(self, target: Reference, span: Span, written: str) -> SegmentFacts | None:
        """The segment that an item refers to, where the workspace has it, or it is a realtime one.

        None after a report. `written` is what stands before a reference: `of segment`.
        """
        match target:
            case ById(id):
                if self.schema is None:
                    return None
                on_server = next((each for each in self.schema.segments if each.id == id), None)
                if on_server is None:
                    self._unknown_id("segment", id, span)
                elif on_server.kind == "realtime":
                    return _REALTIME
                return None
            case ByName():
                return self._named_segment(target, span, written)
            case _:
                assert_never(target)

    def _named_segment(self, target: ByName, span: Span, written: str) -> SegmentFacts | None:
        here = self.segments.get(target, [])
        if target in self.broken:
            return None
        if len(here) > 1:
            folders = [folder_text(each.place[0]) for each in here]
            ways = [f"`{written} {reference(ByName(target.name, each))}`" for each in folders]
            self._ambiguous("segment", len(here), target, span, ways)
        elif here:
            return here[0]
        elif self.schema is not None:
            ids = self.ids.get(("segment", target), [])
            kinds = {each.kind for each in self.schema.segments if each.id in ids}
            if len(ids) > 1:
                ways = [f"`{written} #{id}`" for id in ids]
                self._ambiguous("segment", len(ids), target, span, ways)
            elif "realtime" in kinds:
                return _REALTIME
            elif not ids and self.all_known:
                names = {each.name for kind, each in self.ids if kind == "segment"}
                names.update(each.name for each in self.segments)
                help = self.report.did_you_mean(target.name, names - {target.name}, _DEFINE)
                what = f"there is no segment {reference(target, 'segment')}"
                self.report.add(Code.SEG304, span, what, help=help)
        return None

    def _stage(self, activation: a.Activation, target: Reference) -> None:
        match target:
            case ById(id):
                known = {id for (kind, _), ids in self.ids.items() if kind == "stage" for id in ids}
                if self.schema is not None and id not in known:
                    self._unknown_id("stage", id, activation.target.span)
            case ByName():
                stage = self.named_stage(target, activation.target.span)
                if stage is not None:
                    if stage.segment is not None and self.is_realtime(stage.segment):
                        self._realtime(activation, "a stage that is a realtime segment")
                    self._uses(activation, stage.behaviors, "stage")
            case _:
                assert_never(target)

    def named_stage(
        self, target: ByName, span: Span, via: tuple[Span, ...] = ()
    ) -> StageFacts | None:
        """The stage of the workspace that is named; reported where there is none at all."""
        funnel = target.parent
        if funnel is None or funnel in self.broken_funnels:
            return None
        here = self.stages.get(funnel, {})
        if len(here) > 1:
            self.report.add(
                Code.SEG305,
                span,
                f"{len(here)} funnels are named {string(funnel)}",
                help="give them different names, or name the stage by its id",
                via=via,
            )
            return None
        if here:
            [stages] = here.values()
            if target.name not in stages:
                self._no_stage(target, stages, span, via, _stages_listed(stages))
            return stages.get(target.name)
        self._stage_on_server(target, funnel, span, via)
        return None

    def _stage_on_server(
        self, target: ByName, funnel: str, span: Span, via: tuple[Span, ...]
    ) -> None:
        if self.schema is None:
            return
        ids = self.ids.get(("stage", target), [])
        on_server = [each for each in self.schema.funnels if each.name == funnel]
        if len(ids) > 1:
            self.report.add(
                Code.SEG305,
                span,
                f"{len(ids)} stages are named {reference(target, 'stage')}",
                help=f"specify one by its id: {' or '.join(f'#{id}' for id in ids)}",
                via=via,
            )
        elif on_server and not ids:
            self._no_stage(target, (of.name for each in on_server for of in each.stages), span, via)
        elif not on_server and self.all_known:
            funnels = {*self.stages, *(each.name for each in self.schema.funnels)}
            help = self.report.did_you_mean(funnel, funnels, _PULL)
            what = f"there is no funnel {string(funnel)}"
            self.report.add(Code.SEG510, span, what, help=help, via=via)

    def _no_stage(
        self,
        target: ByName,
        names: Iterable[str],
        span: Span,
        via: tuple[Span, ...],
        default: str = _PULL,
    ) -> None:
        help = self.report.did_you_mean(target.name, [*names], default)
        what = f"there is no stage {reference(target, 'stage')}"
        self.report.add(Code.SEG510, span, what, help=help, via=via)

    def _unknown_id(self, kind: str, id: str, span: Span) -> None:
        what = f"the schema has no {kind} with the id #{id}"
        self.report.add(Code.SEG511, span, what, help=_PULL)

    def _ambiguous(
        self, kind: str, number: int, target: ByName, span: Span, written: list[str]
    ) -> None:
        self.report.add(
            Code.SEG305,
            span,
            f"{number} {kind}s are named {reference(target, kind)}",
            help=f"specify which: {' or '.join(written[:3])}",
        )

    def is_realtime(self, segment: Reference) -> bool:
        """Whether a segment is known to be a realtime one; of an ambiguous name it is not."""
        match segment:
            case ById(id):
                ids = [id]
            case ByName():
                here = self.segments.get(segment, [])
                if here or segment in self.broken:
                    return len(here) == 1 and here[0].kind == "realtime"
                ids = self.ids.get(("segment", segment), [])
            case _:
                assert_never(segment)
        on_server = () if self.schema is None else self.schema.segments
        kinds = [each.kind for each in on_server if each.id in ids]
        return kinds == ["realtime"]

    def _realtime(self, activation: a.Activation, what: str = "a realtime segment") -> None:
        self.report.add(
            Code.SEG243,
            activation.target.span,
            f"{what} cannot have this activation, which exports a batch",
            help="activate a batch segment",
        )

    def _uses(self, activation: a.Activation, behaviors: frozenset[str], what: str) -> None:
        known = None if self.schema is None else {each.name for each in self.schema.behaviors}
        for export in activation.delivery.behaviors:
            if export.behavior in behaviors:
                continue
            if known is not None and export.behavior not in known:
                continue  # It is reported as unknown.
            written = behavior(export.behavior)
            self.report.add(
                Code.SEG242,
                export.behavior_span,
                f"the rule of the {what} does not use the behavior `{written}`",
                help=f"the API exports the events of behaviors in the rule alone: add a condition, "
                f"`has {written}`, or remove this. Segments that the rule refers to do not count",
            )

    def duplicates(self, activations: Iterable[a.Activation]) -> None:
        """Reports each activation whose target has another one of that name in another file."""
        first: dict[tuple[str, object, str], a.Activation] = {}
        for each in activations:
            target: object = each.target.reference
            if isinstance(target, ByName) and each.target.kind == "segment":
                here = self.segments.get(target, [])
                target = here[0].place if len(here) == 1 else target
            before = first.setdefault((each.target.kind, target, each.name), each)
            if before is not each:
                self.report.add(
                    Code.SEG111,
                    each.name_span,
                    f"another activation of this {each.target.kind} is named "
                    f"{string(each.name)} too",
                    help="an activation is known by its name: give it another one",
                    notes=(Note("the first one", before.name_span),),
                )

    @property
    def _knows_templates(self) -> bool:
        """Whether the schema has the server's templates; an older one does not."""
        return self.schema is not None and self.schema.templates is not None

    # --- what it is made from ----------------------------------------------------------

    def template(self, activation: a.Activation) -> None:
        target = activation.template
        if target is None:
            return
        span = activation.template_span
        match target:
            case ById(id):
                known = {
                    id
                    for (kind, _), ids in self.ids.items()
                    if kind == "activation template"
                    for id in ids
                }
                if self._knows_templates and id not in known:
                    what = f"the schema has no activation template with the id #{id}"
                    self.report.add(Code.SEG511, span, what, help=_PULL)
                return
            case ByName():
                pass
            case _:
                assert_never(target)
        if target.name in self.broken_templates:
            return
        here = self.templates.get(target.name, [])
        ids = self.ids.get(("activation template", target), [])
        if len(here) > 1 or (not here and len(ids) > 1):
            self.report.add(
                Code.SEG305,
                span,
                f"{len(here) or len(ids)} activation templates are named {reference(target)}",
                help="give them different names"
                if here
                else f"specify one by its id: {' or '.join(f'#{id}' for id in ids)}",
            )
        elif here:
            check_locks(activation, here[0], self.report)
            if activation.target.kind == "journey":
                own = activation.delivery.schedule
                schedule = here[0].delivery.schedule if own is None else own
                check_has_schedule(activation, schedule, self.report)
            self._exported(activation, here[0])
            if activation.delivery.columns is None and here[0].delivery.columns is None:
                self.report.add(
                    Code.SEG236,
                    activation.name_span,
                    "neither this activation nor its template has `columns`",
                    help="say what it sends: `columns all` or `columns (…)`",
                )
        elif not ids and self._knows_templates and self.all_known:
            names = {each.name for kind, each in self.ids if kind == "activation template"}
            what = f"there is no activation template {reference(target)}"
            help = self.report.did_you_mean(target.name, {*names, *self.templates}, _DEFINE)
            self.report.add(Code.SEG513, span, what, help=help)

    def _exported(self, activation: a.Activation, template: a.ActivationTemplate) -> None:
        """What is wrong with columns of a template in an activation that has none itself."""
        own, delivery = activation.delivery, template.delivery
        if own.columns is not None:
            return
        check_shared_names(delivery.columns, own.behaviors, self.report)
        if activation.target.kind == "segment":
            taken = msgspec.structs.replace(delivery, behaviors=()) if own.behaviors else delivery
            for placeholder, span in funnel_placeholders(taken):
                self.report.add(
                    Code.SEG627,
                    activation.template_span,
                    f"`{{{placeholder}}}` of the template has no value in an activation of a "
                    "segment",
                    help="write the columns here, or activate a stage",
                    notes=(Note("it is here", span),),
                )


def _stages_listed(names: Collection[str]) -> str:
    """The stages of a funnel of the workspace, of which a server knows no more."""
    listed = [string(each) for each in [*names][:_MOST_LISTED]]
    more = len(names) - len(listed)
    rest = f" and {more} more" if more > 0 else ""
    return f"its stages are {', '.join(listed)}{rest}" if listed else "the funnel has no stages"
