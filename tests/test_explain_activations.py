"""Funnels and activations in plain English: nodes in, outlines out."""

from __future__ import annotations

from typing import get_args

import pytest
from inline_snapshot import snapshot

from segdsl.analysis.explain import (
    explain_activation,
    explain_funnel,
    explain_template,
    render_outline,
)
from segdsl.analysis.explain.functions import function_words
from segdsl.diagnostics import Report
from segdsl.language import activations as a
from segdsl.language.condition import tree as c
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Boolean, ById, ByName, Number, Text
from segdsl.schema.labels import Labels
from segdsl.source import Source


def stage(name: str, rule: str | None, description: str | None = None) -> c.Stage:
    if rule is None:
        return c.Stage(name)
    text = f'segment "{name}" {rule}'
    report = Report()
    file = parse(Source("x.seg", text), report)
    [segment] = resolve(Program("x.seg", {"x.seg": file}), report)
    made = c.Segment(
        segment.name, segment.condition, description, kind="funnel_stage", limit=segment.limit
    )
    return c.Stage(name, made)


def test_a_funnel() -> None:
    funnel = c.Funnel(
        "Onboarding",
        (
            stage("Interest", "where has page_views where url starts with \"/welcome\""),
            stage("Trial", "where trial_started within past 30 days and not in segment \"Gone\"",
                  "Began within the last month"),
            stage("Best", "where ltv > 10 limit 100 by ltv desc"),
            stage("Paid", None),
        ),
        "From sign-up to the first order",
        "Lifecycle/New",
    )  # fmt: skip
    labels = Labels({"ltv": "Lifetime Value"}, {"behavior_page_views": "Visits"})
    assert render_outline(explain_funnel(funnel, labels), 90) == snapshot("""\
Funnel "Onboarding"
  Folder: Lifecycle/New
  Description: From sign-up to the first order

Its stages are, from the widest to the narrowest:
  1. "Interest": a profile is in this stage when this holds:
     1.1. There is at least 1 page_views event where url starts with "/welcome".
  2. "Trial": a profile is in this stage when all of these hold:
     2.1. trial_started is within the past 30 days (the 30 whole days before today).
          A profile with no trial_started is left out.
     2.2. The profile is not in the segment "Gone".
     Description: Began within the last month
  3. "Best": a profile may be in this stage when this holds:
     3.1. ltv is more than 10.
          A profile with no ltv is left out.
     Of these profiles, only the first 100 are in the stage, ordered by ltv from high to
     low.
  4. "Paid": it has no rule yet.

Times are in the parent segment's time zone. Today is the day on which the segment is run.
In the console the behavior page_views is “Visits” and ltv is “Lifetime Value”.
""")


def test_a_funnel_without_stages() -> None:
    assert explain_funnel(c.Funnel("F")).opening == "It has no stages."


FULL = a.Activation(
    "Contact sync",
    a.Target("segment", ByName("Tokyo shoppers")),
    "To the mailing tool",
    ByName("Weekly export"),
    a.Delivery(
        a.Connection(ByName("salesforce-marketing")),
        a.Columns(
            items=(
                a.ExportColumn(a.ColumnSource("email"), "email"),
                a.ExportColumn(a.ColumnSource("first_name"), "FirstName"),
                a.ExportColumn(
                    a.ColumnSource(
                        "ltv",
                        functions=(
                            a.Call("multiply", (Number("1.1"),)),
                            a.Call("cast_as_quantitative", (Number("0"),)),
                        ),
                    ),
                    "value",
                ),
                a.ExportColumn(a.ColumnSource("size", "household"), "household"),
                a.ExportColumn(a.TextSource(("spring-2025",)), "campaign"),
                a.ExportColumn(
                    a.TextSource((a.Placeholder("segment name"), " ", a.Time("yyyy-MM-dd"))), "list"
                ),
                a.ExportColumn(a.TextSource(), "empty"),
            )
        ),
        (
            a.BehaviorExport(
                "behavior_purchases",
                "top",
                Number("10"),
                (a.BehaviorOrder("timestamp", descending=True), a.BehaviorOrder("amount")),
                "rows",
                (
                    a.ExportColumn(a.ColumnSource("timestamp"), "timestamp"),
                    a.ExportColumn(a.ColumnSource("amount"), "order_total"),
                ),
            ),
            a.BehaviorExport(
                "behavior_page_views",
                "last",
                None,
                (a.BehaviorOrder("timestamp", descending=True),),
                "cols",
                (a.ExportColumn(a.ColumnSource("timestamp"), "timestamp"),),
            ),
        ),
        a.Repeat(
            "week",
            weekdays=("Monday", "Friday"),
            start="2025-04-07T09:00:00",
            timezone="Asia/Tokyo",
            end="2025-12-31",
        ),
        a.MapSetting(
            (
                a.Entry("de_name", Text("ContactSync")),
                a.Entry("keys", a.ListSetting((Text("email"), Text("id")))),
                a.Entry("password", Text("hunter2")),
                a.Entry(
                    "options",
                    a.MapSetting(
                        (
                            a.Entry("retries", Number("3")),
                            a.Entry("trace", a.Null()),
                            a.Entry("shared", Boolean(False)),
                            a.Entry("none", a.ListSetting()),
                        )
                    ),
                ),
            )
        ),
        a.Notification((a.Recipient(ByName("team@example.com")),), ("success", "failure")),
        a.Workflow("hash_email", "activation_actions"),
        in_sequence=True,
    ),
)


def test_an_activation() -> None:
    labels = Labels({"ltv": "Lifetime Value"}, {"behavior_purchases": "Online Orders"})
    assert render_outline(explain_activation(FULL, labels), 90) == snapshot("""\
Activation "Contact sync"
  Description: To the mailing tool
  Template: "Weekly export"

Exports the profiles of the segment "Tokyo shoppers" to the connection
  "salesforce-marketing":
  1. Each row has these columns:
     1.1. email.
     1.2. FirstName: first_name.
     1.3. value: ltv, times 1.1, as a number (0 where it is none).
     1.4. household: size of the customer group household.
     1.5. campaign: the text "spring-2025".
     1.6. list: the name of the segment, then " ", then the time of the run as
          "yyyy-MM-dd".
     1.7. empty: an empty text.
  2. It also exports the first 10 purchases events, ordered by timestamp from high to low,
     then by amount from low to high, a row for each, with:
     2.1. timestamp.
     2.2. order_total: amount.
  3. It also exports the last page_views event, ordered by timestamp from high to low, in
     columns of one row, with:
     3.1. timestamp.
  4. It runs every week on Monday and Friday, starting at 2025-04-07T09:00:00, in the time
     zone Asia/Tokyo, until 2025-12-31.
  5. It runs in sequence.
  6. Each run also runs the workflow "hash_email" of the project "activation_actions".
  7. The connection gets these settings:
     7.1. de_name: "ContactSync".
     7.2. keys: "email" and "id".
     7.3. password: a secret, which is not shown.
     7.4. options:
          7.4.1. retries: 3.
          7.4.2. trace: null.
          7.4.3. shared: false.
          7.4.4. `none`: an empty list.
  8. It notifies "team@example.com" on success and failure.

What is not said here is as the template says.
In the console ltv is “Lifetime Value” and the behavior purchases is “Online Orders”.
""")


def test_a_small_activation_of_a_stage() -> None:
    activation = a.Activation(
        "All",
        a.Target("stage", ByName("Paid", "Onboarding")),
        delivery=a.Delivery(a.Connection(ById("7")), a.Columns(all=True)),
    )
    assert render_outline(explain_activation(activation), 90) == snapshot("""\
Activation "All"

Exports the profiles of the stage "Paid" of funnel "Onboarding" to the connection #7:
  1. Each row has all attributes of the parent segment.
  2. It runs only when somebody runs it.
""")


def test_a_template() -> None:
    template = a.ActivationTemplate(
        "Weekly mail",
        "Templates",
        "For all mails",
        "published",
        (
            a.Lock("columns", ("source",)),
            a.Lock("removing columns"),
            a.Lock("connection"),
            a.Lock("settings", ("a", "b c")),
            a.Lock("adding columns"),
        ),
        a.Delivery(
            a.Connection(ByName("s3")),
            a.Columns(all=True, items=(a.ExportColumn(a.TextSource(("x",)), "source"),)),
            schedule=a.Cron("0 3 * * *", "UTC"),
        ),
    )
    assert render_outline(explain_template(template), 90) == snapshot("""\
Activation template "Weekly mail"
  State: published
  Folder: Templates
  Description: For all mails

Its activations export profiles to the connection "s3":
  1. Each row has all attributes of the parent segment, and these columns:
     1.1. source: the text "x".
  2. It runs at the times of the cron expression "0 3 * * *", in the time zone UTC.
  3. Its activations cannot change the column `source`, removing columns, the connection,
     the settings `a` and `b c` and adding columns.
""")


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (a.Repeat("minute", Number("15")), "It runs every 15 minutes."),
        (a.Repeat("day"), "It runs every day."),
        (
            a.Once("2025-04-01T03:00:00", "UTC"),
            "It runs once, at 2025-04-01T03:00:00, in the time zone UTC.",
        ),
        (a.ByHand(), "It runs only when somebody runs it."),
        (None, "It runs only when somebody runs it."),
    ],
)
def test_schedules(schedule: a.Schedule | None, words: str) -> None:
    activation = a.Activation(
        "x", a.Target("segment", ById("1")), delivery=a.Delivery(schedule=schedule)
    )
    assert [each.text for each in explain_activation(activation).items] == [words]


FUNCTIONS: list[tuple[a.Function, str]] = [
    (a.Call("add", (Number("1"),)), "plus 1"),
    (a.Call("subtract", (Number("1"),)), "minus 1"),
    (a.Call("multiply", (Number("1.1"),)), "times 1.1"),
    (a.Call("divide", (Number("2"),)), "divided by 2"),
    (a.Call("replace", (Text("-"),)), 'without "-"'),
    (a.Call("replace", (Text("-"), Text("/"))), 'with "/" for "-"'),
    (a.Call("substr", (Number("2"),)), "from character 2 on"),
    (a.Call("substr", (Number("1"), Number("3"))), "3 characters from character 1 on"),
    (a.Call("regexp_extract", (Text("[0-9]+"),)), 'what matches "[0-9]+"'),
    (
        a.Call("regexp_extract", (Text("a(.)"), Number("1"))),
        'group 1 of what matches "a(.)"',
    ),
    (a.Call("day_of_week"), "its day of the week"),
    (a.Call("from_iso8601_timestamp"), "read as an ISO 8601 time"),
    (a.Call("ln"), "its natural logarithm"),
    (a.Call("elapsed_days"), "the days since then"),
    (
        a.Call("td_ip_to_least_specific_subdivision_name"),
        "the region of that IP address",
    ),
    (a.Call("td_ip_to_country_name"), "the country of that IP address"),
    (a.Call("td_ip_to_city_name"), "the city of that IP address"),
    (a.Call("td_ip_to_connection_type"), "the type of connection of that IP address"),
    (a.Call("td_ip_to_domain"), "the domain of that IP address"),
    (a.Call("cast_as_quantitative", (Number("0"),)), "as a number (0 where it is none)"),
    (a.Call("cast_as_categorical", (Text("?"),)), 'as a string ("?" where it is missing)'),
    (a.Call("cast_as_categorical_array"), "as a list of strings"),
    (a.If(">", Number("10"), Number("1"), Number("0")), "1 if that is more than 10, else 0"),
    (a.If("is null", None, Number("0"), None), "0 if that is missing, else missing"),
]


@pytest.mark.parametrize(("function", "words"), FUNCTIONS, ids=[words for _, words in FUNCTIONS])
def test_functions(function: a.Function, words: str) -> None:
    assert function_words(function) == words


def test_every_function_has_words() -> None:
    said = {each.function for each, _ in FUNCTIONS if isinstance(each, a.Call)}
    assert said == set(a.FUNCTIONS)


@pytest.mark.parametrize("operator", get_args(a.IfOperator))
def test_every_comparison_has_words(operator: a.IfOperator) -> None:
    value = None if "null" in operator else Number("3")
    assert function_words(a.If(operator, value, None, None)).startswith("missing if that is")


def test_a_secret_is_not_shown() -> None:
    key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    activation = a.Activation(
        "x",
        a.Target("segment", ById("1")),
        delivery=a.Delivery(
            columns=a.Columns(
                items=(
                    a.ExportColumn(a.TextSource((key,)), "a"),
                    a.ExportColumn(
                        a.ColumnSource("c", functions=(a.Call("replace", (Text(key),)),)), "b"
                    ),
                )
            ),
            settings=a.MapSetting((a.Entry("path", Text(key)),)),
        ),
    )
    text = render_outline(explain_activation(activation), 90)
    assert key not in text
    assert text.count("a secret, which is not shown") == 3
