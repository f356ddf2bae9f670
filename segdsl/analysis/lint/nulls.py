"""A negation on what may have no value: it holds where there is none, too (rule 2).

That is a column that can be null, and an aggregate other than a count, which is missing where there
are no events (rule 3). Quiet where the author has visibly decided: something beside it asks for a
value, or for events, or says `is null`, or that there are no events. Also of truths, for which
`is not true` says so itself, of elements, as no list has none, and of groups and windows, of which
there may be several. Which columns can be null the API does not tell, so all can but the profile's
id.
"""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal import Leaf, Node
from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.counting import holds_of_zero
from segdsl.language.syntax.spelling import behavior
from segdsl.language.values import Boolean

Events = tuple[str, int | None]
Asked = int | Events
"""The number of a subject, or the events of a behavior that pass a filter, by its key."""

ALWAYS_THERE = "cdp_customer_id"
OF_EVENTS = "timestamp"
"""An event has happened at some time."""


def negated_nulls(of: Node, report: Report, *, in_filter: bool) -> None:
    """Reports each subject once for each group in which a negation of it holds of null."""
    _look(of, frozenset(), set(), report, in_filter)


def _look(
    of: Node, decided: frozenset[Asked], told: set[int], report: Report, in_filter: bool
) -> None:
    if isinstance(of, Leaf):
        known = of.subject in told or any(each in decided for each in _asked(of))
        if not known and _holds_of_null(of, in_filter):
            told.add(of.subject)
            _tell(of, report, in_filter)
        return
    settled = {s for child in of.children for s in _settled(child, of.word == "and")}
    if of.word == "and":
        # `is null` beside it: who that negation holds of is said there.
        said = {s for child in of.children for s in _settled(child, False)}
        settled |= {each for each in said if isinstance(each, int)}
    within = decided | settled
    told = set()
    for child in of.children:
        _look(child, within, told, report, in_filter)


def _asked(of: Leaf) -> tuple[Asked, ...]:
    """What a leaf asks of: its subject, and the events that there have to be for a value."""
    events = _events(of)
    return (of.subject,) if events is None else (of.subject, events)


def _events(of: Leaf) -> Events | None:
    """The events that an aggregate is over: of which behavior, and the filter that they pass."""
    if not isinstance(of.of, c.Test) or not isinstance(of.of.subject, c.Aggregate):
        return None
    return of.of.subject.behavior, None if of.inside is None else of.inside.key


def _settled(of: Node, rejected: bool) -> frozenset[Asked]:
    """What has no value where this does not hold, or, the other way, where it says that it does."""
    if isinstance(of, Leaf):
        return frozenset(_rejected(of) if rejected else _taken(of))
    parts = [_settled(child, rejected) for child in of.children]
    one_is_enough = rejected == (of.word == "and")
    return frozenset.union(*parts) if one_is_enough else frozenset.intersection(*parts)


def _rejected(of: Leaf) -> Iterator[Asked]:
    """What has a value wherever this holds."""
    if not isinstance(of.of, c.Test):
        return
    events = _events(of)
    if events is None:
        if _is_null(of) == of.negated:
            yield of.subject
    elif _holds_of_no_events(of) is False:
        yield of.subject
        yield events
        # Where events pass a filter there are events.
        yield events[0], None


def _taken(of: Leaf) -> Iterator[Asked]:
    """What has no value wherever this holds, by its own words."""
    events = _events(of)
    if events is None:
        if _is_null(of) and not of.negated:
            yield of.subject
    elif _counts(of) and _holds_of_no_events(of):
        yield events


def _holds_of_no_events(of: Leaf) -> bool | None:
    """Whether a test of an aggregate holds of a profile without such events."""
    assert isinstance(of.of, c.Test)
    assert isinstance(of.of.subject, c.Aggregate)
    if of.of.subject.some or of.of.subject.is_existential or not of.of.subject.counts:
        return of.negated
    return holds_of_zero(of.of.predicate) != of.negated


def _counts(of: Leaf) -> bool:
    return (
        isinstance(of.of, c.Test)
        and isinstance(of.of.subject, c.Aggregate)
        and of.of.subject.counts
        and not of.of.subject.is_existential
    )


def _is_null(of: Leaf) -> bool:
    return isinstance(of.of, c.Test) and isinstance(of.of.predicate, p.IsNull)


def _holds_of_null(of: Leaf, in_filter: bool) -> bool:
    test = of.of
    if not of.negated or not isinstance(test, c.Test) or test.quantifier is not None:
        return False
    match test.predicate:
        case p.IsNull() | p.Compare("=", Boolean()):
            return False
    match test.subject:
        case c.Attribute(name):
            return name != ALWAYS_THERE and not (in_filter and name == OF_EVENTS)
        case c.GroupAttribute() | c.MlAttribute():
            return True
        case c.Aggregate() as aggregate:
            return not (aggregate.counts or aggregate.some or aggregate.is_existential)


def _tell(of: Leaf, report: Report, in_filter: bool) -> None:
    assert isinstance(of.of, c.Test)
    name = subject_text(of.of.subject)
    if isinstance(of.of.subject, c.Aggregate):
        where = "" if of.inside is None else " where …"
        events = behavior(of.of.subject.behavior)
        what = f"profiles without {'such ' if where else ''}events of `{events}`"
        out, meant = f"and (has {events}{where})", f"or (no {events}{where})"
    else:
        what = f"{'events' if in_filter else 'profiles'} with no `{name}`"
        out, meant = f"and {name} is not null", f"or {name} is null"
    report.add(
        Code.SEG601,
        of.span,
        f"negated, this also holds for {what}",
        help=f"to leave them out, add `{out}`; if they are meant, say so: `(… {meant})`",
        via=of.via,
    )
