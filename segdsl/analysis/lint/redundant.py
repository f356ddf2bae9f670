"""A condition that is there already, and so changes nothing: in its group, in one around it,
or as a value of its own list."""

from __future__ import annotations

from segdsl.analysis.lint.normal import Group, Leaf, Node, Word, comparable, leaves
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.syntax.spelling import value

Frame = tuple[Word, dict[int, Node]]


def repeats(of: Node, report: Report) -> None:
    """Reports conditions that are repeated."""
    for leaf in leaves(of):
        listed_twice(leaf, report)
    if isinstance(of, Group):
        _look(of, (), report)


def listed_twice(of: Leaf, report: Report) -> None:
    """Reports values that a list has twice."""
    if not isinstance(of.of, c.Test) or not isinstance(of.of.predicate, (p.In, p.Like)):
        return
    seen: set[object] = set()
    for each in of.of.predicate.values:
        if comparable(each) in seen:
            report.add(
                Code.SEG602,
                of.span,
                f"{value(each)} is twice in this list",
                help="take one of them out",
                via=of.via,
            )
        seen.add(comparable(each))


def _look(of: Group, around: tuple[Frame, ...], report: Report) -> None:
    own: dict[int, Node] = {}
    for child in of.children:
        first = own.setdefault(child.key, child)
        if first is not child:
            help = "take one of them out"
            _tell(child, first, "this condition is there already", help, report)
    frames: tuple[Frame, ...] = (*around, (of.word, own))
    for child in own.values():
        found = _further_out(child, around)
        if found is not None:
            word, first = found
            if word == of.word:
                message = "this condition is there already, further out"
                help = "take it out here"
            else:
                message = (
                    "this condition is there already, further out, so the group that it is "
                    "in changes nothing"
                )
                help = "take the group out, or say what was meant instead of this condition"
            _tell(child, first, message, help, report)
        elif isinstance(child, Group):
            _look(child, frames, report)


def _further_out(of: Node, around: tuple[Frame, ...]) -> tuple[Word, Node] | None:
    for word, known in around:
        found = known.get(of.key)
        if found is not None:
            return word, found
    return None


def _tell(of: Node, first: Node, message: str, help: str, report: Report) -> None:
    report.add(
        Code.SEG602,
        of.span,
        message,
        help=help,
        via=of.via,
        notes=(Note("here", first.span),),
    )
