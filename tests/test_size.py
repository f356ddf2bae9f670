"""Large segments compile, format and come back; hostile text gets a finding, at once."""

from __future__ import annotations

import random

import pytest

from quick import scaled
from segdsl import compile_text
from segdsl.diagnostics import Code, Report
from segdsl.language.format import format_file
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import MAX_CHARACTERS, parse
from segdsl.language.syntax.tree import File
from segdsl.rules.decompile import decompile
from segdsl.rules.lower import lower
from segdsl.rules.lower.segment import Layout
from segdsl.rules.rule.model import Group, Rule, encode
from segdsl.source import Source


def tree_of(text: str) -> File:
    report = Report()
    found = parse(Source("x.seg", text), report)
    assert not report.diagnostics, [d.message for d in report.diagnostics]
    return found


def rule_of(file: File, layout: Layout = "v5") -> Rule:
    report = Report()
    (segment,) = resolve(Program("x.seg", {"x.seg": file}), report)
    rule = lower(segment, report, layout=layout)
    assert rule is not None, [d.message for d in report.diagnostics]
    return rule


def goes_round(where: str, layout: Layout = "v5") -> Rule:
    """Compiles, formats, decompiles and compiles again; returns the rule."""
    file = tree_of(f'segment "Untitled"\n\nwhere\n  {where}\n')
    text = format_file(file)
    assert tree_of(text) == file
    assert format_file(tree_of(text)) == text
    rule = rule_of(file, layout)
    report = Report()
    source = decompile(encode(rule), "x.json", report)
    assert source is not None, [d.message for d in report.diagnostics]
    assert rule_of(tree_of(source), layout) == rule
    return rule


def test_two_thousand_conditions_in_one_or() -> None:
    rule = goes_round(" or ".join(f'sku = "{index}"' for index in range(2_000)))
    (only,) = rule.conditions
    assert isinstance(only, Group)
    assert only.type == "Or"
    assert len(only.conditions) == 2_000


def test_thirty_rule_sets() -> None:
    rule = goes_round(" and ".join(f"any (a{index} = 1, b{index} = 2)" for index in range(30)))
    assert len(rule.conditions) == 30


def alternating(depth: int) -> str:
    """`a60 = 60 or (a59 = 59 and (…))`."""
    text = "a = 0"
    for level in range(1, depth):
        text = f"a{level} = {level} {'and' if level % 2 else 'or'} ({text})"
    return text


def test_sixty_levels_of_groups_nested() -> None:
    rule = goes_round(alternating(60), "nested")
    depth, group = 0, rule
    while True:
        depth += 1
        inner = [part for part in group.conditions if isinstance(part, Group)]
        if not inner:
            break
        (group,) = inner
    assert depth == 59


def test_sixty_levels_that_flatten() -> None:
    rule = goes_round("all (" * 60 + "a = 1, b = 2" + ")" * 60)
    assert len(rule.conditions) == 1
    goes_round("(a = 1 and " * 59 + "b = 2" + ")" * 59)
    goes_round("not (" * 60 + "a = 1 and b = 2" + ")" * 60)


def test_sixty_levels_in_a_filter() -> None:
    goes_round(f"has purchases where {alternating(60)}")


def test_sixty_alternating_levels_need_more_than_two_levels_can_say() -> None:
    (found,) = compile_text(f'segment "x" where {alternating(60)}').diagnostics
    assert found.code is Code.SEG301
    assert "60 conditions, which need 35 rule sets" in found.message


def test_a_large_tree_that_cannot_fit_is_refused_at_once() -> None:
    """Every part is measured once: 190 levels of 60 conditions took minutes before."""
    text = "a = 0"
    for level in range(190):
        word = "and" if level % 2 else "or"
        several = f" {word} ".join(f"a{index} = {level}" for index in range(60))
        text = f"{several} {word} ({text})"
    assert compile_text(f'segment "x" where {text}').codes == ["SEG301"]


@pytest.mark.parametrize(
    "where",
    [
        "count(p) > 1e9999999999999999999",
        "count(p) between 0 and 1e9999999999999999999",
        "x > 1 limit 1e9999999999999999999% by a desc",
        f"count(p where not at least {'9' * 5_000} of tags = 1) > 1",
    ],
)
def test_numbers_beyond_reckoning_are_refused(where: str) -> None:
    assert compile_text(f'segment "x" where {where}').codes == ["SEG008"]


@pytest.mark.parametrize("number", ["1e9999999999999999999", "9" * 5_000])
def test_numbers_beyond_reckoning_are_refused_in_json(number: str) -> None:
    rule = encode(rule_of(tree_of('segment "x" where count(p) > 7')))
    report = Report()
    assert decompile(rule.replace("7", number), "x.json", report) is None
    assert [d.code for d in report.diagnostics] == [Code.SEG402]


def test_twenty_six_alternating_levels_are_one_rule_set() -> None:
    rule = goes_round(alternating(26))
    assert len(rule.conditions) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('segment "x" where ' + "(" * 100_000 + "a = 1" + ")" * 100_000, Code.SEG007),
        ('segment "x" where ' + "(" * 100_000, Code.SEG001),
        ('segment "x" where ' + "not " * 100_000 + "a = 1", Code.SEG007),
        ('segment "x" where ' + "any (" * 100_000, Code.SEG001),
        ('segment "x" where ' + "has p where " * 10_000 + "a = 1", Code.SEG007),
        ("#" * (MAX_CHARACTERS + 1), Code.SEG006),
        ("x" * 20_000_000, Code.SEG006),
        ('segment "x', Code.SEG002),
        ('segment "x" where `a', Code.SEG002),
        ('segment "x" where a = "\\q"', Code.SEG003),
        ('segment "x" where a = "\\u{110000}"', Code.SEG003),
        ('segment "x" where a = "\\u{d800}"', Code.SEG003),
        ("\x00", Code.SEG004),
        ('segment "x" where a = "\x00"', Code.SEG004),
        ("\\" * 1_000, Code.SEG004),
        ('"' * 100_001, Code.SEG001),
        ("let " * 50_000, Code.SEG009),
        ('segment "x" where a = ' + "9" * 500_000 + "z", Code.SEG008),
    ],
)
def test_hostile_text_has_a_finding(text: str, code: Code) -> None:
    report = Report()
    parse(Source("x.seg", text), report)
    assert code in {d.code for d in report.diagnostics}
    assert all(
        d.span is None or 0 <= d.span.start <= d.span.end <= len(text) for d in report.diagnostics
    )


def test_definitions_that_explode_are_stopped() -> None:
    lets = "\n".join(f"let a{index} = a{index + 1} and a{index + 1}" for index in range(60))
    compiled = compile_text(f'{lets}\nlet a60 = x = 1\nsegment "x" where a0')
    assert (compiled.segments, set(compiled.codes)) == ((), {"SEG108"})


def _all_of(number: int) -> str:
    return ", ".join(f"a = {index}" for index in range(number))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f'segment "x" where all ({_all_of(100_001)})',
            "this segment has more than 100,000 conditions",
        ),
        (
            f'let l = all ({_all_of(50_001)})\nsegment "x" where l or l',
            "with its definitions written out this grows to more than 100,000 conditions",
        ),
        (
            f'segment "x" where all ({_all_of(50_000)}) and (has p where any ({_all_of(50_000)}))',
            "this segment has more than 100,000 conditions",
        ),
        (
            "\n".join(f"let a{at} = a{at + 1} and a{at + 1}" for at in range(60))
            + '\nlet a60 = gone\nsegment "x" where a0',
            "with its definitions written out this grows to more than 200,000 groups and uses of "
            "definitions",
        ),
    ],
)
def test_what_is_too_large_is_told_by_its_count(text: str, said: str) -> None:
    report = Report()
    file = parse(Source("x", text), report)
    assert report.diagnostics == []
    assert not resolve(Program("x", {"x": file}), report)
    assert said in {of.message for of in report.diagnostics if of.code is Code.SEG108}


def test_a_hundred_thousand_conditions_are_taken() -> None:
    """However they are spelled: groups and uses are no conditions."""
    half = f"let l = all ({_all_of(50_000)})\n"
    for text in (
        f'segment "x" where all ({_all_of(100_000)})',
        f'{half}segment "x" where l or not l',
        f'segment "x" where all ({_all_of(50_000)}) and (has p where any ({_all_of(49_999)}))',
    ):
        report = Report()
        file = parse(Source("x", text), report)
        assert resolve(Program("x", {"x": file}), report)
        assert report.diagnostics == []


def test_definitions_that_nest_deeply_are_stopped() -> None:
    lets = "\n".join(f"let a{index} = not (a{index + 1})" for index in range(500))
    compiled = compile_text(f'{lets}\nlet a500 = x = 1\nsegment "x" where a0')
    assert (compiled.segments, set(compiled.codes)) == ((), {"SEG108"})


_CORPUS = """\
# A comment.
param days: number = 30
import a, b from "../common/contact.seg"
let bought(kind, n) = count(purchases where category = kind and timestamp within past n days) >= 1
segment "High-value Tokyo shoppers"
  description "Over 50,000"
  folder "Loyalty/Tokyo"
  kind batch
where
  country = "JP" and not prefecture in ("Tokyo", "Kanagawa")
  and (sum(some purchases.amount by order_id over 7 days where x is not null) > 5e4
    or bought("A", 3))
  and any (at least 2 of tags contains any ("x", "y"), last_visit between 7 and 3 days ago,)
  and "Label": (has page_views where url matches "^/a\\\\u{41}")
  and rfm("M").rfm_score >= 1.5 and score of #12 between 3 and 5 including converted
  and (first(p.q by t per u) is true limit 10% by aggregate desc, `odd name` asc)
  and in stage "S" of funnel "F" and visit for 7 days from 1 month ago reverse
  and signup on or before 2024-01-31T00:00:00+09:00 and seen before @"x" and seen is today
limit 1000 by ltv desc
"""
_PIECES = [
    "(",
    ")",
    '"',
    "`",
    "#",
    "\\",
    "\n",
    "\r",
    "\t",
    "\x00",
    "\x1b",
    "é",
    "東",
    "\ufeff",
    "\u2028",
    "and ",
    "not ",
    "where ",
    "segment ",
    "let ",
    "1",
    "-",
    ".",
    "9" * 30,
    "@",
    "%",
    "{",
    "🛒",
    "any (",
    "in (",
    "count(",
    " ago",
    " days",
    "2024-01-31",
    "#1",
    '#"',
    "\\u{",
    "=",
    "<>",
]


def mutated(chance: random.Random) -> str:
    text = _CORPUS
    for _ in range(chance.choice([1, 1, 1, 2, 4, 8])):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice([0, 0, 1, 2, 5, 40]))
        match chance.randrange(5):
            case 0:
                text = (
                    text[:at]
                    + chance.choice(_PIECES) * chance.choice([1, 1, 1, 3, 50])
                    + text[end:]
                )
            case 1:
                text = text[:at] + text[end:]
            case 2:
                text = text[:end] + text[at:end] * 3 + text[end:]
            case 3:
                other = chance.randrange(len(text) + 1)
                text = text[:at] + text[other : other + 30] + text[end:]
            case _:
                text = (
                    text[:at]
                    + chr(chance.choice([chance.randrange(0x250), chance.randrange(0xD800)]))
                    + text[end:]
                )
    return text


@pytest.mark.parametrize("seed", range(6))
def test_mutated_text_never_breaks_anything(seed: int) -> None:
    """300 mutations a seed, through every stage: a finding or a rule, never an exception."""
    chance = random.Random(seed)
    lowered = 0
    for _ in range(scaled(300, 100)):
        text = mutated(chance)
        report = Report()
        source = Source("x.seg", text)
        file = parse(source, report)
        for found in report.diagnostics:
            assert found.span is not None
            assert 0 <= found.span.start <= found.span.end <= len(text)
        if report.has_errors:
            continue
        formatted = format_file(file, source)
        assert tree_of(formatted).items == file.items
        for segment in resolve(Program("x.seg", {"x.seg": file}), report):
            lower(segment, report, symbolic=True)
            lowered += 1
    assert lowered > scaled(10, 2)


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_never_break_anything(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(scaled(500)):
        text = chance.randbytes(chance.randrange(200)).decode("utf-8", errors="replace")
        report = Report()
        parse(Source("x.seg", text), report)
        text = chance.randbytes(chance.randrange(200)).decode("latin-1")
        report = Report()
        assert decompile(text, "x.json", report) is None
        assert report.has_errors
