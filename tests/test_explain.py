"""What each construct is called in plain English.

Source on the left, sentence on the right; then whole outlines. What must hold of every
explanation is in `test_explain_properties`.
"""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from segdsl.analysis.explain import Outline, explain, render_outline
from segdsl.diagnostics import Report
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.source import Source


def segment(text: str) -> c.Segment:
    report = Report()
    file = parse(Source("test.seg", text), report)
    (found,) = resolve(Program("test.seg", {"test.seg": file}), report, {})
    return found


def outline(where: str) -> Outline:
    return explain(segment(f'segment "x" where {where}'))


def said(where: str) -> str:
    """The only condition's sentence, and its notes."""
    (item,) = outline(where).items
    assert not item.items
    return " ".join([item.text, *item.notes])


def body(where: str) -> str:
    """The outline without its head."""
    return render_outline(outline(where), 90).partition("\n\n")[2]


# --- sentences -------------------------------------------------------------------------

ATTRIBUTES = [
    ('country = "JP"', 'country is "JP". A profile with no country is left out.'),
    ('country != "JP"', 'country is not "JP". A profile with no country is included.'),
    ("a is true", "a is true. A profile with no a is left out."),
    ("a is not true", "a is not true. A profile with no a is included."),
    ("age > 18", "age is more than 18. A profile with no age is left out."),
    ("not age > 18.50", "age is at most 18.50. A profile with no age is included."),
    ("age not >= 18", "age is less than 18. A profile with no age is included."),
    ("age < 18", "age is less than 18. A profile with no age is left out."),
    ("age <= 18", "age is at most 18. A profile with no age is left out."),
    ("not not age <= 18", "age is at most 18. A profile with no age is left out."),
    (
        "age between 18 and 65",
        "age is between 18 and 65 (both included). A profile with no age is left out.",
    ),
    (
        "age not between 18 and 65",
        "age is not between 18 and 65 (both included). A profile with no age is included.",
    ),
    ('a in ("x")', 'a is "x". A profile with no a is left out.'),
    ('a not in ("x")', 'a is not "x". A profile with no a is included.'),
    ('a in ("x", "y", 3)', 'a is any of "x", "y" or 3. A profile with no a is left out.'),
    ('a not in ("x", "y")', 'a is none of "x" or "y". A profile with no a is included.'),
    ('a contains "x"', 'a contains "x". A profile with no a is left out.'),
    (
        'a contains any ("x", "y")',
        'a contains any of "x" or "y". A profile with no a is left out.',
    ),
    (
        'a not contains any ("x", "y")',
        'a contains none of "x" or "y". A profile with no a is included.',
    ),
    ('a starts with "x"', 'a starts with "x". A profile with no a is left out.'),
    ('a not ends with "x"', 'a does not end with "x". A profile with no a is included.'),
    ('a matches "^x"', 'a matches the pattern "^x". A profile with no a is left out.'),
    (
        'a not matches "^x"',
        'a does not match the pattern "^x". A profile with no a is included.',
    ),
    ("email is null", "email has no value."),
    ("email is not null", "email has a value."),
    ('`the where` = "x"', '`the where` is "x". A profile with no `the where` is left out.'),
    (
        "group household.size > 3",
        "size of the customer group household is more than 3. "
        "A profile with no size of the customer group household is left out.",
    ),
    (
        'rfm("M").rfm_segment != "Champions"',
        'rfm_segment of the RFM model "M" is not "Champions". '
        'A profile with no rfm_segment of the RFM model "M" is included.',
    ),
    (
        "cltv(#12).cltv_12m > 100",
        "cltv_12m of the CLTV model #12 is more than 100. "
        "A profile with no cltv_12m of the CLTV model #12 is left out.",
    ),
]

ARRAYS = [
    (
        'any of tags = "x"',
        'At least one element of tags is "x". A profile with no tags is left out.',
    ),
    (
        'any of tags != "x"',
        'At least one element of tags is not "x". A profile with no tags is left out.',
    ),
    ('not any of tags = "x"', 'No element of tags is "x". A profile with no tags is included.'),
    (
        'not any of tags != "x"',
        'Every element of tags is "x". A profile with no tags is included.',
    ),
    (
        'every one of tags in ("x", "y")',
        'Every element of tags is any of "x" or "y". '
        "A profile with no tags is left out; one with an empty list is included.",
    ),
    (
        'every one of tags != "x"',
        'No element of tags is "x". '
        "A profile with no tags is left out; one with an empty list is included.",
    ),
    (
        'not every one of tags = "x"',
        'Not every element of tags is "x". '
        "A profile with no tags is included; one with an empty list is left out.",
    ),
    (
        'not every one of tags != "x"',
        'At least one element of tags is "x". '
        "A profile with no tags is included; one with an empty list is left out.",
    ),
    (
        'at least 2 of tags contains "x"',
        'At least 2 elements of tags contain "x". A profile with no tags is left out.',
    ),
    (
        'not at least 2 of tags not contains "x"',
        'Fewer than 2 elements of tags do not contain "x". A profile with no tags is included.',
    ),
    (
        "at most 1 of tags is null",
        "At most 1 element of tags has no value. "
        "A profile with no tags is left out; one with an empty list is included.",
    ),
    (
        "not at most 2 of tags is null",
        "More than 2 elements of tags have no value. "
        "A profile with no tags is included; one with an empty list is left out.",
    ),
    (
        'exactly 0 of tags ends with "x"',
        'Exactly 0 elements of tags end with "x". '
        "A profile with no tags is left out; one with an empty list is included.",
    ),
    (
        'not exactly 2 of tags matches "x"',
        'Not exactly 2 elements of tags match the pattern "x". A profile with no tags is included.',
    ),
]

TIMES = [
    ("within past 30 days", "is within the past 30 days (the 30 whole days before today)"),
    (
        "not within past 1 month",
        "is not within the past 1 month (the whole month before this month)",
    ),
    ("within past 0 days", "is within the past 0 days (no time at all)"),
    ("within next 2 weeks", "is within the next 2 weeks (the 2 whole weeks after this week)"),
    ("in last month", "is in last month (the previous calendar month)"),
    ("in this quarter", "is in this quarter (the current calendar quarter)"),
    ("not in next year", "is not in next year (the next calendar year)"),
    ("in last day", "is in last day (yesterday)"),
    ("is today", "is today or later"),
    ("is not today", "is before today"),
    ("more than 30 days ago", "is more than 30 days ago (before the day 30 days ago)"),
    ("not more than 30 days ago", "is at most 30 days ago (the day 30 days ago or later)"),
    ("at least 1 day ago", "is at least 1 day ago (yesterday or earlier)"),
    ("less than 2 months ago", "is less than 2 months ago (after the month 2 months ago)"),
    ("at most 0 days ago", "is at most 0 days ago (today or later)"),
    (
        "more than 1 day 12 hours ago",
        "is more than 1 day 12 hours ago "
        "(before the hour that begins 1 day 12 hours before the start of this hour)",
    ),
    (
        "at least 40 days ago rounded to month",
        "is at least 40 days ago "
        "(the month that begins 40 days before the start of this month or earlier)",
    ),
    ("on 2024-01-01", "is on 2024-01-01"),
    ("before 2024-01-01", "is before 2024-01-01"),
    ("not before 2024-01-01", "is on or after 2024-01-01"),
    ("on or before 2024-01-01", "is on or before 2024-01-01"),
    ("after 2024-01-01T10:00:00Z", "is after 2024-01-01T10:00:00Z"),
    ('not after @"soon"', 'is not after @"soon"'),
    (
        "between 2024-01-01 and 2024-03-31",
        "is between 2024-01-01 and 2024-03-31 "
        "(from the start of 2024-01-01 to the end of 2024-03-31)",
    ),
    (
        "not between 7 and 3 days ago",
        "is not between 7 days ago and 3 days ago "
        "(from the start of the day 7 days ago to the end of the day 3 days ago)",
    ),
    (
        "between 3 days and 1 week from now",
        "is between 3 days and 1 week from now "
        "(from the start of the day 3 days from now to the end of next week)",
    ),
    (
        "for 7 days from 1 month ago",
        "is in the 7 days from the start of last month",
    ),
    (
        "for 1 week from 3 months ago reverse",
        "is in the 1 week before the start of the month 3 months ago",
    ),
]

BEHAVIORS = [
    ("has buys", "There is at least 1 buys event."),
    ("no buys", "There is no buys event."),
    (
        'no buys where sku = "a" and price > 1',
        'There is no buys event where sku is "a" and price is more than 1.',
    ),
    ("count(buys) = 0", "There is no buys event."),
    ("count(buys) > 0", "There is at least 1 buys event."),
    ("count(buys) < 1", "There is no buys event."),
    (
        'count(views where url contains "/x") < 3',
        'There are fewer than 3 views events where url contains "/x". '
        "A profile with no such event is included: it counts as 0.",
    ),
    (
        "count(buys) = 1",
        "There is exactly 1 buys event. A profile with no buys event is left out: it counts as 0.",
    ),
    (
        "count(buys) != 3",
        "The number of buys events is not 3. "
        "A profile with no buys event is included: it counts as 0.",
    ),
    (
        "not count(buys) <= 50000",
        "There are more than 50000 buys events. "
        "A profile with no buys event is left out: it counts as 0.",
    ),
    (
        "count(buys) between 0 and 2",
        "The number of buys events is between 0 and 2 (both included). "
        "A profile with no buys event is included: it counts as 0.",
    ),
    (
        "count distinct (buys.sku) in (2, 3)",
        "The number of different values of sku among buys events is any of 2 or 3. "
        "A profile with no buys event is left out: it counts as 0. "
        "A missing sku counts as one value.",
    ),
    (
        "count distinct (buys.sku, buys.color) >= 2",
        "The number of different combinations of sku and color among buys events is at least 2. "
        "A profile with no buys event is left out: it counts as 0. "
        "A missing sku or color counts as one value.",
    ),
    (
        'sum(buys.amount where kind = "E" and timestamp within past 90 days) > 50000',
        "The sum of amount over buys events is more than 50000, counting only events where "
        'kind is "E" '
        "and timestamp is within the past 90 days (the 90 whole days before today). "
        "A profile with no such event is left out.",
    ),
    (
        "not average(buys.amount) > 50000",
        "The average of amount over buys events is at most 50000. "
        "A profile with no buys event is included.",
    ),
    (
        "min(buys.amount) < 5",
        "The smallest amount among buys events is less than 5. A profile with no buys event is "
        "left out; one whose events all have no amount (which counts as 0) is included.",
    ),
    (
        "max(buys.timestamp) not within past 1 day",
        "The largest timestamp among buys events is not within the past 1 day "
        "(the whole day before today). A profile with no buys event is included.",
    ),
    (
        'first(buys.kind by timestamp where price > 5) = "Books"',
        'The kind of the first buys event by timestamp is "Books", '
        "counting only events where price is more than 5. "
        "A profile with no such event is left out.",
    ),
    (
        'any of last(buys.tags by timestamp) = "x"',
        'At least one element of the tags of the last buys event by timestamp is "x". '
        "A profile with no buys event is left out.",
    ),
    (
        "count(buys by order_id) >= 3",
        "There is at least one order_id for which the number of buys events is at least 3. "
        "A profile with no buys event is left out.",
    ),
    (
        "not sum(buys.amount by order_id, shop where price > 5) > 3",
        "There is no combination of order_id and shop for which the sum of amount over buys events "
        "is more than 3, counting only events where price is more than 5. "
        "A profile with no such event is included.",
    ),
    (
        "count(buys over 1 day 12 hours) >= 3",
        "There is at least one stretch of 1 day 12 hours up to an event in which the number of "
        "buys events is at least 3. A profile with no buys event is left out.",
    ),
    (
        'first(buys.kind by timestamp per order_id over 7 days) = "a"',
        "There is at least one order_id with a stretch of 7 days up to an event in which the kind "
        'of the first buys event by timestamp is "a". A profile with no buys event is left out.',
    ),
]

SOME = [
    (
        "count distinct (some buys.a) < 3",
        "There is at least 1 buys event, and the number of different values of a among buys events "
        "is less than 3. "
        "A profile with no buys event is left out. "
        "A missing a counts as one value.",
    ),
    (
        "count distinct (some buys.a) != 3",
        "There is at least 1 buys event, and the number of different values of a among buys events "
        "is not 3. "
        "A profile with no buys event is left out. "
        "A missing a counts as one value.",
    ),
    (
        "not (count distinct (some buys.b where a = 1) != 3)",
        "There is no buys event, or the number of different values of b among buys events is 3, "
        "counting only events where a is 1. "
        "A profile with no such event is included. "
        "A missing b counts as one value.",
    ),
    (
        'last(some buys.kind by timestamp) != "x"',
        "There is at least 1 buys event, and the kind of the last buys event by timestamp "
        'is not "x". A profile with no buys event is left out; one whose last event has no kind is '
        "included.",
    ),
    (
        "count(some buys by order_id) < 3",
        "There is at least one order_id for which the number of buys events is less than 3. "
        "A profile with no buys event is left out.",
    ),
]

OTHERS = [
    ('in segment "Churned"', 'The profile is in the segment "Churned".'),
    ("not in segment #1234", "The profile is not in the segment #1234."),
    (
        'in stage "Interest" of funnel "Onboarding"',
        'The profile is in the stage "Interest" of funnel "Onboarding".',
    ),
    (
        'not in variant "B" of test "Hero"',
        'The profile is not in the variant "B" of test "Hero".',
    ),
    (
        'score of "Churn model" between 3 and 5',
        'The score of the model "Churn model" is between 3 and 5 (both included). '
        "A profile with no score, or one that has converted, is left out.",
    ),
    (
        "not (score of #7 between 3 and 5 including converted)",
        "The score of the model #7 is not between 3 and 5 (both included). "
        "A profile with no score is included; one that has converted is asked like any other.",
    ),
]


@pytest.mark.parametrize(("where", "sentence"), [*ATTRIBUTES, *ARRAYS, *BEHAVIORS, *SOME, *OTHERS])
def test_each_condition_has_its_sentence(where: str, sentence: str) -> None:
    assert said(where) == sentence


@pytest.mark.parametrize(("asked", "words"), TIMES)
def test_times_are_said_with_their_calendar_reading(asked: str, words: str) -> None:
    sentence = said(f"seen {asked}")
    assert sentence.startswith(f"seen {words}. A profile with no seen is ")


@pytest.mark.parametrize(
    ("where", "closing"),
    [
        ('a = "x" or b = 1', ()),
        (
            "a on 2024-01-01",
            (
                "Times are in the parent segment's time zone, unless they are written with one of "
                "their own.",
            ),
        ),
        (
            "a in last month or (no buys where t in last day)",
            (
                "Times are in the parent segment's time zone. "
                "Today is the day on which the segment is run.",
            ),
        ),
        (
            "a between 2024-01-01 and 2024-01-02 or b between 2 and 1 days ago",
            (
                "Times are in the parent segment's time zone, unless they are written with one of "
                "their own. Today is the day on which the segment is run.",
            ),
        ),
    ],
)
def test_the_time_zone_is_told_once_where_there_are_times(
    where: str, closing: tuple[str, ...]
) -> None:
    assert outline(where).closing == closing


# --- groups ----------------------------------------------------------------------------


def test_groups_are_numbered_and_notes_inside_them_speak_of_the_condition() -> None:
    assert body('a = "x" and (b > 1 or (c is null and has buys))') == snapshot("""\
A profile is in this segment when all of these hold:
  1. a is "x".
     A profile with no a is left out.
  2. At least one of these holds:
     2.1. b is more than 1.
          A profile with no b does not meet this.
     2.2. All of these hold:
          2.2.1. c has no value.
          2.2.2. There is at least 1 buys event.
""")


def test_negated_groups_say_none_and_not_all() -> None:
    assert body("none (a = 1, b != 2) or not (a = 3 and has c)") == snapshot("""\
A profile is in this segment when at least one of these holds:
  1. None of these holds:
     1.1. a is 1.
          A profile with no a does not meet this.
     1.2. b is not 2.
          A profile with no b meets this.
  2. Not all of these hold:
     2.1. a is 3.
          A profile with no a does not meet this.
     2.2. There is at least 1 c event.
""")


def test_a_group_of_negations_that_is_negated_is_the_group_of_their_opposites() -> None:
    assert body("none (a != 1, not (b = 2 and c = 3))") == snapshot("""\
A profile is in this segment when all of these hold:
  1. a is 1.
     A profile with no a is left out.
  2. b is 2.
     A profile with no b is left out.
  3. c is 3.
     A profile with no c is left out.
""")


def test_labels_are_shown_and_rule_sets_without_one_are_plain_groups() -> None:
    assert body(
        '"Reachable": any (a is true, b is true) and "L": (c = 1) and rule set (d = 1 and e = 1)'
    ) == snapshot("""\
A profile is in this segment when all of these hold:
  1. "Reachable": at least one of these holds:
     1.1. a is true.
          A profile with no a does not meet this.
     1.2. b is true.
          A profile with no b does not meet this.
  2. "L": c is 1.
     A profile with no c is left out.
  3. All of these hold:
     3.1. d is 1.
          A profile with no d is left out.
     3.2. e is 1.
          A profile with no e is left out.
""")


def test_a_filter_of_several_parts_stands_under_its_sentence() -> None:
    inside = 'a = 1 and any (b != "x", not (t in last month)) and not any of c = 1'
    where = f"count(buys where {inside}) >= 2"
    assert body(where).rpartition("\n\n")[0] == snapshot("""\
A profile is in this segment when this holds:
  1. There are at least 2 buys events for which all of these hold:
     1.1. a is 1.
     1.2. At least one of these holds:
          1.2.1. b is not "x" (or has no value).
          1.2.2. t is not in last month (the previous calendar month) (or has no value).
     1.3. No element of c is 1 (or c has no value or is an empty list).
     A profile with no such event is left out: it counts as 0.""")


def test_limits_say_how_many_and_in_which_order() -> None:
    assert body(
        "(not age > 3 limit 10% by l desc, x asc) and a = 1 limit 1000 by l desc"
    ) == snapshot("""\
A profile may be in this segment when all of these hold:
  1. The profile is among the first 10% of those for which this holds, ordered by l from
     high to low, then by x from low to high:
     1.1. age is at most 3.
          A profile with no age meets this.
  2. a is 1.
     A profile with no a is left out.

Of these profiles, only the first 1000 are in the segment, ordered by l from high to low.
""")
    (item,) = outline("not (count(buys) >= 3 limit 100 by aggregate desc)").items
    assert item.text == (
        "The profile is not among the first 100 of those for which this holds, "
        "ordered by what this asks for from high to low:"
    )


def test_everyone_is_everyone() -> None:
    assert body("everyone") == "Every profile of the parent segment is in this segment.\n"
    assert outline("everyone limit 5 by a asc").opening == (
        "Every profile of the parent segment may be in this segment."
    )


def test_the_head_says_name_kind_folder_and_description() -> None:
    text = (
        'segment "東京 \\"VIP\\"" description "Over 50,000 yen\\nand reachable" folder "a/b" '
        'kind funnel_stage where country = "日本" or country = "台湾"'
    )
    assert render_outline(explain(segment(text)), 40) == snapshot("""\
Segment "東京 \\"VIP\\""
  Kind: funnel stage
  Folder: a/b
  Description:
    "Over 50,000 yen\\nand reachable"

A profile is in this segment when at
  least one of these holds:
  1. country is "日本".
     A profile with no country does not
     meet this.
  2. country is "台湾".
     A profile with no country does not
     meet this.
""")


def test_quoted_texts_stay_on_one_line_where_they_fit() -> None:
    text = render_outline(
        outline('shop_name = "New York City" or shop_name = "a b c d e f g h i j k l m n o"'), 30
    )
    assert '\n     "New York City".\n' in text
    assert ' "a b c d e f\n     g h i j k l m n o".\n' in text


def test_deep_segments_keep_to_the_width() -> None:
    where = "x = 1"
    for level in range(60):
        where = f"a{level} = 1 {'and' if level % 2 else 'or'} ({where})"
    text = render_outline(outline(where), 80)
    assert all(len(line.lstrip()) < 80 or " " not in line.strip() for line in text.splitlines())
    assert "x is 1." in text
    assert len(outline(" or ".join(f"a{n} = {n}" for n in range(2000))).items) == 2000
