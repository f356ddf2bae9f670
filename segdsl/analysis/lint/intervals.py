"""Conditions on one column that can never hold together, or of which one always holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from segdsl.analysis.lint.contradictions import Verdict, verdict
from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal import Group, Leaf, Node, opposite
from segdsl.diagnostics import Code, Note, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Number

_MOST_PAIRED = 12
MAY_BE_EMPTY = (p.Between, p.TimeBetween, p.BetweenNext, p.Within)


class Claim(msgspec.Struct, frozen=True, eq=False):
    """That some conditions of a group never hold together, or that one of them always does.

    With a single one, that it never holds, or always. `subject` is what they ask of, where
    that is one thing.
    """

    verdict: Verdict
    conditions: tuple[Node, ...]
    subject: c.Subject | c.Score | None = None


def bounds(of: Node, report: Report) -> None:
    """Reports what can never hold, and what always does."""
    for claim in claims(of):
        _tell(claim, report)


def bounds_alone(of: Leaf, report: Report) -> None:
    """Reports it of one condition by itself."""
    found = _alone(of)
    if found is not None:
        _tell(Claim(found, (of,), _subject(of)), report)


def claims(of: Node) -> Iterator[Claim]:
    """All that can be said, the innermost first; what is said of a part is not said again."""
    yield from _Finder().look(of)


class _Finder:
    def __init__(self) -> None:
        self.decided: set[int] = set()

    def look(self, of: Node) -> Iterator[Claim]:
        if isinstance(of, Leaf):
            found = _alone(of)
            if found is not None:
                self.decided.add(id(of))
                yield Claim(found, (of,), _subject(of))
            return
        for child in of.children:
            yield from self.look(child)
            if id(child) in self.decided:
                self.decided.add(id(of))
        open_to = [child for child in of.children if id(child) not in self.decided]
        for claim in _among(of, open_to):
            self.decided.add(id(of))
            yield claim


def _alone(of: Leaf) -> Verdict | None:
    """What one condition says by itself; only some kinds can say too little or too much."""
    match of.of:
        case c.Test(subject, predicate):
            counts = isinstance(subject, c.Aggregate) and subject.counts
            if not (counts or isinstance(predicate, MAY_BE_EMPTY)) or is_ordinary(predicate):
                return None
            return verdict(of, of.subject)
        case c.Score():
            return verdict(of, of.subject)
        case _:
            return None


def is_ordinary(of: p.Predicate) -> bool:
    """Whether it is plain that something fits and something does not; most are, so it is cheap."""
    match of:
        case p.Compare(_, Number() as bound):
            return bound.is_whole and bound.text not in ("0", "1")
        case p.Between(Number() as low, Number() as high):
            return low.is_whole and low.text not in ("0", "1") and low.value <= high.value
        case p.Within(_, Number(amount)):
            return amount != "0"
        case _:
            return False


def _among(of: Group, children: Sequence[Node]) -> Iterator[Claim]:
    wanted: Verdict = "never" if of.word == "and" else "always"
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
        about = [child for child in children if _asks(child, subject)]
        if verdict(_only(of, about), subject) == wanted:
            few = _pair(of, about, subject, wanted)
            yield Claim(wanted, tuple(few), _subject_in(few[-1], subject))


def _pair(of: Group, about: list[Node], subject: int, wanted: Verdict) -> list[Node]:
    """Two of them that say it already, or all."""
    if len(about) > _MOST_PAIRED:
        return about
    for at, later in enumerate(about):
        for before in about[:at]:
            if verdict(_only(of, [before, later]), subject) == wanted:
                return [before, later]
    return about


def _only(of: Group, children: list[Node]) -> Group:
    return msgspec.structs.replace(of, children=tuple(children))


def _asks(of: Node, subject: int) -> bool:
    return of.subject == subject if isinstance(of, Leaf) else subject in of.subjects


def _subject_in(of: Node, subject: int) -> c.Subject | c.Score | None:
    if isinstance(of, Leaf):
        return _subject(of) if of.subject == subject else None
    for child in of.children:
        found = _subject_in(child, subject)
        if found is not None:
            return found
    return None


def _subject(of: Node) -> c.Subject | c.Score | None:
    if not isinstance(of, Leaf):
        return None
    match of.of:
        case c.Test(subject):
            return subject
        case c.Score() as score:
            return score
        case _:
            return None


# --- telling ---------------------------------------------------------------------------


def _tell(claim: Claim, report: Report) -> None:
    *others, last = claim.conditions
    never = claim.verdict == "never"
    on = "" if claim.subject is None else f" on `{subject_text(claim.subject)}`"
    one_other = len(others) == 1
    if not others:
        message = f"this condition{on} {'never' if never else 'always'} holds"
        help = _advice(last, never)
    elif never:
        beside = "another" if one_other else f"{len(others)} others"
        message = f"this condition and {beside}{on} can never hold together"
        help = "take one out; for either of them write `or`"
    else:
        beside = "another" if one_other else f"one of {len(others)} others"
        message = f"this condition or {beside}{on} always holds"
        help = "take them out; for both of them write `and`"
    report.add(
        Code.SEG604 if never else Code.SEG605,
        last.span,
        message,
        help=help,
        via=last.via,
        notes=tuple(
            Note("the other one" if one_other else "one of them", each.span) for each in others
        ),
    )


def _advice(of: Node, never: bool) -> str:
    assert isinstance(of, Leaf)
    test = of.of
    if isinstance(test, c.Test) and isinstance(test.subject, c.Aggregate) and test.subject.counts:
        if test.subject.some:
            return (
                "where there is an event this is a whole number, 1 or more: a missing value counts"
            )
        return "a count is a whole number, 0 or more"
    match test:
        case c.Test(_, p.Between() | p.TimeBetween() | p.BetweenNext()) | c.Score():
            return "the smaller or earlier end comes first"
        case _:
            return f"nothing {'fits' if never else 'fails'} it: take it out, or give it a length"
