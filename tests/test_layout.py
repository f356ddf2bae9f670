"""The layout on two levels: plain where it fits, else as few rule sets as there can be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import scaled
from segdsl.diagnostics import Code, Report
from segdsl.rules.layout import (
    Branch,
    FixedRuleSet,
    Leaf,
    Shape,
    lay_out,
    lay_out_nested,
    two_levels,
)
from segdsl.rules.layout.packing import pack
from segdsl.rules.layout.shape import branch, is_flat, leaves, without_fixed
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.rule.composite import MAX_RULE_SETS, MAX_RULES, ExprError, read_expr, write_expr
from segdsl.rules.rule.model import Group, ReferenceCondition


def leaf(name: object) -> Leaf:
    return Leaf(ReferenceCondition("Reference", str(name), False))


def shape(text: str) -> Shape:
    """A shape from a sketch: `a & (b | c)`, `[a & b]` for a fixed rule set, `L[a]` with a label."""
    tokens = [token for token in text if not token.isspace()]
    position = 0

    def either() -> Shape:
        nonlocal position
        parts, words = [one()], set()
        while position < len(tokens) and tokens[position] in "&|":
            words.add(tokens[position])
            position += 1
            parts.append(one())
        assert len(words) < 2, "write parentheses"
        return parts[0] if not words else branch("And" if words == {"&"} else "Or", parts)

    def one() -> Shape:
        nonlocal position
        token = tokens[position]
        position += 1
        label = None
        if token.isupper():
            label, token = token, tokens[position]
            position += 1
        if token in "([":
            inner = either()
            position += 1
            return FixedRuleSet(label, inner) if token == "[" else inner
        return leaf(token)

    return either()


def drawn(group: Group) -> str:
    """A rule as a sketch: `And{And[a b] Or[c d]}`."""
    parts = []
    for part in group.conditions:
        if isinstance(part, Group):
            inner = "".join(
                each.id for each in part.conditions if isinstance(each, ReferenceCondition)
            )
            label = f"{part.description}:" if part.description else ""
            kind = part.type if part.expr is None else part.expr
            parts.append(f"{label}{kind}[{inner}]")
        else:
            assert isinstance(part, ReferenceCondition)
            parts.append(part.id)
    return f"{group.type if group.expr is None else group.expr}{{{' '.join(parts)}}}"


def laid_out(text: str) -> str:
    report = Report()
    found = lay_out(shape(text), report)
    assert found is not None, [d.message for d in report.diagnostics]
    return drawn(found)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("a", "And{And[a]}"),
        ("a & b", "And{And[ab]}"),
        ("a | b", "And{Or[ab]}"),
        ("a & (b | c)", "And{And[a] Or[bc]}"),
        ("(b | c) & a & d", "And{Or[bc] And[ad]}"),
        ("a & (b | c) & d & (e | f)", "And{And[ad] Or[bc] Or[ef]}"),
        ("(a & b) | (c & d)", "Or{And[ab] And[cd]}"),
        ("a | (b & c) | d", "Or{Or[ad] And[bc]}"),
        ("a | (b & c)", "Or{And[a] And[bc]}"),
        # A group that must stay a rule set of its own.
        ("L[a & b] & c", "And{L:And[ab] And[c]}"),
        ("[a & b] & [c & d]", "And{And[ab] And[cd]}"),
        ("L[a | b]", "And{L:Or[ab]}"),
        ("a & L[b & (c | d)]", "And{And[a] L:A and (B or C)[bcd]}"),
        # Deeper than two levels: Composite, one rule set as long as 26 rules are enough.
        ("a & (b | (c & d))", "And{A and (B or (C and D))[abcd]}"),
        ("(a & (b | c)) | (d & e)", "And{(A and (B or C)) or (D and E)[abcde]}"),
        ("a & (b | L[c & d])", "1 and (2 or 3){And[a] And[b] L:And[cd]}"),
        ("a & (b | c | L[d | e])", "1 and (2 or 3){And[a] Or[bc] L:Or[de]}"),
    ],
)
def test_layout(source: str, rule: str) -> None:
    assert laid_out(source) == rule


@pytest.mark.parametrize("source", ["a", "a | b", "a & (b | (c & d))", "a & (b | c) & L[d & e]"])
def test_nested_layout_keeps_the_tree(source: str) -> None:
    found = lay_out_nested(shape(source))
    assert normalise(found) == lay_out(shape(source), Report())


def test_nested_layout_has_no_rule_sets_but_labels() -> None:
    assert drawn(lay_out_nested(shape("[a & b] & L[c | d]"))) == "And{a b L:Or[cd]}"


# --- the fewest rule sets ------------------------------------------------------------


@st.composite
def trees(draw: st.DrawFn, fixed: bool = False) -> Shape:
    """Shapes of up to eight conditions."""
    count = draw(st.integers(1, 8))
    items: list[Shape] = [leaf(chr(ord("a") + index)) for index in range(count)]
    while len(items) > 1:
        size = draw(st.integers(2, min(len(items), 4)))
        at = draw(st.integers(0, len(items) - size))
        group = branch(draw(st.sampled_from(["And", "Or"])), items[at : at + size])
        if fixed and draw(st.integers(0, 5)) == 0 and not _fixed_in(group):
            group = FixedRuleSet(draw(st.sampled_from([None, "L"])), group)
        items[at : at + size] = [group]
    return items[0]


def _fixed_in(of: Shape) -> bool:
    match of:
        case FixedRuleSet():
            return True
        case Branch(_, children):
            return any(_fixed_in(child) for child in children)
        case Leaf():
            return False


def _partitions(items: list[str]) -> Iterator[list[frozenset[str]]]:
    if not items:
        yield []
        return
    first, *rest = items
    for found in _partitions(rest):
        yield [frozenset({first}), *found]
        for at in range(len(found)):
            yield [*found[:at], found[at] | {first}, *found[at + 1 :]]


def _name(of: Leaf) -> str:
    assert isinstance(of.condition, ReferenceCondition)
    return of.condition.id


def _possible_sets(of: Shape, capacity: int) -> set[frozenset[str]]:
    """Every set of conditions that one rule set can hold: some children of one group."""
    found: set[frozenset[str]] = set()

    def names(part: Shape) -> frozenset[str]:
        return frozenset(_name(each) for each in leaves(part))

    def visit(part: Shape) -> None:
        match part:
            case Leaf():
                found.add(names(part))
            case FixedRuleSet():
                found.add(names(part))
            case Branch(_, children):
                for mask in range(1, 1 << len(children)):
                    chosen = [child for at, child in enumerate(children) if mask >> at & 1]
                    if any(_fixed_in(child) for child in chosen) and len(chosen) > 1:
                        continue
                    together = frozenset[str]().union(*(names(child) for child in chosen))
                    loose = all(isinstance(child, Leaf) for child in chosen)
                    single = len(chosen) == 1 and is_flat(chosen[0])
                    fits = loose or single or len(together) <= capacity
                    if fits and not any(_fixed_in(child) for child in chosen):
                        found.add(together)
                for child in children:
                    visit(child)

    visit(of)
    return found


def _fewest(of: Shape, capacity: int) -> int:
    possible = _possible_sets(of, capacity)
    everything = [_name(each) for each in leaves(of)]
    return min(
        len(found) for found in _partitions(everything) if all(each in possible for each in found)
    )


@settings(max_examples=scaled(400), deadline=None)
@given(trees(fixed=True), st.integers(2, 4))
def test_no_layout_has_fewer_rule_sets(of: Shape, capacity: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_levels, "MAX_RULES", capacity)
        report = Report()
        found = lay_out(of, report)
        if found is None:
            assert {d.code for d in report.diagnostics} == {Code.SEG302}
        elif two_levels._plain(of) is None:
            assert len(found.conditions) == _fewest(of, capacity)


@settings(max_examples=scaled(300), deadline=None)
@given(st.lists(st.integers(1, 9), max_size=8), st.integers(9, 12))
def test_packing_is_exact_for_a_few(sizes: list[int], capacity: int) -> None:
    def fewest(at: int, room: tuple[int, ...], best: int) -> int:
        if len(room) >= best:
            return best
        if at == len(sizes):
            return len(room)
        for index, free in enumerate(room):
            if free >= sizes[at]:
                kept = (*room[:index], free - sizes[at], *room[index + 1 :])
                best = min(best, fewest(at + 1, kept, best))
        return min(best, fewest(at + 1, (*room, capacity - sizes[at]), best))

    bins = pack(sizes, capacity)
    assert sorted(index for each in bins for index in each) == list(range(len(sizes)))
    assert all(sum(sizes[index] for index in each) <= capacity for each in bins)
    assert len(bins) == fewest(0, (), len(sizes) + 1)


# --- the limits of 26 rules and 9 rule sets ------------------------------------------


def _wide(groups: int, each: int) -> Shape:
    """`first or (a1 and … and (b or c))`, of which each half-group fills one rule set."""

    def full(group: int) -> Shape:
        inner = branch("And", [leaf(f"{group}x"), leaf(f"{group}y")])
        loose = [leaf(f"{group}-{index}") for index in range(each - 2)]
        return branch("Or", [*loose, inner])

    top = branch("And", [full(group) for group in range(groups - 1)])
    return branch("Or", [top, leaf("last")])


def test_a_tree_that_just_fits_fits() -> None:
    found = lay_out(_wide(MAX_RULE_SETS, MAX_RULES), Report())
    assert found is not None
    assert found.expr == "(1 and 2 and 3 and 4 and 5 and 6 and 7 and 8) or 9"
    assert [len(part.conditions) for part in found.conditions if isinstance(part, Group)] == [
        26
    ] * 8 + [1]


def test_one_rule_set_more_is_an_error_that_counts_and_points() -> None:
    report = Report()
    assert lay_out(_wide(MAX_RULE_SETS + 1, MAX_RULES), report) is None
    (found,) = report.diagnostics
    assert found.code is Code.SEG301
    assert "235 conditions, which need 10 rule sets" in found.message
    assert "234 conditions, 9 rule sets" in (found.help or "")


def test_one_condition_more_takes_a_rule_set_more() -> None:
    inner = branch("Or", [leaf("x"), branch("And", [leaf("y"), leaf("z")])])
    loose = [leaf(index) for index in range(MAX_RULES - 3)]
    fits = lay_out(branch("And", [*loose, inner]), Report())
    more = lay_out(branch("And", [*loose, leaf("one more"), inner]), Report())
    assert fits is not None
    assert len(fits.conditions) == 1
    assert more is not None
    assert len(more.conditions) == 2
    assert more.type == "And"


def test_one_condition_twice_is_two_conditions() -> None:
    """A Composite expression may name a rule twice; both stand for the same object."""
    twice = leaf("a")
    found = lay_out(branch("Or", [twice, twice, branch("And", [leaf("b"), leaf("c")])]), Report())
    assert found is not None
    assert drawn(found) == "Or{Or[aa] And[bc]}"


def test_flat_rule_sets_have_no_limit() -> None:
    many = branch("And", [branch("Or", [leaf((a, b)) for b in range(40)]) for a in range(30)])
    found = lay_out(many, Report())
    assert found is not None
    assert found.type == "And"
    assert len(found.conditions) == 30


def test_a_pinned_rule_set_of_27_rules_is_an_error_only_in_composite() -> None:
    flat = FixedRuleSet("L", branch("And", [leaf(index) for index in range(27)]))
    assert lay_out(flat, Report()) is not None
    report = Report()
    deep = branch("Or", [leaf("x"), branch("And", [leaf(index) for index in range(26)])])
    assert lay_out(FixedRuleSet("L", deep), report) is None
    assert [d.code for d in report.diagnostics] == [Code.SEG302]


def test_a_rule_set_inside_another_is_an_error() -> None:
    report = Report()
    assert lay_out(shape("L[a & M[b | c]]"), report) is None
    assert [d.code for d in report.diagnostics] == [Code.SEG210]


# --- and back ------------------------------------------------------------------------


@settings(max_examples=scaled(2_000), deadline=None)
@given(trees(fixed=True))
def test_laying_out_is_normal_form(of: Shape) -> None:
    found = lay_out(of, Report())
    assert found is not None
    assert normalise(found) == found
    assert normalise(lay_out_nested(without_fixed(of, keep_labels=True))) is not None


@pytest.mark.parametrize(
    ("expr", "written"),
    [
        ("1 and (2 or 3)", "1 and (2 or 3)"),
        ("1 and 2 or 3", "(1 and 2) or 3"),
        ("((1))", "1"),
        ("1 AND 2", "1 and 2"),
    ],
)
def test_expressions(expr: str, written: str) -> None:
    assert write_expr(read_expr(expr, rule_sets=True), rule_sets=True) == written


@pytest.mark.parametrize(
    "expr", ["", "1 and", "not 1", "(1", "1)", "0", "A", "1 2", "1 xor 2", "(" * 500]
)
def test_expressions_that_cannot_be_read(expr: str) -> None:
    with pytest.raises(ExprError):
        read_expr(expr, rule_sets=True)
