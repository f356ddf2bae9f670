"""Forms of the vendor tool's YAML that its pages do not show, and what is refused with advice."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from running import segdsl
from segdsl import compile_text
from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.source import Source
from segdsl.workspace.tdx import ImportedSegment, read_file

pytest.importorskip("yaml")

AGE = "{type: Value, attribute: age, operator: {type: Greater, value: 1}}"


def read(text: str) -> tuple[str | None, Report]:
    report = Report()
    found = read_file(Source("x.yml", text), report)
    assert found is None or isinstance(found, ImportedSegment)
    return (None if found is None else format_file(t.File((found.segment,)))), report


def where(rule: str) -> tuple[str, list[str]]:
    """The condition that a rule becomes, which must compile, and the codes of what is told."""
    source, report = read(f"name: x\nrule: {rule}\n")
    assert source is not None, report.diagnostics
    assert len(compile_text(source, symbolic=True, check=True).segments) == 1
    codes = [of.code.name for of in report.diagnostics]
    return " ".join(source.partition("where")[2].split()), codes


def value(operator: str, more: str = "attribute: a") -> str:
    return where(f"{{type: Value, {more}, operator: {{{operator}}}}}")[0]


# --- a segment that says nothing is not everyone -----------------------------------------


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "rule:",
        "rule: ~",
        "rule: {}",
        "rule: []",
        'rule: ""',
        "rule: {type: And}",
        "rule: {type: And, conditions: }",
        "rule: {type: And, conditions: []}",
        "rule: {type: Or, conditions: []}",
        "rule: {type: Composite, expr: '1', conditions: []}",
        "rule: {conditions: []}",
        "rule: {type: And, conditions: [{type: And, conditions: []}]}",
        "rule: {type: Or, conditions: [{type: And}]}",
        "rule: {type: And, conditions: [~]}",
        "rule: {type: And, condition: []}",
        f"rules: {{type: And, conditions: [{AGE}]}}",
        f"Rule s: {{type: And, conditions: [{AGE}]}}",
        "activations: [{name: mail}]",
    ],
)
def test_a_segment_without_conditions_is_an_error(rest: str) -> None:
    source, report = read(f"name: x\n{rest}\n")
    assert source is None
    assert report.has_errors
    errors = [of for of in report.diagnostics if of.severity == "error"]
    assert {of.code.name for of in errors} == {"SEG702"}


def test_an_empty_rule_says_how_everyone_is_written() -> None:
    _, report = read("name: x\nrule:\n")
    [found] = report.diagnostics
    assert found.help is not None
    assert "where everyone" in found.help


# --- forms that mean one thing -------------------------------------------------------------

BUYS = 'attribute: "", source: behavior_buys'
COUNT = f"{BUYS}, aggregation: {{type: Count}}"
MANY = "type: GreaterEqual, value: 3"


@pytest.mark.parametrize(
    ("operator", "more", "seg"),
    [
        ("type: EndWith, value: x", "attribute: a", 'a ends with "x"'),
        ("type: StartWith, value: x", "attribute: a", 'a starts with "x"'),
        ("type: Contain, value: x", "attribute: a", 'a contains "x"'),
        ("type: In, value: 3", "attribute: a", "a in (3)"),
        ("type: TimeWithinPast, value: 3, unit: days", "attribute: a", "a within past 3 days"),
        ("type: TimeWithinPast, value: 1, unit: DAY", "attribute: a", "a within past 1 day"),
        ("type: TimeWithinNext, value: 2, unit: Weeks", "attribute: a", "a within next 2 weeks"),
        ("type: TimeThis, from: {unit: quarters}", "attribute: a", "a in this quarter"),
        (
            "type: TimeRange, duration: {days: 7}, from: {last: 1, unit: months}",
            "attribute: a",
            "a for 7 days from 1 month ago",
        ),
        ("type: equal, value: 1", "attribute: a", "a = 1"),
        ("TYPE: NOT_EQUAL, Value: 1", "attribute: a", "a != 1"),
        ("type: starts-with, value: x", "attribute: a", None),
        (MANY, f"{BUYS}, aggregation: {{type: CountDistinct, column: sku}}", "distinct"),
        (MANY, f"{BUYS}, aggregation: {{type: count_distinct, column: sku}}", "distinct"),
        (MANY, f"{BUYS}, aggregation: {{type: Avg, column: c}}", "average(buys.c) >= 3"),
        (MANY, f"{BUYS}, aggregation: {{type: average, column: c}}", "average(buys.c) >= 3"),
        (MANY, f"{BUYS}, aggregation: {{type: MAX, column: c}}", "max(buys.c) >= 3"),
        (
            "type: Equal, value: x",
            "attribute: a, array_matching: any",
            'any of a = "x"',
        ),
        (
            "type: Equal, value: x",
            "attribute: a, arraymatching: {at_least: 2}",
            'at least 2 of a = "x"',
        ),
    ],
)
def test_words_in_other_spellings(operator: str, more: str, seg: str | None) -> None:
    if seg is None:
        source, report = read(f"name: x\nrule: {{type: Value, {more}, operator: {{{operator}}}}}")
        assert source is None
        assert report.diagnostics[0].help == "did you mean `StartWith`?"
    elif seg == "distinct":
        assert value(operator, more) == "count distinct (buys.sku) >= 3"
    else:
        assert value(operator, more) == seg


@pytest.mark.parametrize(
    ("rule", "seg"),
    [
        (AGE, "age > 1"),
        ("{type: include, segment: Churned}", 'in segment "Churned"'),
        (f"{{type: Value, {COUNT}, operator: {{{MANY}}}}}", "count(buys) >= 3"),
        (f"{{type: and, conditions: [{AGE}]}}", "age > 1"),
        (f"{{Type: OR, Conditions: [{AGE}, {{type: Exclude, segment: y}}]}}", None),
    ],
)
def test_a_condition_without_a_group_is_a_rule(rule: str, seg: str | None) -> None:
    assert where(rule) == (seg or 'age > 1 or not in segment "y"', [])


WINDOW = "timeWindow: {duration: 90, unit: day}"
KIND = "{type: Column, column: kind, operator: {type: Equal, value: x}}"
SIZE = "{type: Column, column: size, operator: {type: Greater, value: 2}}"


@pytest.mark.parametrize(
    ("more", "seg"),
    [
        (WINDOW, "count(buys where timestamp within past 90 days) >= 3"),
        (
            "time_window: {duration: '2', unit: Weeks}",
            "count(buys where timestamp within past 2 weeks) >= 3",
        ),
        (
            f"{WINDOW}, filter: {{type: And, conditions: [{KIND}, {SIZE}]}}",
            'count(buys where kind = "x" and size > 2 and timestamp within past 90 days) >= 3',
        ),
        (
            f"{WINDOW}, filter: {{type: Or, conditions: [{KIND}, {SIZE}]}}",
            'count(buys where (kind = "x" or size > 2) and timestamp within past 90 days) >= 3',
        ),
        (f"{WINDOW}, filter: {{type: And, conditions: []}}", None),
        (f"filter: {KIND}", 'count(buys where kind = "x") >= 3'),
    ],
)
def test_a_time_window_keeps_the_events_of_the_last_days(more: str, seg: str | None) -> None:
    """It is no sliding window: the tool's page writes the same as a filter of `timestamp`."""
    plain = "count(buys where timestamp within past 90 days) >= 3"
    assert value(MANY, f"{COUNT}, {more}") == (seg or plain)


@pytest.mark.parametrize("length", ["0.5", "x", "-3", "{day: 3}", "[3]"])
def test_a_time_window_has_a_whole_length(length: str) -> None:
    more = f"{COUNT}, timeWindow: {{duration: {length}, unit: day}}"
    source, report = read(f"name: x\nrule: {{type: Value, {more}, operator: {{{MANY}}}}}")
    assert source is None
    assert [of.code.name for of in report.diagnostics] == ["SEG702"]


PAST = "type: TimeWithinPast, value: 3, unit: day, not: true"


@pytest.mark.parametrize(
    ("rule", "seg"),
    [
        (f"{{type: Value, attribute: a, operator: {{{PAST}}}}}", "a not within past 3 days"),
        (
            "{type: Value, attribute: a, operator: {type: TimeToday, not: true}}",
            "a is not today",
        ),
        (
            f"{{type: Value, {COUNT}, operator: {{{MANY}}}, filter: "
            f"{{type: Column, column: timestamp, operator: {{{PAST}}}}}}}",
            "count(buys where timestamp not for 3 days from 3 days ago) >= 3",
        ),
        (
            f"{{type: Value, attribute: a, arrayMatching: any, operator: {{{PAST}}}}}",
            "any of a not for 3 days from 3 days ago",
        ),
        (
            f"{{type: Value, {BUYS}, aggregation: {{type: Max, column: timestamp}}, "
            f"operator: {{{PAST}}}}}",
            "max(some buys.timestamp) not for 3 days from 3 days ago",
        ),
    ],
)
def test_not_of_a_time_means_what_it_means_in_the_api(rule: str, seg: str) -> None:
    """`for 3 days from 3 days ago` are the 3 days before today, as is `within past 3 days`."""
    assert where(rule) == (seg, [])


def test_older_files_spell_behaviors_and_their_filters_otherwise() -> None:
    rule = dedent(
        """
          type: And
          conditions:
            - type: Behavior
              attribute: order_total
              source: purchase_history
              aggregation: {type: Sum, column: order_total}
              operator: {type: Greater, value: 500}
              filter:
                type: And
                conditions:
                  - type: Value
                    attribute: timestamp
                    operator: {type: TimeWithinPast, value: 90, unit: day}
        """
    )
    seg = "sum(purchase_history.order_total where timestamp within past 90 days) > 500"
    assert where(rule.replace("\n", "\n  ")) == (seg, ["SEG704", "SEG703"])


def test_array_matching_of_an_aggregate_is_left_out_or_refused() -> None:
    rule = f"{{type: Value, {COUNT}, operator: {{{MANY}}}, arrayMatching: any}}"
    assert where(rule) == ("count(buys) >= 3", ["SEG703"])
    source, report = read(f"name: x\nrule: {rule.replace('any', '{atLeast: 2}')}")
    assert source is None
    assert "one value" in report.diagnostics[0].message


# --- what is wrong, where, and what to write -----------------------------------------------


@pytest.mark.parametrize(
    ("operator", "help"),
    [
        ("type: GreaterThan, value: 1", "did you mean `Greater`?"),
        ("type: Equals, value: 1", "did you mean `Equal`?"),
        ("type: Contains, value: [x]", "did you mean `Contain`?"),
        ("type: IsNotNull", "write `type: IsNull` with `not: true`"),
        ("type: NotContain, value: [x]", "write `type: Contain` with `not: true`"),
        ("type: Regexp, value: [a, b]", "join the patterns to one: `^(premium|gold)`"),
        ("type: Equal, value: [a, b]", "for any of several values write `type: In`"),
        ("type: Equl, value: 1", "did you mean `Equal`?"),
        ("type: Equal, valeu: 1", "did you mean `value`?"),
        ("type: TimeWithinPast, value: 1, unit: dya", "did you mean `day`?"),
        ("type: TimeBeforePast, value: 30, unit: day", "more than 30 days ago"),
    ],
)
def test_a_wrong_word_is_told_with_the_right_one(operator: str, help: str) -> None:
    text = f"name: x\nrule: {{type: Value, attribute: a, operator: {{{operator}}}}}"
    source, report = read(text)
    assert source is None
    [found] = report.diagnostics
    assert found.help is not None
    assert help in found.help


PLACES = [
    # A key whose value begins on the next line.
    ("rules:\n  type: And\n  conditions: []\n", "rules", 1),
    ("rule:\n  type: And\n  condition:\n    - x\n", "condition", 1),
    # A key without a value.
    ("rule:\n  type: Value\n  attribute: a\n  operator:\n", "operator:", 1),
    (
        "rule:\n  type: Value\n  attribute: a\n  operator:\n    type: Equal\n    value:\n",
        "value:",
        1,
    ),
    # What only the whole rule shows.
    (
        f"rule:\n  type: Composite\n  expr: 1 and 2\n  conditions:\n    - type: And\n"
        f"      conditions: [{AGE}]\n",
        "type: Composite",
        1,
    ),
    (
        f"rule:\n  type: And\n  conditions:\n    - {AGE}\n    - type: Value\n      attribute: b\n"
        f"      operator:\n        type: Equal\n        value: {'9' * 500}\n",
        "type: Equal",
        1,
    ),
]


@pytest.mark.parametrize(("rest", "at", "number"), PLACES)
def test_a_mistake_is_told_on_its_own_line(rest: str, at: str, number: int) -> None:
    text = f"name: x\n{rest}"
    _, report = read(text)
    assert len(report.diagnostics) == number
    span = report.diagnostics[0].span
    assert span is not None
    source = Source("x.yml", text)
    assert at in source.line_text(source.line_of(span.start))


def test_yaml_mistakes_look_like_those_of_seg_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.yml").write_text(f"name: x\nrules:\n  type: And\n  conditions: [{AGE}]\n")
    done = segdsl("import", "x.yml")
    assert done.exit_code == 1
    assert "x.yml:2:1" in done.stderr
    assert "2 | rules:" in done.stderr
    assert "did you mean `rule`?" in done.stderr


@pytest.mark.parametrize("word", ["funnel", "And", "3", "[]"])
def test_a_file_of_another_kind_is_told_once(word: str) -> None:
    source, report = read(f"type: {word}\nname: x\nsegments: {{}}\njourneys: []\n")
    assert source is None
    assert len(report.diagnostics) == 1
    assert "is not the type of a segment" in report.diagnostics[0].message


def test_one_key_in_two_spellings_is_told() -> None:
    source, report = read(f"name: x\nNAME: y\nrule: {AGE}\n")
    assert source is None
    assert "the same key" in report.diagnostics[0].message


# --- folders -----------------------------------------------------------------------------


def test_a_folder_key_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old/Loyalty").mkdir(parents=True)
    Path("old/a.yml").write_text(f"name: a\nfolder: Loyalty/Tokyo\nrule: {AGE}\n")
    Path("old/Loyalty/b.yml").write_text(f"name: b\nfolder: Other\nrule: {AGE}\n")
    done = segdsl("import", "old", "--to", "new")
    assert done.exit_code == 0
    assert 'folder "Loyalty/Tokyo"' in Path("new/a.seg").read_text()
    assert 'folder "Other"' in Path("new/Loyalty/b.seg").read_text()
    assert done.stderr.count("SEG704") == 1


@pytest.mark.parametrize("folder", ["../out", "a/../../b", "."])
def test_a_folder_key_never_leads_out(folder: str) -> None:
    source, report = read(f"name: a\nfolder: {folder}\nrule: {AGE}\n")
    assert source is None
    assert [of.code.name for of in report.diagnostics] == ["SEG702"]
