"""Each lint: what it says, and what is close and gets no word."""

from __future__ import annotations

import time

import pytest
from linting import codes, findings, places

# --- SEG601 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        'country != "JP"',
        'not country = "JP"',
        'country not in ("JP", "US")',
        "age not between 1 and 3",
        "last_visit not within past 3 days",
        'group household.kind != "single"',
        'rfm("M").rfm_segment != "Champions"',
        '(country != "JP" limit 5 by ltv desc)',
        'has visits where device != "bot"',
        "sum(p.a) != 3",
        "max(p.a) not between 1 and 3",
        'first(p.a by t) != "x"',
        "not average(p.a where b = 1) > 3",
        "a = 1 and (sum(p.a) != 3 or b = 2)",
        # These events are others.
        "sum(p.a) != 3 and (has q)",
        "sum(p.a where b = 1) != 3 and (has p)",
        "sum(p.a where b = 1) != 3 and (has p where b = 2)",
        "sum(p.a) != 3 or (no p where b = 1)",
        "sum(p.a) != 3 and count(p) < 4",
        # What is not null here is something else.
        'country != "JP" and age is not null',
        # Only one of the two is asked for a value.
        'country != "JP" and (country = "US" or age > 3)',
        'country != "JP" or (country is null and age > 3)',
    ],
)
def test_a_negation_that_holds_of_null_is_told(where: str) -> None:
    assert codes(where, "SEG608") == ["SEG601"]


@pytest.mark.parametrize(
    "where",
    [
        'country != "JP" and country is not null',
        'country != "JP" and country starts with "J"',
        'country != "JP" or country is null',
        'age > 3 and (country != "JP" or age = 1) and country is not null',
        '(country != "JP" and age > 3) or country is null',
        'country != "JP" and (country = "US" or country = "CA" and age > 1)',
        "country is not null",
        'cdp_customer_id != "1"',
        "opted_in is not true",
        'not any of tags = "x"',
        "count(visits) != 3",
        "count distinct (visits.page) not in (1, 2)",
        "sum(p.a) != 3 and (has p)",
        "sum(p.a) != 3 and count(p) > 4",
        "sum(p.a) != 3 and (has p where b = 1)",
        "sum(p.a where b = 1) != 3 and (has p where b = 1)",
        "sum(p.a) != 3 and max(p.b) > 1",
        "sum(p.a) != 3 and not count(p) <= 2",
        "sum(p.a) != 3 or (no p)",
        "sum(p.a) != 3 or count(p) < 2",
        "(has p) and (sum(p.a) != 3 or b = 2)",
        "sum(some p.a) != 3",
        "not sum(p.a by o) = 3",
        "first(p.a by t) is not true",
        "sum(p.a) > 3",
        "has visits where timestamp not within past 3 days",
        'not in segment "Churned"',
        # A negation beside `is null` holds of nothing else, and cannot be told to leave it out.
        'country is null and country != "JP"',
        'country is null and (country != "JP" or age = 3)',
    ],
)
def test_a_negation_whose_author_has_decided_is_not(where: str) -> None:
    assert codes(where, "SEG608") == []


def test_of_one_column_a_group_gets_one_word() -> None:
    assert places('country != "JP" and age > 1 and country not starts with "X"') == [
        ("SEG601", 'country != "JP"')
    ]


def test_a_negated_definition_is_told_where_it_is_defined_with_its_use() -> None:
    [found] = findings('let staff = email ends with "@x"\nsegment "x" where not staff')
    assert found.message == "negated, this also holds for profiles with no `email`"
    assert found.span is not None
    assert found.span.start == len("let staff = ")
    assert [note.message for note in found.notes] == ["expanded from this use"]


def test_a_negated_aggregate_is_told_with_what_to_ask_of_events() -> None:
    [found] = findings('segment "x" where sum(p.a where b = 1) != 3')
    assert found.message == "negated, this also holds for profiles without such events of `p`"
    assert found.help == (
        "to exclude them, add `and (has p where …)`; to include them explicitly: "
        "`(… or (no p where …))`"
    )


# --- SEG602 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("a = 1 and a = 1", "a = 1"),
        ("a = 1 and a = 1.0", "a = 1.0"),
        ("a = 1 and (b = 2 and a = 1)", "a = 1"),
        ("a = 1 and (a = 1 or b = 2)", "a = 1"),
        ("a = 1 or (a = 1 and b = 2)", "a = 1"),
        ("a = 1 or (b = 2 and (c = 3 or a = 1))", "a = 1"),
        ("(a = 1 or b = 2) and any (b = 2, a = 1)", "any (b = 2, a = 1)"),
        ("count(v) > 2 and count(v) >= 3", "count(v) >= 3"),
        ("(has v) and count(v) >= 1", "count(v) >= 1"),
        ("a in (1, 2, 1)", "a in (1, 2, 1)"),
        ('url contains any ("x", "x")', 'url contains any ("x", "x")'),
        ("has v where a > 1 and a > 1", "a > 1"),
    ],
)
def test_what_is_there_already_is_told(where: str, place: str) -> None:
    assert places(where) == [("SEG602", place)]


@pytest.mark.parametrize(
    "where",
    [
        "a > 1 and b > 1",
        "(a = 1 and b = 1) or (a = 1 and b = 2)",
        'a in (1, 2) and b in ("1", "2")',
        "count(v where a > 1) > 2 and count(v where a > 2) > 2",
        "any of tags = 1 and every one of tags = 1",
    ],
)
def test_what_only_looks_alike_is_not(where: str) -> None:
    assert codes(where) == []


# --- SEG603 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ('country = "JP" or country = "US"', '`country in ("JP", "US")`'),
        ('any (country = "JP", a > 1, country in ("US", "CA"))', '`country in ("JP", "US", "CA")`'),
        ("(a != 1 and a != 2) and a is not null", "`a not in (1, 2)`"),
        ("any of tags = 1 or any of tags = 2", "`any of tags in (1, 2)`"),
        ("count(v) = 1 or count(v) = 2", "`count(v) in (1, 2)`"),
        ("has v where a = 1 or a = 2", "`a in (1, 2)`"),
        ("not (a = 1 or a = 2) and a is not null", "`a in (1, 2)`"),
    ],
)
def test_equals_that_should_be_a_list_are_told(where: str, said: str) -> None:
    [found] = findings(f'segment "x" where {where}')
    assert found.code.name == "SEG603"
    assert said in (found.help or "")


@pytest.mark.parametrize(
    "where",
    [
        'country = "JP" or state = "US"',
        'a = 1 or a = "1"',
        "a = 1 or a > 2",
        "a is true or a is false",
        "every one of tags = 1 or every one of tags = 2",
        "signup on 2024-01-01 or signup on 2024-02-01",
        "any (a = 1, all (a = 2, b = 1))",
    ],
)
def test_what_no_list_can_say_is_not(where: str) -> None:
    assert codes(where) == []


def test_definitions_are_not_asked_to_be_one_list() -> None:
    text = 'let jp = a = "JP"\nlet us = a = "US"\nsegment "x" where jp or us'
    assert findings(text) == []


# --- SEG604 and SEG605 ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("age > 30 and age < 20", "age < 20"),
        ("age > 30 and a = 1 and age < 20", "age < 20"),
        ('country = "JP" and country = "US"', 'country = "US"'),
        ("x in (1, 2) and x not in (1, 2, 3)", "x not in (1, 2, 3)"),
        ("x is null and x = 1", "x = 1"),
        ("x between 5 and 3", "x between 5 and 3"),
        ("x > 0.1 and x <= 0.10000000000000000000000000000000000000000000", None),
        ('url starts with "/a" and url starts with "/b"', 'url starts with "/b"'),
        ('url in ("abc", "b") and url contains "x"', 'url contains "x"'),
        ("signup before 2024-01-01 and signup after 2024-06-01", "signup after 2024-06-01"),
        (
            "signup before 2024-01-01T01:00:00Z and signup after 2024-01-01T09:00:00+02:00",
            "signup after 2024-01-01T09:00:00+02:00",
        ),
        ("signup between 3 and 5 days ago", "signup between 3 and 5 days ago"),
        ("visit in this month and visit in last month", "visit in last month"),
        ("visit within past 7 days and visit more than 9 days ago", "visit more than 9 days ago"),
        ("count(v) >= 3 and count(v) < 2", "count(v) < 2"),
        ("count(v) > 2 and count(v) < 3", "count(v) < 3"),
        ("count(v) < 0", "count(v) < 0"),
        ("count(v) = 2.5", "count(v) = 2.5"),
        # Counts are whole, and exact beyond what a double tells apart.
        (
            "count(v) = 9007199254740993 and count(v) = 9007199254740992",
            "count(v) = 9007199254740992",
        ),
        ("x > 9007199254740993 and x < 5", "x < 5"),
        ("(has v) and (no v)", "(no v)"),
        ("(has v) and count distinct (v.a) = 0", "count distinct (v.a) = 0"),
        (
            "(has v where b = 1) and count distinct (v.a, v.c where b = 1) < 1",
            "count distinct (v.a, v.c where b = 1) < 1",
        ),
        ("count distinct (v.a) >= 1 and (no v)", "(no v)"),
        ("(x > 5 or x < 1) and x between 2 and 3", "x between 2 and 3"),
        ("x > 5 and (x < 1 or x = 2) and y = 1", "(x < 1 or x = 2)"),
        ("in segment #1 and not in segment #1", "not in segment #1"),
        ("score of #1 between 1 and 2 and score of #1 between 4 and 5", None),
        ("has v where a = 1 and a = 2", "a = 2"),
        ("any (x = 1 and x = 2, y = 1)", "x = 2"),
        ("(sum(v.a where b = 1 and b = 2) > 3 limit 5 by ltv desc)", "b = 2"),
    ],
)
def test_what_can_never_hold_is_told(where: str, place: str | None) -> None:
    found = places(where)
    assert [code for code, _ in found if code not in ("SEG601", "SEG639")] == ["SEG604"]
    assert place is None or ("SEG604", place) in found


def test_of_counts_it_is_said_which_there_are() -> None:
    for where, said in (
        ("count(v) < 0", "a count is an integer of 0 or more"),
        ("count distinct (v.a) = 2.5", "a count is an integer of 0 or more"),
        (
            "count distinct (some v.a) = 0",
            "with at least one event this is an integer of 1 or more: missing values count",
        ),
    ):
        [found] = findings(f'segment "x" where {where}')
        assert (found.code.name, found.help) == ("SEG604", said)


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("x = 1 or x != 1", "x != 1"),
        ("x is null or x is not null", "x is not null"),
        ("x not between 5 and 3", "x not between 5 and 3"),
        ("x not > 5 or x not < 3", "x not < 3"),
        ("count(v) >= 0", "count(v) >= 0"),
        ("count(v) < 3 or count(v) > 2", "count(v) > 2"),
        ("(has v) or (no v)", "(no v)"),
        ("(has v) or count distinct (v.a) < 1", "count distinct (v.a) < 1"),
        ("in segment #1 or a = 1 or not in segment #1", "not in segment #1"),
        ('url contains "x" or url not contains "x"', 'url not contains "x"'),
    ],
)
def test_what_always_holds_is_told(where: str, place: str) -> None:
    found = places(where)
    assert [each for each in found if each[0] != "SEG601"] == [("SEG605", place)]


@pytest.mark.parametrize(
    "where",
    [
        "age > 20 and age < 30",
        # Nulls are in neither.
        "age > 20 or age <= 30",
        "count(v) > 2 and count(v) < 4",
        "(has v) and count distinct (v.a) = 1",
        "(has v where b = 1) and count distinct (v.a) = 0",
        "sum(v.a) > 2 and sum(v.a) < 3",
        "count(v by a) = 1 and count(v by a) = 2",
        "count(v where a = 1) > 2 and count(v where a = 2) < 1",
        "any of tags = 1 and any of tags = 2",
        'x > 30 and x < "20"',
        'url matches "^a" and url = "b"',
        'url ends with "a" and url ends with "b"',
        "signup before 2024-01-01T02:30:00 and signup after 2024-01-01T02:59:00",
        "signup before 2024-01-01 and signup after 2024-06-01T00:00:00Z",
        "visit within past 7 days and visit at least 7 days ago",
        "visit within past 7 days and visit in last month",
        "x > 5 and (x < 1 or y = 2)",
        "has v where a in (1, 2)",
        "in segment #1 and not in segment #2",
    ],
)
def test_satisfiable_conditions_are_not_reported(where: str) -> None:
    assert codes(where) == []


def test_other_conditions_are_notes() -> None:
    [found] = findings('segment "x" where age > 30 and age < 20')
    assert found.message == "this condition and another on `age` can never hold together"
    assert [note.message for note in found.notes] == ["the other condition"]


# --- SEG606 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1 and b > 2", "all (b > 2, a = 1)"),
        ("a in (1, 2)", "a in (2, 1)"),
        ("a in (1, 2)", "any (a = 1, a = 2)"),
        ("a is not null", "not not not a is null"),
        ("has v", "count(v) >= 1"),
        ("no v", "count(v) = 0"),
        ("count(v) > 2", "not count(v) < 3"),
        ("not (in segment #1 and a = 1)", "any (not in segment #1, not a = 1)"),
        ("has v where a = 1 and b > 2", "has v where b > 2 and a = 1"),
        ('"Label": (a = 1)', "a = 1"),
        ("everyone", "everyone"),
    ],
)
def test_segments_that_are_equal_are_told(one: str, other: str) -> None:
    found = findings(f'segment "A" where {one}\nsegment "B" where {other}')
    [twin] = [of for of in found if of.code.name == "SEG606"]
    assert twin.message == 'this segment selects the same profiles as "A"'
    assert [note.message for note in twin.notes] == ["the other segment"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1", 'a = "1"'),
        ("a > 1", "not a <= 1"),
        ("count distinct (some v.a) < 3", "count distinct (v.a) < 3"),
        ("count distinct (v.a) >= 1.0000000000000000001", "count distinct (v.a) >= 2"),
        ("a in (1, 2)", "a in (1, 2, 3)"),
        ("everyone limit 10 by a desc", "everyone limit 10 by a asc"),
        ("a > 1 and b > 1", "a > 1 or b > 1"),
    ],
)
def test_segments_that_are_only_alike_are_not(one: str, other: str) -> None:
    found = findings(f'segment "A" where {one}\nsegment "B" where {other}')
    assert [of for of in found if of.code.name == "SEG606"] == []


def test_segments_of_two_kinds_are_never_equal() -> None:
    text = 'segment "A" where a = 1\nsegment "B" kind realtime where a = 1'
    assert findings(text) == []


# --- all ------------------------------------------------------------------------------------


def test_a_text_that_is_large_is_looked_at_in_reasonable_time() -> None:
    values = ", ".join(map(str, range(20_000)))
    chain = " or ".join(f"(a > {n} and b < {n})" for n in range(300))
    start = time.process_time()
    assert codes(f"x in ({values}) and x not in (1, 2) and ({chain})", "SEG601") == []
    # A guard against what grows with the square, generous enough for any machine.
    assert time.process_time() - start < 20
