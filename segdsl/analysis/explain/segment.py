"""A resolved segment as an outline in plain English, for whoever signs it off.

Negations are pushed into the sentences, and every condition says what becomes of
profiles that have no value or no event. What the words mean is the condition tree's
meaning; nothing here knows of the API.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal as OneOf
from typing import assert_never

from segdsl.analysis.explain.absent import absence
from segdsl.analysis.explain.legend import legend, names_in
from segdsl.analysis.explain.outline import Item, Outline
from segdsl.analysis.explain.subjects import (
    Clause,
    aggregate_clause,
    attribute_clause,
    events_of,
    noun,
)
from segdsl.analysis.explain.verbs import listed
from segdsl.language import predicates as p
from segdsl.language.condition import tree as c
from segdsl.language.condition.walk import walk
from segdsl.language.syntax.spelling import literal, name, reference, string, value
from segdsl.language.values import Limit, Order, SegmentKind
from segdsl.schema.labels import NO_LABELS, Labels

Grouping = OneOf["all", "any", "none", "not all"]
_HOLDS: dict[Grouping, str] = {
    "all": "all of these hold",
    "any": "at least one of these holds",
    "none": "none of these holds",
    "not all": "not all of these hold",
}
_KINDS: dict[SegmentKind, str] = {
    "batch": "batch",
    "realtime": "realtime",
    "funnel_stage": "funnel stage",
    "journey": "journey",
}
_MOST_INLINE = 2


def explain(segment: c.Segment, labels: Labels = NO_LABELS) -> Outline:
    """The segment in words; `labels` are what the console calls what it names."""
    facts = [f"Kind: {_KINDS[segment.kind]}"]
    if segment.folder is not None:
        facts.append(f"Folder: {shown(segment.folder)}")
    if segment.description is not None:
        facts.append(f"Description: {shown(segment.description)}")
    if segment.hidden:
        facts.append("Hidden: the console does not show it")
    rule = explain_rule(segment, "segment")
    closing = [*rule.notes, *times_note([segment.condition])]
    called = legend(names_in(segment, labels))
    if called is not None:
        closing.append(called)
    title = f"Segment {string(segment.name)}"
    return Outline(title, tuple(facts), rule.text, rule.items, tuple(closing))


def explain_rule(segment: c.Segment, what: str) -> Item:
    """The rule of a `segment`, or of a `stage`, as a sentence with its conditions under it.

    The notes say what its limit leaves.
    """
    verb = "is" if segment.limit is None else "may be"
    opening, items = _opening(segment.condition, f"{verb} in this {what}")
    notes = () if segment.limit is None else (_limit_sentence(segment.limit, what),)
    return Item(opening, items, notes)


def explain_criterion(segment: c.Segment) -> Item:
    """The rule of a criterion or a branch of a journey; the notes say what its limit leaves."""
    verb = "meets" if segment.limit is None else "may meet"
    opening, items = _opening(segment.condition, f"{verb} it")
    limit = segment.limit
    if limit is None:
        return Item(opening, items)
    order = _order(limit.order, "the aggregate")
    return Item(opening, items, (f"Of these profiles, only {_first(limit)} meet it{order}.",))


def shown(text: str) -> str:
    """A text of the author's on a line of its own; quoted only where it could not be read."""
    plain = text.isprintable() and text and " ".join(text.split()) == text
    return text if plain else string(text)


# --- groups --------------------------------------------------------------------------


def _opening(condition: c.Condition, is_in: str) -> tuple[str, tuple[Item, ...]]:
    if isinstance(condition, c.Everyone):
        return f"Every profile of the parent segment {is_in}.", ()
    grouping, children = _grouped(condition)
    if grouping is None:
        (child,) = children
        return f"A profile {is_in} when this holds:", (_item(child, True),)
    items = tuple(_item(child, grouping == "all") for child in children)
    return f"A profile {is_in} when {_HOLDS[grouping]}:", items


def _grouped(condition: c.Condition) -> tuple[Grouping | None, tuple[c.Condition, ...]]:
    """How a condition is put together of others; no grouping where it stands alone.

    A condition alone comes back with one `Not` around it at most. A group under a `Not`
    whose members are all negated comes back as the group of their opposites.
    """
    negated = False
    while isinstance(condition, c.Not):
        condition, negated = condition.child, not negated
    if not isinstance(condition, c.And | c.Or):
        return None, (c.Not(condition) if negated else condition,)
    children = _flat(condition.children, type(condition))
    if not negated:
        return ("all" if isinstance(condition, c.And) else "any"), children
    if all(isinstance(child, c.Not) for child in children):
        opposite = c.Or if isinstance(condition, c.And) else c.And
        inner = tuple(child.child for child in children if isinstance(child, c.Not))
        return ("any" if opposite is c.Or else "all"), _flat(inner, opposite)
    return ("not all" if isinstance(condition, c.And) else "none"), children


def _flat(
    children: tuple[c.Condition, ...], group: type[c.And] | type[c.Or]
) -> tuple[c.Condition, ...]:
    """The members, with those of members that are the same kind of group."""
    found: list[c.Condition] = []
    waiting = list(reversed(children))
    while waiting:
        child = waiting.pop()
        if isinstance(child, group):
            waiting.extend(reversed(child.children))
        else:
            found.append(child)
    return tuple(found)


def _item(condition: c.Condition, decides: bool, label: str = "") -> Item:
    """One numbered sentence with what is under it.

    `decides` says that a profile the condition does not hold for is not in the segment;
    elsewhere the notes speak of this condition alone.
    """
    grouping, children = _grouped(condition)
    if grouping is not None:
        within = decides and grouping == "all"
        text = _lead(label, f"{_HOLDS[grouping]}:")
        return Item(text, tuple(_item(child, within) for child in children))
    (child,) = children
    negated = isinstance(child, c.Not)
    leaf = child.child if isinstance(child, c.Not) else child
    match leaf:
        case c.RuleSet(inner_label, inner):
            shown = label if inner_label is None else f"{label}{string(inner_label)}: "
            if negated:
                return Item(_lead(label, "this does not hold:"), (_item(leaf, False),))
            return _item(inner, decides, shown)
        case c.Test():
            return _test(leaf, negated, decides, label)
        case c.Limited():
            return _limited(leaf, negated, label)
        case c.Membership(kind, target):
            verb = "is not in" if negated else "is in"
            where = f"the {kind} {reference(target, kind)}"
            return Item(_lead(label, f"the profile {verb} {where}."))
        case c.Score():
            return _score(leaf, negated, decides, label)
        case c.Everyone():
            who = "no profile" if negated else "every profile"
            return Item(_lead(label, f"this holds for {who}."))
        case c.And() | c.Or() | c.Not():
            raise AssertionError("a condition alone is not a group")
        case _:
            assert_never(leaf)


def _lead(label: str, words: str, named: bool = False) -> str:
    """The words after a label, or as the beginning of a sentence; a name stays as it is."""
    if label or named:
        return f"{label}{words}"
    return words[0].upper() + words[1:]


# --- conditions ----------------------------------------------------------------------


def _test(test: c.Test, negated: bool, decides: bool, label: str) -> Item:
    subject = test.subject
    match subject:
        case c.Attribute() | c.GroupAttribute() | c.MlAttribute():
            clause = attribute_clause(test, negated)
            text = _lead(label, f"{clause.words}.", clause.named)
            return Item(text, (), () if clause.plain else _notes(test, negated, decides))
        case c.Aggregate():
            clause = aggregate_clause(test, subject, negated)
            words, items = _with_filter(clause, subject.filter)
            notes = () if clause.plain else _notes(test, negated, decides)
            return Item(_lead(label, words), items, notes)
        case _:
            assert_never(subject)


def _notes(test: c.Test, negated: bool, decides: bool) -> tuple[str, ...]:
    """What becomes of profiles with nothing; further cases only where they differ."""
    found = absence(test, negated)
    subject = test.subject
    zero = ""
    if isinstance(subject, c.Aggregate):
        such = "such event" if subject.filter else events_of(subject.behavior, one=True)
        nothing = f"no {such}"
        if subject.counts and not subject.some and not subject.is_existential:
            zero = ": it counts as 0"
    else:
        nothing = f"no {noun(subject)}"
    sentence = f"A profile with {nothing} {_becomes(found.nothing, decides)}{zero}"
    others = []
    if found.empty_list is not None and found.empty_list != found.nothing:
        others.append("with an empty list")
    differs = found.events_without_value not in (None, found.nothing)
    if differs and isinstance(subject, c.Aggregate) and not subject.is_existential:
        others.append(_events_without_value(subject))
    if others:
        sentence += f"; one {' or '.join(others)} {_becomes(not found.nothing, decides)}"
    return (f"{sentence}.", *_missing_counts(subject))


def _missing_counts(subject: c.Subject) -> tuple[str, ...]:
    """Of different values: a missing one is one of them, as a row of nulls is a row (described)."""
    if not isinstance(subject, c.Aggregate) or subject.function != "count distinct":
        return ()
    return (
        f"A missing {listed([name(each) for each in subject.columns], 'or')} counts as one value.",
    )


def _events_without_value(aggregate: c.Aggregate) -> str:
    column = name(aggregate.columns[0])
    if aggregate.function in ("first", "last"):
        return f"whose {aggregate.function} event has no {column}"
    return f"whose events all have no {column} (which counts as 0)"


def _becomes(holds: bool, decides: bool) -> str:
    if decides:
        return "is included" if holds else "is left out"
    return "meets this" if holds else "does not meet this"


def _score(score: c.Score, negated: bool, decides: bool, label: str) -> Item:
    verb = "is not" if negated else "is"
    words = (
        f"the score of the model {reference(score.model)} {verb} between "
        f"{literal(score.low)} and {literal(score.high)} (both included)."
    )
    becomes = _becomes(negated, decides)
    if score.including_converted:
        note = f"A profile with no score {becomes}; one that has converted is asked like any other."
    else:
        note = f"A profile with no score, or one that has converted, {becomes}."
    return Item(_lead(label, words), (), (note,))


def _limited(limited: c.Limited, negated: bool, label: str) -> Item:
    verb = "is not" if negated else "is"
    words = f"the profile {verb} among {_first(limited.limit)} of those for which this holds"
    order = _order(limited.limit.order, "what this asks for")
    return Item(_lead(label, f"{words}{order}:"), (_item(limited.child, False),))


def _limit_sentence(limit: Limit, what: str) -> str:
    order = _order(limit.order, "the aggregate")
    return f"Of these profiles, only {_first(limit)} are in the {what}{order}."


def _first(limit: Limit) -> str:
    return f"the first {value(limit.number)}{'%' if limit.percent else ''}"


def _order(orders: tuple[Order, ...], aggregate: str) -> str:
    if not orders:
        return ""
    keys = [
        f"{aggregate if key.column is None else name(key.column)} "
        f"{'from high to low' if key.descending else 'from low to high'}"
        for key in orders
    ]
    return f", ordered by {', then by '.join(keys)}"


# --- filters -------------------------------------------------------------------------


def _with_filter(clause: Clause, filter: c.Condition | None) -> tuple[str, tuple[Item, ...]]:
    """The sentence with its filter: one or two plain parts in it, anything more under it."""
    if filter is None:
        return f"{clause.words}.", ()
    grouping, children = _grouped(filter)
    simple = [_column_words(child) for child in children]
    parts = [part for part in simple if part is not None]
    if len(parts) == len(children) <= _MOST_INLINE and grouping in (None, "all", "any"):
        where = (" or " if grouping == "any" else " and ").join(parts)
        return f"{clause.words}{clause.events} where {where}.", ()
    assert grouping is not None, "a filter holds tests and groups of them"
    which = f"for which {_HOLDS[grouping]}:"
    return f"{clause.words}{clause.events} {which}", tuple(map(_column_item, children))


def _column_item(condition: c.Condition) -> Item:
    grouping, children = _grouped(condition)
    if grouping is not None:
        return Item(_lead("", f"{_HOLDS[grouping]}:"), tuple(map(_column_item, children)))
    (child,) = children
    test = child.child if isinstance(child, c.Not) else child
    named = isinstance(test, c.Test) and test.quantifier is None
    return Item(_lead("", f"{_column_words(child)}.", named))


def _column_words(condition: c.Condition) -> str | None:
    """A test of one column, with when it holds of events that have nothing there."""
    negated = isinstance(condition, c.Not)
    test = condition.child if isinstance(condition, c.Not) else condition
    if not isinstance(test, c.Test):
        return None
    clause = attribute_clause(test, negated)
    if clause.plain:
        return clause.words
    found = absence(test, negated)
    also = ["has no value"] if found.nothing else []
    if found.empty_list:
        also.append("is an empty list")
    if not also:
        return clause.words
    it = "" if clause.named else f"{noun(test.subject)} "
    return f"{clause.words} (or {it}{listed(also, 'or')})"


# --- times ---------------------------------------------------------------------------


def times_note(conditions: Iterable[c.Condition]) -> tuple[str, ...]:
    """What the times in conditions are; nothing where there are none."""
    nodes = (node for each in conditions for node in walk(each, filters=True))
    tests = (node for node in nodes if isinstance(node, c.Test))
    asked = [test.predicate for test in tests if p.is_time(test.predicate)]
    if not asked:
        return ()
    zone = "Times are in the parent segment's time zone"
    if not all(map(p.is_relative, asked)):
        zone += ", unless they are written with one of their own"
    if not any(map(p.is_relative, asked)):
        return (f"{zone}.",)
    return (f"{zone}. Today is the day on which the segment is run.",)
