"""What is seen of a segment at a prefilter: of most, neither a lint nor lowering has a word to say.

Errs on the side of the careful look, which is that of all the other modules here, and of
`segdsl.rules.lower`: what is said of a segment is theirs to say. Nothing is reported here.
"""

from __future__ import annotations

import msgspec

from segdsl.analysis.lint.intervals import MAY_BE_EMPTY, is_ordinary
from segdsl.analysis.lint.relative_times import about_dates, holds_recent, is_capped
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Number, Text, Value

_DEEPEST = 1
"""Groups in the outermost one that surely fit the API's two levels, if they hold no others."""


class Prefilter(msgspec.Struct, frozen=True):
    """`fingerprint` is equal for segments that select the same profiles, and rarely for others.

    `is_plain` is whether no lint has a word to say of the segment by itself, `fits` whether
    lowering has none where names stand for themselves; both only where that is sure. `refers` is
    whether it refers to segments, stages or variants.
    """

    fingerprint: int
    is_plain: bool
    fits: bool
    refers: bool


def prefilter(of: c.Segment) -> Prefilter:
    looking = _Looking()
    looking.look(of.condition, set(), negated=False, depth=0)
    fingerprint = hash((of.kind, of.limit is None, frozenset(looking.said)))
    return Prefilter(fingerprint, looking.is_plain, looking.fits, looking.refers)


class _Looking:
    """`said` are the names and values in a condition, as far as equal conditions share them."""

    def __init__(self) -> None:
        self.said: set[object] = set()
        self.is_plain = True
        self.fits = True
        self.refers = False

    def look(
        self,
        of: c.Condition,
        asked: set[object],
        *,
        negated: bool,
        depth: int,
        inside: bool = False,
    ) -> None:
        """Looks at a condition, `inside` a filter or not; `asked` is what others ask of."""
        match of:
            case c.Test(c.Attribute(name)):
                self.said.add(name)
                self._ask(name, asked)
                self._test(of, negated, inside)
            case c.Test(c.Aggregate() as aggregate):
                self._aggregate(of, aggregate, asked, negated)
            case c.And(children) | c.Or(children):
                if depth > _DEEPEST and not inside:
                    self.fits = False
                for child in children:
                    self.look(child, asked, negated=negated, depth=depth + 1, inside=inside)
            case c.Not(child):
                self.look(child, asked, negated=not negated, depth=depth, inside=inside)
            case c.Membership(what, target):
                self.refers = True
                self.said.add((what, target))
                self._ask((what, target), asked)
            case c.Everyone():
                self.said.add(None)
            case _:
                self._rare(of, asked, negated, depth)

    def _rare(self, of: c.Condition, asked: set[object], negated: bool, depth: int) -> None:
        """What is not plain, whatever it holds."""
        self.is_plain = self.fits = False
        match of:
            case c.Test(subject):
                self.said.add(subject)
            case c.Score(model):
                self.said.add(model)
            case c.Limited(child) | c.RuleSet(_, child):
                self.look(child, asked, negated=negated, depth=depth)

    def _ask(self, what: object, asked: set[object]) -> None:
        if what in asked:
            self.is_plain = False
        asked.add(what)

    def _test(self, of: c.Test, negated: bool, inside: bool) -> None:
        """A test of a column; negated most hold of null, and not every filter can hold that."""
        predicate = of.predicate
        if of.negated or (negated and not isinstance(predicate, p.IsNull)):
            self.is_plain = False
            self.fits = self.fits and not inside
        if isinstance(predicate, MAY_BE_EMPTY) and not is_ordinary(predicate):
            self.is_plain = False
        if isinstance(of.subject, c.Attribute) and any(about_dates(of.subject.name, predicate)):
            self.is_plain = False
        self._say(predicate)

    def _aggregate(
        self, of: c.Test, aggregate: c.Aggregate, asked: set[object], negated: bool
    ) -> None:
        self.said.add(aggregate.behavior)
        # The order of columns says nothing, and two counts may ask whether there are events.
        columns = frozenset(() if aggregate.counts else aggregate.columns)
        function = "count" if aggregate.counts else aggregate.function
        self._ask((function, aggregate.behavior, columns), asked)
        predicate = of.predicate
        if aggregate.counts:
            # One comparison of a count can be written in several ways: values say nothing.
            self.is_plain = self.is_plain and (
                is_ordinary(predicate) or _is_ordinary_of_counts(aggregate, predicate)
            )
        else:
            self._say(predicate)
            if negated or (isinstance(predicate, MAY_BE_EMPTY) and not is_ordinary(predicate)):
                self.is_plain = False
        if of.negated:
            self.is_plain = False
        if aggregate.filter is not None:
            if is_capped(of, negated=negated) and holds_recent(aggregate.filter):
                self.is_plain = False
            self.look(aggregate.filter, set(), negated=False, depth=0, inside=True)

    def _say(self, predicate: p.Predicate) -> None:
        match predicate:
            case p.Compare(_, value):
                self.said.add(_said(value))
            case p.In(values) | p.Like(_, values):
                said = {_said(each) for each in values}
                if len(said) < len(values):
                    self.is_plain = False
                self.said |= said


def _is_ordinary_of_counts(of: c.Aggregate, predicate: p.Predicate) -> bool:
    """Whether it is a comparison with 1 of a count that may as well be 0."""
    match predicate:
        case p.Compare(_, Number("1")):
            return not (of.some or of.is_existential)
        case _:
            return False


def _said(value: Value) -> object:
    """The same for equal values."""
    match value:
        case Text(text):
            return text
        case Number(text):
            # Equal to the other, and found sooner.
            return int(text) if len(text) < 19 and text.isdecimal() else value.value
        case _:
            return None
