"""Items of a schema, their spelling, and the search."""

from __future__ import annotations

import pytest

from segdsl.diagnostics import Report
from segdsl.language.syntax.parser import parse
from segdsl.schema.model import (
    Behavior,
    Column,
    Connection,
    CustomerGroup,
    Funnel,
    Journey,
    Model,
    Schema,
    Segment,
    Stage,
    Template,
    User,
    Variant,
)
from segdsl.schema.search import no_match_message, schema_items, search
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


def test_each_item_has_its_spelling() -> None:
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


def test_each_item_has_details() -> None:
    assert [each.details for each in schema_items(SHOP)] == [
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
def test_search_matches_names_labels_and_parents(word: str, found: list[str]) -> None:
    assert spellings(word) == found


def test_a_search_without_a_match_suggests_a_name() -> None:
    said = "no name contains `contry`; did you mean `Country`?"
    assert no_match_message(SHOP, "contry") == said
    assert no_match_message(SHOP, "onbording").endswith("did you mean `Onboarding`?")
    assert no_match_message(SHOP, "zzz").endswith("`segdsl schema show` lists everything")


@pytest.mark.parametrize(
    "spelling", [each for each in spellings() if "…" not in each and "." not in each]
)
def test_each_spelling_compiles(spelling: str) -> None:
    condition = spelling if " " in spelling else f"{spelling} is null"
    report = Report()
    parse(Source("x", f'segment "x" where {condition}'), report)
    assert report.diagnostics == []


def test_what_activations_name_has_its_spelling() -> None:
    schema = Schema(
        "1",
        "Shop",
        attributes=(Column("email", "string", visibility="pii"), Column("a", "string")),
        templates=(
            Template("4", "Weekly", ("A", "B")),
            Template("5", "Weekly"),
            Template("6", "Daily", ("A",)),
        ),
        connections=(Connection("7", "mail “x”", "sfmc_v2"), Connection("8", "s3")),
        users=(User("3", "ann@example.com"),),
    )
    assert [(each.kind, each.spelling, each.details) for each in schema_items(schema)] == [
        ("attribute", "email", "string, pii"),
        ("attribute", "a", "string"),
        ("template", "from template #4", "#4, in A/B"),
        ("template", "from template #5", "#5"),
        ("template", 'from template "Daily"', "#6, in A"),
        ("connection", 'to connection "mail “x”"', "#7, sfmc_v2"),
        ("connection", 'to connection "s3"', "#8"),
        ("user", 'notify "ann@example.com" …', "#3"),
    ]
    assert [each.name for each in search(schema, "ann@")] == ["ann@example.com"]
    for item in schema_items(schema)[2:]:
        clause = item.spelling.replace("…", "on success")
        report = Report()
        parse(Source("a.seg", f'activation "A" of segment "S"\n  {clause}\n'), report)
        assert report.diagnostics == [], clause


def test_journeys_and_their_stages_have_spellings_that_parse() -> None:
    schema = Schema(
        "1",
        "Shop",
        journeys=(
            Journey("12", "Welcome", (Stage("31", "First"),), ("A",)),
            Journey("13", "VIP", (Stage("33", "Hello"),)),
            Journey("14", "VIP"),
        ),
    )
    assert [(each.kind, each.spelling, each.details) for each in schema_items(schema)] == [
        ("journey", 'of journey "Welcome"', "#12, in A"),
        ("journey stage", 'jump to stage "First" of journey "Welcome"', "#31"),
        ("journey", "of journey #13", "#13"),
        ("journey stage", "jump to stage #33 of journey #13", "#33"),
        ("journey", "of journey #14", "#14"),
    ]
    for item in schema_items(schema):
        text = f'activation "A" {item.spelling}\n'
        if item.kind == "journey stage":
            text = f'journey "J" stage "S" enter "E" where a = 1 steps ({item.spelling})\n'
        report = Report()
        parse(Source("a.seg", text), report)
        assert report.diagnostics == [], text
