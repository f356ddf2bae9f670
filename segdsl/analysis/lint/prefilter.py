"""A fast check for segments that need neither the lints nor lowering.

Most segments have no findings. If in doubt, the result is that the full checks are needed: those
of the other modules here and of `segdsl.rules.lower`. Reports nothing.
"""

from __future__ import annotations

import msgspec

from segdsl.analysis.lint.intervals import MAY_BE_EMPTY, is_ordinary
from segdsl.analysis.lint.relative_times import date_codes, holds_recent, is_capped
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.values import Number, Text, Value

_MAX_DEPTH = 1
"""Maximum depth of groups that certainly fit the API's two levels."""
_NONE: frozenset[str] = frozenset()


class Prefilter(msgspec.Struct, frozen=True):
    """The result for a segment; `is_plain` and `fits` are true only if that is certain.

    `fingerprint` is equal for segments that select the same profiles, and rarely for others.
    `is_plain`: no lint reports the segment by itself. `fits`: lowering reports nothing if names
    are used as they are. `refers`: it refers to segments, stages, variants or models. `behaviors`
    are the matrix tables that its own rule uses.
    """

    fingerprint: int
    is_plain: bool
    fits: bool
    refers: bool
    behaviors: frozenset[str]


def prefilter(segment: c.Segment) -> Prefilter:
    scanner = _Scanner()
    scanner.scan(segment.condition, set(), negated=False, depth=0)
    fingerprint = hash((segment.kind, segment.limit is None, frozenset(scanner.names)))
    return Prefilter(
        fingerprint,
        scanner.is_plain,
        scanner.fits,
        scanner.refers,
        frozenset(scanner.behaviors) if scanner.behaviors else _NONE,
    )


class _Scanner:
    """`said` are the names and values in a condition, as far as equal conditions share them."""

    def __init__(self) -> None:
        self.names: set[object] = set()
        self.is_plain = True
        self.fits = True
        self.refers = False
        self.behaviors: set[str] = set()

    def scan(
        self,
        condition: c.Condition,
        asked: set[object],
        *,
        negated: bool,
        depth: int,
        inside: bool = False,
    ) -> None:
        """Looks at a condition, `inside` a filter or not; `asked` is what others ask of."""
        match condition:
            case c.Test(c.Attribute(name)):
                self.names.add(name)
                self._ask(name, asked)
                self._test(condition, negated, inside)
            case c.Test(c.Aggregate() as aggregate):
                self._aggregate(condition, aggregate, asked, negated)
            case c.And(children) | c.Or(children):
                if depth > _MAX_DEPTH and not inside:
                    self.fits = False
                for child in children:
                    self.scan(child, asked, negated=negated, depth=depth + 1, inside=inside)
            case c.Not(child):
                self.scan(child, asked, negated=not negated, depth=depth, inside=inside)
            case c.Membership(what, target):
                self.refers = True
                self.names.add((what, target))
                self._ask((what, target), asked)
            case c.Everyone():
                self.names.add(None)
            case _:
                self._rare(condition, asked, negated, depth)

    def _rare(self, condition: c.Condition, asked: set[object], negated: bool, depth: int) -> None:
        """What is not plain, whatever it holds."""
        self.is_plain = self.fits = False
        match condition:
            case c.Test(subject):
                self.names.add(subject)
            case c.Score(model):
                self.refers = True
                self.names.add(model)
            case c.Limited(child) | c.RuleSet(_, child):
                self.scan(child, asked, negated=negated, depth=depth)

    def _ask(self, what: object, asked: set[object]) -> None:
        if what in asked:
            self.is_plain = False
        asked.add(what)

    def _test(self, test: c.Test, negated: bool, inside: bool) -> None:
        """A test of a column; negated most hold of null, and not every filter can hold that."""
        predicate = test.predicate
        if test.negated or (negated and not isinstance(predicate, p.IsNull)):
            self.is_plain = False
            self.fits = self.fits and not inside
        if isinstance(predicate, MAY_BE_EMPTY) and not is_ordinary(predicate):
            self.is_plain = False
        if isinstance(test.subject, c.Attribute) and any(date_codes(test.subject.name, predicate)):
            self.is_plain = False
        self._say(predicate)

    def _aggregate(
        self, test: c.Test, aggregate: c.Aggregate, asked: set[object], negated: bool
    ) -> None:
        self.behaviors.add(aggregate.behavior)
        self.names.add(aggregate.behavior)
        # The order of columns says nothing, and two counts may ask whether there are events.
        columns = frozenset(() if aggregate.counts else aggregate.columns)
        function = "count" if aggregate.counts else aggregate.function
        self._ask((function, aggregate.behavior, columns), asked)
        predicate = test.predicate
        if aggregate.counts:
            # One comparison of a count can be written in several ways: values say nothing.
            self.is_plain = self.is_plain and (
                is_ordinary(predicate) or _is_ordinary_of_counts(aggregate, predicate)
            )
        else:
            self._say(predicate)
            if negated or (isinstance(predicate, MAY_BE_EMPTY) and not is_ordinary(predicate)):
                self.is_plain = False
        if test.negated:
            self.is_plain = False
        if aggregate.filter is not None:
            if is_capped(test, negated=negated) and holds_recent(aggregate.filter):
                self.is_plain = False
            self.scan(aggregate.filter, set(), negated=False, depth=0, inside=True)

    def _say(self, predicate: p.Predicate) -> None:
        match predicate:
            case p.Compare(_, value):
                self.names.add(_value_key(value))
            case p.In(values) | p.Like(_, values):
                said = {_value_key(each) for each in values}
                if len(said) < len(values):
                    self.is_plain = False
                self.names |= said


def _is_ordinary_of_counts(aggregate: c.Aggregate, predicate: p.Predicate) -> bool:
    """Whether it is a comparison with 1 of a count that may as well be 0."""
    match predicate:
        case p.Compare(_, Number("1")):
            return not (aggregate.some or aggregate.is_existential)
        case _:
            return False


def _value_key(value: Value) -> object:
    """The same for equal values."""
    match value:
        case Text(text):
            return text
        case Number(text):
            # Equal to the other, and found sooner.
            return int(text) if len(text) < 19 and text.isdecimal() else value.value
        case _:
            return None
