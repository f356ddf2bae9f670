"""Segments against a schema: each code with what produces it and what is close and does not."""

from __future__ import annotations

import pytest
from shop import SCHEMA, found, report_of

from segdsl import compile_text


@pytest.mark.parametrize(
    ("code", "wrong", "close"),
    [
        ("SEG501", "txt = 'x'", "text = 'x'"),
        ("SEG501", "num > 1 limit 3 by nmu desc", "num > 1 limit 3 by num desc"),
        ("SEG501", "no_id is null", "cdp_customer_id is not null"),
        ("SEG501", "`Lifetime Value` > 1", "ltv > 1"),
        ("SEG501", "raw_payload = 'x'", "payload = 'x'"),
        ("SEG502", "count(buy) > 1", "count(buys) > 1"),
        ("SEG502", "has behavior_buys", "has buys"),
        ("SEG502", "has table 'buys'", "has table 'behavior_buys'"),
        ("SEG502", "has raw_events", "has table 'raw_events' where page = 'x'"),
        ("SEG503", "has table 'raw_events' where url = 'x'", "sum(buys.amount) > 1"),
        ("SEG502", "no visits", "no buys"),
        ("SEG503", "sum(buys.amt) > 1", "sum(buys.amount) > 1"),
        ("SEG503", "count(buys where knd = 'x') > 1", "count(buys where kind = 'x') > 1"),
        ("SEG503", "count(buys by order) > 1", "count(buys by kind) > 1"),
        ("SEG503", "first(buys.kind by when) = 'x'", "first(buys.kind by timestamp) = 'x'"),
        ("SEG504", "group house.size > 1", "group home.size > 1"),
        ("SEG504", "home.sise > 1", "home.size > 1"),
        ("SEG504", "hom.size > 1", "home.size > 1"),
        ("SEG505", "buys.amount > 1", "sum(buys.amount) > 1"),
        ("SEG505", "count(buys where buys.amount > 1) > 1", "count(buys where amount > 1) > 1"),
        ("SEG505", "buys > 1", "num > 1"),
        ("SEG505", "count(text) > 1", "count(buys) > 1"),
        ("SEG506", "num contains 'x'", "text contains 'x'"),
        ("SEG506", "text within past 3 days", "time within past 3 days"),
        ("SEG506", "flag before 2024-01-01", "day before 2024-01-01"),
        ("SEG506", "sum(buys.kind) > 1", "max(buys.kind) = 'x'"),
        ("SEG506", "max(buys.gift) is true", "last(buys.gift by timestamp) is true"),
        ("SEG506", "first(buys.kind by tags) = 'x'", "first(buys.kind by amount) = 'x'"),
        ("SEG507", "num > 'x'", "num > 1"),
        ("SEG507", "text = 1", "text = '1'"),
        ("SEG507", "num > true", "flag is true"),
        ("SEG507", "flag > true", "flag is false"),
        ("SEG507", "num in (1, 'x')", "num in (1, 2)"),
        ("SEG507", "text in (1, 2)", "text in ('1', '2')"),
        ("SEG507", "sum(buys.amount) = 'x'", "sum(buys.amount) = 1"),
        ("SEG507", "any of texts = 1", "any of nums = 1"),
        ("SEG507", "rfm('Values').rfm_segment = 1", "rfm('Values').rfm_segment = 'Champions'"),
        ("SEG508", "texts = 'x'", "any of texts = 'x'"),
        ("SEG508", "any of text = 'x'", "texts is null"),
        ("SEG508", "count(buys where tags = 'x') > 1", "count(buys where any of tags = 'x') > 1"),
        ("SEG509", "text matches 'a('", "text matches 'a\\\\('"),
        ("SEG509", "text matches '[a'", "text matches '[a]++\\\\p{L}(?<x>y)'"),
        (
            "SEG510",
            "in stage 'Intrst' of funnel 'Onboarding'",
            "in stage 'Interest' of funnel 'Onboarding'",
        ),
        ("SEG510", "in stage 'Interest' of funnel 'Old'", "in stage #41"),
        ("SEG510", "in variant 'B' of test 'Mail'", "in variant 'A' of test 'Mail'"),
        ("SEG510", "score of 'Chrn' between 1 and 2", "score of 'Churn' between 1 and 2"),
        ("SEG510", "rfm('Value').rfm_score > 1", "rfm('Values').rfm_score > 1"),
        ("SEG510", "score of 'Values' between 1 and 2", "score of 'Churn' between 1 and 2"),
        ("SEG510", "rfm('Churn').rfm_score > 1", "rfm('Values').rfm_score > 1"),
        ("SEG510", "cltv('Values').cltv_12m > 1", "rfm('Values').rfm_score > 1"),
        ("SEG511", "score of #8 between 1 and 2", "rfm(#8).rfm_score > 1"),
        ("SEG511", "in segment #99", "in segment #7"),
        ("SEG511", "score of #99 between 1 and 2", "score of #16 between 1 and 2"),
        ("SEG304", "in segment 'Ther'", "in segment 'There'"),
        ("SEG305", "in segment 'Twice'", "in segment #8"),
    ],
)
def test_each_code(code: str, wrong: str, close: str) -> None:
    assert found(wrong.replace("'", '"')) == [code]
    assert found(close.replace("'", '"')) == []


@pytest.mark.parametrize(
    ("wrong", "close"),
    [
        ("time within past 3 days", "time within next 3 days"),
        ('in segment "There"', "in stage #41"),
        ('any of texts = "x"', 'text = "x"'),
        ("texts is null", "text is null"),
        (
            "count(buys where timestamp within past 3 days) > 1",
            "count(buys where timestamp more than 3 days ago) > 1",
        ),
        (
            "has buys where not (amount > 1 or timestamp not within past 3 days)",
            "has buys where not (amount > 1 or timestamp is today)",
        ),
        ('count(buys where any of tags = "x") > 1', 'count(buys where kind = "x") > 1'),
        ("has buys where tags is not null", "has buys where kind is not null"),
        (
            'any of first(buys.tags by timestamp) = "x"',
            'first(buys.kind by timestamp) = "x"',
        ),
        ("max(buys.timestamp) within past 3 days", "max(buys.timestamp) is today"),
        ("rfm(#8).rfm_score within past 3 days", "rfm(#8).rfm_score > 3"),
    ],
)
def test_what_a_realtime_segment_cannot_hold(wrong: str, close: str) -> None:
    assert found(wrong, head="kind realtime") == ["SEG512"]
    assert found(close, head="kind realtime") == []
    assert found(wrong) == []


def test_a_list_that_a_realtime_segment_cannot_hold_is_told_of_once() -> None:
    assert found('texts = "x"', head="kind realtime") == ["SEG512"]
    # One value is no list, whatever it is asked for.
    assert found('any of text = "x"', head="kind realtime") == ["SEG508"]


def test_what_is_only_in_the_workspace_may_be_referred_to() -> None:
    assert found('in segment "New"') == ["SEG304"]
    assert found('in segment "New"', others='segment "New" where num > 1') == []
    # Here it is one, and the server's others of that name are not meant.
    assert found('in segment "Twice"', others='segment "Twice" where num > 1') == []


def test_help_names_what_is_near() -> None:
    [one] = report_of('in stage "Intrest" of funnel "Onboarding"').diagnostics
    assert one.help == "did you mean `Interest`?"
    [one] = report_of("nums = 1").diagnostics
    assert "any of" in (one.help or "")


def test_a_column_of_a_behavior_is_no_attribute() -> None:
    [one] = report_of("buys.amount > 3").diagnostics
    assert one.message == "`buys` is a behavior, and a column of its events is not an attribute"
    assert "`sum(buys.amount) …`" in (one.help or "")
    [one] = report_of("has buys where buys.amount > 3").diagnostics
    assert one.help == "inside its filter a column is written alone: `amount`"


def test_what_is_a_column_or_an_attribute_elsewhere_is_told_to_be() -> None:
    [one] = report_of("amount > 3").diagnostics
    assert one.code.name == "SEG501"
    assert (one.help or "").startswith(
        "`amount` is a column of the events of `buys`: test the events"
    )
    [one] = report_of('has buys where text = "x"').diagnostics
    assert one.code.name == "SEG503"
    assert (one.help or "").startswith("`text` is an attribute of the profile")


def test_a_mistake_in_a_definition_is_told_once_with_its_uses() -> None:
    text = 'let l = txt = "x"\nsegment "a" where l\nsegment "b" where l\n'
    [one] = compile_text(text, schema=SCHEMA).diagnostics
    assert one.code.name == "SEG501"
    assert [note.message for note in one.notes] == ["expanded from this use"]


@pytest.mark.parametrize(
    ("where", "help"),
    [
        ("`Lifetime Value` > 1", "“Lifetime Value” is a label in the console: write `ltv`"),
        ("lifetime_value > 1", "“Lifetime Value” is a label in the console: write `ltv`"),
        ("`Lifetime Valeu` > 1", "did you mean `ltv` (“Lifetime Value” in the console)?"),
        ("has `Online Orders`", "“Online Orders” is a label in the console: write `buys`"),
        ("has clicks", '“Clicks” is a label in the console: write `table "raw_events"`'),
        (
            "`Online Orders` > 3",
            "“Online Orders” is the label of a behavior: test the number of its events, "
            "`count(buys) > 0`, or that there is one, `has buys`",
        ),
        (
            "clicks > 3",
            "“Clicks” is the label of a behavior: test the number of its events, "
            '`count(table "raw_events") > 0`, or that there is one, `has table "raw_events"`',
        ),
        ("has behavior_buys", "write `buys`"),
        ("has table 'buys'", "write `buys`"),
        ("has raw_events", 'write `table "raw_events"`'),
        (
            "has buys where payment_method = 'x'",
            "“Payment Method” is a label in the console: write `meth`",
        ),
        (
            "num > 1 limit 3 by `Lifetime value` desc",
            "“Lifetime Value” is a label in the console: write `ltv`",
        ),
    ],
)
def test_a_label_of_the_console_finds_the_name(where: str, help: str) -> None:
    [one] = report_of(where.replace("'", '"')).diagnostics
    assert one.help == help


def test_of_a_type_that_is_not_known_anything_may_be_asked() -> None:
    for asked in ("= 1", "= 'x'", "is true", "within past 3 days", "is null"):
        assert found(f"payload {asked}".replace("'", '"')) == []
    assert found('any of payload = "x"') == []
