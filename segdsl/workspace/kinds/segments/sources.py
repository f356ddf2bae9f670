"""The segments of a workspace's files: read, compiled, and the names in their texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from segdsl.api.rule_equality import canonical_rule
from segdsl.diagnostics import Code, Report
from segdsl.language.condition import tree as c
from segdsl.language.references.ids import Ids
from segdsl.language.references.memberships import named_segments
from segdsl.language.references.uniqueness import report_duplicates
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.spelling import reference, string
from segdsl.language.syntax.walk import values_in, walk_item
from segdsl.language.values import ByName, Name, Reference
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower, lower_in_any_layout
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import Rule, encode
from segdsl.source import Source, Span
from segdsl.workspace.kinds.resource import Edit, LocalResource, Use, Wanted, WorkspaceFiles
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.project.keys import SEGMENT, Key

_PIECE = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*|[^\s"#]+')
"""A string, a comment or a word of a reference by name."""


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
            _says_more(item, file),
            segment,
        )
    report_duplicates(files.loaded.segments, report)


def _says_more(item: t.Segment, file: t.File) -> bool:
    start, end = item.span.start, item.span.end
    if any(start <= comment.span.start < end for comment in file.comments):
        return True
    uses = (isinstance(node, t.Use) for node in walk_item(item))
    return any(uses) or any(isinstance(value, Name) for value in values_in(item))


# --- names in a text -------------------------------------------------------------------


def uses(local: LocalResource) -> list[Use]:
    """The segments that a segment refers to by name."""
    return [
        Use(SEGMENT, name, place.span, place.via)
        for name, place in named_segments(segment_of(local).condition)
    ]


def rewrite_use(
    local: LocalResource, text: str, use: Use, target: Reference
) -> tuple[Edit, ...] | None:
    """The edits that make `in segment "X"` name another; None where a definition has the name.

    Only the reference is written. Comments among its words stay where they are.
    """
    span = use.span
    inside = local.place.start <= span.start and span.end <= local.place.end
    if use.via or span.file != local.span.file or not inside:
        return None
    pieces = list(_PIECE.finditer(text, span.start, span.end))
    words = [piece for piece in pieces if not piece[0].startswith("#")]
    start = next((at for at, word in enumerate(words) if word[0].startswith('"')), len(words))
    match words[start:]:
        case [name]:
            return (_edit(name, span.file, reference(target, "segment")),)
        case [name, of, of_folder, folder]:
            if len(pieces) - pieces.index(name) == len(words) - start:
                whole = Span(span.file, name.start(), folder.end())
                return (Edit(whole, reference(target, "segment")),)
            if isinstance(target, ByName) and target.parent is not None:
                return (
                    _edit(name, span.file, string(target.name)),
                    _edit(folder, span.file, string(target.parent)),
                )
            removed = (_edit(word, span.file, "") for word in (of, of_folder, folder))
            return (_edit(name, span.file, reference(target, "segment")), *removed)
        case _:
            return None


def _edit(piece: re.Match[str], file: str, text: str) -> Edit:
    return Edit(Span(file, piece.start(), piece.end()), text)


# --- compiling -------------------------------------------------------------------------


def compile_segment(
    local: LocalResource, ids: Ids, server: SegmentState | None, report: Report, layout: Layout
) -> Wanted | None:
    """The rule and the state of a segment; None after a report."""
    segment = segment_of(local)
    tried = Report()
    rule = lower(segment, tried, layout=layout, ids=ids)
    if rule is None and server is not None:
        # An older rule that no two levels can hold stays as it is, if nothing else changed.
        nested = lower(segment, Report(), layout="nested", ids=ids)
        if nested is not None and _canonical(encode(nested, pretty=False)) == server.rule:
            rule, tried = nested, Report()
    report.diagnostics.extend(each for each in tried.diagnostics if each not in report.diagnostics)
    return None if rule is None else wanted(segment, rule)


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
