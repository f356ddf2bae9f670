"""What a lint can put right by itself, in the text: only the places that change are changed.

Values compared one by one become a list; what is repeated, and imports and definitions that
nobody uses, are taken out. The meaning stays, and so do all comments: where one stands in a place
that would be rewritten, nothing is. No file is read or written here.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from segdsl.analysis.lint.normal import comparable, listed
from segdsl.analysis.lint.suppressions import Places, silenced
from segdsl.analysis.lint.unused import names_in
from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.format import format_expression, format_file
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.spelling import name, string
from segdsl.language.syntax.walk import body, walk
from segdsl.language.values import Name, Number, Value
from segdsl.source import Source, Span

_MOST_ROUNDS = 20


class Edit(NamedTuple):
    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """Changes that belong together; `span` is what they put right."""

    code: Code
    span: Span
    edits: tuple[Edit, ...]


class Fixed(NamedTuple):
    """A text after its fixes, how many were made, and how many a comment stood in the way of."""

    text: str
    made: int
    kept_for_comments: int


def fix(source: Source, allowed: Collection[str] = (), unused: Collection[str] = ()) -> Fixed:
    """The text of a file put right; as it was, where it cannot be parsed.

    Codes of `allowed` are left alone, as are those that comments allow. `unused` are the names of
    definitions that no file uses. A text in its canonical spelling stays in it.
    """
    tree = _parsed(source)
    if tree is None:
        return Fixed(source.text, 0, 0)
    canonical = format_file(tree, source) == source.text
    made = 0
    kept = 0
    for _ in range(_MOST_ROUNDS):
        is_silenced = silenced(tree, source, allowed)
        every = (*fixes(tree), *_of_definitions(tree, source, unused))
        wanted = [each for each in every if not is_silenced(each.code, each.span)]
        comments = [comment.span.start for comment in tree.comments]
        free = [each for each in wanted if not _has_comment(each, comments)]
        kept = len(wanted) - len(free)
        chosen = _apart(free)
        if not chosen:
            break
        after = Source(source.name, _applied(source.text, chosen))
        parsed = _parsed(after)
        if parsed is None:
            break
        source, tree = after, parsed
        made += len(chosen)
    text = format_file(tree, source) if canonical and made else source.text
    return Fixed(text, made, kept)


def _parsed(source: Source) -> t.File | None:
    report = Report()
    tree = parse(source, report)
    return None if report.has_errors else tree


def _has_comment(of: Fix, comments: Sequence[int]) -> bool:
    """Whether one of the places, in order, at which comments begin is in what is changed."""
    return any(
        bisect_left(comments, edit.start) < bisect_left(comments, edit.end) for edit in of.edits
    )


def _apart(found: Iterable[Fix]) -> list[Fix]:
    """Those that do not change one place twice; the others wait for the next round."""
    # Where what is changed begins, in order, and where it ends.
    starts: list[int] = []
    ends: dict[int, int] = {}

    def is_free(edit: Edit) -> bool:
        at = bisect_left(starts, edit.end)
        return at == 0 or ends[starts[at - 1]] <= edit.start

    chosen: list[Fix] = []
    for each in found:
        if all(map(is_free, each.edits)):
            for edit in each.edits:
                insort(starts, edit.start)
                ends[edit.start] = edit.end
            chosen.append(each)
    return chosen


def _applied(text: str, chosen: Iterable[Fix]) -> str:
    parts: list[str] = []
    at = 0
    for edit in sorted(edit for each in chosen for edit in each.edits):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, text[at:]])


def fixes(tree: t.File) -> Iterator[Fix]:
    """All that can be put right in a file, outer groups first."""
    used = names_in(tree)
    for item in tree.items:
        if isinstance(item, t.Import):
            yield from _of_import(item, used, tree)
        expression = body(item)
        if expression is not None:
            yield from _of_expression(expression)


def _of_expression(expression: t.Expression) -> Iterator[Fix]:
    pinned: t.Expression | None = None
    for node in walk(expression):
        match node:
            case t.Chain(word, operands):
                yield from _of_group(node, operands, word == "or", node is pinned)
            case t.Listing(word, operands):
                yield from _of_group(node, operands, word != "all", node is pinned)
            case t.FixedRuleSet():
                # It keeps its parentheses, so what becomes of its operand has some of its own.
                pinned = node.operand
            case t.Test():
                yield from _of_list(node, node.predicate)
            case _:
                pass


# --- groups ----------------------------------------------------------------------------


def _of_group(
    of: t.Chain | t.Listing, operands: Sequence[t.Expression], positive: bool, pinned: bool
) -> Iterator[Fix]:
    mergeable: dict[object, list[int]] = {}
    for at, operand in enumerate(operands):
        key = _merging(operand, positive)
        if key is not None:
            mergeable.setdefault(key, []).append(at)
    merged: set[int] = set()
    for places in mergeable.values():
        values = [value for at in places for value in _values(operands[at])]
        if len(places) < 2 or len(_once(values)) < 2:
            continue
        merged.update(places)
        test = _one_list(operands[places[0]], _once(values), positive)
        alone = len(places) == len(operands) and isinstance(of, t.Listing) and of.word != "none"
        span = operands[places[0]].span.to(operands[places[-1]].span)
        text = format_expression(test)
        if alone:
            whole = Edit(of.span.start, of.span.end, f"({text})" if pinned else text)
            yield Fix(Code.SEG603, span, (whole,))
        else:
            first = operands[places[0]].span
            edits = (Edit(first.start, first.end, text), *_without(operands, places[1:]))
            yield Fix(Code.SEG603, span, edits)
    seen: dict[t.Expression, int] = {}
    for at, operand in enumerate(operands):
        if seen.setdefault(operand, at) != at and at not in merged:
            yield Fix(Code.SEG602, operand.span, tuple(_without(operands, [at])))


def _without(operands: Sequence[t.Expression], places: Iterable[int]) -> Iterator[Edit]:
    """Takes operands out, never the first, each with the word or comma before it."""
    for at in places:
        yield Edit(operands[at - 1].span.end, operands[at].span.end, "")


def _merging(of: t.Expression, positive: bool) -> object | None:
    """What comparisons share that can be one list; see `segdsl.analysis.lint.merge_into_in`."""
    test = of
    outer = False
    if not positive and isinstance(of, t.Negation):
        test, outer = of.operand, True
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
    # What a name stands for may be of another kind elsewhere.
    if values is None or any(isinstance(each, Name) for each in values):
        return None
    kinds = {isinstance(each, Number) for each in values}
    return (subject, test.quantifier, kinds.pop()) if len(kinds) == 1 else None


def _is_several(of: t.Aggregate, outer: bool) -> bool:
    """Whether a negation of it is not one of its value: of groups, windows, or of `some`."""
    return bool(of.grouping) or of.window is not None or (of.some and outer)


def _values(of: t.Expression) -> Sequence[Value]:
    test = of.operand if isinstance(of, t.Negation) else of
    assert isinstance(test, t.Test)
    return listed(test.predicate) or ()


def _once(values: Iterable[Value]) -> tuple[Value, ...]:
    first: dict[object, Value] = {}
    for each in values:
        first.setdefault(each if isinstance(each, Name) else comparable(each), each)
    return tuple(first.values())


def _one_list(of: t.Expression, values: tuple[Value, ...], positive: bool) -> t.Test:
    test = of.operand if isinstance(of, t.Negation) else of
    assert isinstance(test, t.Test)
    return msgspec.structs.replace(test, predicate=p.In(values), negated=not positive)


def _of_list(of: t.Test, predicate: p.Predicate) -> Iterator[Fix]:
    """A value that is twice in its own list."""
    if isinstance(predicate, (p.In, p.Like)):
        once = _once(predicate.values)
        if len(once) < len(predicate.values):
            shorter: p.Predicate = (
                p.In(once) if isinstance(predicate, p.In) else p.Like(predicate.match, once)
            )
            text = format_expression(msgspec.structs.replace(of, predicate=shorter))
            yield Fix(Code.SEG602, of.span, (Edit(of.span.start, of.span.end, text),))


# --- definitions and imports -----------------------------------------------------------


def _of_definitions(tree: t.File, source: Source, unused: Collection[str]) -> Iterator[Fix]:
    """Takes a `let` out; a `param` stays, as a run may set it."""
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
            # What is said of it would be said of what comes next.
            start, end = min(start, comment.span.start), max(end, comment.span.end)
        yield Fix(Code.SEG611, item.name_span, (Edit(start, end, ""),))


def _of_import(of: t.Import, used: set[str], tree: t.File) -> Iterator[Fix]:
    kept = [each for each in of.names if each in used]
    if len(kept) == len(of.names) or not tree.names_known:
        return
    listed_names = ", ".join(map(name, kept))
    text = f"import {listed_names} from {string(of.path)}" if kept else ""
    yield Fix(Code.SEG112, of.span, (Edit(of.span.start, of.span.end, text),))
