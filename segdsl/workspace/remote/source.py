"""A segment of a server as source, with names in the place of the ids that it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from segdsl.api.responses import Segment as ApiSegment
from segdsl.diagnostics import Code, Report
from segdsl.language.format import format_file
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.walk import map_children
from segdsl.language.values import ById, ByName
from segdsl.rules.lift.segments import lift_rule
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.reader import read_rule
from segdsl.source import Span
from segdsl.workspace.project.keys import MODEL, PREDICTIVE, Ref


def source_of(
    folder: tuple[str, ...], segment: ApiSegment, names: Mapping[Ref, ByName], report: Report
) -> str | None:
    """A segment as canonical source; None after a report. For `names` see `tree_of`."""
    tree = tree_of(folder, segment, names, report)
    return None if tree is None else format_file(t.File((tree,)))


def tree_of(
    folder: tuple[str, ...], segment: ApiSegment, names: Mapping[Ref, ByName], report: Report
) -> t.Segment | None:
    """A segment as a syntax tree with its folder; None after a report.

    `names` holds how each segment and stage is named, by its id or its symbolic id.
    """
    tree = read_segment(segment, report)
    if tree is None:
        return None
    if folder:
        clause = t.Clause("folder", "/".join(folder))
        at = 1 if tree.clause("description") is not None else 0
        tree = msgspec.structs.replace(
            tree, clauses=(*tree.clauses[:at], clause, *tree.clauses[at:])
        )
    where = None if tree.where is None else with_names(tree.where, names)
    return msgspec.structs.replace(tree, where=where)


def read_segment(segment: ApiSegment, report: Report) -> t.Segment | None:
    """A segment of the server as a syntax tree, without its folder; None after a report."""
    found = Report()
    rule = None
    if segment.kind is None:
        message = f"the kind of a segment is not known: `{segment.raw_kind}`"
        found.add(Code.SEG402, None, message, path="$.kind")
    elif segment.kind == "journey":
        message = "this segment is a rule of a journey, which is written with its journey"
        found.add(Code.SEG402, None, message, path="$.kind")
    if segment.rule is None:
        message = "this segment has no `rule`"
        found.add(Code.SEG402, None, message, path="$.rule")
    else:
        with suppress(UnreadableError):
            rule = read_rule(load(bytes(segment.rule).decode(), found), "$.rule", found)
    start = Span(f"#{segment.id}", 0, 0)
    for diagnostic in found.diagnostics:
        report.add(
            diagnostic.code, start, diagnostic.message, help=diagnostic.help, path=diagnostic.path
        )
    if rule is None or segment.kind is None or segment.kind == "journey":
        return None
    return lift_rule(
        rule,
        segment.name,
        segment.description or None,
        segment.kind,
        hidden=not segment.is_visible,
    )


def with_names(expression: t.Expression, names: Mapping[Ref, ByName]) -> t.Expression:
    """The expression with names in the place of ids and of symbolic ids."""
    match expression:
        case t.Membership(kind, target):
            id = target.id if isinstance(target, ById) else symbolic_id(kind, target)
            return msgspec.structs.replace(expression, target=names.get(Ref(kind, id), target))
        case t.Score(model):
            id = model.id if isinstance(model, ById) else symbolic_id(MODEL, model)
            name = names.get(Ref(PREDICTIVE, id))
            # No `score of` names a folder: one of several of a name is written by its id.
            is_plain = name is not None and name.parent is None
            return msgspec.structs.replace(expression, model=name) if is_plain else expression
        case _:
            return map_children(expression, lambda child: with_names(child, names))
