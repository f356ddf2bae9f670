"""All mistakes of a file are reported in one run, each once, and what is right is kept."""

from __future__ import annotations

from string import Formatter

import pytest

from segdsl.diagnostics import Report
from segdsl.diagnostics.report import Diagnostic
from segdsl.language.syntax import parser
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.syntax_errors import recovery
from segdsl.language.syntax.syntax_errors.rules import Rule, compiled
from segdsl.source import Source


def read(text: str) -> tuple[t.File, list[Diagnostic]]:
    report = Report()
    return parse(Source("x.seg", text), report), report.diagnostics


def underlined(text: str) -> list[str]:
    """What is underlined, in the order of the text."""
    spans = [each.span for each in read(text)[1] if each.span]
    return [text[each.start : each.end] for each in sorted(spans, key=lambda each: each.start)]


@pytest.mark.parametrize(
    ("where", "places"),
    [
        ("a == 1 and b = 2 and c <> 3", ["==", "<>"]),
        ("a == 1\n  or (b = 2 and c === 3)", ["==", "==="]),
        ("sum(p.x where y == 3) > 1 and z <> 2", ["==", "<>"]),
        ("a = 'x' and b in ['y'] and c like '%z%'", ["'x'", "b in ['y']", "c like '%z%'"]),
        (
            "last_seen > 30 days ago and signup since 2024-01-01",
            ["last_seen > 30 days ago", "signup since 2024-01-01"],
        ),
        # One that nothing is known to say instead, and one behind it.
        ("sum(p.x) > sum(p.y) and b == 2", ["sum(p.x) > sum(p.y)", "=="]),
        ("a * 2 > 3 and b == 2 or c % 3", ["*", "==", "%"]),
        # What the builder says behind a mistake, and in front of it.
        ("a == 1 and b > 2024-01-01", ["==", "> 2024-01-01"]),
        ("a in () and b == 1", ["in ()", "=="]),
        ("any (a == 1, b <> 2, c = 3)", ["==", "<>"]),
        ("a = 1 AND b = 2 AND c == 3", ["AND", "=="]),
    ],
)
def test_two_mistakes_of_one_segment_are_both_reported(where: str, places: list[str]) -> None:
    assert underlined(f'segment "x" where {where}') == places


@pytest.mark.parametrize(
    "where",
    [
        "a = 1 b = 2 and (c = 3 or d = 4)",
        "a equals equals 1 and b = 2",
        "a between 1 und 2 and b = 3",
        "a is is null or b = 2",
        "count(p where x = 1 y = 2) > 3 and b = 1",
        "a = = 1",
        "(a = 1 or b = 2 and c = 3",
        "a = 1) and b = 2",
        "a ？ 3 and b = 2",
        "a = 1 and ] b = 2",
    ],
)
def test_one_mistake_is_one_finding(where: str) -> None:
    assert len(read(f'segment "x" where {where}')[1]) == 1


def test_a_mistake_costs_no_other_item() -> None:
    text = (
        "let a = x == 1\n  let b = y = 2\nparam n 3\nsegment \"s\" where z = '1'\n"
        '  segment "t" where u = 2\nsegment "v" where w <> 3 segment "y" where q = 4\n'
        "import c from 'x'\nlet d = e = 5\n"
    )
    file, _ = read(text)
    assert underlined(text) == ["==", "3", "'1'", "<>", "'x'"]
    names = [getattr(each, "name", None) for each in file.items]
    assert names == ["b", "t", "y", "d"]
    assert not file.names_known


def test_a_head_with_a_mistake_does_not_hide_the_condition() -> None:
    assert underlined('segment "x" folders "a" where b == 1') == ["folders", "=="]
    assert underlined('segment "x" kind weekly where b == 1') == ["weekly", "=="]
    assert underlined("segment x where b == 1") == ["x", "=="]


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ('segment "x" where (a = 1 or b = 2\nsegment "y" where c = 1', 18),
        ('segment "x" where any (a = 1, (b = 2\n\nlet c = d = 1', 30),
        ('segment "x" where (a = 1', 18),
        ("let v = not (a = 1 # (\nparam n: number", 12),
    ],
)
def test_a_parenthesis_that_is_open_is_shown(text: str, opened: int) -> None:
    first = read(text)[1][0]
    [note] = first.notes
    assert text[note.span.start : note.span.end] == "("
    assert note.span.start == opened
    assert "not closed" in (first.help or "")


def test_the_word_segment_in_a_string_or_a_comment_begins_no_item() -> None:
    text = 'segment "a" where b == \'segment "c" where d = 1\' # segment "e" where f = 1\n'
    assert len(read(text)[1]) == 2
    assert read(text)[0].items == ()


def test_places_are_those_of_the_source_whatever_was_replaced_before() -> None:
    text = "segment \"x\" where a older than 3 and b LIKE '%y%' and c == 1 and d at least 4"
    assert underlined(text) == ["a older than 3", "b LIKE '%y%'", "==", "d at least 4"]


def test_what_is_parsed_again_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the bound a mistake is still reported, and the next item read."""
    many = " and ".join(f"a{at} == {at}" for at in range(3_000))
    text = "\n".join(f'segment "x{at}" where {many}' for at in range(30))
    parsed = 0
    alone = parser._alone

    def counting(each: str) -> object:
        nonlocal parsed
        parsed += len(each)
        return alone(each)

    monkeypatch.setattr(parser, "_alone", counting)
    found = read(text)[1]
    assert parsed <= recovery.MAX_PARSED + len(text) / 30
    assert len(found) > 20
    items = {text.count("segment", 0, each.span.start) for each in found if each.span}
    assert len(items) == parser.MAX_MISTAKES


RULES = [rule for rule in recovery.RULES if isinstance(rule, Rule)]


@pytest.mark.parametrize("rule", RULES, ids=[rule.pattern for rule in RULES])
def test_every_rule_can_be_read(rule: Rule) -> None:
    """Its pattern compiles, and its texts ask only for pieces that the pattern has."""
    groups = set(compiled(rule.pattern).groupindex)
    for text in (rule.message, rule.also, "" if callable(rule.write) else rule.write):
        asked = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        assert asked <= groups


def test_the_words_of_a_rule_are_in_what_it_matches() -> None:
    """Words are looked for in lower case: one with a capital would never be found."""
    assert [rule.words for rule in RULES if rule.words != rule.words.lower()] == []


def test_events_in_parentheses_leave_the_mistakes_of_their_filter() -> None:
    """All of it was one error without a help, as no text in its place could be parsed."""
    _, found = read('segment "x" where has (p where a is "A" and b == 3)\nsegment "y" where c => 3')
    assert [each.help for each in found] == [
        "write `(has p`; the parenthesis comes before it",
        'write `a = "A"`',
        "write `=`",
        "write `>=`",
    ]


@pytest.mark.parametrize(
    ("where", "help"),
    [
        ("birth_year == 1980", "write `=`"),
        ("price from 2000 to 3000", "write `price between 2000 and 3000`"),
        ("store in 2024, 2025", "write `store in (2024, 2025)`"),
        ("order id in (1, 2)", "write `` `order id` ``"),
        ("count(p where x = 1 y = 2) > 3", "write `and y`"),
    ],
)
def test_what_only_looks_like_a_time_is_none(where: str, help: str) -> None:
    [found] = read(f'segment "x" where {where}')[1]
    assert found.help is not None
    assert found.help.startswith(help)
