"""Activations and templates of the API, by example: what becomes of fields, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segdsl.diagnostics import Code, Report
from segdsl.rules.decompile import decompile

BASE: dict[str, Any] = {"name": "x", "segmentId": "7", "connectionId": 3, "connectorConfig": {}}
HEAD = 'activation "x" of segment #7\n  to connection #3\n'


def source(document: Any) -> str:
    report = Report()
    text = decompile(json.dumps(document), "x.json", report)
    assert text is not None, [(of.path, of.message) for of in report.diagnostics]
    assert not report.diagnostics
    return text


def findings(document: Any) -> list[tuple[str | None, str]]:
    report = Report()
    assert decompile(json.dumps(document), "x.json", report) is None
    assert {of.code for of in report.diagnostics} == {Code.SEG407}
    return [(of.path, of.message) for of in report.diagnostics]


def activation(**fields: Any) -> dict[str, Any]:
    return {**BASE, **fields}


# --- schedules --------------------------------------------------------------------------

TOKYO = ' in "Asia/Tokyo"'


@pytest.mark.parametrize(
    ("fields", "clause"),
    [
        ({}, "by hand"),
        ({"repeatUnit": "none", "startAt": "2025-04-01T03:00:00"}, "by hand"),
        ({"repeatUnit": "none", "scheduleType": "none"}, "by hand"),
        ({"repeatUnit": "day", "scheduleType": "daily", "scheduleOption": "03:00"}, "every day"),
        ({"repeatUnit": "day", "repeatFrequency": "2"}, "every 2 days"),
        ({"repeatUnit": "week", "repeatSubFrequency": [7, 1, 7]}, "every week on Monday, Sunday"),
        (
            {"repeatUnit": "hour", "startAt": "2025-04-01T03:00:00.000"},
            "every hour starting 2025-04-01T03:00",
        ),
        (
            {"repeatUnit": "once", "startAt": "2025-04-01T03:00:09"},
            "once at 2025-04-01T03:00:09",
        ),
        ({"scheduleType": "none"}, "by hand"),
        ({"scheduleType": "daily"}, "every day"),
        ({"scheduleType": "daily", "scheduleOption": "03:30:00"}, 'cron "30 3 * * *"'),
        ({"scheduleType": "daily", "runAt": "3:30"}, 'cron "30 3 * * *"'),
        (
            {
                "scheduleType": "daily",
                "scheduleOption": "03:30:00",
                "startAt": "2025-04-01T03:30:00",
            },
            "every day starting 2025-04-01T03:30",
        ),
        ({"scheduleType": "hourly"}, "every hour"),
        ({"scheduleType": "hourly", "scheduleOption": "15:00"}, 'cron "15 * * * *"'),
        ({"scheduleType": "weekly", "scheduleOption": "Sun,09:00:00"}, 'cron "0 9 * * 0"'),
        ({"scheduleType": "weekly", "scheduleOption": "Mon,09:00:00"}, 'cron "0 9 * * 1"'),
        (
            {
                "scheduleType": "weekly",
                "scheduleOption": "Sun,09:00:00",
                "startAt": "2025-04-06T09:00:00",
            },
            "every week on Sunday starting 2025-04-06T09:00",
        ),
        ({"scheduleType": "monthly", "scheduleOption": "1,09:00:00"}, 'cron "0 9 1 * *"'),
        ({"scheduleType": "minutes_interval", "scheduleOption": "15"}, "every 15 minutes"),
        ({"scheduleType": "minutes_interval", "scheduleOption": 15}, "every 15 minutes"),
        ({"scheduleType": "cron", "cron": "0 3 * * *"}, 'cron "0 3 * * *"'),
        ({"cron": "0 3 * * *"}, 'cron "0 3 * * *"'),
        (
            {"scheduleType": "cron", "scheduleOption": "0 3 * * *", "repeatUnit": "none"},
            'cron "0 3 * * *"',
        ),
    ],
)
def test_a_schedule(fields: dict[str, Any], clause: str) -> None:
    assert source(activation(**fields)) == f"{HEAD}  {clause}\n"


@pytest.mark.parametrize("type", ["daily", "cron"])
def test_an_old_schedule_has_its_time_zone(type: str) -> None:
    option = {"daily": "03:00:00", "cron": "0 3 * * *"}[type]
    fields = {"scheduleType": type, "scheduleOption": option, "timezone": "Asia/Tokyo"}
    assert source(activation(**fields)) == f'{HEAD}  cron "0 3 * * *"{TOKYO}\n'


@pytest.mark.parametrize(
    ("fields", "key", "message"),
    [
        ({"repeatUnit": "year"}, "repeatUnit", "cannot be “year”"),
        ({"repeatUnit": "day", "scheduleType": "weekly"}, "scheduleType", "contradict"),
        ({"repeatUnit": "day", "cron": "0 3 * * *", "scheduleType": "cron"}, "scheduleType", ""),
        ({"repeatUnit": "day", "repeatFrequency": 0}, "repeatFrequency", "at least 1"),
        ({"repeatUnit": "day", "repeatFrequency": 1.5}, "repeatFrequency", "whole number"),
        ({"repeatUnit": "day", "repeatSubFrequency": [1]}, "repeatSubFrequency", "for weeks"),
        ({"repeatUnit": "week", "repeatSubFrequency": [8]}, "repeatSubFrequency[0]", "from 1"),
        ({"repeatUnit": "week", "repeatSubFrequency": [0]}, "repeatSubFrequency[0]", "at least 1"),
        ({"repeatUnit": "day", "startAt": "2025-04-01T03:00:00Z"}, "startAt", "an offset"),
        ({"repeatUnit": "day", "startAt": "2025-02-30T03:00:00"}, "startAt", "an offset"),
        ({"repeatUnit": "day", "timezone": "Mars"}, "timezone", "is not a time zone"),
        ({"repeatUnit": "day", "endOn": "soon"}, "endOn", "is a date"),
        ({"repeatUnit": "once"}, "startAt", "does not say when"),
        (
            {"repeatUnit": "once", "startAt": "2025-04-01T03:00:00", "endOn": "2025-05-01"},
            "endOn",
            "has no `endOn`",
        ),
        ({"startAt": "2025-04-01T03:00:00"}, "startAt", "how often"),
        ({"runAt": "03:00"}, "runAt", "how often"),
        ({"scheduleType": "yearly"}, "scheduleType", "cannot be"),
        ({"scheduleType": "cron"}, "scheduleOption", "needs its expression"),
        ({"scheduleType": "cron", "scheduleOption": "1", "cron": "2"}, "cron", "something else"),
        ({"scheduleType": "daily", "cron": "0 3 * * *"}, "cron", "is daily, and not cron"),
        ({"scheduleType": "daily", "scheduleOption": "noon"}, "scheduleOption", "is not known"),
        ({"scheduleType": "daily", "scheduleOption": "24:00"}, "scheduleOption", "is not known"),
        ({"scheduleType": "daily", "scheduleOption": "03:00:30"}, "scheduleOption", "not known"),
        ({"scheduleType": "weekly", "scheduleOption": "3,09:00"}, "scheduleOption", "not known"),
        ({"scheduleType": "monthly", "scheduleOption": "32,09:00"}, "scheduleOption", "not known"),
        ({"scheduleType": "minutes_interval"}, "scheduleOption", "its minutes"),
        (
            {"scheduleType": "daily", "scheduleOption": "03:00", "startAt": "2025-04-01T04:00:00"},
            "scheduleOption",
            "`startAt` is 2025-04-01T04:00:00",
        ),
        (
            {"scheduleType": "daily", "scheduleOption": "03:00", "runAt": "04:00"},
            "runAt",
            "something else",
        ),
    ],
)
def test_a_schedule_that_is_refused(fields: dict[str, Any], key: str, message: str) -> None:
    [(path, found)] = findings(activation(**fields))
    assert path == f"$.{key}"
    assert message in found


# --- columns ----------------------------------------------------------------------------


def column(column_source: Any) -> str:
    text = source(activation(columns=[{"column": "c", "source": column_source}]))
    [line] = [line for line in text.splitlines() if line.startswith("  columns")]
    return line.removeprefix("  columns (").removesuffix(")")


@pytest.mark.parametrize(
    ("string", "parameters", "text"),
    [
        ("plain", None, "plain"),
        ("$1", [{"type": "String", "string": "spring-2025"}], "spring-2025"),
        ("$2 $1", [{"type": "SegmentId"}, {"type": "StageName"}], "{stage name} {segment id}"),
        ("$1-$1", [{"type": "Timestamp", "format": "yyyy"}], "{time yyyy}-{time yyyy}"),
        ("a$1b", [{"type": "String", "string": ""}], "ab"),
        ("10 $ or {1}", [], "10 $ or \\\\{1\\\\}"),
        ("", [], ""),
    ],
)
def test_a_text(string: str, parameters: Any, text: str) -> None:
    expression = {"string": string} | ({} if parameters is None else {"parameters": parameters})
    assert column(expression).replace("\\", "") == f'"{text}" as c'.replace("\\", "")


@pytest.mark.parametrize(
    ("column_source", "path", "message"),
    [
        ({"string": "$2", "parameters": [{"type": "SegmentId"}]}, ".string", "`$2` has no"),
        ({"string": "$0", "parameters": [{"type": "SegmentId"}]}, ".string", "`$0` has no"),
        ({"string": "x", "parameters": [{"type": "SegmentId"}]}, ".parameters[0]", "is `$1`"),
        ({"string": "$1", "parameters": [{"type": "Color"}]}, ".parameters[0].type", "cannot"),
        ({"string": "$1", "parameters": [{"type": "Timestamp"}]}, ".parameters[0]", "`format`"),
        ({}, "", "needs `column`"),
        ({"column": "a", "functions": [{"function": "upper"}]}, ".functions[0].function", ""),
        ({"column": "a", "functions": [{"function": "+"}]}, ".functions[0]", "needs `arg`"),
        ({"column": "a", "functions": [{"function": "substr", "length": 1}]}, ".functions[0]", ""),
        (
            {"column": "a", "functions": [{"function": "ln", "arg": 1}]},
            ".functions[0].arg",
            "no `arg`",
        ),
        (
            {"column": "a", "functions": [{"function": "if", "op": "=", "right_value": None}]},
            ".functions[0].right_value",
            "needs a number",
        ),
        (
            {"column": "a", "functions": [{"function": "if", "op": "is", "right_value": 1}]},
            ".functions[0].right_value",
            "compares with null",
        ),
        (
            {"column": "a", "functions": [{"function": "if", "op": "~", "right_value": 1}]},
            ".functions[0].op",
            "cannot be",
        ),
    ],
)
def test_a_source_that_is_refused(column_source: Any, path: str, message: str) -> None:
    columns = [
        {"column": "ok", "source": {"column": "ok"}},
        {"column": "c", "source": column_source},
    ]
    [(found, text)] = findings(activation(columns=columns))
    assert found == f"$.columns[1].source{path}"
    assert message in text


@pytest.mark.parametrize("spelling", ["is not", "is\\", "not"])
def test_if_not_null_is_written_as_if_null(spelling: str) -> None:
    function = {"function": "if", "op": spelling, "right_value": None, "then": 1, "else": 0}
    found = column({"column": "a", "functions": [function]})
    assert found == "a | when is null then 0 else 1 as c"


# --- behaviors, notifications, workflows --------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"syndicationBehaviors": [{}]}, "$.syndicationBehaviors[0]"),
        (
            {"syndicationBehaviors": [{"behaviorTableName": "t", "joinStrategy": "Top-N"}]},
            "$.syndicationBehaviors[0]",
        ),
        (
            {"syndicationBehaviors": [{"behaviorTableName": "t", "joinRow": 3}]},
            "$.syndicationBehaviors[0].joinRow",
        ),
        ({"syndicationBehaviors": [{"behaviorTableName": "t"}] * 5}, "$.syndicationBehaviors"),
        (
            {
                "syndicationBehaviors": [{"behaviorTableName": "t"}],
                "syndicationBehavior": {"behaviorTableName": "u"},
            },
            "$.syndicationBehavior",
        ),
        ({"nestedWorkflowName": "w"}, "$.nestedWorkflowProjectName"),
        ({"nestedWorkflowProjectName": "p"}, "$.nestedWorkflowName"),
        ({"notifyOn": ["onStart"]}, "$.notifyOn[0]"),
        ({"lockEnabled": "yes"}, "$.lockEnabled"),
        ({"name": None}, "$"),
        ({"segmentId": None}, "$"),
        ({"connectorConfig": [1]}, "$.connectorConfig"),
        ({"connectionId": 1.5}, "$.connectionId"),
    ],
)
def test_what_else_is_refused(fields: dict[str, Any], path: str) -> None:
    [(found, _)] = findings(activation(**fields))
    assert found == path


def test_one_behavior_in_both_fields_is_one() -> None:
    behavior = {"behaviorTableName": "behavior_visits", "joinStrategy": "First", "joinRow": 1}
    both = activation(syndicationBehavior=behavior, syndicationBehaviors=[behavior])
    assert source(both).count("behavior visits first") == 1


def test_all_that_is_wrong_is_reported() -> None:
    wrong = activation(repeatUnit="year", notifyOn=["x"], connectorConfig=3, brandNew=1)
    assert [path for path, _ in findings(wrong)] == [
        "$.brandNew",
        "$.repeatUnit",
        "$.connectorConfig",
        "$.notifyOn[0]",
    ]


def test_a_summary_is_refused() -> None:
    """A list leaves the schedule out: it would be read as run by hand."""
    attributes = {**BASE, "audienceId": "1", "columns": [], "scheduleType": "daily"}
    resource = {"id": "5", "type": "syndication", "attributes": attributes}
    [(path, message)] = findings({"data": resource})
    assert path == "$.data.attributes"
    assert message.startswith("this is a summary")
    attributes["valid"] = True
    assert "every day" in source({"data": resource})


# --- templates --------------------------------------------------------------------------

COLUMN = {"id": "c1", "column": "email", "source": {"column": "email"}}
OTHER = {"id": "c2", "column": "age", "source": {"column": "age"}}
LOCKED = {"column": True, "source": True, "lockDeleteColumn": True}
UNLOCKED_DELETION = {"lockDeleteColumn": False}


def template(locked: Any, **fields: Any) -> dict[str, Any]:
    attributes = {"name": "x", "connectionId": 3, "state": "draft", "columns": [COLUMN, OTHER]}
    attributes |= {"connectorConfig": {"a": 1, "b": 2}, "fieldProperties": {"locked": locked}}
    return {"type": "activation-template", "attributes": attributes | fields}


@pytest.mark.parametrize(
    ("locked", "clause"),
    [
        ({}, None),
        ({"columns": {}, "connectorConfig": {"a": False}, "syndicationBehavior": None}, None),
        ({"columns": {"c1": LOCKED, "c2": LOCKED}}, "columns"),
        ({"columns": {"c2": LOCKED, "c1": {"column": False}}}, "columns (age)"),
        (
            {"columns": {"c1": LOCKED | UNLOCKED_DELETION, "c2": LOCKED | UNLOCKED_DELETION}},
            "renaming columns, changing columns",
        ),
        (
            {"columns": {"c1": LOCKED, "c2": {"lockDeleteColumn": True}}},
            "columns (email), removing columns (age)",
        ),
        ({"connectorConfig": {"a": True, "b": True}}, "settings"),
        ({"connectorConfig": {"a": False, "b": True}}, "settings (b)"),
        ({"connectorConfig": {"a": True}}, "settings (a)"),
        ({"lockEditWorkflowExecution": True}, "workflow"),
        ({"lockAddString": True, "allColumns": True}, "all columns, adding texts"),
    ],
)
def test_what_a_template_locks(locked: Any, clause: str | None) -> None:
    text = source(template(locked))
    if clause is None:
        assert "locked" not in text
    else:
        assert text.endswith(f"  locked ({clause})\n")


@pytest.mark.parametrize(
    ("locked", "path"),
    [
        ({"columns": {"c1": LOCKED, "c3": {"source": True}}}, "columns.c3"),
        ({"columns": {"c1": {"name": True}}}, "columns.c1.name"),
        ({"connectorConfig": {"a": True, "b": True, "c": True}}, "connectorConfig.c"),
        (
            {"lockEditWorkflowExecution": True, "activationActionsEnabled": False},
            "activationActionsEnabled",
        ),
        ({"syndicationBehavior": {"lockAddColumn": True}}, "syndicationBehavior"),
        ({"lockEverything": True}, "lockEverything"),
    ],
)
def test_what_no_declaration_can_lock_is_refused(locked: Any, path: str) -> None:
    [(found, _)] = findings(template(locked))
    assert found == f"$.attributes.fieldProperties.locked.{path}"


def test_a_template_of_journeys_is_refused() -> None:
    [(path, message)] = findings(template({}, kind=1))
    assert path == "$.attributes.kind"
    assert "journey" in message


def test_a_setting_that_no_file_can_hold_is_refused() -> None:
    report = Report()
    text = json.dumps(BASE).replace('"connectorConfig": {}', '"connectorConfig": {"a": [1e99999]}')
    assert decompile(text, "x.json", report) is None
    [found] = report.diagnostics
    assert (found.code, found.path) == (Code.SEG407, "$.connectorConfig.a[0]")
    assert decompile(text.replace("1e99999", "1e999"), "x.json", Report()) is not None
