"""Text in, tree out; and for each usual slip, what the reader is told and where."""

from __future__ import annotations

import random
import re
import threading
from typing import Any

import pytest

from quick import scaled
from segdsl.diagnostics import Report
from segdsl.diagnostics.report import Diagnostic
from segdsl.language import predicates as p
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import MAX_CHARACTERS, parse
from segdsl.language.values import (
    Boolean,
    ById,
    ByName,
    Date,
    Duration,
    Limit,
    Name,
    Number,
    Order,
    Part,
    Text,
    Unit,
)
from segdsl.source import Source


def read(text: str) -> tuple[t.File, list[Diagnostic]]:
    report = Report()
    return parse(Source("test.seg", text), report), report.diagnostics


def file_of(text: str) -> t.File:
    file, found = read(text)
    assert not found, [each.message for each in found]
    return file


def condition(text: str) -> t.Expression:
    (item,) = file_of(f'segment "x" where {text}').items
    assert isinstance(item, t.Segment)
    assert item.where is not None
    return item.where


def lasting(*parts: tuple[str, Unit], rounded: Unit | None = None) -> Duration:
    return Duration(tuple(Part(Number(amount), unit) for amount, unit in parts), rounded)


A, B, C = t.Use("a"), t.Use("b"), t.Use("c")
WEEK = lasting(("7", "day"))
MONTH = lasting(("1", "month"))


# --- predicates -----------------------------------------------------------------------

PREDICATES: list[tuple[str, p.Predicate, bool]] = [
    ('= "JP"', p.Compare("=", Text("JP")), False),
    ('not = "JP"', p.Compare("=", Text("JP")), True),
    ('!= "JP"', p.Compare("=", Text("JP")), True),
    ("= 1.50", p.Compare("=", Number("1.50")), False),
    ("= -1e5", p.Compare("=", Number("-1e5")), False),
    ("= limit_of_all", p.Compare("=", Name("limit_of_all")), False),
    ("is true", p.Compare("=", Boolean(True)), False),
    ("= false", p.Compare("=", Boolean(False)), False),
    ("is not false", p.Compare("=", Boolean(False)), True),
    ("> 1", p.Compare(">", Number("1")), False),
    (">= 1", p.Compare(">=", Number("1")), False),
    ("< 1", p.Compare("<", Number("1")), False),
    ("not <= 1", p.Compare("<=", Number("1")), True),
    ("between 18 and 65", p.Between(Number("18"), Number("65")), False),
    ("not between n and m", p.Between(Name("n"), Name("m")), True),
    ('in ("US", "CA",)', p.In((Text("US"), Text("CA"))), False),
    ("not in (1)", p.In((Number("1"),)), True),
    ('contains "/x"', p.Like("contains", (Text("/x"),)), False),
    ('contains any ("/x", "/y")', p.Like("contains", (Text("/x"), Text("/y"))), False),
    ('not starts with "a"', p.Like("starts with", (Text("a"),)), True),
    ('ends with any ("a",)', p.Like("ends with", (Text("a"),)), False),
    ('matches "^[A-Z]{2}-"', p.Matches(Text("^[A-Z]{2}-")), False),
    ("is null", p.IsNull(), False),
    ("is not null", p.IsNull(), True),
    ("is today", p.Today(), False),
    ("within past 30 days", p.Within("past", Number("30"), "day"), False),
    ("not within next n weeks", p.Within("next", Name("n"), "week"), True),
    ("in last month", p.InUnit("last", "month"), False),
    ("in this quarter", p.InUnit("this", "quarter"), False),
    ("not in next year", p.InUnit("next", "year"), True),
    ("for 7 days from 1 month ago", p.TimeRange(WEEK, MONTH, False), False),
    ("for 7 days from 1 month ago reverse", p.TimeRange(WEEK, MONTH, True), False),
    (
        "for 7 days from 1 month ago rounded to day reverse",
        p.TimeRange(WEEK, lasting(("1", "month"), rounded="day"), True),
        False,
    ),
    ("more than 7 days ago", p.TimeCompare("<", p.Ago(WEEK)), False),
    ("at least 7 days ago", p.TimeCompare("<=", p.Ago(WEEK)), False),
    ("less than 7 days ago", p.TimeCompare(">", p.Ago(WEEK)), False),
    ("not at most 7 days ago", p.TimeCompare(">=", p.Ago(WEEK)), True),
    (
        "at most 12 hours 1 day ago",
        p.TimeCompare(">=", p.Ago(lasting(("1", "day"), ("12", "hour")))),
        False,
    ),
    ("more than 7 days ago rounded to day", p.TimeCompare("<", p.Ago(WEEK)), False),
    ("before 2024-01-01", p.TimeCompare("<", Date("2024-01-01")), False),
    ("on or before n", p.TimeCompare("<=", Name("n")), False),
    ("after 2024-01-01T10:00", p.TimeCompare(">", Date("2024-01-01T10:00")), False),
    (
        "on or after 2024-01-01T10:00:00.5+09:00",
        p.TimeCompare(">=", Date("2024-01-01T10:00:00.5+09:00")),
        False,
    ),
    ('on @"last Monday"', p.TimeCompare("=", Date("last Monday")), False),
    (
        "between 2024-01-01 and 2024-12-31",
        p.TimeBetween(Date("2024-01-01"), Date("2024-12-31")),
        False,
    ),
    ("between 2024-01-01 and n", p.TimeBetween(Date("2024-01-01"), Name("n")), False),
    ("between 7 days ago and n", p.TimeBetween(p.Ago(WEEK), Name("n")), False),
    (
        "between 7 and 3 days ago",
        p.TimeBetween(p.Ago(WEEK), p.Ago(lasting(("3", "day")))),
        False,
    ),
    ("between 7 days ago and 1 month ago", p.TimeBetween(p.Ago(WEEK), p.Ago(MONTH)), False),
    ("between 7 days and 1 month ago", p.TimeBetween(p.Ago(WEEK), p.Ago(MONTH)), False),
    (
        "between 2024-01-01 and 7 days ago",
        p.TimeBetween(Date("2024-01-01"), p.Ago(WEEK)),
        False,
    ),
    ("between 3 and 7 days from now", p.BetweenNext(lasting(("3", "day")), WEEK), False),
    ("between 7 days and 1 month from now", p.BetweenNext(WEEK, MONTH), False),
]


@pytest.mark.parametrize(("text", "predicate", "negated"), PREDICATES)
def test_predicate(text: str, predicate: p.Predicate, negated: bool) -> None:
    assert condition(f"x {text}") == t.Test(t.Attribute("x"), predicate, negated)


def test_every_predicate_is_shown() -> None:
    assert {type(predicate) for _, predicate, _ in PREDICATES} == set(p.Predicate.__args__)


# --- subjects, quantifiers and other leaves -------------------------------------------

_ONE = p.Compare(">=", Number("1"))


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("`東京 \\`x\\``", t.Attribute("東京 `x`")),
        ("`where`", t.Attribute("where")),
        ("month", t.Attribute("month")),
        ("household.size", t.Dotted("household", "size")),
        ("group household.size", t.GroupAttribute("household", "size")),
        ('rfm("M").segment_of', t.MlAttribute("rfm", ByName("M"), "segment_of")),
        ("cltv(#12).x", t.MlAttribute("cltv", ById("12"), "x")),
        ("count(p)", t.Aggregate("count", "behavior_p")),
        ("count(some p)", t.Aggregate("count", "behavior_p", some=True)),
        ("count(p by a, b)", t.Aggregate("count", "behavior_p", grouping=("a", "b"))),
        ("count(p over 7 days)", t.Aggregate("count", "behavior_p", window=WEEK)),
        ("count(p where a)", t.Aggregate("count", "behavior_p", filter=A)),
        ("count distinct (p.a, p.b)", t.Aggregate("count distinct", "behavior_p", ("a", "b"))),
        (
            "sum(p.a by b where c)",
            t.Aggregate("sum", "behavior_p", ("a",), grouping=("b",), filter=C),
        ),
        ("min(p.a)", t.Aggregate("min", "behavior_p", ("a",))),
        ("max(p.a)", t.Aggregate("max", "behavior_p", ("a",))),
        ("average(some p.a)", t.Aggregate("average", "behavior_p", ("a",), some=True)),
        (
            "first(p.a by at_time per b over 7 days where c)",
            t.Aggregate("first", "behavior_p", ("a",), False, "at_time", ("b",), WEEK, C),
        ),
        ("last(p.a by b)", t.Aggregate("last", "behavior_p", ("a",), order="b")),
    ],
)
def test_subject(text: str, subject: t.Subject) -> None:
    assert condition(f"{text} >= 1") == t.Test(subject, _ONE)


@pytest.mark.parametrize(
    ("text", "quantifier"),
    [
        ("any of", t.Quantifier("any")),
        ("every one of", t.Quantifier("every")),
        ("at least 2 of", t.Quantifier("at least", Number("2"))),
        ("at most n of", t.Quantifier("at most", Name("n"))),
        ("exactly 0 of", t.Quantifier("exactly", Number("0"))),
    ],
)
def test_quantifier(text: str, quantifier: t.Quantifier) -> None:
    assert condition(f"{text} tags >= 1") == t.Test(t.Attribute("tags"), _ONE, False, quantifier)


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("has p", t.Has("behavior_p")),
        ('has table "p"', t.Has("p")),
        ('has table "behavior_p"', t.Has("behavior_p")),
        ("has table", t.Has("behavior_table")),
        ("has `table`", t.Has("behavior_table")),
        ("no p where a or b", t.Has("behavior_p", True, t.Chain("or", (A, B)))),
        ('in segment "S"', t.Membership("segment", ByName("S"))),
        ("in segment #0012", t.Membership("segment", ById("0012"))),
        ('in segment #"x y"', t.Membership("segment", ById("x y"))),
        ('in segment "S" of folder "A/B"', t.Membership("segment", ByName("S", "A/B"))),
        # The one spelling of a path, and `/` for the root folder.
        ('in segment "S" of folder "/"', t.Membership("segment", ByName("S", "/"))),
        ('in segment "S" of folder ""', t.Membership("segment", ByName("S", "/"))),
        ('in segment "S" of folder " / "', t.Membership("segment", ByName("S", "/"))),
        ('in segment "S" of folder "/ A // B /"', t.Membership("segment", ByName("S", "A/B"))),
        ('in stage "S" of funnel "F"', t.Membership("stage", ByName("S", "F"))),
        ('in stage "S" of funnel " A / B"', t.Membership("stage", ByName("S", " A / B"))),
        ('in variant "V" of test "T"', t.Membership("variant", ByName("V", "T"))),
        ("in variant #7", t.Membership("variant", ById("7"))),
        ('score of "M" between 3 and 5', t.Score(ByName("M"), Number("3"), Number("5"))),
        (
            "score of #1 between n and 5 including converted",
            t.Score(ById("1"), Name("n"), Number("5"), True),
        ),
        ('bought("x", 2, n)', t.Use("bought", (Text("x"), Number("2"), Name("n")))),
    ],
)
def test_leaf(text: str, leaf: t.Expression) -> None:
    assert condition(text) == leaf


# --- groups ---------------------------------------------------------------------------

_TOP = Limit(Number("10"), True, (Order("ltv", True), Order(None, False)))


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("a and b or c", t.Chain("or", (t.Chain("and", (A, B)), C))),
        ("a and (b or c)", t.Chain("and", (A, t.Chain("or", (B, C))))),
        ("a and b and c", t.Chain("and", (A, B, C))),
        ("(a and b) and c", t.Chain("and", (t.Chain("and", (A, B)), C))),
        ("not a and b", t.Chain("and", (t.Negation(A), B))),
        ("not not a", t.Negation(t.Negation(A))),
        ("((a))", A),
        ("all (a, b)", t.Listing("all", (A, B))),
        ("any (a,)", t.Listing("any", (A,))),
        ("none (has p where a and b, c)", None),
        ('"L": (a)', t.FixedRuleSet("L", A)),
        ('"L": any (a)', t.FixedRuleSet("L", t.Listing("any", (A,)))),
        ("rule set (a)", t.FixedRuleSet(None, A)),
        ("(a limit 10% by ltv desc, aggregate asc)", t.Limited(A, _TOP)),
        ("(a and b limit n)", t.Limited(t.Chain("and", (A, B)), Limit(Name("n"), False, ()))),
    ],
)
def test_group(text: str, group: t.Expression | None) -> None:
    if group is None:
        group = t.Listing("none", (t.Has("behavior_p", False, t.Chain("and", (A, B))), C))
    assert condition(text) == group


# --- items ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ('segment "x" where everyone', t.Segment("x")),
        (
            'segment "x" kind batch folder "f" description "d" where a limit 3',
            t.Segment(
                "x",
                (
                    t.Clause("description", "d"),
                    t.Clause("folder", "f"),
                    t.Clause("kind", "batch"),
                ),
                A,
                Limit(Number("3"), False, ()),
            ),
        ),
        ('segment "x" hidden where a', t.Segment("x", (t.Clause("hidden", ""),), A)),
        (
            'segment "x" hidden kind realtime where a',
            t.Segment("x", (t.Clause("kind", "realtime"), t.Clause("hidden", "")), A),
        ),
        ("let x = a", t.Let("x", (), A)),
        ("let x(n, `in`) = a", t.Let("x", ("n", "in"), A)),
        ("param days: number", t.Param("days", "number")),
        ("param days: number = 30", t.Param("days", "number", Number("30"))),
        ('param x: string = "\\u{6771}"', t.Param("x", "string", Text("東"))),
        ("param x: boolean = true", t.Param("x", "boolean", Boolean(True))),
        ("param x: date = 2024-01-01", t.Param("x", "date", Date("2024-01-01"))),
        ('import a, b from "../c.seg"', t.Import(("a", "b"), "../c.seg")),
    ],
)
def test_item(text: str, item: t.Item) -> None:
    assert file_of(text).items == (item,)


def test_items_and_comments_come_in_the_order_written() -> None:
    file = file_of('# 1\nlet x = a # 2\n\nparam y: number\n# 3 "\nsegment "s" where # 4\n a')
    assert [type(item).__name__ for item in file.items] == ["Let", "Param", "Segment"]
    assert [comment.text for comment in file.comments] == ["# 1", "# 2", '# 3 "', "# 4"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "\r\n# and this\r\n"])
def test_a_file_may_hold_nothing(text: str) -> None:
    assert file_of(text).items == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'"say \"hi\""', 'say "hi"'),
        (r'"back\\slash"', "back\\slash"),
        (r'"two\nlines"', "two\nlines"),
        (r'"\u{1F6D2}\u{41}"', "🛒A"),
        ('"# no comment"', "# no comment"),
        ('"東京"', "東京"),
        ('""', ""),
    ],
)
def test_a_text_stands_for(written: str, meant: str) -> None:
    assert condition(f"x = {written}") == t.Test(t.Attribute("x"), p.Compare("=", Text(meant)))


# --- places ---------------------------------------------------------------------------


def _spans(of: Any, text: str, found: list[tuple[str, str]]) -> None:
    if isinstance(of, tuple):
        for each in of:
            _spans(each, text, found)
    elif hasattr(of, "__struct_fields__"):
        if "span" in of.__struct_fields__:
            found.append((type(of).__name__, text[of.span.start : of.span.end]))
        for field in of.__struct_fields__:
            _spans(getattr(of, field), text, found)


@pytest.mark.parametrize(
    "text",
    [
        'segment "x" wherea = 1',
        'segment "x" kindbatch where a',
        "letx = a",
        "let x = a andb",
        "let x = x isnull",
        "let x = x notin (1)",
        "let x = x = 1 order",
        "let x = x betweenn and m",
        "let x = x within past 3 daysand b",
        'let x = in segments "a"',
        "let x = x = trueand b",
    ],
)
def test_words_do_not_stick_together(text: str) -> None:
    file, found = read(text)
    assert file.items == ()
    assert len(found) == 1


def test_a_name_may_begin_with_a_word() -> None:
    assert condition("orders or android and nothing") == t.Chain(
        "or", (t.Use("orders"), t.Chain("and", (t.Use("android"), t.Use("nothing"))))
    )


def test_a_span_is_the_text_of_its_node() -> None:
    text = "let x(n) =  not (a.b > n and ( has p where c )) # end\n"
    found: list[tuple[str, str]] = []
    _spans(file_of(text).items, text, found)
    assert found == [
        ("Let", "let x(n) =  not (a.b > n and ( has p where c ))"),
        ("Negation", "not (a.b > n and ( has p where c ))"),
        ("Chain", "(a.b > n and ( has p where c ))"),
        ("Test", "a.b > n"),
        ("Name", "n"),
        ("Has", "( has p where c )"),
        ("Use", "c"),
    ]


def test_the_places_in_a_segment() -> None:
    text = 'segment "x"\n  kind batch\nwhere any of tags in ("a", "b")\nlimit 3 by y asc'
    (item,) = file_of(text).items
    assert isinstance(item, t.Segment)
    assert isinstance(item.where, t.Test)
    assert isinstance(item.where.predicate, p.In)
    assert item.limit is not None
    spans = {
        "segment": item.span,
        '"x"': item.name_span,
        "kind batch": item.clauses[0].span,
        "where any": item.where_span,
        "tags": item.where.subject_span,
        '"b"': item.where.predicate.places[1],
        "limit 3": item.limit.span,
    }
    for start, span in spans.items():
        assert text[span.start : span.end].startswith(start)
    assert item.span.end == item.limit.span.end == len(text)


# --- slips: the text, the code, what is underlined, and what the help line says -------

SLIPS: list[tuple[str, str, str, str]] = [
    ('x == "JP"', "SEG001", "==", "write `=`"),
    ('x <> "JP"', "SEG001", "<>", "write `!=`"),
    ("x => 18", "SEG001", "=>", "write `>=`"),
    ("x =< 18", "SEG001", "=<", "write `<=`"),
    ("a && b", "SEG001", "&&", "write `and`"),
    ("x = 1 || b", "SEG001", "||", "write `or`"),
    ("!a", "SEG001", "!a", "write `not a`"),
    ("x ≥ 3", "SEG004", "≥", "write `>=`"),
    ('x before "2024-01-31"', "SEG001", 'x before "2024-01-31"', "write `x before 2024-01-31`"),
    ("x before '2024-01-31'", "SEG001", "x before '2024-01-31'", "write `x before 2024-01-31`"),
    (
        'x not on "soon"',
        "SEG001",
        '"soon"',
        'without quotes; as text that only the API reads: `@"soon"`',
    ),
    ("x before 2024-1-1", "SEG001", "x before 2024-1-1", "write `x before 2024-01-01`"),
    ("x after 2024/01/01", "SEG001", "x after 2024/01/01", "write `x after 2024-01-01`"),
    (
        "x on or after 20240131",
        "SEG001",
        "x on or after 20240131",
        "write `x on or after 2024-01-31`",
    ),
    ("x on 2024/13/01", "SEG001", "2024/13/01", "a date is written `2024-01-31`"),
    ("x on 31.1.2024", "SEG001", "x on 31.1.2024", "write `x on 2024-01-31`"),
    ("x before 3", "SEG001", "x before 3", "write `x more than 3 days ago`"),
    ("x after 2 weeks ago", "SEG001", "x after 2 weeks ago", "write `x less than 2 weeks ago`"),
    (
        "x before 2024-01-31T9:30",
        "SEG001",
        "x before 2024-01-31T9:30",
        "write `x before 2024-01-31T09:30`",
    ),
    (
        "x before 2024-01-31 9:30",
        "SEG001",
        "x before 2024-01-31 9:30",
        "write `x before 2024-01-31T09:30`",
    ),
    ("not is today", "SEG001", "not is today", "write `name is not today`"),
    ("x not is today", "SEG001", "not is today", "write `is not today`"),
    ("x = 1 and x not is null", "SEG001", "not is null", "write `is not null`"),
    ("x = 'JP'", "SEG001", "'JP'", 'write `"JP"`'),
    ("x = “JP”", "SEG004", "“JP”", 'write `"JP"`'),
    ("a AND b", "SEG001", "AND", "keywords are in lower case"),
    ("COUNT(p) > 1", "SEG001", "COUNT(p)", "write `count(p)`"),
    ('x = "JP', "SEG002", '"JP', 'close it with `"`'),
    ("`x = 1", "SEG002", "`x = 1", "close it with a backquote"),
    ('x = "a\\qb"', "SEG003", "\\q", "the escapes are"),
    ('x = "\\u{110000}"', "SEG003", "\\u{110000}", "code point"),
    ('x = "\\u{d800}"', "SEG003", "\\u{d800}", "code point"),
    ("`\\q` = 1", "SEG003", "\\q", "the escapes are"),
    ("x = 007", "SEG008", "007", "remove the leading zeros"),
    ("x = 1_000", "SEG008", "1_000", "without separators"),
    ("x = 1,000", "SEG008", "1,000", "without separators"),
    ("x = +5", "SEG008", "+5", "remove the `+`"),
    ("x = .5", "SEG008", ".5", "begin with a digit"),
    ("x within past 30days", "SEG008", "30days", "write `30 days`"),
    ("x within past 30 dayz", "SEG001", "dayz", "did you mean `days`?"),
    ("x beetween 1 and 2", "SEG001", "beetween", "did you mean `between`?"),
    ('x like "%a%"', "SEG001", 'x like "%a%"', 'write `x contains "a"`'),
    ("x is empty", "SEG001", "x is empty", "write `x is null`"),
    ('x is not "JP"', "SEG001", 'x is not "JP"', 'write `x != "JP"`'),
    ("x = null", "SEG009", "x = null", "write `x is null`"),
    ("x != null", "SEG009", "x != null", "write `x is not null`"),
    ('x in "JP"', "SEG001", 'x in "JP"', 'write `x in ("JP")`'),
    ('x in ["JP"]', "SEG001", 'x in ["JP"]', 'write `x in ("JP")`'),
    ("x in ()", "SEG015", "in ()", "list at least one value"),
    ('x contains ("a")', "SEG001", 'x contains ("a")', 'write `x contains any ("a")`'),
    ("x at least 18", "SEG001", "x at least 18", "write `x >= 18`"),
    ("signup > 2024-01-01", "SEG013", "> 2024-01-01", "write `after 2024-01-01`"),
    ("signup != 2024-01-01", "SEG013", "!= 2024-01-01", "write `not on 2024-01-01`"),
    ("x between 2024-01-01 and 5", "SEG013", "5", "write a date"),
    ("x between 7 and 3 days", "SEG014", "between 7 and 3 days", "end with `ago`"),
    ("x within past 1 day 12 hours", "SEG014", "1 day 12 hours", "at most 1 day 12 hours ago"),
    ("x within past 1 day 2 days", "SEG014", "1 day 2 days", "add up the amounts"),
    ("count(p over 2 months) > 1", "SEG014", "2 months", "days, hours, minutes and seconds"),
    ("count distinct (p.a, q.b) > 1", "SEG211", "count distinct (p.a, q.b)", "only columns of `p`"),
    ("count(p) where a > 3", "SEG001", "count(p) where a > 3", "write `count(p where a > 3) >= 1`"),
    ("sum(p) > 3", "SEG001", "p", "name a column of the behavior: `p.column`"),
    ('has `table` "orders"', "SEG001", '"orders"', 'remove the backquotes: `table "orders"`'),
    ('count(p "orders") > 1', "SEG001", '"orders"', "a behavior is named without quotes"),
    ("count = 1", "SEG009", "count", "write `` `count` ``"),
    ("where = 1", "SEG009", "where", "write `` `where` ``"),
    ("東京 = 1", "SEG004", "東京", "write `` `東京` ``"),
    ('"x" = 1', "SEG001", '"x"', "write `x`"),
    ("5 > x", "SEG001", "5 > x", "write `x < 5`"),
    ("x = y.z", "SEG001", ".", "not with another attribute"),
    ("a and", "SEG001", "and", "remove the `and`, or write the condition"),
    ("and a", "SEG009", "and", "write it in backquotes"),
    ("a, b", "SEG001", ",", "joined with `and` or `or`"),
    ("a; b", "SEG004", ";", "joined with `and` or `or`"),
    ("(a or b", "SEG001", "b", "not closed: add `)`"),
    ("a or b)", "SEG001", ")", ""),
    ('"L": x = 1', "SEG001", '"L": x = 1', 'write `"L": (x = 1)`'),
    ("(a) and has p where b", "SEG010", "where", "put the whole of `has … where …` in parentheses"),
    ("a and no `p q` where b", "SEG010", "where", "in parentheses"),
    ("in segment Churned", "SEG001", "Churned", 'write `"Churned"`'),
    ('in stage "a"', "SEG001", 'in stage "a"', 'add `of funnel "…"`'),
    ('in stage #1 of funnel "x"', "SEG001", 'of funnel "x"', "write only the id: `in stage #1`"),
    ("everyone and a", "SEG001", "and", "cannot be combined"),
    ("any (a limit 3, b)", "SEG001", "limit", "inside parentheses"),
]


@pytest.mark.parametrize(("text", "code", "underlined", "help"), SLIPS)
def test_slip_in_a_condition(text: str, code: str, underlined: str, help: str) -> None:
    _slip(f'segment "s" where {text}', code, underlined, help)


@pytest.mark.parametrize(
    ("text", "code", "underlined", "help"),
    [
        ('Segment "x" where a', "SEG001", "Segment", "in lower case"),
        ('segmnt "x" where a', "SEG001", "segmnt", "did you mean `segment`?"),
        ("segment x where a", "SEG001", "x", 'write `"x"`'),
        ('segment "x" a', "SEG001", "a", "the condition begins with `where`"),
        ('segment "x" folders "a" where a', "SEG001", "folders", "did you mean `folder`?"),
        ('segment "x" folder "a" folder "b" where a', "SEG011", 'folder "b"', "keep one"),
        ('segment "x" kind btch where a', "SEG012", "btch", "did you mean `batch`?"),
        ('segment "x" kind "batch" where a', "SEG001", 'kind "batch"', "write `kind batch`"),
        ("where a", "SEG001", "where", 'write `segment "x" where`'),
        ("let where = a", "SEG009", "where", "write `` `where` ``"),
        ('let "x" = a', "SEG001", '"x"', "a name is written bare"),
        ("param x: int", "SEG012", "int", "`number`"),
        ("param x: number = y", "SEG001", "y", 'write `"y"`'),
        ("import a from b", "SEG001", "b", 'write `"b"`'),
        (
            '{"type": "And"}',
            "SEG004",
            "{",
            "to convert a rule in JSON, run `segdsl decompile FILE.json`",
        ),
        ('let x = "a\x00b"', "SEG004", "\x00", "`\\u{0}`"),
    ],
)
def test_slip_in_an_item(text: str, code: str, underlined: str, help: str) -> None:
    _slip(text, code, underlined, help)


def _slip(text: str, code: str, underlined: str, help: str) -> None:
    _, found = read(text)
    assert len(found) == 1
    (of,) = found
    assert of.span is not None
    assert (of.code.name, text[of.span.start : of.span.end]) == (code, underlined)
    assert help in (of.help or "")


def test_no_message_names_what_is_inside() -> None:
    """Terminals of the grammar are nobody's words."""
    for text, *_ in SLIPS:
        (of,) = read(f'segment "s" where {text}')[1]
        names = re.findall(r"\b(?:[A-Z_]{2,}|lpar|rpar|comma|colon|dot)\b", of.message)
        assert all(name in text or name == "API" for name in names), of.message


# --- several findings, and going on ---------------------------------------------------


def test_each_item_with_a_mistake_is_told_and_the_others_are_kept() -> None:
    text = (
        "let a = b == 1\nlet c = 2024\nparam d: number\nsegment \"s\"\nwhere\n  x = 'y'\n\n"
        'segment "t" where x = "\\q"\nlet e = f\n'
    )
    file, found = read(text)
    assert [of.code.name for of in found] == ["SEG001", "SEG001", "SEG001", "SEG003"]
    kept = [getattr(item, "name", None) for item in file.items]
    assert kept == ["d", "t", "e"]


def test_what_only_the_builder_sees_is_told_all_at_once() -> None:
    _, found = read('segment "s" where x > 2024-01-01 and y in () and z within past 1 day 1 hour')
    assert [of.code.name for of in found] == ["SEG013", "SEG015", "SEG014"]


def test_no_more_is_told_than_can_be_read() -> None:
    _, found = read("let x = = 1\n" * 5_000)
    assert 10 <= len(found) <= 50


# --- texts that no person writes ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('segment "x" where ' + "(" * 100_000 + "a" + ")" * 100_000, "SEG007"),
        ('segment "x" where ' + "(" * 100_000, "SEG001"),
        ('segment "x" where ' + "not " * 100_000 + "a", "SEG007"),
        ('segment "x" where ' + "any (" * 50_000 + "a" + ")" * 50_000, "SEG007"),
        ('segment "x" where ' + "has p where " * 50_000 + "a", "SEG007"),
        ('segment "x" where ' + "count(p where " * 50_000 + "a" + ") > 1" * 50_000, "SEG007"),
        ('segment "x" where x = "' + "a" * 1_000_000, "SEG002"),
        ('segment "x" where x = ' + "1" * 1_000_000 + "x", "SEG008"),
        ("\x00" * 1_000_000, "SEG004"),
        ("\\" * 500_000, "SEG004"),
        ("`" * 500_001, "SEG001"),
    ],
    ids=lambda value: str(value)[:40].replace("\x00", "NUL"),
)
def test_an_odd_text_gets_an_answer(text: str, code: str) -> None:
    file, found = read(text)
    assert file.items == ()
    assert found[0].code.name == code
    assert len(found[0].message) < 200


def test_a_file_of_20_megabytes_is_not_read() -> None:
    file, found = read("# a comment\n" * 1_700_000)
    assert file.items == ()
    assert [of.code.name for of in found] == ["SEG006"]
    assert f"{MAX_CHARACTERS:,}" in found[0].message


def test_a_wide_and_a_deep_segment_are_read() -> None:
    wide = condition(" or ".join(f"a{at} = {at}" for at in range(2_000)))
    assert isinstance(wide, t.Chain)
    assert len(wide.operands) == 2_000
    deep = "x = 1"
    for at in range(60):
        deep = f"y{at} = 1 {'and' if at % 2 else 'or'} ({deep})"
    assert isinstance(condition(deep), t.Chain)


def test_parentheses_that_are_not_needed_never_add_up() -> None:
    """Each is shallow, however many there are."""
    assert isinstance(condition(" and ".join(["((has p where ((a))))"] * 3_000)), t.Chain)


def test_the_parentheses_that_the_formatter_sets_make_nothing_too_deep() -> None:
    mixed, bracketed = "a", "a"
    for _ in range(90):
        mixed, bracketed = f"(b and {mixed} or c)", f"((b and {bracketed}) or c)"
    assert condition(mixed) == condition(bracketed)


# --- mutated inputs: an answer each time, never an exception --------------------------

CORPUS = [
    'segment "High-value"\n  description "Over 50,000"\n  folder "A/B"\n  kind batch\n\nwhere\n'
    '  country = "JP" # why\n  and prefecture in ("Tokyo", "東京")\n'
    '  and sum(purchases.amount where category = "E" and timestamp within past 90 days) > 5\n'
    '  and any (\n    email_opt_in is true,\n    not in segment "Churned",\n  )\n'
    "limit 10% by ltv desc, `odd name` asc\n",
    "param days: number = 30\nlet bought(kind, n) =\n  count(p where category = kind and\n"
    '    timestamp within past n days) >= 1\nimport a, b from "../x.seg"\n',
    'segment "s" where "L": (x between 7 and 3 days ago or y on or before 2024-01-01T10:00Z)\n'
    '  and (has p where a = 1) and at least 2 of tags contains any ("a", "b")',
    'segment "t" where score of #12 between 3 and 5 including converted or rfm("M").x != -1.5e3\n'
    '  or in stage "I" of funnel "F" or first(p.c by t per o over 7 days where u is null) = "\\n"\n'
    "  or x for 7 days from 1 month ago rounded to day reverse or (count(some p) < 3 limit 5)",
    'segment "u" where everyone limit 5\n\nsegment "v" where rule set none (a, b("x", 1))',
]
_PIECES = re.compile(r'"[^"\n]*"|`[^`\n]*`|#[^\n]*|\w+|\s+|.', re.DOTALL)
_STRANGE = [
    "\x00",
    "\r",
    "\t",
    "\u2028",
    "\ufeff",
    "東",
    "\U0001f6d2",
    "“",
    "\\",
    '"',
    "`",
    "'",
    "#",
]
_STRANGE += ["(", ")", ",", "1e", "-", "@", '@"', '#"', "==", "2024-13-45", "0x1", "\\u{", "\ud800"]


def _mutated(chance: random.Random) -> str:
    pieces = _PIECES.findall(chance.choice(CORPUS))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(pieces) + 1)
        match chance.randrange(7):
            case 0:
                del pieces[at : at + chance.randint(1, 3)]
            case 1:
                pieces[at:at] = pieces[at : at + chance.randint(1, 5)]
            case 2:
                pieces.insert(at, chance.choice(_STRANGE))
            case 3:
                pieces.insert(at, chance.choice(_PIECES.findall(chance.choice(CORPUS))))
            case 4:
                pieces.insert(
                    at, chr(chance.choice([chance.randrange(128), chance.randrange(0x3000)]))
                )
            case 5:
                whole = "".join(pieces)
                cut = chance.randrange(len(whole) + 1)
                pieces = [whole[:cut], whole[cut + chance.randint(0, 2) :]]
            case _:
                data = bytearray("".join(pieces).encode("utf-8", "replace"))
                if data:
                    data[chance.randrange(len(data))] = chance.randrange(256)
                pieces = _PIECES.findall(data.decode("utf-8", "replace"))
    return "".join(pieces)


@pytest.mark.parametrize("seed", range(12))
def test_mutated_inputs_get_an_answer(seed: int) -> None:
    chance = random.Random(seed)
    whole = 0
    many = scaled(300, 100)
    for _ in range(many):
        text = _mutated(chance)
        file, found = read(text)
        assert isinstance(file, t.File)
        whole += not found
        for of in found:
            assert of.message
            assert of.span is not None
            assert 0 <= of.span.start <= of.span.end <= len(text), text
            assert of.span.file == "test.seg"
        for comment in file.comments:
            assert text[comment.span.start : comment.span.end] == comment.text
    assert 0 < whole < many


@pytest.mark.parametrize("seed", range(4))
def test_random_texts_get_an_answer(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(scaled(200)):
        size = chance.randrange(200)
        text = chance.randbytes(size).decode("latin-1") if chance.random() < 0.3 else ""
        text += "".join(chance.choice("azAZ09_ \n\"`'#()=<>!,.:%-@\\東") for _ in range(size))
        _, found = read(text)
        assert all(of.span and 0 <= of.span.start <= of.span.end <= len(text) for of in found)


# --- threads --------------------------------------------------------------------------


def test_threads_do_not_disturb_each_other() -> None:
    expected = [read(text)[0] for text in CORPUS]
    assert all(file.items for file in expected)
    failures: list[str] = []
    begin = threading.Barrier(8)

    def work(number: int) -> None:
        begin.wait()
        for turn in range(20):
            at = (number + turn) % len(CORPUS)
            file, found = read(CORPUS[at])
            wrong = read(f"let x = = {number}")[1]
            texts = [comment.text for comment in file.comments]
            same = texts == [comment.text for comment in expected[at].comments]
            if found or not same or file != expected[at] or len(wrong) != 1:
                failures.append(f"thread {number}, turn {turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
