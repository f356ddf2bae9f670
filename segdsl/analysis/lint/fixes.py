"""Fixes findings of lints in the source, with minimal edits.

Merges equalities into lists, and removes duplicates, unused imports and unused definitions, and
what is exported twice. Keeps the meaning and all comments: an edit that would remove a comment is
not made. No I/O.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from segdsl.analysis.lint.export_fixes import removals
from segdsl.analysis.lint.normal_form import comparable, listed
from segdsl.analysis.lint.suppressions import Places, suppression_filter
from segdsl.analysis.lint.unused import names_in
from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.format import format_expression, format_file
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.spelling import name, string
from segdsl.language.syntax.walk import bodies, walk
from segdsl.language.values import Name, Number, Value
from segdsl.source import Source, Span

_MAX_ROUNDS = 20


class Edit(NamedTuple):
    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """The edits for one finding at `span`."""

    code: Code
    span: Span
    edits: tuple[Edit, ...]


class FixedText(NamedTuple):
    """The fixed text, the number of fixes, and of those that comments prevented."""

    text: str
    made: int
    kept_for_comments: int


def fix(source: Source, allowed: Collection[str] = (), unused: Collection[str] = ()) -> FixedText:
    """Fixes the text of a file; returns it unchanged if it cannot be parsed.

    Suppressed findings are not fixed, by `allowed` codes or by comments. `unused` are the names of
    definitions that no file uses. A text in canonical format stays so.
    """
    tree = _parsed(source)
    if tree is None:
        return FixedText(source.text, 0, 0)
    canonical = format_file(tree, source) == source.text
    made = 0
    blocked = 0
    for _ in range(_MAX_ROUNDS):
        is_suppressed = suppression_filter(tree, source, allowed)
        candidates = (*fixes(tree), *_definition_fixes(tree, source, unused))
        active = [each for each in candidates if not is_suppressed(each.code, each.span)]
        comments = [comment.span.start for comment in tree.comments]
        applicable = [each for each in active if not _has_comment(each, comments)]
        blocked = len(active) - len(applicable)
        chosen = _non_overlapping(applicable)
        if not chosen:
            break
        after = Source(source.name, _apply_edits(source.text, chosen))
        parsed = _parsed(after)
        if parsed is None:
            break
        source, tree = after, parsed
        made += len(chosen)
    text = format_file(tree, source) if canonical and made else source.text
    return FixedText(text, made, blocked)


def _parsed(source: Source) -> t.File | None:
    report = Report()
    tree = parse(source, report)
    return None if report.has_errors else tree


def _has_comment(fix: Fix, comments: Sequence[int]) -> bool:
    """Whether a fix would change a comment; `comments` are sorted start positions."""
    return any(
        bisect_left(comments, edit.start) < bisect_left(comments, edit.end) for edit in fix.edits
    )


def _non_overlapping(fixes_: Iterable[Fix]) -> list[Fix]:
    """Selects fixes that do not overlap; the others are made in the next round."""
    # The sorted starts of edits, and their ends.
    starts: list[int] = []
    ends: dict[int, int] = {}

    def is_free(edit: Edit) -> bool:
        at = bisect_left(starts, edit.end)
        return at == 0 or ends[starts[at - 1]] <= edit.start

    chosen: list[Fix] = []
    for fix_ in fixes_:
        if all(map(is_free, fix_.edits)):
            for edit in fix_.edits:
                insort(starts, edit.start)
                ends[edit.start] = edit.end
            chosen.append(fix_)
    return chosen


def _apply_edits(text: str, chosen: Iterable[Fix]) -> str:
    parts: list[str] = []
    at = 0
    for edit in sorted(edit for each in chosen for edit in each.edits):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, text[at:]])


def fixes(tree: t.File) -> Iterator[Fix]:
    """The possible fixes in a file, outer groups first."""
    used = names_in(tree)
    for item in tree.items:
        if isinstance(item, t.Import):
            yield from _import_fixes(item, used, tree)
        for expression in bodies(item):
            yield from _expression_fixes(expression)
        if isinstance(item, t.Activation | t.ActivationTemplate):
            for code, span, start, end in removals(item):
                yield Fix(code, span, (Edit(start, end, ""),))


def _expression_fixes(expression: t.Expression) -> Iterator[Fix]:
    pinned: t.Expression | None = None
    for node in walk(expression):
        match node:
            case t.Chain(word, operands):
                yield from _group_fixes(node, operands, word == "or", node is pinned)
            case t.Listing(word, operands):
                yield from _group_fixes(node, operands, word != "all", node is pinned)
            case t.FixedRuleSet():
                # It keeps its parentheses, so what becomes of its operand has some of its own.
                pinned = node.operand
            case t.Test():
                yield from _list_fixes(node, node.predicate)
            case _:
                pass


# --- groups ----------------------------------------------------------------------------


def _group_fixes(
    group: t.Chain | t.Listing, operands: Sequence[t.Expression], positive: bool, pinned: bool
) -> Iterator[Fix]:
    mergeable: dict[object, list[int]] = {}
    for at, operand in enumerate(operands):
        key = _merge_key(operand, positive)
        if key is not None:
            mergeable.setdefault(key, []).append(at)
    merged: set[int] = set()
    for places in mergeable.values():
        values = [value for at in places for value in _values(operands[at])]
        if len(places) < 2 or len(_distinct(values)) < 2:
            continue
        merged.update(places)
        test = _merged_test(operands[places[0]], _distinct(values), positive)
        alone = (
            len(places) == len(operands) and isinstance(group, t.Listing) and group.word != "none"
        )
        span = operands[places[0]].span.to(operands[places[-1]].span)
        text = format_expression(test)
        if alone:
            whole = Edit(group.span.start, group.span.end, f"({text})" if pinned else text)
            yield Fix(Code.SEG603, span, (whole,))
        else:
            first = operands[places[0]].span
            edits = (Edit(first.start, first.end, text), *_removals(operands, places[1:]))
            yield Fix(Code.SEG603, span, edits)
    seen: dict[t.Expression, int] = {}
    for at, operand in enumerate(operands):
        if seen.setdefault(operand, at) != at and at not in merged:
            yield Fix(Code.SEG602, operand.span, tuple(_removals(operands, [at])))


def _removals(operands: Sequence[t.Expression], places: Iterable[int]) -> Iterator[Edit]:
    """Edits that remove operands, except the first, with the preceding word or comma."""
    for at in places:
        yield Edit(operands[at - 1].span.end, operands[at].span.end, "")


def _merge_key(expression: t.Expression, positive: bool) -> object | None:
    """The common key of comparisons that can be merged; see `merge_into_in`."""
    test = expression
    outer = False
    if not positive and isinstance(expression, t.Negation):
        test, outer = expression.operand, True
    if not isinstance(test, t.Test) or positive == (test.negated or outer):
        return None
    if outer and test.negated:
        return None
    subject = test.subject
    if not positive and isinstance(subject, t.Aggregate) and _is_several(subject, outer):
        return None
    if test.quantifier is not None and not (positive and test.quantifier.how == "any"):
        return None
    values = listed(test.predicate)
    # The value of a name may have another kind elsewhere.
    if values is None or any(isinstance(each, Name) for each in values):
        return None
    kinds = {isinstance(each, Number) for each in values}
    return (subject, test.quantifier, kinds.pop()) if len(kinds) == 1 else None


def _is_several(aggregate: t.Aggregate, outer: bool) -> bool:
    """Whether an aggregate has several values, so that its negation is not one of a value."""
    return bool(aggregate.grouping) or aggregate.window is not None or (aggregate.some and outer)


def _values(expression: t.Expression) -> Sequence[Value]:
    test = expression.operand if isinstance(expression, t.Negation) else expression
    assert isinstance(test, t.Test)
    return listed(test.predicate) or ()


def _distinct(values: Iterable[Value]) -> tuple[Value, ...]:
    first: dict[object, Value] = {}
    for each in values:
        first.setdefault(each if isinstance(each, Name) else comparable(each), each)
    return tuple(first.values())


def _merged_test(expression: t.Expression, values: tuple[Value, ...], positive: bool) -> t.Test:
    test = expression.operand if isinstance(expression, t.Negation) else expression
    assert isinstance(test, t.Test)
    return msgspec.structs.replace(test, predicate=p.In(values), negated=not positive)


def _list_fixes(test: t.Test, predicate: p.Predicate) -> Iterator[Fix]:
    """Removes duplicate values from a list."""
    if isinstance(predicate, (p.In, p.Like)):
        once = _distinct(predicate.values)
        if len(once) < len(predicate.values):
            shorter: p.Predicate = (
                p.In(once) if isinstance(predicate, p.In) else p.Like(predicate.match, once)
            )
            text = format_expression(msgspec.structs.replace(test, predicate=shorter))
            yield Fix(Code.SEG602, test.span, (Edit(test.span.start, test.span.end, text),))


# --- definitions and imports -----------------------------------------------------------


def _definition_fixes(tree: t.File, source: Source, unused: Collection[str]) -> Iterator[Fix]:
    """Removes unused `let` definitions; a `param` may be set on the command line."""
    if not unused or not tree.names_known:
        return
    used = names_in(tree)
    places = Places(tree, source)
    about: dict[int, list[t.Comment]] = {}
    for comment in tree.comments:
        about.setdefault(id(places.item_of(comment)), []).append(comment)
    for item in tree.items:
        if not isinstance(item, t.Let) or item.name not in unused or item.name in used:
            continue
        start, end = item.span.start, item.span.end
        for comment in about.get(id(item), ()):
            # Otherwise its comment would seem to belong to the next item.
            start, end = min(start, comment.span.start), max(end, comment.span.end)
        yield Fix(Code.SEG611, item.name_span, (Edit(start, end, ""),))


def _import_fixes(item: t.Import, used: set[str], tree: t.File) -> Iterator[Fix]:
    used_names = [each for each in item.names if each in used]
    if len(used_names) == len(item.names) or not tree.names_known:
        return
    listed_names = ", ".join(map(name, used_names))
    text = f"import {listed_names} from {string(item.path)}" if used_names else ""
    yield Fix(Code.SEG112, item.span, (Edit(item.span.start, item.span.end, text),))
