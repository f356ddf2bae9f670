"""The formatter by example: the look of the language, and comments in odd places."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.tree import File
from segdsl.source import Source


def parsed(text: str) -> File:
    report = Report()
    found = parse(Source("x.seg", text), report)
    assert not report.diagnostics, (text, [d.message for d in report.diagnostics])
    return found


def formatted(text: str) -> str:
    return format_file(parsed(text), Source("x.seg", text))


LOOK = """\
# Comments run to the end of the line and survive formatting.
segment "High-value Tokyo shoppers"
  description "Over 50,000 yen of electronics in 90 days, and still reachable"
  folder "Loyalty/Tokyo"
  kind batch

where
  country = "JP"
  and prefecture in ("Tokyo", "Kanagawa")
  and sum(purchases.amount where category = "Electronics" and timestamp within past 90 days) > 50000
  and count(page_views where url contains "/pricing") >= 3
  and any (
    email_opt_in is true,
    push_opt_in is true,
  )
  and not in segment "Churned"
"""

LONG = """\
import reachable, bought from "../common/contact.seg"

param days: number = 30
param region: string

let recent(kind, n) =
  count(
    purchases
    where category = kind
      and timestamp within past n days
      and store in ("Shinjuku", "Shibuya", "Ikebukuro")
  ) >= 1

segment "x"

where
  # Why this is here.
  country in (
    "Argentina",  # since March
    "Brazil",
    "Bolivia",
    "Chile",
    "Colombia",
    "Ecuador",
    "Guyana",
    "Paraguay",
    "Peru",
    "Suriname",
  )
  and (
    age > 65
    or "Young": (age < 18 and in segment "Families")
    # or age is null
  )
  and (has page_views where url starts with "/sale")
  and not (a = 1 or b = 2)
  # and the rest
limit 10% by ltv desc, signup asc

# At the end.
"""


@pytest.mark.parametrize("text", ["", LOOK, LONG])
def test_canonical_text_stays_as_it_is(text: str) -> None:
    assert formatted(text) == text


@pytest.mark.parametrize("text", [LOOK, LONG])
def test_however_it_is_spaced_the_text_is_the_same(text: str) -> None:
    without = re.sub(r" *#.*", "", text)
    squeezed = " ".join(without.split())
    assert formatted(squeezed) == formatted(without)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a is true", "a is true"),
        ("a = true", "a is true"),
        ("not (a = 1)", "not a = 1"),
        ("((a = 1)) and (b = 2)", "a = 1 and b = 2"),
        ("a not = 1", "a != 1"),
        ("(a = 1 and b = 2) and c = 3", "(a = 1 and b = 2) and c = 3"),
        ("a between 7 days ago and 3 days ago", "a between 7 and 3 days ago"),
        ("a within past 1 days", "a within past 1 day"),
        ("a more than 1 hours 2 day ago", "a more than 2 days 1 hour ago"),
        ("a contains any (\"x\")", 'a contains "x"'),
        ("`a` = 1 and `in` = 2", "a = 1 and `in` = 2"),
        ('"L": ((a = 1))', '"L": (a = 1)'),
        ('in segment "S" of  folder " / "', 'in segment "S" of folder "/"'),
        ('in segment "S" of folder ""', 'in segment "S" of folder "/"'),
        ('in segment "S" of folder "/A / B/"', 'in segment "S" of folder "A/B"'),
        ('has table "orders"', 'has table "orders"'),
        ('count(table "behavior_orders") > 3', "count(orders) > 3"),
        ('sum(table "o r".`a b`) > 3', 'sum(table "o r".`a b`) > 3'),
        ("has `table`", "has table"),
    ],
)  # fmt: skip
def test_one_spelling(text: str, canonical: str) -> None:
    body = formatted(f'segment "x" where {text}').split("where\n", 1)[1]
    assert " ".join(body.split()) == canonical


def test_head_lines_are_put_in_order_with_their_comments() -> None:
    text = 'segment "x"\n  # k\n  kind batch # kk\n  # d\n  description "d"\nwhere everyone\n'
    assert formatted(text) == (
        'segment "x"\n  # d\n  description "d"\n  # k\n  kind batch  # kk\n\nwhere everyone\n'
    )


def test_hidden_is_the_last_line_of_a_head_and_keeps_its_comments() -> None:
    text = 'segment "x"\n  # h\n  hidden # hh\n  folder "f"\n  kind realtime\nwhere everyone\n'
    assert formatted(text) == (
        'segment "x"\n  folder "f"\n  kind realtime\n  # h\n  hidden  # hh\n\nwhere everyone\n'
    )


# --- comments beside parentheses that are left out ---------------------------------------

_BASES = [
    "let x = (a or b)",
    "let x = ((a or b))",
    "let x = not (a)",
    "let x = any ((a or b), (c))",
    "let x = any ((has p where (a and b)), d)",
    "let x = (has p where ((a)))",
    'segment "a" where (a and b) limit 3 by c desc',
    'segment "a" where (has p where (a or b))',
    'segment "a" where c and ((has p where ((a) or (b))))',
    'segment "a" kind batch description "x" where everyone limit 3',
    'let x = "L": ((a or b))',
    'let x = (("L": any ((a), (b))))',
    "let x = rule set ((a limit 3))",
    'segment "s" where (count(p where (a and b)) in (1, 2)) and (x in ("a"))',
    'segment "s" where ((a and b limit 3 by c asc))',
    'param a: number = 3 param b: number import a, b from "x" let x = (a)',
    'import a from "x" let x = (a) segment "y" where (a and b) let z = a',
]
_TOKEN = re.compile(r'"[^"\n]*"|-?[0-9][0-9.]*|\w+|[<>!]=|\S')
_FORMS = ("  # {}\n", "\n  # {}\n", "\n# {}\n", "\n\n  # {}\n\n# {}'\n")


def kept(base: str, inserted: dict[int, str]) -> None:
    tokens = _TOKEN.findall(base)
    text = "".join(token + inserted.get(at, " ") for at, token in enumerate(tokens))
    before = parsed(text)
    once = format_file(before, Source("x.seg", text))
    after = parsed(once)
    assert after.items == before.items
    texts = [comment.text for comment in before.comments]
    if "description" in base:
        assert sorted(comment.text for comment in after.comments) == sorted(texts)
    else:
        assert [comment.text for comment in after.comments] == texts
    assert format_file(after, Source("x.seg", once)) == once


@pytest.mark.parametrize("base", _BASES)
def test_a_comment_is_kept_wherever_it_stands(base: str) -> None:
    places = range(len(_TOKEN.findall(base)))
    for at in places:
        for form in _FORMS:
            kept(base, {at: form.format("c", "c")})
    for first, second in itertools.combinations(places, 2):
        kept(base, {first: _FORMS[0].format("c"), second: _FORMS[0].format("d")})
        kept(base, {first: _FORMS[2].format("c"), second: _FORMS[0].format("d")})
    chance = random.Random(1)
    for _ in range(60):
        kept(
            base,
            {
                at: chance.choice([*_FORMS, "\n", " "]).format(f"c{at}", f"d{at}")
                for at in places
                if chance.random() < 0.5
            },
        )
