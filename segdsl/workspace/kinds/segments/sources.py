"""The segments of a workspace's files: read, compiled, and the names in their texts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import memberships
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.spelling import string
from segdsl.language.syntax.walk import values_in, walk_item
from segdsl.language.values import ByName, MembershipKind, Name
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower, lower_in_any_layout
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import Rule, encode
from segdsl.source import Source
from segdsl.workspace.kinds.resource import LocalResource, Seen, Use, Wanted, WorkspaceFiles
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.project.keys import SEGMENT, Key

MANAGED: tuple[MembershipKind, ...] = ("segment", "stage")
"""What a workspace may have of that which conditions refer to."""


def segment_of(local: LocalResource) -> c.Segment:
    """The condition tree of a segment of a file."""
    assert isinstance(local.item, c.Segment), "a segment"
    return local.item


# --- reading ---------------------------------------------------------------------------


def read_segments(files: WorkspaceFiles, report: Report) -> Iterator[LocalResource]:
    """The segments of the `.seg` files; two of one place are reported."""
    items = {
        (name, item.span.start): (item, file)
        for name, file in files.loaded.trees.items()
        for item in file.items
        if isinstance(item, t.Segment)
    }
    for segment in files.loaded.segments:
        item, file = items[segment.span.file, segment.span.start]
        yield LocalResource(
            Key(SEGMENT, *segment.place),
            files.paths[segment.span.file],
            item.span,
            segment.span,
            says_more(item, file),
            segment,
        )
    report_duplicates(files.loaded.segments, report)


def says_more(item: t.Item, file: t.File) -> bool:
    """Whether an item has comments, or uses of definitions."""
    start, end = item.span.start, item.span.end
    if any(start <= comment.span.start < end for comment in file.comments):
        return True
    uses = (isinstance(node, t.Use) for node in walk_item(item))
    return any(uses) or any(isinstance(value, Name) for value in values_in(item))


# --- names in a text -------------------------------------------------------------------


def uses(local: LocalResource) -> list[Use]:
    """The segments and stages that a segment refers to by name."""
    return uses_in(segment_of(local).condition)


def uses_in(condition: c.Condition) -> list[Use]:
    """The segments and stages that a condition refers to by name."""
    return [
        Use(node.of, node.target, node.span, node.via)
        for node in memberships(condition)
        if node.of in MANAGED and isinstance(node.target, ByName)
    ]


# --- compiling -------------------------------------------------------------------------


def compile_segment(
    local: LocalResource, ids: Ids, seen: Seen, report: Report, layout: Layout
) -> Wanted | None:
    """The rule and the state of a segment; None after a report."""
    segment, server = segment_of(local), seen.server
    assert server is None or isinstance(server, SegmentState), "a segment"
    rule = compile_rule(segment, ids, None if server is None else server.rule, report, layout)
    return None if rule is None else wanted(segment, rule)


def compile_rule(
    segment: c.Segment, ids: Ids, server: str | None, report: Report, layout: Layout
) -> Rule | None:
    """The rule of a segment; None after a report. `server` is the canonical one that is there."""
    tried = Report()
    rule = lower(segment, tried, layout=layout, ids=ids)
    if rule is None and server is not None:
        # An older rule that no two levels can hold stays as it is, if nothing else changed.
        nested = lower(segment, Report(), layout="nested", ids=ids)
        if nested is not None and _canonical(encode(nested, pretty=False)) == server:
            rule, tried = nested, Report()
    report.diagnostics.extend(each for each in tried.diagnostics if each not in report.diagnostics)
    return rule


def wanted(segment: c.Segment, rule: Rule) -> Wanted:
    """The request and the state of a segment, by its rule."""
    text = encode(rule, pretty=False)
    folder, name = segment.place
    description = segment.description or ""
    return Wanted(
        text,
        SegmentState(folder, name, segment.kind, description, _canonical(text), segment.hidden),
    )


def check_new(segment: c.Segment, report: Report) -> None:
    """Reports a stage of a funnel, which is created with its funnel."""
    if segment.kind == "funnel_stage":
        report.add(
            Code.SEG307,
            segment.span,
            f"{string(segment.name)} is a stage of a funnel, and is created with its funnel",
            help="create the funnel in the console first",
        )


def _canonical(rule: str) -> str:
    return canonical_rule(rule.encode())


def compiles_to(source: str, state: SegmentState, ids: Ids) -> bool:
    """Whether a source of one segment has the kind and the rule of a state, in either layout."""
    segment = _only_segment("", source)
    if segment is None:
        return False
    rule = lower_in_any_layout(segment, Report(), ids=ids)
    if rule is None:
        return False
    return (segment.kind, _canonical(encode(rule, pretty=False))) == (state.kind, state.rule)


def fingerprint(segment: c.Segment) -> tuple[str, Rule] | None:
    """Kind and rule, with the names of others in the place of ids."""
    rule = lower(segment, Report(), symbolic=True)
    return None if rule is None else (segment.kind, normalise(rule))


def source_fingerprint(source: str) -> tuple[str, Rule] | None:
    """The same of canonical source."""
    segment = _only_segment("source", source)
    return None if segment is None else fingerprint(segment)


def _only_segment(name: str, source: str) -> c.Segment | None:
    """The segment of a source that has one, and nothing wrong."""
    report = Report()
    tree = parse(Source(name, source), report)
    segments: Sequence[c.Segment] = resolve(Program(name, {name: tree}), report)
    return None if report.has_errors or len(segments) != 1 else segments[0]
