"""Everything that a segment can name, found by a word, with how it is written."""

from __future__ import annotations

import pytest

from segdsl.diagnostics import Report
from segdsl.language.syntax.parser import parse
from segdsl.schema.model import (
    Behavior,
    Column,
    CustomerGroup,
    Funnel,
    Model,
    Schema,
    Segment,
    Stage,
    Variant,
)
from segdsl.schema.searching import nothing_like, search, things
from segdsl.source import Source

SHOP = Schema(
    "1",
    "Shop",
    attributes=(Column("Country", "string", "Address"), Column("where", "number")),
    behaviors=(
        Behavior("behavior_page views", (Column("url", "string"), Column("time", "timestamp"))),
        Behavior("behavior_nothing"),
    ),
    customer_groups=(CustomerGroup("home", (Column("size", "number"),)),),
    segments=(
        Segment("7", 'The "gold"', ("Loyalty", "Tokyo")),
        Segment("8", "Now", kind="realtime"),
        Segment("9", "In", ("F",), kind="funnel_stage"),
    ),
    funnels=(Funnel("1", "Onboarding", (Stage("4", "Interest"),)),),
    models=(Model("1", "Churn"), Model("2", "Value", "rfm"), Model("3", "Value", "cltv")),
    variants=(Variant("1", "A", "Mail"),),
)


def spellings(word: str | None = None) -> list[str]:
    return [each.spelling for each in search(SHOP, word)]


def test_everything_as_it_is_written() -> None:
    assert spellings() == [
        "Country",
        "`where`",
        "has `page views`",
        "`page views`.url",
        "`page views`.time",
        "has nothing",
        "home.size",
        'in segment "The \\"gold\\""',
        'in segment "Now"',
        'in segment "In"',
        'in stage "Interest" of funnel "Onboarding"',
        'score of "Churn" …',
        'rfm("Value").…',
        'cltv("Value").…',
        'in variant "A" of test "Mail"',
    ]


def test_what_is_known_of_each() -> None:
    assert [each.more for each in things(SHOP)] == [
        *("string, under “Address”", "number", "2 columns", "string", "timestamp", "0 columns"),
        *("number", "#7, in Loyalty/Tokyo", "#8, realtime", "#9, funnel stage, in F"),
        *("#4", "#1", "#2", "#3", "#1"),
    ]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("COUNT", ["Country"]),
        ("url", ["`page views`.url"]),
        # What belongs to something is found by its name, too.
        ("Views", ["has `page views`", "`page views`.url", "`page views`.time"]),
        ("home", ["home.size"]),
        ("tokyo", ['in segment "The \\"gold\\""']),
        ("onboard", ['in stage "Interest" of funnel "Onboarding"']),
        ("mail", ['in variant "A" of test "Mail"']),
        ("churn", ['score of "Churn" …']),
        ("7", []),
    ],
)
def test_finding_by_a_word(word: str, found: list[str]) -> None:
    assert spellings(word) == found


def test_nothing_found_with_the_nearest_name() -> None:
    said = "nothing has `contry` in its name; did you mean `Country`?"
    assert nothing_like(SHOP, "contry") == said
    assert nothing_like(SHOP, "onbording").endswith("did you mean `Onboarding`?")
    assert nothing_like(SHOP, "zzz").endswith("`segdsl schema show` lists everything")


@pytest.mark.parametrize(
    "spelling", [each for each in spellings() if "…" not in each and "." not in each]
)
def test_what_is_shown_can_be_written(spelling: str) -> None:
    condition = spelling if " " in spelling else f"{spelling} is null"
    report = Report()
    parse(Source("x", f'segment "x" where {condition}'), report)
    assert report.diagnostics == []
