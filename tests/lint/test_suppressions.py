"""Comments that allow a warning: where they reach, and when they are told themselves."""

from __future__ import annotations

import pytest

from segdsl.analysis.lint import lint
from segdsl.analysis.lint.suppressions import apply_suppressions, suppressions_by_file, used_names
from segdsl.diagnostics import Code, Report
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.source import Source

NAME = "test.seg"


def told(text: str, *allowed: str, idle: tuple[Code, ...] = ()) -> list[tuple[str, str]]:
    """The codes that are told, each with its message."""
    report = Report()
    source = Source(NAME, text)
    tree = parse(source, report)
    segments = resolve(Program(NAME, {NAME: tree}), report)
    lint(segments, report)
    found = apply_suppressions(
        report,
        suppressions_by_file({NAME: tree}, {NAME: source}),
        lambda: used_names([tree]),
        allowed=allowed,
        checked_files=[NAME],
        inactive_codes=idle,
    )
    return [(of.code.name, of.message) for of in found.diagnostics]


ODD = 'segment "x"\nwhere\n  country != "JP"'


@pytest.mark.parametrize(
    "text",
    [
        f"# allow SEG601\n{ODD}",
        f"# allow SEG601: those without a country are meant\n{ODD}",
        f"# About it.\n# allow SEG601\n# More about it.\n{ODD}",
        f"#   ALLOW seg601\n{ODD}",
        f"{ODD}  # allow SEG601",
        f"{ODD}\n  # allow SEG601\n",
        'segment "x"\n# allow SEG601\nwhere\n  country != "JP"',
        'segment "x" # allow SEG601: so\nwhere\n  country != "JP"',
        '# allow SEG601\nlet x = country != "JP"\n\nsegment "y" where x',
        f'# allow SEG601, SEG602\n{ODD} and country != "JP"',
    ],
)
def test_a_comment_silences_its_item(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        f"# allow SEG601\n\n{ODD}",
        f'# allow SEG601\nsegment "y" where a > 1\n\n{ODD}',
        f'{ODD}\n\n# allow SEG601\nsegment "y" where a > 1',
        f"# allow SEG602\n{ODD}",
        'let x = country != "JP"\n\n# allow SEG601\nsegment "y" where x',
    ],
)
def test_it_silences_nothing_else_and_is_told_then(text: str) -> None:
    assert sorted(code for code, _ in told(text)) == ["SEG601", "SEG607"]


def test_of_several_codes_only_the_idle_one_is_told() -> None:
    text = f"# allow SEG601, SEG603\n{ODD}"
    assert told(text) == [("SEG607", "unused `allow SEG603`: there is no such warning")]


def test_codes_that_cannot_be_allowed_are_told() -> None:
    text = '# allow SEG699, SEG101\nsegment "x" where a > 1'
    assert told(text) == [
        ("SEG607", "unknown code `SEG699`"),
        ("SEG607", "SEG101 is an error; only warnings can be allowed"),
    ]


@pytest.mark.parametrize(
    "comment", ["# allow everything", "# We allow SEG601 here.", "# allowed: SEG601", "# allow"]
)
def test_other_comments_are_only_comments(comment: str) -> None:
    assert told(f'{comment}\nsegment "x" where a > 1') == []


def test_nobody_is_blamed_where_it_was_not_looked() -> None:
    text = '# allow SEG601\nsegment "x" where a > 1'
    assert [code for code, _ in told(text)] == ["SEG607"]
    assert told(text, idle=(Code.SEG601,)) == []
    # The segment has a mistake, so nobody knows.
    assert [c for c, _ in told('# allow SEG601\nsegment "x" where count(v) = "a"')] == ["SEG203"]
    # Nothing here uses the definition, so nobody looked at it.
    assert told('# allow SEG601\nlet x = a != 1\n\nsegment "x" where b > 1') == []


def test_an_allow_that_is_not_needed_yet_can_be_allowed() -> None:
    assert told('# allow SEG601, SEG607\nsegment "x" where a > 1') == []
    assert told('# allow SEG601\nsegment "x" where a > 1', "SEG607") == []


def test_codes_are_allowed_for_all_files_and_comments_still_count() -> None:
    assert told(ODD, "SEG601") == []
    assert told(f"# allow SEG601\n{ODD}", "SEG601") == []


def test_errors_are_never_silenced() -> None:
    text = '# allow SEG203\nsegment "x" where count(v) = "a"'
    assert sorted(code for code, _ in told(text)) == ["SEG203", "SEG607"]
