"""What the resolver says: text in, code and help line out."""

from __future__ import annotations

import pytest

from segdsl import compile_text
from segdsl.diagnostics import Diagnostic, Report
from segdsl.language.syntax.parser import parse
from segdsl.source import Source

NAME = "test.seg"


def findings(text: str) -> list[Diagnostic]:
    """What is found in a file that can be parsed."""
    report = Report()
    parse(Source(NAME, text), report)
    assert report.diagnostics == []
    return list(compile_text(text, symbolic=True).diagnostics)


@pytest.mark.parametrize(
    ("where", "help"),
    [
        (
            "a = JP",
            'write `"JP"`; a string is written in quotes; two attributes cannot be compared',
        ),
        ("a before today", "write `a more than 0 days ago`"),
        ("a within past n days", "a number is written `30`"),
    ],
)
def test_a_word_in_the_place_of_a_value_gets_a_help_that_fits_there(where: str, help: str) -> None:
    [of] = findings(f'segment "x" where {where}')
    assert (of.code.name, of.help) == ("SEG101", help)


def test_each_use_of_what_is_not_there_is_told() -> None:
    text = 'let l = gone or x > 1\nsegment "a" where gon and lost\nsegment "b" where l and not l'
    assert sorted(of.message for of in findings(text)) == [
        f"`{each}` is not defined here" for each in ("gon", "gone", "lost")
    ]


@pytest.mark.parametrize(
    ("text", "code", "message", "help"),
    [
        (
            'let a(n) = x = n\nsegment "x" where a(1, 2)',
            "SEG104",
            "`a` takes 1 value, and 2 values are given",
            "write it as `a(n)`",
        ),
        (
            'let a = x = 1\nsegment "x" where a(1)',
            "SEG104",
            "`a` takes 0 values, and 1 value is given",
            "write it as `a`",
        ),
        (
            'segment "x" where rfm(#1).rfm_segmnt = "Champions"',
            "SEG110",
            "a model of rfm has no attribute `rfm_segmnt`",
            "did you mean `rfm_segment`?",
        ),
        (
            'let f(country) = country = "JP"\nsegment "x" where f("JP")',
            "SEG113",
            "`country` is a parameter of this definition, and a parameter is a value, never an "
            "attribute, a behavior or a column",
            "rename the parameter, or write the name itself here",
        ),
    ],
)
def test_what_is_wrong_with_a_use_and_what_to_write(
    text: str, code: str, message: str, help: str
) -> None:
    [found] = findings(text)
    assert (found.code.name, found.message, found.help) == (code, message, help)
