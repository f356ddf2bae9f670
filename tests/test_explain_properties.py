"""What must hold of every explanation, whatever the segment.

All that was written is mentioned, lines keep to their width, and what is said of
profiles with no value or no event is what the reference evaluator finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from hypothesis import given
from hypothesis import strategies as st

from reference.evaluator import evaluate
from reference.population import Event, Population, Profile, Value
from segdsl.analysis.explain import Item, Outline, explain, render_outline
from segdsl.diagnostics import Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.predicates import is_time
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import spelling
from segdsl.language.syntax import tree as t
from segdsl.language.values import ById, ByName, Duration, Limit, Number, Reference
from segdsl.terminal import cell_width
from strategies.conditions import segments
from strategies.syntax import compilable


def resolved(of: t.Segment) -> c.Segment | None:
    found = resolve(Program("a", {"a": t.File((of,))}), Report(), {})
    return found[0] if found else None


# Odd names and values from one side, well-typed conditions of every form from the other.
any_segment = st.one_of(
    compilable.map(resolved).filter(lambda found: found is not None), segments(allow_limits=True)
)


def texts(of: Outline) -> Iterator[str]:
    yield from (of.title, *of.facts, of.opening, *of.closing)
    waiting: list[Item] = list(of.items)
    while waiting:
        item = waiting.pop()
        yield from (item.text, *item.notes)
        waiting.extend(item.items)


@given(any_segment)
def test_all_that_was_written_is_mentioned_and_lines_keep_to_their_width(of: c.Segment) -> None:
    made = explain(of)
    whole = "\n".join(texts(made))
    for token in mentioned(of):
        assert token in whole
    assert all(line and line == line.strip() for line in texts(made))
    for width in (40, 80, 200):
        for line in render_outline(made, width).splitlines():
            assert cell_width(line) <= width or is_one_word(line)


def is_one_word(line: str) -> bool:
    """Whether there is no single space to break the line at."""
    return not any(word for word in line.strip().replace("  ", "").split(" ")[1:])


def mentioned(of: c.Segment) -> Iterator[str]:
    """Every name and value of the segment as the outline spells it.

    But 0 and 1: `count(x) = 0` is “there is no x”, `1 month ago` is “last month”.
    """
    yield spelling.string(of.name)
    yield from limit_tokens(of.limit)
    waiting: list[c.Condition] = [of.condition]
    while waiting:
        node = waiting.pop()
        match node:
            case c.And(children) | c.Or(children):
                waiting.extend(children)
            case c.Not(child):
                waiting.append(child)
            case c.RuleSet(label, child):
                yield from [] if label is None else [spelling.string(label)]
                waiting.append(child)
            case c.Limited(child, limit):
                yield from limit_tokens(limit)
                waiting.append(child)
            case c.Membership(_, target):
                yield from reference_tokens(target)
            case c.Score(model, low, high):
                yield from (*reference_tokens(model), low.text, high.text)
            case c.Test(subject, predicate, _, quantifier):
                yield from predicate_tokens(predicate)
                yield from subject_tokens(subject)
                if quantifier is not None and quantifier.number is not None:
                    yield spelling.value(quantifier.number)
                if isinstance(subject, c.Aggregate) and subject.filter is not None:
                    waiting.append(subject.filter)
            case c.Everyone():
                pass
            case _:
                assert_never(node)


def limit_tokens(of: Limit | None) -> Iterator[str]:
    if of is not None:
        yield spelling.value(of.number)
        yield from (spelling.name(key.column) for key in of.order if key.column is not None)


def reference_tokens(of: Reference) -> Iterator[str]:
    match of:
        case ById():
            yield spelling.reference(of)
        case ByName(name, parent):
            yield spelling.string(name)
            yield from [] if parent is None else [spelling.string(parent)]
        case _:
            assert_never(of)


def subject_tokens(of: c.Subject) -> Iterator[str]:
    match of:
        case c.Attribute(name):
            yield spelling.name(name)
        case c.GroupAttribute(group, name):
            yield from (spelling.name(group), spelling.name(name))
        case c.MlAttribute(_, model, name):
            yield from (spelling.name(name), *reference_tokens(model))
        case c.Aggregate():
            order = () if of.order is None else (of.order,)
            yield spelling.behavior(of.behavior)
            yield from map(spelling.name, (*of.columns, *of.grouping, *order))
            yield from [] if of.window is None else [spelling.duration(of.window)]
        case _:
            assert_never(of)


def predicate_tokens(of: p.Predicate) -> Iterator[str]:
    match of:
        case p.Compare(_, value):
            yield from [] if is_small(value) else [spelling.value(value)]
        case p.Between(low, high):
            yield from (spelling.value(low), spelling.value(high))
        case p.In(values) | p.Like(_, values):
            yield from map(spelling.value, values)
        case p.Matches(pattern):
            yield spelling.value(pattern)
        case p.TimeCompare(_, moment):
            yield from moment_tokens(moment)
        case p.TimeBetween(low_moment, high_moment):
            yield from (*moment_tokens(low_moment), *moment_tokens(high_moment))
        case p.Within(_, amount, unit):
            yield spelling.amount_of(amount, unit)
        case p.InUnit(_, unit):
            yield unit
        case p.TimeRange(length, start):
            yield from (*duration_tokens(length), *duration_tokens(start))
        case p.BetweenNext(near, far):
            yield from (*duration_tokens(near), *duration_tokens(far))
        case p.IsNull() | p.Today():
            pass
        case _:
            assert_never(of)


def is_small(of: object) -> bool:
    return isinstance(of, Number) and of.value in (0, 1)


def moment_tokens(of: p.Moment) -> Iterator[str]:
    yield from duration_tokens(of.duration) if isinstance(of, p.Ago) else [spelling.value(of)]


def duration_tokens(of: Duration) -> Iterator[str]:
    yield from [] if is_small(of.parts[0].amount) else [spelling.duration(of)]
    yield from [] if of.rounded is None or len(of.parts) == 1 else [of.rounded]


# --- nothing there ---------------------------------------------------------------------

NOW = 1_700_000_000


def holds(of: c.Condition, profile: Profile) -> bool:
    return evaluate(of, profile, Population((profile,), NOW, "Asia/Tokyo"))


def conditions_in(of: c.Condition) -> Iterator[c.Test]:
    waiting = [of]
    while waiting:
        match waiting.pop():
            case c.And(children) | c.Or(children):
                waiting.extend(children)
            case c.Not(child) | c.RuleSet(_, child) | c.Limited(child, _):
                waiting.append(child)
            case c.Test() as test:
                yield test
            case _:
                pass


def told(of: c.Condition) -> tuple[bool, bool]:
    """What the outline says becomes of a profile with nothing, and of the other case it names."""
    (item,) = explain(c.Segment("x", of)).items
    if not item.notes:
        nothing = item.text.startswith("There is no ")
        if not item.text.startswith(("There is no ", "There is at least 1 ")):
            nothing = item.text.endswith(" has no value.")
            assert nothing or item.text.endswith(" has a value.")
        return nothing, nothing
    # Of different values it is said as well that a missing one counts.
    note, *more = item.notes
    assert all(each.endswith(" counts as one value.") for each in more)
    outcomes = [found == "included" for found in re.findall(r"is (included|left out)[.;:]", note)]
    return outcomes[0], outcomes[-1]


def with_value(of: c.Subject, value: Value) -> Profile | None:
    """A profile whose subject has a value; None where an aggregate cannot have it."""
    match of:
        case c.Attribute(name):
            return Profile("", attributes={name: value})
        case c.GroupAttribute(group, name):
            return Profile("", groups={(group, name): value})
        case c.MlAttribute():
            return None
        case c.Aggregate():
            if of.function not in ("first", "last") or of.columns[0] == of.order:
                return None
            assert of.order is not None
            return with_event(of, {of.order: 1, of.columns[0]: value})
        case _:
            assert_never(of)


def with_event(of: c.Aggregate, event: Event) -> Profile | None:
    """A profile with one event, which the aggregate is about; None where its filter says no."""
    if of.is_existential:
        return None
    found = Profile("", events={of.behavior: (event,)})
    matching = c.Test(
        c.Aggregate("count", of.behavior, filter=of.filter), p.Compare(">=", Number("1"))
    )
    return found if holds(matching, found) else None


@given(any_segment)
def test_what_is_said_of_profiles_with_nothing_is_what_they_get(of: c.Segment) -> None:
    for test in conditions_in(of.condition):
        for condition in (test, c.Not(test)):
            nothing, other = told(condition)
            assert holds(condition, Profile("")) == nothing
            subject = test.subject
            if test.quantifier is not None:
                listed = with_value(subject, ())
                if listed is not None:
                    assert holds(condition, listed) == other
            elif (
                isinstance(subject, c.Aggregate)
                and not subject.counts
                and not is_time(test.predicate)
            ):
                valueless = with_event(subject, {} if subject.order is None else {subject.order: 1})
                if valueless is not None and subject.order not in subject.columns:
                    assert holds(condition, valueless) == other
