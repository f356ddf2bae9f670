"""Reports conditions on one column that never hold together, or of which one always holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from segdsl.analysis.lint.contradictions import Verdict, verdict
from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal_form import Group, Leaf, Node, opposite
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Number

_MAX_PAIRED = 12
MAY_BE_EMPTY = (p.Between, p.TimeBetween, p.BetweenNext, p.Within)


class Claim(msgspec.Struct, frozen=True, eq=False):
    """A claim that the conditions never hold together, or that at least one always holds.

    A single condition never or always holds. `subject` is the common subject, if there is one.
    """

    verdict: Verdict
    conditions: tuple[Node, ...]
    subject: c.Subject | c.Score | None = None


def report_contradictions(node: Node, report: Report) -> None:
    """Reports conditions that never hold, and those that always hold."""
    for claim in claims(node):
        _report(claim, report)


def report_contradiction(leaf: Leaf, report: Report) -> None:
    """Reports a single condition that never or always holds."""
    found = _single_verdict(leaf)
    if found is not None:
        _report(Claim(found, (leaf,), _subject(leaf)), report)


def claims(node: Node) -> Iterator[Claim]:
    """All claims about a node, the innermost first; a group with one is not examined further."""
    yield from _Finder().look(node)


class _Finder:
    def __init__(self) -> None:
        self.decided: set[int] = set()

    def look(self, node: Node) -> Iterator[Claim]:
        if isinstance(node, Leaf):
            found = _single_verdict(node)
            if found is not None:
                self.decided.add(id(node))
                yield Claim(found, (node,), _subject(node))
            return
        for child in node.children:
            yield from self.look(child)
            if id(child) in self.decided:
                self.decided.add(id(node))
        open_to = [child for child in node.children if id(child) not in self.decided]
        for claim in _group_claims(node, open_to):
            self.decided.add(id(node))
            yield claim


def _single_verdict(leaf: Leaf) -> Verdict | None:
    """What one condition says by itself; only some kinds can say too little or too much."""
    match leaf.condition:
        case c.Test(subject, predicate):
            counts = isinstance(subject, c.Aggregate) and subject.counts
            if not (counts or isinstance(predicate, MAY_BE_EMPTY)) or is_ordinary(predicate):
                return None
            return verdict(leaf, leaf.subject)
        case c.Score():
            return verdict(leaf, leaf.subject)
        case _:
            return None


def is_ordinary(predicate: p.Predicate) -> bool:
    """Whether it is plain that something fits and something does not; most are, so it is cheap."""
    match predicate:
        case p.Compare(_, Number() as bound):
            return bound.is_whole and bound.text not in ("0", "1")
        case p.Between(Number() as low, Number() as high):
            return low.is_whole and low.text not in ("0", "1") and low.value <= high.value
        case p.Within(_, Number(amount)):
            return amount != "0"
        case _:
            return False


def _group_claims(group: Group, children: Sequence[Node]) -> Iterator[Claim]:
    wanted: Verdict = "never" if group.word == "and" else "always"
    by_key: dict[int, Node] = {}
    for child in children:
        other = by_key.get(opposite(child.key))
        if other is not None:
            same = (
                isinstance(child, Leaf)
                and isinstance(other, Leaf)
                and child.subject == other.subject >= 0
            )
            yield Claim(wanted, (other, child), _subject(child) if same else None)
            return
        by_key[child.key] = child
    times: Counter[int] = Counter()
    for child in children:
        times.update((child.subject,) if isinstance(child, Leaf) else child.subjects)
    for subject, number in times.items():
        if number < 2 or subject < 0:
            continue
        about = [child for child in children if _has_subject(child, subject)]
        if verdict(_only(group, about), subject) == wanted:
            few = _pair(group, about, subject, wanted)
            yield Claim(wanted, tuple(few), _subject_in(few[-1], subject))


def _pair(group: Group, about: list[Node], subject: int, wanted: Verdict) -> list[Node]:
    """Two of them that say it already, or all."""
    if len(about) > _MAX_PAIRED:
        return about
    for at, later in enumerate(about):
        for before in about[:at]:
            if verdict(_only(group, [before, later]), subject) == wanted:
                return [before, later]
    return about


def _only(group: Group, children: list[Node]) -> Group:
    return msgspec.structs.replace(group, children=tuple(children))


def _has_subject(node: Node, subject: int) -> bool:
    return node.subject == subject if isinstance(node, Leaf) else subject in node.subjects


def _subject_in(node: Node, subject: int) -> c.Subject | c.Score | None:
    if isinstance(node, Leaf):
        return _subject(node) if node.subject == subject else None
    for child in node.children:
        found = _subject_in(child, subject)
        if found is not None:
            return found
    return None


def _subject(node: Node) -> c.Subject | c.Score | None:
    if not isinstance(node, Leaf):
        return None
    match node.condition:
        case c.Test(subject):
            return subject
        case c.Score() as score:
            return score
        case _:
            return None


# --- telling ---------------------------------------------------------------------------


def _report(claim: Claim, report: Report) -> None:
    *others, last = claim.conditions
    never = claim.verdict == "never"
    on = "" if claim.subject is None else f" on `{subject_text(claim.subject)}`"
    one_other = len(others) == 1
    if not others:
        message = f"this condition{on} {'never' if never else 'always'} holds"
        help = _help(last, never)
    elif never:
        others_text = "another" if one_other else f"{len(others)} others"
        message = f"this condition and {others_text}{on} can never hold together"
        help = "remove one; if either is enough, use `or`"
    else:
        others_text = "another" if one_other else f"one of {len(others)} others"
        message = f"this condition or {others_text}{on} always holds"
        help = "remove them; if both are required, use `and`"
    report.add(
        Code.SEG604 if never else Code.SEG605,
        last.span,
        message,
        help=help,
        via=last.via,
        notes=tuple(
            Note("the other condition" if one_other else "one of them", each.span)
            for each in others
        ),
    )


def _help(node: Node, never: bool) -> str:
    assert isinstance(node, Leaf)
    test = node.condition
    if isinstance(test, c.Test) and isinstance(test.subject, c.Aggregate) and test.subject.counts:
        if test.subject.some:
            return "with at least one event this is an integer of 1 or more: missing values count"
        return "a count is an integer of 0 or more"
    match test:
        case c.Test(_, p.Between() | p.TimeBetween() | p.BetweenNext()) | c.Score():
            return "put the smaller or earlier bound first"
        case _:
            return (
                f"no value {'satisfies' if never else 'fails'} it: remove it, or change its length"
            )
