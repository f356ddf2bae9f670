"""Reports redundant conditions: duplicates in a group, in an outer group, or in a list."""

from __future__ import annotations

from segdsl.analysis.lint.normal_form import Group, Leaf, Node, Word, comparable, leaves
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import value

Frame = tuple[Word, dict[int, Node]]


def report_redundant(node: Node, report: Report) -> None:
    """Reports repeated conditions and values."""
    for leaf in leaves(node):
        report_repeated_values(leaf, report)
    if isinstance(node, Group):
        _check_group(node, (), report)


def report_repeated_values(leaf: Leaf, report: Report) -> None:
    """Reports duplicate values of a list."""
    if not isinstance(leaf.condition, c.Test) or not isinstance(
        leaf.condition.predicate, (p.In, p.Like)
    ):
        return
    seen: set[object] = set()
    for item in leaf.condition.predicate.values:
        if comparable(item) in seen:
            report.add(
                Code.SEG602,
                leaf.span,
                f"duplicate value {value(item)} in this list",
                help="remove one of them",
                via=leaf.via,
            )
        seen.add(comparable(item))


def _check_group(group: Group, outer_frames: tuple[Frame, ...], report: Report) -> None:
    nodes: dict[int, Node] = {}
    for child in group.children:
        first = nodes.setdefault(child.key, child)
        if first is not child:
            help = "remove one of them"
            _report(child, first, "duplicate condition", help, report)
    frames: tuple[Frame, ...] = (*outer_frames, (group.word, nodes))
    for child in nodes.values():
        outer = _outer_occurrence(child, outer_frames)
        if outer is not None:
            word, first = outer
            if word == group.word:
                message = "this condition repeats one in an outer group"
                help = "remove it here"
            else:
                message = (
                    "this condition repeats one in an outer group, so its own group has no effect"
                )
                help = "remove the group, or replace this condition by the intended one"
            _report(child, first, message, help, report)
        elif isinstance(child, Group):
            _check_group(child, frames, report)


def _outer_occurrence(node: Node, around: tuple[Frame, ...]) -> tuple[Word, Node] | None:
    for word, nodes in around:
        outer = nodes.get(node.key)
        if outer is not None:
            return word, outer
    return None


def _report(node: Node, first: Node, message: str, help: str, report: Report) -> None:
    report.add(
        Code.SEG602,
        node.span,
        message,
        help=help,
        via=node.via,
        notes=(Note("first here", first.span),),
    )
