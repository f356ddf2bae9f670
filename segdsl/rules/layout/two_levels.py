"""A shape on the API's two levels: a rule of rule sets, each of conditions.

What one And or Or over rule sets can say is written so, in the order of the source.
Anything deeper becomes Composite, with as few rule sets as there can be. Neither
duplicates a condition, and neither changes what is asked.

Why a minimum is found one group at a time: each condition is named once, so a rule
set is always some of the children of one group. A child of up to 26 conditions is
best taken whole (split up it would need a rule set at least, and could share none),
so only children that are larger, or that hold a fixed rule set, are looked into.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.rules.layout.packing import pack
from segdsl.rules.layout.shape import (
    Branch,
    FixedRuleSet,
    Leaf,
    Shape,
    is_flat,
    leaves,
    without_fixed,
)
from segdsl.rules.rule.composite import (
    MAX_RULE_SETS,
    MAX_RULES,
    Combined,
    Expr,
    Named,
    names,
    write_expr,
)
from segdsl.rules.rule.model import Condition, Group


def lay_out(shape: Shape, report: Report) -> Group | None:
    """The rule on two levels; None after a report where it cannot be."""
    if not _fixed_fit(shape, report):
        return None
    plain = _plain(shape)
    if plain is not None:
        return plain
    sets: list[Group] = []
    measures = _Measures()
    if _is_too_large(shape, measures, report):
        return None
    expr = _Composite(sets, measures).expression(shape)
    order = names(expr)
    ordered = tuple(sets[index] for index in order)
    if isinstance(expr, Named):
        return Group("And", ordered)
    if all(isinstance(part, Named) for part in expr.parts):
        return Group("And" if expr.word == "and" else "Or", ordered)
    place = {index: at for at, index in enumerate(order)}
    return Group("Composite", ordered, expr=write_expr(_renamed(expr, place), rule_sets=True))


def lay_out_nested(shape: Shape) -> Group:
    """The rule as And and Or at any depth, as older rules are written; only labels make groups."""
    found = without_fixed(shape, keep_labels=True)
    match found:
        case Branch(kind, children):
            return Group(kind, tuple(_nested(child) for child in children))
        case Leaf() | FixedRuleSet():
            return Group("And", (_nested(found),))


def _nested(shape: Shape) -> Group | Condition:
    match shape:
        case Leaf(condition):
            return condition
        case Branch(kind, children):
            return Group(kind, tuple(_nested(child) for child in children))
        case FixedRuleSet(label, child):
            inner = _nested(child)
            if not isinstance(inner, Group) or inner.description is not None:
                inner = Group("And", (inner,))
            return msgspec.structs.replace(inner, description=label)


# --- the plain way -------------------------------------------------------------------


def _plain(shape: Shape) -> Group | None:
    """One And or Or over rule sets, loose conditions gathered in one; None if it is deeper."""
    match shape:
        case Leaf():
            return Group("And", (_rule_set([shape], "And"),))
        case FixedRuleSet():
            return Group("And", (_fixed_group(shape),))
        case Branch(kind, children):
            if is_flat(shape):
                return Group("And", (_rule_set(list(children), kind),))
    loose: list[Shape] = [child for child in children if isinstance(child, Leaf)]
    first = next((at for at, child in enumerate(children) if isinstance(child, Leaf)), None)
    sets: list[Group] = []
    for at, child in enumerate(children):
        match child:
            case Leaf():
                if at == first:
                    sets.append(_rule_set(loose, kind))
            case FixedRuleSet():
                sets.append(_fixed_group(child))
            case Branch(inner, grandchildren):
                if not is_flat(child):
                    return None
                sets.append(_rule_set(list(grandchildren), inner))
    return Group(kind, tuple(sets))


def _fixed_group(rule_set: FixedRuleSet) -> Group:
    child = rule_set.child
    items: list[Shape] = list(child.children) if isinstance(child, Branch) else [child]
    made = _rule_set(items, child.kind if isinstance(child, Branch) else "And")
    return msgspec.structs.replace(made, description=rule_set.label)


def _rule_set(items: list[Shape], kind: str) -> Group:
    """A rule set of some children of a group of that kind."""
    if len(items) == 1 and isinstance(items[0], Branch):
        return _rule_set(list(items[0].children), items[0].kind)
    loose = [item.condition for item in items if isinstance(item, Leaf)]
    if len(loose) == len(items):
        return Group("Or" if kind == "Or" and len(items) > 1 else "And", tuple(loose))
    conditions = tuple(leaf.condition for item in items for leaf in leaves(item))
    counter = iter(range(len(conditions)))
    word = "and" if kind == "And" else "or"
    expr = _combined(word, [_expr_of(item, counter) for item in items])
    return Group("Composite", conditions, expr=write_expr(expr, rule_sets=False))


def _expr_of(shape: Shape, counter: Iterator[int]) -> Expr:
    match shape:
        case Branch(kind, children):
            word = "and" if kind == "And" else "or"
            return _combined(word, [_expr_of(child, counter) for child in children])
        case Leaf() | FixedRuleSet():
            return Named(next(counter))


def _combined(word: str, parts: list[Expr]) -> Expr:
    if len(parts) == 1:
        return parts[0]
    return Combined("and" if word == "and" else "or", tuple(parts))


# --- Composite -----------------------------------------------------------------------


class _Measures:
    """Sizes of the parts of one shape, each worked out once; parts are told apart by identity."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._has_fixed: dict[int, bool] = {}
        self._sets: dict[int, int] = {}

    def size(self, shape: Shape) -> int:
        """How many conditions there are."""
        if id(shape) not in self._sizes:
            match shape:
                case Leaf():
                    found = 1
                case Branch(_, children):
                    found = sum(self.size(child) for child in children)
                case FixedRuleSet(_, child):
                    found = self.size(child)
            self._sizes[id(shape)] = found
        return self._sizes[id(shape)]

    def has_fixed(self, shape: Shape) -> bool:
        if id(shape) not in self._has_fixed:
            match shape:
                case Leaf():
                    found = False
                case Branch(_, children):
                    found = any(self.has_fixed(child) for child in children)
                case FixedRuleSet():
                    found = True
            self._has_fixed[id(shape)] = found
        return self._has_fixed[id(shape)]

    def split(self, shape: Branch) -> tuple[list[int], list[int], list[int]]:
        """Children that are loose, those taken whole, and those that are looked into."""
        loose, whole, apart = [], [], []
        for at, child in enumerate(shape.children):
            if isinstance(child, Leaf):
                loose.append(at)
            elif not self.has_fixed(child) and self.size(child) <= MAX_RULES:
                whole.append(at)
            else:
                apart.append(at)
        return loose, whole, apart

    def rule_sets(self, shape: Shape) -> int:
        """How many rule sets the part needs."""
        if id(shape) not in self._sets:
            found = 1
            if isinstance(shape, Branch) and not is_flat(shape):
                loose, whole, apart = self.split(shape)
                found = len(self.bins(shape.children, whole, loose))
                found += sum(self.rule_sets(shape.children[at]) for at in apart)
            self._sets[id(shape)] = found
        return self._sets[id(shape)]

    def bins(
        self, children: tuple[Shape, ...], whole: list[int], loose: list[int]
    ) -> list[list[int]]:
        """Which children share a rule set: whole groups packed, loose ones in the room left."""
        sizes = [self.size(children[at]) for at in whole]
        bins = [[whole[index] for index in each] for each in pack(sizes, MAX_RULES)]
        room = [MAX_RULES - sum(self.size(children[at]) for at in each) for each in bins]
        if loose and len(loose) > sum(room):
            bins.append(loose)
        elif loose:
            left = iter(loose)
            for each, free in zip(bins, room, strict=True):
                each.extend(at for _, at in zip(range(free), left, strict=False))
        return sorted(sorted(each) for each in bins)


class _Composite:
    """Makes rule sets, adding to `sets`, and the expression over them."""

    def __init__(self, sets: list[Group], measures: _Measures) -> None:
        self.sets = sets
        self.measures = measures

    def _add(self, made: Group) -> Expr:
        self.sets.append(made)
        return Named(len(self.sets) - 1)

    def expression(self, shape: Shape) -> Expr:
        match shape:
            case Leaf():
                return self._add(_rule_set([shape], "And"))
            case FixedRuleSet():
                return self._add(_fixed_group(shape))
            case Branch(kind, children):
                pass
        if is_flat(shape):
            return self._add(_rule_set([shape], kind))
        loose, whole, apart = self.measures.split(shape)
        parts = [(at, self.expression(children[at])) for at in apart]
        for bin_ in self.measures.bins(children, whole, loose):
            items = [children[at] for at in bin_]
            parts.append((bin_[0], self._add(_rule_set(items, kind))))
        parts.sort(key=lambda part: part[0])
        return _combined("and" if kind == "And" else "or", [expr for _, expr in parts])


def _renamed(expr: Expr, place: dict[int, int]) -> Expr:
    match expr:
        case Named(index):
            return Named(place[index])
        case Combined(word, parts):
            return Combined(word, tuple(_renamed(part, place) for part in parts))


# --- what does not fit ---------------------------------------------------------------


def _fixed_fit(shape: Shape, report: Report) -> bool:
    """Whether every fixed rule set can be one: none inside another, none over 26 rules."""
    match shape:
        case Leaf():
            return True
        case Branch(_, children):
            # Every one is looked at, so that all are told.
            fit = [_fixed_fit(each, report) for each in children if not isinstance(each, Leaf)]
            return all(fit)
        case FixedRuleSet(label, child, span, via):
            inner = next((each for each in _fixed_rule_sets(child)), None)
            if inner is not None:
                words = sorted({_fixed_by(label), _fixed_by(inner.label)})
                report.add(
                    Code.SEG210,
                    inner.span,
                    "a rule set cannot contain another one, and this group is inside one",
                    help=f"remove the {' or the '.join(words)} of one of them, or compile with "
                    "`--layout nested`",
                    via=inner.via,
                )
                return False
            size = _Measures().size(child)
            if size > MAX_RULES and not is_flat(child):
                report.add(
                    Code.SEG302,
                    span,
                    f"this rule set has {size} conditions in nested groups; "
                    f"the API allows at most {MAX_RULES}",
                    help=f"remove the {_fixed_by(label)} so that it can be split, or move a "
                    'part into its own segment and refer to it: `in segment "…"`',
                    via=via,
                )
                return False
            return True


def _fixed_by(label: str | None) -> str:
    """What in the source keeps a group a rule set of its own."""
    return "`rule set`" if label is None else "label"


def _fixed_rule_sets(shape: Shape) -> Iterable[FixedRuleSet]:
    match shape:
        case Leaf():
            return
        case Branch(_, children):
            for child in children:
                yield from _fixed_rule_sets(child)
        case FixedRuleSet():
            yield shape


def _is_too_large(shape: Shape, measures: _Measures, report: Report) -> bool:
    """Reports a tree that needs Composite over too many rule sets, and which group to move away."""
    needed = measures.rule_sets(shape)
    if needed <= MAX_RULE_SETS or not isinstance(shape, Branch):
        return False
    if all(
        is_flat(shape.children[at]) or isinstance(shape.children[at], FixedRuleSet)
        for at in measures.split(shape)[2]
    ):
        return False
    group: Branch = shape
    while True:
        inner = [child for child in group.children if isinstance(child, Branch)]
        largest = max(inner, key=measures.rule_sets, default=None)
        if largest is None:
            break
        group = largest
        if measures.rule_sets(group) <= MAX_RULE_SETS:
            break
    report.add(
        Code.SEG301,
        group.span,
        f"this segment has {measures.size(shape)} conditions, which need {needed} rule sets; "
        f"the API has room for {MAX_RULE_SETS} of up to {MAX_RULES} rules each",
        help=f"move this group ({measures.size(group)} conditions, {measures.rule_sets(group)} "
        'rule sets) into its own segment and write `in segment "…"` in its place; '
        "or compile with `--layout nested`",
    )
    return True
