"""Reports negations that also hold for a missing value (rule 2).

These are negations on a column, or on an aggregate other than a count, which is missing without
events (rule 3). Not reported if an adjacent condition requires a value or events, tests `is null`,
or that there are no events; nor for booleans, for which `is not true` is explicit, for elements
of lists, and for groups and windows. The API does not say which columns can be null, so all can
except the profile's id.
"""

from __future__ import annotations

from collections.abc import Iterator

from segdsl.analysis.lint.labels import subject_text
from segdsl.analysis.lint.normal_form import Leaf, Node
from segdsl.diagnostics import Code, Report
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.counting import holds_of_zero
from segdsl.language.syntax.spelling import behavior
from segdsl.language.values import Boolean

Events = tuple[str, int | None]
Operand = int | Events
"""The number of a subject, or the events of a behavior with the key of their filter."""

NEVER_NULL = "cdp_customer_id"
EVENT_TIME = "timestamp"
"""A column of events that is never null."""


def report_negated_nulls(node: Node, report: Report, *, in_filter: bool) -> None:
    """Reports subjects with a negation that holds for null, once for each group."""
    _check_node(node, frozenset(), set(), report, in_filter)


def _check_node(
    node: Node, decided: frozenset[Operand], reported: set[int], report: Report, in_filter: bool
) -> None:
    if isinstance(node, Leaf):
        is_decided = node.subject in reported or any(each in decided for each in _operands(node))
        if not is_decided and _holds_of_null(node, in_filter):
            reported.add(node.subject)
            _report(node, report, in_filter)
        return
    decided_here = {s for child in node.children for s in _decided_by(child, node.word == "and")}
    if node.word == "and":
        # An adjacent `is null` makes the treatment of null explicit.
        excluded = {s for child in node.children for s in _decided_by(child, False)}
        decided_here |= {each for each in excluded if isinstance(each, int)}
    all_decided = decided | decided_here
    reported = set()
    for child in node.children:
        _check_node(child, all_decided, reported, report, in_filter)


def _operands(leaf: Leaf) -> tuple[Operand, ...]:
    """The operands of a leaf: its subject, and the events that are required for a value."""
    events = _events(leaf)
    return (leaf.subject,) if events is None else (leaf.subject, events)


def _events(leaf: Leaf) -> Events | None:
    """The events of an aggregate: its behavior and the key of its filter."""
    if not isinstance(leaf.condition, c.Test) or not isinstance(
        leaf.condition.subject, c.Aggregate
    ):
        return None
    return leaf.condition.subject.behavior, None if leaf.inside is None else leaf.inside.key


def _decided_by(node: Node, rejected: bool) -> frozenset[Operand]:
    """The operands whose absence a node decides, by requiring a value or by accepting null."""
    if isinstance(node, Leaf):
        return frozenset(_required(node) if rejected else _excluded(node))
    parts = [_decided_by(child, rejected) for child in node.children]
    one_is_enough = rejected == (node.word == "and")
    return frozenset.union(*parts) if one_is_enough else frozenset.intersection(*parts)


def _required(leaf: Leaf) -> Iterator[Operand]:
    """The operands that have a value if this holds."""
    if not isinstance(leaf.condition, c.Test):
        return
    events = _events(leaf)
    if events is None:
        if _is_null(leaf) == leaf.negated:
            yield leaf.subject
    elif _holds_of_no_events(leaf) is False:
        yield leaf.subject
        yield events
        # If events pass a filter, there are events.
        yield events[0], None


def _excluded(leaf: Leaf) -> Iterator[Operand]:
    """The operands that have no value if this holds, explicitly."""
    events = _events(leaf)
    if events is None:
        if _is_null(leaf) and not leaf.negated:
            yield leaf.subject
    elif _counts(leaf) and _holds_of_no_events(leaf):
        yield events


def _holds_of_no_events(leaf: Leaf) -> bool | None:
    """Whether a test of an aggregate holds of a profile without such events."""
    assert isinstance(leaf.condition, c.Test)
    assert isinstance(leaf.condition.subject, c.Aggregate)
    if (
        leaf.condition.subject.some
        or leaf.condition.subject.is_existential
        or not leaf.condition.subject.counts
    ):
        return leaf.negated
    return holds_of_zero(leaf.condition.predicate) != leaf.negated


def _counts(leaf: Leaf) -> bool:
    return (
        isinstance(leaf.condition, c.Test)
        and isinstance(leaf.condition.subject, c.Aggregate)
        and leaf.condition.subject.counts
        and not leaf.condition.subject.is_existential
    )


def _is_null(leaf: Leaf) -> bool:
    return isinstance(leaf.condition, c.Test) and isinstance(leaf.condition.predicate, p.IsNull)


def _holds_of_null(leaf: Leaf, in_filter: bool) -> bool:
    test = leaf.condition
    if not leaf.negated or not isinstance(test, c.Test) or test.quantifier is not None:
        return False
    match test.predicate:
        case p.IsNull() | p.Compare("=", Boolean()):
            return False
    match test.subject:
        case c.Attribute(name):
            return name != NEVER_NULL and not (in_filter and name == EVENT_TIME)
        case c.GroupAttribute() | c.MlAttribute():
            return True
        case c.Aggregate() as aggregate:
            return not (aggregate.counts or aggregate.some or aggregate.is_existential)


def _report(leaf: Leaf, report: Report, in_filter: bool) -> None:
    assert isinstance(leaf.condition, c.Test)
    name = subject_text(leaf.condition.subject)
    if isinstance(leaf.condition.subject, c.Aggregate):
        where = "" if leaf.inside is None else " where …"
        events = behavior(leaf.condition.subject.behavior)
        rows = f"profiles without {'such ' if where else ''}events of `{events}`"
        exclusion, inclusion = f"and (has {events}{where})", f"or (no {events}{where})"
    else:
        rows = f"{'events' if in_filter else 'profiles'} with no `{name}`"
        exclusion, inclusion = f"and {name} is not null", f"or {name} is null"
    report.add(
        Code.SEG601,
        leaf.span,
        f"negated, this also holds for {rows}",
        help=f"to exclude them, add `{exclusion}`; to include them explicitly: `(… {inclusion})`",
        via=leaf.via,
    )
