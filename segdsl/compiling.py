"""The text of a `.seg` file to API rules in one call, for programs and tests.

It runs the stages one after the other, in memory: parse, resolve, check with a schema, lint,
lower. It reads no file and asks no server; `segdsl.workspace.check.load_checked` does the same for
files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from segdsl.analysis.checking import check_names, check_segments, check_values
from segdsl.analysis.lint import lint as lint_segments
from segdsl.analysis.lint.suppressions import apply_suppressions, suppressions_by_file, used_names
from segdsl.diagnostics import Code, Diagnostic, Report
from segdsl.diagnostics.codes import OF_SAMPLES, OF_TIME, WARNINGS
from segdsl.diagnostics.render import render_text
from segdsl.language.activations import Activation, ActivationTemplate
from segdsl.language.condition.tree import Funnel, Segment
from segdsl.language.journeys import Journey
from segdsl.language.journeys import rules as journey_rules
from segdsl.language.predictive import PredictiveSegment
from segdsl.language.references.ids import AmbiguousNames, Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.substitution import with_ids, with_unambiguous_ids
from segdsl.language.resolve import (
    Program,
    Resolved,
    check_settings,
    import_key,
    resolve_all,
)
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.tree import File, Import, Let
from segdsl.rules.lower import create_request, lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import encode
from segdsl.schema.ids import ambiguous_ids, ids_of
from segdsl.schema.model import Schema
from segdsl.source import Source, SpanKey

OtherItem = Funnel | PredictiveSegment | ActivationTemplate | Journey[Segment] | Activation
NAME = "text.seg"
"""The name that diagnostics give the text, unless another is given."""


class CompiledSegment(msgspec.Struct, frozen=True):
    """One segment without errors.

    `rule` is the API's rule, and `request` the body of the request that creates the segment, which
    holds the rule; both as `json.loads` reads them. `json` is the exact text of that body: a number
    has the digits of the source there (`1.50`), where `request` has a float. `segment` is the
    resolved condition tree that the rule was made from.
    """

    name: str
    rule: dict[str, Any]
    request: dict[str, Any]
    json: str
    segment: Segment


class CompiledResource(msgspec.Struct, frozen=True):
    """One item without errors that is no segment: a funnel, a journey, an activation, ….

    `kind` is one of these words, and `requests` are the requests that create it, in their order:
    each has `method`, `path` and `body`, as `json.loads` reads them. `json` is the exact text of
    what `segdsl compile` writes, and `item` the resolved item.
    """

    kind: str
    name: str
    requests: tuple[dict[str, Any], ...]
    json: str
    item: OtherItem


class Compiled(msgspec.Struct, frozen=True):
    """What a text compiles to.

    `segments` are those of the text without errors, in order. `resources` are its funnels,
    predictive segments, templates, journeys and activations; an activation of one of its journeys
    is among the requests of the journey. `diagnostics` are the errors and warnings, in the order of
    discovery. `sources` are the text and those that it imports, by name.
    """

    segments: tuple[CompiledSegment, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, Source]
    resources: tuple[CompiledResource, ...] = ()

    @property
    def codes(self) -> list[str]:
        """The codes of the diagnostics (`SEG101`), in their order."""
        return [each.code.name for each in self.diagnostics]

    @property
    def has_errors(self) -> bool:
        return any(each.severity == "error" for each in self.diagnostics)

    def render(self, *, width: int = 100) -> str:
        """The diagnostics with their source lines, as `segdsl check` shows them; "" for none.

        They are in the order of their places; `width` is in terminal cells.
        """
        return render_text(self.diagnostics, self.sources, width=width)


def compile_text(
    text: str,
    *,
    name: str = NAME,
    imports: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    schema: Schema | None = None,
    ids: Ids | None = None,
    symbolic: bool = False,
    layout: Layout = "v5",
    lint: bool = False,
    check: bool = False,
) -> Compiled:
    """Compiles the text of a `.seg` file.

    `name` is what diagnostics call the text. `imports` are the texts of other files by the name
    that an `import` leads to; nothing is read from disk. `settings` gives params their values, as
    strings, by name.

    With `schema`, names, types and patterns are checked, and the ids in the schema replace names.
    `ids` adds ids, by kind (`segment`, `stage`, `variant`, `rfm model`, …) and name, and wins over
    the schema. A name without an id is an error, or with `symbolic` stays in the rule as a marked
    name. `layout` is that of the rule: two levels (`v5`) or nested groups.

    With `lint`, the result has the warnings of the lints too, without those that comments
    suppress. With `check`, an error raises DiagnosticsError, whose `report` has all diagnostics;
    otherwise segments with errors are left out, and nothing is raised.

    >>> compiled = compile_text('segment "Japan" where country = "JP"', check=True)
    >>> [segment] = compiled.segments
    >>> segment.name, segment.rule["conditions"][0]["conditions"][0]["operator"]
    ('Japan', {'type': 'Equal', 'not': False, 'rightValue': 'JP'})
    >>> print(compile_text('segment "Japan" where count(visits) = "JP"').render(), end="")
    error[SEG203]: a count is a number and can only be compared with numbers
      --> text.seg:1:23
       |
     1 | segment "Japan" where count(visits) = "JP"
       |                       ^^^^^^^^^^^^^^^^^^^^
       |
       = help: use `=`, `>`, `<`, `between` or `in` with numbers without quotes
    <BLANKLINE>
    """
    report = Report()
    sources = {name: Source(name, text)}
    trees = _parse(name, imports or {}, sources, report)
    items = Resolved(())
    if trees is not None:
        program = Program(name, trees)
        check_settings([program], settings or {}, report)
        owners = None if schema is None else schema.owners
        items = resolve_all(program, report, settings, owners)
    # Names with an id that was given are not looked up.
    segments = tuple(with_ids(each, ids or {}) for each in items.segments)
    stages = [each.segment for funnel in items.funnels for each in funnel.stages if each.segment]
    of_journeys = [rule for each in items.journeys for rule in journey_rules(each)]
    rules = tuple(with_ids(each, ids or {}) for each in (*segments, *stages, *of_journeys))
    failed: frozenset[SpanKey] = frozenset()
    if schema is not None and trees is not None:
        failed = _check(rules, segments, schema, trees, report)
    if trees is not None:
        failed |= _check_others(items, rules, schema, report, lint=lint)
    if lint:
        lint_segments(segments, report)
    known = {} if schema is None else ids_of(schema)
    several = {} if schema is None else ambiguous_ids(schema, segments=False)
    compiled = []
    for segment in segments:
        if segment.span.key not in failed:
            with_known = with_unambiguous_ids(segment, known, several, report)
            if with_known is not None:
                compiled.append(_compiled(with_known, symbolic, layout, report))
    resources: tuple[CompiledResource, ...] = ()
    if any(
        (
            items.funnels,
            items.templates,
            items.activations,
            items.predictive_segments,
            items.journeys,
        )
    ):
        sound = _without(items, failed)
        resources = _resources(sound, {**known, **(ids or {})}, several, symbolic, layout, report)
    if not lint:
        report = _without_lints(report)
    elif trees is not None:
        report = _without_suppressed(report, trees, sources, schema)
    if check:
        report.check()
    done = tuple(each for each in compiled if each is not None)
    return Compiled(done, tuple(report.diagnostics), sources, resources)


def _compiled(
    segment: Segment, symbolic: bool, layout: Layout, report: Report
) -> CompiledSegment | None:
    """The request that creates a segment; None after a report."""
    rule = lower(segment, report, layout=layout, symbolic=symbolic)
    if rule is None:
        return None
    body = encode(create_request(segment, rule))
    request = json.loads(body)
    return CompiledSegment(segment.name, request["rule"], request, body, segment)


def _resources(
    items: Resolved,
    ids: Ids,
    several: AmbiguousNames,
    symbolic: bool,
    layout: Layout,
    report: Report,
) -> tuple[CompiledResource, ...]:
    """What is no segment; what has an error is reported and left out."""
    from segdsl.language.references.deliveries import delivery_with_ids
    from segdsl.language.references.journeys import journey_with_ids, predictive_with_ids
    from segdsl.language.references.substitution import funnel_with_ids
    from segdsl.rules.requests import declarations

    made: list[CompiledResource] = []
    placed: list[OtherItem | None] = [
        *(funnel_with_ids(each, ids, several, report) for each in items.funnels),
        *(predictive_with_ids(each, ids, several, report) for each in items.predictive_segments),
        *(delivery_with_ids(each, ids, several, report) for each in items.templates),
        *(journey_with_ids(each, ids, several, report) for each in items.journeys),
        *(delivery_with_ids(each, ids, several, report) for each in items.activations),
    ]
    known = [item for item in placed if item is not None]
    by_place = {item.span.key: item for item in known}
    for span, declaration in declarations(known, ids, report, layout=layout, symbolic=symbolic):
        text = encode(declaration)
        requests = tuple(json.loads(text)["requests"])
        item = by_place[span.key]
        made.append(CompiledResource(declaration.kind, declaration.name, requests, text, item))
    return tuple(made)


def _parse(
    main: str, imports: Mapping[str, str], sources: dict[str, Source], report: Report
) -> dict[str, File] | None:
    """The file and all that it imports, by name; None where definitions of one are not known.

    The sources are added to `sources`.
    """
    trees: dict[str, File] = {}
    is_whole = True
    waiting = [main]
    while waiting:
        name = waiting.pop(0)
        if name in trees:
            continue
        sources.setdefault(name, Source(name, imports.get(name, "")))
        tree = trees[name] = parse(sources[name], report)
        is_whole = is_whole and tree.names_known
        for item in tree.items:
            if not isinstance(item, Import):
                continue
            imported = import_key(name, item.path)
            if imported in imports or imported == main:
                waiting.append(imported)
                continue
            is_whole = False
            report.add(
                Code.SEG107,
                item.path_span,
                f"`imports` has no text for the file `{imported}`",
                help="the path is relative to the folder of the importing file",
            )
    return trees if is_whole else None


def _check(
    rules: Sequence[Segment],
    segments: Sequence[Segment],
    schema: Schema,
    trees: Mapping[str, File],
    report: Report,
) -> frozenset[SpanKey]:
    """Reports what the schema contradicts; returns the places of rules with such an error.

    `rules` are the segments and the rules of stages.
    """
    conditions = {
        name: {item.name for item in tree.items if isinstance(item, Let)}
        for name, tree in trees.items()
    }
    failed = check_segments(rules, schema, report, conditions)
    check_values(rules, schema, report)
    found = Report()
    check_names(rules, schema, found, among=[each.place for each in segments])
    for each in found.diagnostics:
        report.put(each)
    wrong = {each.span.key for each in found.diagnostics if each.span is not None}
    failed += [
        each
        for each in rules
        if any(use.span.key in wrong for _, use in named_segments(each.condition))
    ]
    return frozenset(each.span.key for each in failed)


def _check_others(
    items: Resolved, rules: Sequence[Segment], schema: Schema | None, report: Report, *, lint: bool
) -> frozenset[SpanKey]:
    """Reports what is wrong with items that are no segments, and with stages and models in rules.

    Nothing is compared with the time. Returns the places of those with errors.
    """
    from segdsl.analysis.checking.activations import check_items
    from segdsl.analysis.checking.references import check_text

    if lint:
        _lint_others(items, report)
    failed = check_items(
        items.funnels,
        items.activations,
        items.templates,
        schema,
        report,
        models=items.predictive_segments,
        journeys=items.journeys,
    )
    found = Report()
    check_text(items, rules, schema, found)
    for each in found.diagnostics:
        report.put(each)
    wrong = [each.span for each in found.diagnostics if each.severity == "error"]
    others = (items.funnels, items.activations, items.predictive_segments, items.journeys)
    places = [*(each.span for each in rules), *(each.span for kind in others for each in kind)]
    return failed.union(
        place.key
        for place in places
        if any(span is not None and place.holds(span) for span in wrong)
    )


def _lint_others(items: Resolved, report: Report) -> None:
    if items.funnels:
        from segdsl.analysis.lint.stages import report_stages

        report_stages(items.funnels, report)
    if items.journeys:
        from segdsl.analysis.lint.journeys import report_journeys

        report_journeys(items.journeys, report)
    if items.predictive_segments:
        from segdsl.analysis.lint.predictive import report_predictive, rules_by_name

        report_predictive(items.predictive_segments, rules_by_name(items.segments), report)


def _without(items: Resolved, failed: frozenset[SpanKey]) -> Resolved:
    """The items beside segments that have no errors, nor stages with some."""
    funnels = (
        each
        for each in items.funnels
        if not failed.intersection({each.span.key, *(stage.span.key for stage in each.stages)})
    )
    return Resolved(
        (),
        tuple(funnels),
        tuple(each for each in items.activations if each.span.key not in failed),
        tuple(each for each in items.templates if each.span.key not in failed),
        tuple(each for each in items.predictive_segments if each.span.key not in failed),
        tuple(
            each
            for each in items.journeys
            if not failed.intersection(
                {each.span.key, *(rule.span.key for rule in journey_rules(each))}
            )
        ),
    )


def _without_lints(report: Report) -> Report:
    """The report without what checks of items warn of as lints do."""
    kept = Report()
    for each in report.diagnostics:
        if each.code.name[3] != "6":
            kept.put(each)
    return kept


def _without_suppressed(
    report: Report, trees: Mapping[str, File], sources: Mapping[str, Source], schema: Schema | None
) -> Report:
    """The report without the warnings that comments suppress, and with the comments in vain."""
    unasked = {Code.SEG606, Code.SEG611, *OF_SAMPLES, *OF_TIME}
    if schema is None:
        unasked |= {code for code in WARNINGS if code.name[3] == "5"}
    elif schema.samples:
        unasked -= set(OF_SAMPLES)
    allowances = suppressions_by_file(trees, sources)
    used = partial(used_names, trees.values())
    return apply_suppressions(
        report, allowances, used, checked_files=tuple(trees), inactive_codes=unasked
    )
