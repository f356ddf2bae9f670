"""`segdsl check --fix` on texts: what changes, what stays, and that the meaning does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.evaluator import select
from reference.population import Population
from segdsl.analysis.lint.fixes import fix
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.format import format_file
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.source import Source
from strategies import populations as v
from strategies.syntax import files

NAME = "test.seg"


def fixed(text: str) -> str:
    return fix(Source(NAME, text)).text


def parsed(text: str) -> t.File:
    report = Report()
    file = parse(Source(NAME, text), report)
    assert not report.diagnostics, (text, [of.message for of in report.diagnostics])
    return file


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('c = "JP" or c = "US"', 'c in ("JP", "US")'),
        ("a = 1 or b = 2 or a = 3", "a in (1, 3) or b = 2"),
        ("a = 1 or a in (2, 1) or a = 3", "a in (1, 2, 3)"),
        ("a != 1 and b > 2 and a not in (3)", "a not in (1, 3) and b > 2"),
        ("not a = 1 and a != 2", "a not in (1, 2)"),
        ("(a = 1 or a = 2) and b > 1", "(a in (1, 2)) and b > 1"),
        ("a > 3 and any (a = 1, a = 2)", "a > 3 and a in (1, 2)"),
        ("any (a = 1, b = 1, a = 2,)", "any (a in (1, 2), b = 1,)"),
        ("none (a = 1, a = 2)", "none (a in (1, 2))"),
        ('"Label": any (a = 1, a = 2)', '"Label": (a in (1, 2))'),
        ("any of tags = 1 or any of tags = 2", "any of tags in (1, 2)"),
        ("count(v where a = 1 or a = 2) = 1", "count(v where a in (1, 2)) = 1"),
        ("has v where a = 1 or a = 2", "has v where a in (1, 2)"),
        (
            "count(v where a = 1 or a = 2) = 1 or count(v where a = 1 or a = 2) = 2",
            "count(v where a in (1, 2)) in (1, 2)",
        ),
        ("a = 1 and b = 2 and a = 1", "a = 1 and b = 2"),
        ("a > 1 and a > 1", "a > 1"),
        ("a in (1, 2, 1.0)", "a in (1, 2)"),
        ('a contains any ("x", "y", "x")', 'a contains any ("x", "y")'),
        # What no list can say, and what has a name, stays.
        ("a = 1 or b = 2", "a = 1 or b = 2"),
        ('a = 1 or a = "1"', 'a = 1 or a = "1"'),
        ("a = 1 and a = 2", "a = 1 and a = 2"),
        ("a = n or a = 1", "a = n or a = 1"),
    ],
)
def test_what_is_put_right(before: str, after: str) -> None:
    head = 'param n: number = 5\nsegment  "x"  where '
    assert fixed(f"{head}{before} # end") == f"{head}{after} # end"


def test_a_file_that_was_canonical_stays_so() -> None:
    before = 'segment "x"\n\nwhere\n  (a = 1 or a = 2)\n  # Why.\n  and b > 1\n'
    assert fixed(before) == 'segment "x"\n\nwhere\n  a in (1, 2)\n  # Why.\n  and b > 1\n'


def test_imports_that_nobody_uses_are_taken_out() -> None:
    before = 'import a, b from "x.seg"\nimport d from "y.seg"\n\nsegment "x"\n\nwhere\n  b\n'
    after = 'import b from "x.seg"\n\nsegment "x"\n\nwhere\n  b\n'
    assert fixed(before) == after


def test_a_name_used_as_a_value_is_used() -> None:
    before = 'import n from "x.seg"\nsegment "x" where a within past n days'
    assert fixed(before) == before


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("a = 1\n  # the other\n  or a = 2", 1),
        ("a = 1 # one\n  or a = 2", 1),
        ("any (\n  # both\n  a = 1, a = 2)\n  and a > 1 # here\n  and a > 1", 2),
    ],
)
def test_nothing_is_changed_where_a_comment_stands(body: str, kept: int) -> None:
    text = f'segment "x" where\n  {body}\n'
    assert fix(Source(NAME, text)) == (text, 0, kept)


def test_what_is_allowed_is_left() -> None:
    text = '# allow SEG603: as the contract lists them\nsegment "x" where a = 1 or a = 2\n'
    assert fix(Source(NAME, text)) == (text, 0, 0)
    other = 'segment "x" where a = 1 or a = 2\n'
    assert fix(Source(NAME, other), ["SEG603"]) == (other, 0, 0)


def test_a_text_with_mistakes_is_left() -> None:
    text = 'segment "x" where a = 1 or a = 2 or\n'
    assert fix(Source(NAME, text)) == (text, 0, 0)


# --- for every text --------------------------------------------------------------------------

_LEAVES = (
    *('country = "JP"', 'country = "US"', 'country != "JP"', 'country in ("", "JP", "JP")'),
    *('not country = "US"', 'email = "JP"', "age = 1", "age = 2", "age != 1", "age not in (2, 3)"),
    *("any of tags = 1", 'any of tags = "JP"', 'any of tags in ("US")', 'any of tags != "JP"'),
    *("count(purchases) = 1", "count(purchases) = 2", "count(purchases) != 1"),
    "count distinct (some purchases.sku) != 1",
    "count distinct (some purchases.sku) != 2",
    "in segment #1",
    "count(purchases by order_id) = 1",
    "count(purchases by order_id) = 2",
    'count(purchases where sku = "JP" or sku = "US" or line = 1) > 1',
    'count(purchases where sku != "JP" and sku != "US" and sku != "US") > 1',
)


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        several.map(lambda found: f"({' or '.join(found)})"),
        several.map(lambda found: f"({' and '.join(found)})"),
        several.map(lambda found: f"any ({', '.join(found)})"),
        several.map(lambda found: f"all ({', '.join(found)},)"),
        several.map(lambda found: f"none ({', '.join(found)})"),
        inner.map(lambda found: f"not {found}"),
    )


bodies = st.recursive(st.sampled_from(_LEAVES), _joined, max_leaves=12)


def condition_of(text: str) -> c.Condition:
    report = Report()
    (segment,) = resolve(Program(NAME, {NAME: parsed(text)}), report)
    assert not report.diagnostics
    return segment.condition


@given(bodies, v.populations())
def test_the_meaning_stays(body: str, population: Population) -> None:
    before = f'segment "x" where {body}\n'
    after = fixed(before)
    assert select(condition_of(after), None, population) == select(
        condition_of(before), None, population
    )
    assert fixed(after) == after


@given(files)
def test_what_was_put_right_parses_and_stays_canonical(file: t.File) -> None:
    before = format_file(file)
    after = fixed(before)
    assert format_file(parsed(after), Source(NAME, after)) == after
    assert fixed(after) == after


def test_what_is_exported_twice_is_removed() -> None:
    text = """\
activation "Mail" of segment #1
  to connection "mail"
  columns (
    email,
    age as years,
    email,
    age as years,
    email as address,
  )
  behavior purchases last by timestamp desc columns (timestamp, timestamp)
  behavior purchases last by timestamp desc columns (timestamp, timestamp)
"""
    fixed = fix(Source("x.seg", text))
    assert fixed.made == 4
    once = """\
activation "Mail" of segment #1
  to connection "mail"
  columns (
    email,
    age as years,
    email as address,
  )
  behavior purchases last by timestamp desc columns (timestamp)
"""
    assert fixed.text.split() == once.split()


def test_what_is_exported_twice_in_other_ways_is_kept() -> None:
    text = """\
activation "Mail" of segment #1
  to connection "mail"
  columns (
    email,
    work as email,
    age,
    # Again.
    age,
  )
  behavior purchases last by timestamp desc columns (timestamp)
  behavior purchases first by timestamp desc columns (timestamp)
"""
    fixed = fix(Source("x.seg", text))
    assert (fixed.text, fixed.made, fixed.kept_for_comments) == (text, 0, 1)
