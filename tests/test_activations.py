"""Activations and templates: what each clause says, what is refused, and how they resolve."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from quick import scaled
from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.report import Diagnostic
from segdsl.language import activations as a
from segdsl.language.format import format_file
from segdsl.language.resolve import Program, Resolved, resolve_all
from segdsl.language.syntax import delivery_tree as d
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.parser import parse
from segdsl.language.syntax.spelling import EscapeError
from segdsl.language.syntax.text_source import (
    PlaceholderError,
    read_text_source,
    text_source,
)
from segdsl.language.values import Boolean, ById, ByName, Number, Text
from segdsl.source import Source
from strategies.activation_items import (
    named_activations,
    named_templates,
    text_sources,
)

HEAD = 'activation "x" of segment "y"'
ONE, TWO = Number("1"), Number("2")


def read(text: str) -> tuple[t.File, list[Diagnostic]]:
    report = Report()
    return parse(Source("x.seg", text), report), report.diagnostics


def clause(text: str) -> d.DeliveryClause:
    """The one clause of an activation; it is written as it is formatted."""
    file, found = read(f"{HEAD}\n  {text}\n")
    assert found == []
    (item,) = file.items
    assert isinstance(item, t.Activation)
    (made,) = item.clauses
    return made


def resolved(text: str) -> tuple[Resolved, list[Diagnostic]]:
    report = Report()
    file = parse(Source("x.seg", text), report)
    return resolve_all(Program("x.seg", {"x.seg": file}), report), report.diagnostics


def column(text: str) -> a.ExportColumn:
    columns = clause(f"columns ({text})")
    assert isinstance(columns, a.Columns)
    (made,) = columns.items
    return made


# --- heads ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ('segment "a"', a.Target("segment", ByName("a"))),
        ('segment "a" of folder "x/ y"', a.Target("segment", ByName("a", "x/y"))),
        ("segment #12", a.Target("segment", ById("12"))),
        ('segment #"a b"', a.Target("segment", ById("a b"))),
        ('stage "a" of funnel "f"', a.Target("stage", ByName("a", "f"))),
        ("stage #7", a.Target("stage", ById("7"))),
    ],
)
def test_whom_it_is_of(text: str, target: a.Target) -> None:
    (item,), found = (
        read(f'activation "x" of {text}')[0].items,
        read(f'activation "x" of {text}')[1],
    )
    assert item == t.Activation("x", target)
    assert found == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('stage "a"', "the funnel of this stage is missing"),
        ('segment #1 of folder "x"', "an id cannot be combined with a name"),
        ('stage #1 of funnel "f"', "an id cannot be combined with a name"),
    ],
)
def test_a_target_that_cannot_be_named_so(text: str, message: str) -> None:
    assert [each.message for each in read(f'activation "x" of {text}')[1]] == [message]


# --- clauses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('description "a \\"b\\""', d.Described('a "b"')),
        ('from template "a"', d.FromTemplate(ByName("a"))),
        ("from template #3", d.FromTemplate(ById("3"))),
        ('to connection "a"', a.Connection(ByName("a"))),
        ("to connection #3", a.Connection(ById("3"))),
        ("columns all", a.Columns(all=True)),
        ("columns ()", a.Columns()),
        (
            'then run workflow "a" of project "b"',
            a.Workflow("a", "b"),
        ),
        ("in sequence", d.InSequence()),
        ("with ()", d.Settings(a.MapSetting())),
        (
            'notify "a", #7 on success, failure',
            a.Notification(
                (a.Recipient(ByName("a")), a.Recipient(ById("7"))), ("success", "failure")
            ),
        ),
        ('notify "a"', a.Notification((a.Recipient(ByName("a")),))),
        ("notify on failure", a.Notification((), ("failure",))),
        ("every day", a.Repeat("day")),
        ("every 15 minutes", a.Repeat("minute", Number("15"))),
        (
            'every 2 weeks on Monday, Friday starting 2025-04-01T03:00 in "UTC" until 2025-12-31',
            a.Repeat("week", TWO, ("Monday", "Friday"), "2025-04-01T03:00:00", "UTC", "2025-12-31"),
        ),
        ('every month in "Asia/Tokyo"', a.Repeat("month", ONE, (), None, "Asia/Tokyo")),
        ("every hour until 2025-12-31", a.Repeat("hour", end="2025-12-31")),
        ("once at 2025-04-01T03:00:05", a.Once("2025-04-01T03:00:05")),
        ('once at 2025-04-01T03:00 in "UTC"', a.Once("2025-04-01T03:00:00", "UTC")),
        ('cron "0 3 * * *"', a.Cron("0 3 * * *")),
        ("by hand", a.ByHand()),
    ],
)
def test_clause(text: str, expected: d.DeliveryClause) -> None:
    made = clause(text)
    assert made == expected
    # Each is in its one spelling.
    assert format_file(t.File((t.Activation("x", a.Target("segment", ByName("y")), (made,)),))) == (
        f"{HEAD}\n  {text}\n"
    )


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("every 1 day", "every day"),
        ("every days", "every day"),
        ("every 2 day", "every 2 days"),
        ("every week on Friday, Monday", "every week on Monday, Friday"),
        ("every day starting 2025-04-01T03:00:00", "every day starting 2025-04-01T03:00"),
        ('notify "a" on failure, success', 'notify "a" on success, failure'),
        ("columns (email as email,)", "columns (email)"),
        ("columns (`email`)", "columns (email)"),
        ('columns ("\\u{41}\\u{7b}" as x)', 'columns ("A\\{" as x)'),
    ],
)
def test_other_spellings_become_the_one(text: str, spelling: str) -> None:
    file, found = read(f"{HEAD} {text}")
    assert (format_file(file), found) == (f"{HEAD}\n  {spelling}\n", [])


def test_behaviors() -> None:
    made = clause(
        "behavior purchases top 10 by timestamp desc, sku asc as rows\n"
        "    columns (timestamp, amount as total)"
    )
    assert made == a.BehaviorExport(
        "behavior_purchases",
        "top",
        Number("10"),
        (a.BehaviorOrder("timestamp", True), a.BehaviorOrder("sku")),
        "rows",
        (
            a.ExportColumn(a.ColumnSource("timestamp"), "timestamp"),
            a.ExportColumn(a.ColumnSource("amount"), "total"),
        ),
    )
    assert clause('behavior table "orders" all columns ()') == a.BehaviorExport("orders")


def test_settings() -> None:
    made = clause('with (a = "x", `b c` = -1.50, d = true, e = null, f = [1, [], ()], g = (h = 2))')
    assert made == d.Settings(
        a.MapSetting(
            (
                a.Entry("a", Text("x")),
                a.Entry("b c", Number("-1.50")),
                a.Entry("d", Boolean(True)),
                a.Entry("e", a.Null()),
                a.Entry("f", a.ListSetting((ONE, a.ListSetting(), a.MapSetting()))),
                a.Entry("g", a.MapSetting((a.Entry("h", TWO),))),
            )
        )
    )


@pytest.mark.parametrize("word", ["state draft", "state published"])
def test_state_of_a_template(word: str) -> None:
    items, found = resolved(f'activation template "x" {word}')
    assert ([each.state for each in items.templates], found) == ([word.split()[1]], [])


def test_every_lock_is_a_word_of_the_language() -> None:
    kinds = [kind for kind in a.LOCKS if kind not in a.COLUMN_PARTS]
    file, found = read(f'activation template "x"\n  locked ({", ".join(kinds)})\n')
    assert file.items == (t.ActivationTemplate("x", (d.Locked(tuple(map(a.Lock, kinds))),)),)
    lines = "".join(f"    {kind},\n" for kind in kinds)
    assert format_file(file) == f'activation template "x"\n  locked (\n{lines}  )\n'
    text = f'activation template "x"\n  locked ({", ".join(a.COLUMN_PARTS)})\n'
    file, more = read(text)
    assert (format_file(file), [*found, *more]) == (text, [])


def test_single_columns_and_settings_are_locked() -> None:
    file, found = read(
        'activation template "x"\n  locked (settings (de_name, `a b`,), removing columns '
        "(age, email), columns (email)) # why\n"
    )
    assert [of.message for of in found] == ["`columns` already locks this"]
    locks = (
        a.Lock("columns", ("email",)),
        a.Lock("removing columns", ("age", "email")),
        a.Lock("settings", ("de_name", "a b")),
    )
    assert file.items == (t.ActivationTemplate("x", (d.Locked(locks),)),)


def test_comments_between_locks_stay() -> None:
    text = (
        'activation template "x"\n  locked (\n    columns (email),  # one\n    # two\n'
        "    settings (a),\n    # three\n  )  # four\n"
    )
    file, found = read(text)
    assert (format_file(file, Source("x.seg", text)), found) == (text, [])


def test_clauses_come_in_one_order() -> None:
    text = (
        f"{HEAD}\n"
        "  notify on success\n  with ()\n  in sequence\n  by hand\n"
        "  behavior b all columns ()\n  behavior a all columns ()\n"
        '  columns all\n  to connection #1\n  from template #2\n  description "d"\n'
    )
    file, found = read(text)
    assert found == []
    assert format_file(file).splitlines()[1:] == [
        '  description "d"',
        "  from template #2",
        "  to connection #1",
        "  columns all",
        "  behavior b all",
        "    columns ()",
        "  behavior a all",
        "    columns ()",
        "  by hand",
        "  in sequence",
        "  with ()",
        "  notify on success",
    ]


# --- columns -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source", "name"),
    [
        ("email", a.ColumnSource("email"), "email"),
        ("email as `E-mail`", a.ColumnSource("email"), "E-mail"),
        ("group household.size", a.ColumnSource("size", "household"), "size"),
        ("group household.size as n", a.ColumnSource("size", "household"), "n"),
        (
            "a | substr(1, 3)",
            a.ColumnSource("a", None, (a.Call("substr", (ONE, Number("3"))),)),
            "a",
        ),
        ("a | substr(1)", a.ColumnSource("a", None, (a.Call("substr", (ONE,)),)), "a"),
        (
            'a | replace("x") | ln() as b',
            a.ColumnSource("a", None, (a.Call("replace", (Text("x"),)), a.Call("ln"))),
            "b",
        ),
        (
            "a | when >= 10 then 1 else null",
            a.ColumnSource("a", None, (a.If(">=", Number("10"), ONE, None),)),
            "a",
        ),
        (
            "a | when is not null then -1 else 2",
            a.ColumnSource("a", None, (a.If("is not null", None, Number("-1"), TWO),)),
            "a",
        ),
        ('"x" as c', a.TextSource(("x",)), "c"),
    ],
)
def test_column(text: str, source: Any, name: str) -> None:
    made = column(text)
    assert (made.source, made.name) == (source, name)


@pytest.mark.parametrize("function", sorted(a.FUNCTIONS))
def test_every_function_is_read_with_its_arguments_and_refused_with_others(function: str) -> None:
    signature = a.FUNCTIONS[function]
    written = {"number": "1", "text": '"x"'}
    whole = [written[kind] for _, kind in signature.arguments]
    least = len(whole) - signature.optional
    for count in range(least, len(whole) + 1):
        column(f"a | {function}({', '.join(whole[:count])})")
    for wrong in ([*whole, "1"], whole[: least - 1]) if least else ([*whole, "1"],):
        found = read(f"{HEAD} columns (a | {function}({', '.join(wrong)}))")[1]
        assert [each.code for each in found] == [Code.SEG104]
    other = {"number": '"x"', "text": "1"}
    for at, (argument, kind) in enumerate(signature.arguments):
        arguments = [*whole[:at], other[kind], *whole[at + 1 :]]
        found = read(f"{HEAD} columns (a | {function}({', '.join(arguments)}))")[1]
        assert [each.code for each in found] == [Code.SEG013]
        assert f"`{argument}`" in found[0].message


# --- texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        ('""', ()),
        ('"a"', ("a",)),
        ('"{segment name}"', (a.Placeholder("segment name"),)),
        (
            '"{segment id}{stage name} x"',
            (a.Placeholder("segment id"), a.Placeholder("stage name"), " x"),
        ),
        ('"a {time yyyy-MM-dd}"', ("a ", a.Time("yyyy-MM-dd"))),
        ('"{time  HH }"', (a.Time(" HH "),)),
        ('"{time yyyy\'\\u{7d}\'\\"}"', (a.Time("yyyy'}'\""),)),
        ('"\\{segment name}"', ("{segment name}",)),
        ('"a}b\\\\\\{"', ("a}b\\{",)),
        ('"\\u{7b}x\\n"', ("{x\n",)),
    ],
)
def test_text_source(token: str, parts: tuple[Any, ...]) -> None:
    source = read_text_source(token)
    assert source.parts == parts
    assert read_text_source(text_source(source)) == source


@given(text_sources)
@settings(max_examples=scaled(2_000))
def test_a_text_source_reads_back(source: a.TextSource) -> None:
    assert read_text_source(text_source(source)) == source


@pytest.mark.parametrize(
    ("token", "at", "message"),
    [
        ('"a {segment}"', 3, "`{segment}` is not a placeholder"),
        ('"{}"', 1, "`{}` is not a placeholder"),
        ('"{time}"', 1, "the format of this time is missing"),
        ('"{time  }"', 1, "the format of this time is missing"),
        ('"ab{segment name"', 3, "this placeholder has no end"),
        ('"{a{segment name}"', 1, "this placeholder has no end"),
    ],
)
def test_what_is_no_placeholder(token: str, at: int, message: str) -> None:
    with pytest.raises(PlaceholderError) as error:
        read_text_source(token)
    assert (error.value.start, str(error.value)) == (at, message)


@pytest.mark.parametrize(("token", "at"), [('"ab\\q"', 3), ('"{time \\q}"', 7), ('"\\}"', 1)])
def test_what_is_no_escape(token: str, at: int) -> None:
    with pytest.raises(EscapeError) as error:
        read_text_source(token)
    assert error.value.at == at


# --- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("columns all columns ()", Code.SEG011, "this activation already has columns"),
        ("by hand every day", Code.SEG011, "this activation already has a schedule"),
        ("in sequence in sequence", Code.SEG011, "this activation already has `in sequence`"),
        ('folder "x"', Code.SEG001, "an activation has no folder"),
        ("state draft", Code.SEG001, "only a template has a state and locks"),
        ("locked (columns)", Code.SEG001, "only a template has a state and locks"),
        ("with (a = 1, a = 2)", Code.SEG011, "`a` is already set"),
        ("with (a = (b = 1, b = 1))", Code.SEG011, "`b` is already set"),
        ('notify "a", "a"', Code.SEG011, "this recipient is already listed"),
        ("notify on failure, failure", Code.SEG011, "this outcome is already listed"),
        ("notify on error", Code.SEG012, "`error` is not an outcome"),
        ('columns ("x")', Code.SEG001, "a text needs a name in the export"),
        ("columns (a | subst(1))", Code.SEG012, "`subst` is not a function"),
        ('columns ("{x}" as y)', Code.SEG012, "`{x}` is not a placeholder"),
        ("behavior b top 0 columns ()", Code.SEG013, "`0` is not a number of events"),
        ("behavior b top 1.5 columns ()", Code.SEG013, "`1.5` is not a number of events"),
        ("every 0 days", Code.SEG014, "an activation cannot repeat every 0 days"),
        ("every -1 days", Code.SEG014, "an activation cannot repeat every -1 days"),
        ("every second", Code.SEG014, "an activation cannot repeat by the second"),
        ("every quarter", Code.SEG014, "an activation cannot repeat by the quarter"),
        ("every week on Mon", Code.SEG012, "`Mon` is not a weekday"),
        ("every week on Monday, Monday", Code.SEG011, "`Monday` is already listed"),
        (
            "every day on Monday",
            Code.SEG014,
            "only a schedule that repeats by the week has weekdays",
        ),
        ("every day starting 2025-04-01", Code.SEG013, "this start has no time of day"),
        (
            "every day starting 2025-04-01T03:00Z",
            Code.SEG013,
            "a start is a local time, without an offset or a fraction of a second",
        ),
        (
            "once at 2025-04-01T03:00:00.5",
            Code.SEG013,
            "a start is a local time, without an offset or a fraction of a second",
        ),
        (
            "once at 2025-02-30T03:00",
            Code.SEG016,
            "2025-02-30T03:00 does not exist in the calendar",
        ),
        ("every day until 2025-02-30", Code.SEG016, "2025-02-30 does not exist in the calendar"),
        (
            "every day until 2025-02-03T00:00",
            Code.SEG013,
            "the end of a schedule is a date, without a time",
        ),
        ('every day in "Asia/Tokio"', Code.SEG012, '"Asia/Tokio" is not a time zone'),
        ('every day in ""', Code.SEG012, '"" is not a time zone'),
        ('every day in "../UTC"', Code.SEG012, '"../UTC" is not a time zone'),
        ('cron " "', Code.SEG013, "this cron expression is blank"),
    ],
)
def test_what_the_grammar_lets_through_is_refused(text: str, code: Code, message: str) -> None:
    kept, found = resolved(f'{HEAD} {text}\nsegment "z" where a = 1')
    assert [(each.code, each.message) for each in found] == [(code, message)]
    assert found[0].help
    # Nothing is made of the activation, and the rest of the file is.
    assert (kept.activations, [each.name for each in kept.segments]) == ((), ["z"])


def test_a_template_is_not_made_from_a_template() -> None:
    found = read('activation template "x" from template "y"')[1]
    assert [each.message for each in found] == ["a template is not made from another template"]


def test_settings_are_not_nested_without_end() -> None:
    text = f'{HEAD} with (a = {"[" * 300}{"]" * 300})\nsegment "z" where a = 1'
    file, found = read(text)
    assert [each.code for each in found] == [Code.SEG007]
    assert len(file.items) == 1


# --- resolving -----------------------------------------------------------------------------


def test_an_activation_resolves() -> None:
    (items, found) = resolved(
        f"{HEAD}\n"
        '  description "d"\n  from template "t"\n  to connection "c"\n  columns (a)\n'
        "  behavior b all columns ()\n  every day\n"
        '  then run workflow "w" of project "p"\n  in sequence\n  with (k = 1)\n  notify "m"\n'
    )
    assert found == []
    (made,) = items.activations
    assert made == a.Activation(
        "x",
        a.Target("segment", ByName("y")),
        "d",
        ByName("t"),
        a.Delivery(
            a.Connection(ByName("c")),
            a.Columns(items=(a.ExportColumn(a.ColumnSource("a"), "a"),)),
            (a.BehaviorExport("behavior_b"),),
            a.Repeat("day"),
            a.MapSetting((a.Entry("k", ONE),)),
            a.Notification((a.Recipient(ByName("m")),)),
            a.Workflow("w", "p"),
            True,
        ),
    )


def test_a_template_resolves() -> None:
    (items, found) = resolved(
        'activation template "x" folder "f" description "d" state published locked (schedule)'
    )
    assert found == []
    assert items.templates == (
        a.ActivationTemplate("x", "f", "d", "published", (a.Lock("schedule"),)),
    )


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ('activation " " of segment "y"', ["an activation cannot have a blank name"]),
        ('activation template ""', ["an activation template cannot have a blank name"]),
        ('activation "x" of segment ""', ["no segment can have a blank name"]),
        (f'{HEAD} to connection ""', ["no connection can have a blank name"]),
        (f'{HEAD} from template " "', ["no activation template can have a blank name"]),
        (f'{HEAD} notify "a", ""', ["no user can have a blank name"]),
    ],
)
def test_blank_names(text: str, messages: list[str]) -> None:
    items, found = resolved(text)
    assert [each.message for each in found] == messages
    assert all(each.code is Code.SEG114 and each.help for each in found)
    assert (items.activations, items.templates) == ((), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}\n{HEAD}", 'another activation of this segment is named "x" too'),
        (
            'activation template "x"\nactivation template "x" state published',
            'another template of this file is named "x" too',
        ),
    ],
)
def test_a_name_twice(text: str, message: str) -> None:
    items, found = resolved(text)
    assert [(each.code, each.message) for each in found] == [(Code.SEG111, message)]
    assert len(items.activations) + len(items.templates) == 1


def test_the_same_name_at_two_targets_or_folders_is_fine() -> None:
    items, found = resolved(
        f'{HEAD}\nactivation "x" of segment "z"\nactivation "x" of stage "y" of funnel "f"\n'
        'activation template "x"\nactivation template "x" folder "f"\nsegment "x" where a = 1\n'
        'funnel "x"'
    )
    assert found == []
    assert len(items.activations) == 3
    assert len(items.templates) == 2


@given(named_activations)
@settings(max_examples=scaled(500))
def test_every_activation_with_names_resolves(item: t.Activation) -> None:
    (made,) = resolved(format_file(t.File((item,))))[0].activations
    behaviors = tuple(each for each in item.clauses if isinstance(each, a.BehaviorExport))
    assert (made.name, made.target, made.delivery.behaviors) == (item.name, item.target, behaviors)


@given(named_templates)
@settings(max_examples=scaled(500))
def test_every_template_with_a_name_resolves(item: t.ActivationTemplate) -> None:
    (made,) = resolved(format_file(t.File((item,))))[0].templates
    assert made.name == item.name


@pytest.mark.parametrize("zone", ["JST", "PST", "GMT+9", "UTC+9"])
def test_no_zone_is_suggested_for_an_abbreviation(zone: str) -> None:
    report = Report()
    parse(Source("x.seg", f'activation "x" of segment "y"\n  every day in "{zone}"'), report)
    [finding] = report.diagnostics
    assert finding.help == 'time zones are named as in `"Asia/Tokyo"` and `"UTC"`'


@pytest.mark.parametrize(
    ("locks", "underlined", "message"),
    [
        ("connection (a)", "connection (a)", "`connection` names nothing"),
        ("columns (a, b, a)", "a", "this name is already listed"),
        ("columns (a), columns", "columns", "this lock is already listed"),
        ("columns, changing columns", "changing columns", "`columns` already locks this"),
        ("settings de_name", "settings de_name", "`settings` are named in parentheses"),
        ("column (a)", "column", "`column` is not a lock"),
        ('settings ("a")', '"a"', "what is locked is named without quotes"),
        ("settings.a", "settings.a", "unexpected `.`: expected `,` or `)`"),
    ],
)
def test_locks_that_are_written_in_another_way(locks: str, underlined: str, message: str) -> None:
    text = f'activation template "x" locked ({locks})'
    _, [found] = read(text)
    assert found.span is not None
    assert (text[found.span.start : found.span.end], found.message) == (underlined, message)
