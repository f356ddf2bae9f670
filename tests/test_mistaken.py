"""What has a mistake in it is told, and no rule is made of it: no stage sees it afterwards."""

from __future__ import annotations

import pytest

from segdsl.diagnostics import Code, Report
from segdsl.language.condition.tree import Segment
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.source import Source

GOOD = 'segment "good" where a = 1'


def resolved(text: str, **imported: str) -> tuple[list[Segment], list[Code]]:
    """The segments of a file that are gone on with, and what was found."""
    report = Report()
    files = {
        name: parse(Source(name, each), report)
        for name, each in {"x.seg": text, **{f"{k}.seg": v for k, v in imported.items()}}.items()
    }
    segments = list(resolve(Program("x.seg", files), report))
    return segments, [of.code for of in report.diagnostics]


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("count(purchases over 1 week) >= 2", Code.SEG014),
        ("sum(p.a over 2 quarters where b = 1) > 1", Code.SEG014),
        ("any of max(p.a by b over 1 day 1 month) > 1", Code.SEG014),
        ("a at most 1 day 2 days ago", Code.SEG014),
        ("a within past 1 day 2 hours", Code.SEG014),
        ("a for 1 day 2 hours from 1 month ago", Code.SEG014),
        ("a between 3 and 7 days", Code.SEG014),
        ("a > 1e9999999", Code.SEG008),
        ("a on 2024-02-30", Code.SEG016),
        ("a between 2024-02-30 and 2024-03-01", Code.SEG016),
        ('a = "\\q"', Code.SEG003),
        ('in segment "\\q"', Code.SEG003),
        ("a in ()", Code.SEG015),
        ("a contains any ()", Code.SEG015),
        ("count distinct (p.a, q.b) > 1", Code.SEG211),
        ('in segment #1 of folder "a"', Code.SEG001),
        ('in stage "a"', Code.SEG001),
        ('has purchases "a"', Code.SEG001),
        ("a > 2024-01-01", Code.SEG013),
        ("a between 2024-01-01 and 7", Code.SEG013),
    ],
)
def test_a_segment_with_a_mistake_is_left_out(where: str, code: Code) -> None:
    segments, codes = resolved(f'segment "bad" where {where}\n{GOOD}')
    assert [each.name for each in segments] == ["good"]
    assert code in codes
    # Wherever it stands: a definition with a mistake spoils what uses it, and nothing else.
    for text in (
        f'let l = {where}\nsegment "bad" where l\n{GOOD}',
        f'let l = {where}\nlet m = b = 1 or l\nsegment "bad" where not m\n{GOOD}',
    ):
        segments, codes = resolved(text)
        assert [each.name for each in segments] == ["good"]
        assert code in codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('segment "bad" kind btch where a = 1', Code.SEG012),
        ('segment "bad" folder "x" folder "y" where a = 1', Code.SEG011),
        ('segment "b\\q" where a = 1', Code.SEG003),
        ('segment "bad" where a = 1 limit 1e9999999 by a desc', Code.SEG008),
        ('let l = a = 1\nlet l = a = 2\nsegment "bad" where l', Code.SEG102),
        ('param p: number = 1\nparam p: number = 2\nsegment "bad" where a = p', Code.SEG102),
        ('param p: nmber = 1\nsegment "bad" where a = p', Code.SEG012),
        ('param p: date = 2024-02-30\nsegment "bad" where a on p', Code.SEG016),
        ('let l(a, a) = b = a\nsegment "bad" where l(1, 2)', Code.SEG102),
        ('import l from "l.seg"\nlet l = a = 1\nsegment "bad" where l', Code.SEG102),
        ('import w from "l.seg"\nsegment "bad" where w', Code.SEG014),
        ('import v from "l.seg"\nsegment "bad" where v', Code.SEG014),
    ],
)
def test_so_is_one_whose_head_or_names_have_it(text: str, code: Code) -> None:
    other = "let l = a = 1\nlet w = count(p over 1 week) > 1\nlet v = not w"
    segments, codes = resolved(f"{text}\n{GOOD}", l=other)
    assert [each.name for each in segments] == ["good"]
    assert code in codes


def test_of_two_segments_of_one_name_the_first_is_gone_on_with() -> None:
    segments, codes = resolved(f"{GOOD}\n{GOOD} and b = 2")
    assert [each.span.start for each in segments] == [0]
    assert codes == [Code.SEG111]


def test_a_warning_leaves_nothing_out() -> None:
    segments, codes = resolved('segment "x" where a = 1 limit 10')
    assert (len(segments), codes) == (1, [Code.SEG212])


def test_a_definition_with_a_mistake_that_nothing_uses_leaves_nothing_out() -> None:
    segments, codes = resolved(f"let l = count(p over 1 week) > 1\n{GOOD}")
    assert ([each.name for each in segments], codes) == (["good"], [Code.SEG014])
