"""The API's JSON to source: every trap comes back with its meaning and compiles to itself."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from segdsl.api import Segment
from segdsl.diagnostics import Code, Report
from segdsl.language.references.segment_names import index_names, names_by_id
from segdsl.language.resolve import Program, resolve
from segdsl.language.syntax.parser import parse
from segdsl.language.values import Number
from segdsl.rules.decompile import decompile
from segdsl.rules.layout.unfold import normalise
from segdsl.rules.lower import lower
from segdsl.rules.rule import document as json_document
from segdsl.rules.rule.document import UnreadableError, load
from segdsl.rules.rule.model import Rule, encode
from segdsl.rules.rule.reader import read_rule
from segdsl.source import Source
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.remote import source as named


def source_of(document: Any, text: str | None = None) -> str:
    report = Report()
    found = decompile(json.dumps(document) if text is None else text, "rule.json", report)
    assert found is not None, [(d.path, d.message) for d in report.diagnostics]
    return found


def compiled(source: str) -> list[Rule | None]:
    report = Report()
    file = parse(Source("rule.seg", source), report)
    segments = resolve(Program("rule.seg", {"rule.seg": file}), report)
    found = [lower(segment, report, symbolic=True) for segment in segments]
    assert not report.has_errors, (source, [d.message for d in report.diagnostics])
    return list(found)


def normal(document: Any) -> Rule:
    report = Report()
    found = read_rule(load(json.dumps(document), report), "$", report)
    assert found is not None
    return normalise(found)


def where_of(document: Any) -> str:
    """The body of the `where`, one line, after a check that it compiles to the same rule."""
    source = source_of(document)
    assert compiled(source) == [normal(document)], source
    body = source.split("where", 1)[1]
    # List forms stand one item on a line.
    return " ".join(body.split()).replace("( ", "(").replace(", )", ")")


def count(operator: dict[str, Any], exclude: bool = False, **left: Any) -> dict[str, Any]:
    return {
        "type": "Value",
        "leftValue": {
            "source": {"name": "behavior_purchases"},
            "aggregation": {"type": "Count", "groupingColumns": []},
            "filter": {},
            **left,
        },
        "operator": operator,
        "arrayMatching": None,
        "exclude": exclude,
    }


def value(name: str, operator: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "Value",
        "leftValue": {"name": name},
        "operator": operator,
        "arrayMatching": None,
        "exclude": False,
        **more,
    }


def equal(name: str, right: Any = 1, negated: bool = False) -> dict[str, Any]:
    return value(name, {"type": "Equal", "not": negated, "rightValue": right})


def rule(*conditions: Any, kind: str = "And", **more: Any) -> dict[str, Any]:
    return {"type": kind, "conditions": list(conditions), **more}


def op(kind: str, right: Any, negated: bool = False) -> dict[str, Any]:
    return {"type": kind, "not": negated, "rightValue": right}


@pytest.mark.parametrize(
    ("condition", "where"),
    [
        (count(op("GreaterEqual", 3)), "count(purchases) >= 3"),
        (count(op("GreaterEqual", 1)), "has purchases"),
        (count(op("GreaterEqual", 1), True), "no purchases"),
        (count(op("GreaterEqual", 3), True), "count(purchases) < 3"),
        (count(op("Greater", 3), True), "count(purchases) <= 3"),
        (count(op("Equal", 3), True), "count(purchases) != 3"),
        # What the console lets through, and what leaves out profiles without events.
        (count(op("Less", 3)), "count(purchases) < 3"),
        (count(op("Less", 3), True), "count(purchases) >= 3"),
        (count(op("Less", 1)), "no purchases"),
        (count(op("Equal", 0)), "no purchases"),
        (count(op("Equal", 0), True), "has purchases"),
        (count(op("Equal", 3, True)), "count(purchases) != 3"),
        (count(op("GreaterEqual", 3, True)), "count(purchases) < 3"),
        (count(op("GreaterEqual", 3, True), True), "count(purchases) >= 3"),
        (count(op("GreaterEqual", 0)), "count(purchases) >= 0"),
        (
            count({"type": "In", "not": False, "rightValues": [0, 1]}),
            "count(purchases) in (0, 1)",
        ),
        (
            count({"type": "Between", "not": False, "minValue": 0, "maxValue": 3, "rightValue": 0}),
            "count(purchases) <= 3",
        ),
        (
            count(op("Less", 3), aggregation={"type": "CountDistinct", "columns": ["sku"]}),
            "count distinct (some purchases.sku) < 3",
        ),
        (
            count(
                op("GreaterEqual", 3), True, aggregation={"type": "CountDistinct", "columns": ["a"]}
            ),
            "count distinct (purchases.a) < 3",
        ),
        (
            count({"type": "In", "not": True, "rightValues": [0, 1]}, True),
            "count(purchases) in (0, 1)",
        ),
        (
            count(op("Less", 3), aggregation={"type": "Sum", "column": "amount"}),
            "sum(purchases.amount) < 3",
        ),
        (
            count(op("Less", 3, True), aggregation={"type": "Sum", "column": "amount"}),
            "sum(some purchases.amount) not < 3",
        ),
        (
            count(op("Less", 3), aggregation={"type": "Count", "groupingColumns": ["order_id"]}),
            "count(some purchases by order_id) < 3",
        ),
        (
            count(op("Equal", 3), True, aggregation={"type": "Count", "groupingColumns": ["o"]}),
            "not count(purchases by o) = 3",
        ),
        # On a scalar, `exclude` and `not` are one.
        ({**equal("a"), "exclude": True}, "a != 1"),
        ({**equal("a", negated=True), "exclude": True}, "a = 1"),
        (value("a", {"type": "TimeToday"}, exclude=True), "a is not today"),
        # On an array they are not.
        ({**equal("a", negated=True), "arrayMatching": "any"}, "any of a != 1"),
        ({**equal("a"), "arrayMatching": "all", "exclude": True}, "not every one of a = 1"),
        # An object for a length, and a unit that is not its smallest.
        (
            value("a", op("Less", {"last": {"day": 1, "hour": 12}, "unit": "hour"})),
            "a more than 1 day 12 hours ago",
        ),
        (
            value("a", op("Less", {"last": {"day": 1, "hour": 12}, "unit": "day"})),
            "a more than 1 day 12 hours ago rounded to day",
        ),
        (value("a", op("Less", {"last": {"day": 1}, "unit": "day"})), "a more than 1 day ago"),
        (value("a", op("Less", {"timestamp": "soon"})), 'a before @"soon"'),
        # What only a number in the id's place says.
        ({"type": "Reference", "id": 12, "exclude": True}, "not in segment #12"),
        ({"type": "Reference", "id": 'name:"Churned"', "exclude": False}, 'in segment "Churned"'),
        # A symbolic id of another kind is an id like any other.
        (
            {"type": "Reference", "id": 'name:"A" of funnel "B"', "exclude": False},
            'in segment #"name:\\"A\\" of funnel \\"B\\""',
        ),
        (
            {"type": "FunnelStageReference", "id": 'name:"A"', "exclude": False},
            'in stage #"name:\\"A\\""',
        ),
    ],
)
def test_condition(condition: dict[str, Any], where: str) -> None:
    assert where_of(rule(rule(condition))) == where


def test_a_marked_name_has_its_folder_in_the_one_spelling() -> None:
    for marked, spelled in (("", "/"), (" / ", "/"), ("/A / B", "A/B")):
        reference = {"type": "Reference", "id": f'name:"S" of folder "{marked}"', "exclude": False}
        source = source_of(rule(rule(reference)))
        assert source.endswith(f'in segment "S" of folder "{spelled}"\n')


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (None, "everyone"),
        ({}, "everyone"),
        (rule(), "everyone"),
        (rule(rule()), "everyone"),
        (rule(equal("a"), equal("b")), "a = 1 and b = 1"),
        (rule(equal("a"), rule(equal("b"), equal("c"), kind="Or")), "a = 1 and any (b = 1, c = 1)"),
        (rule(rule(equal("a"), equal("b"), kind="Or")), "a = 1 or b = 1"),
        (
            rule(rule(equal("a"), equal("b")), rule(equal("c"), equal("d"))),
            "rule set all (a = 1, b = 1) and rule set all (c = 1, d = 1)",
        ),
        (
            rule(rule(equal("a")), rule(equal("b"), kind="Or", description="B")),
            'a = 1 and "B": (b = 1)',
        ),
        (
            rule(rule(equal("a")), rule(equal("b")), kind="Or"),
            "rule set (a = 1) or rule set (b = 1)",
        ),
        (
            rule(
                rule(equal("a")),
                rule(equal("b"), equal("c"), kind="Or"),
                rule(equal("d")),
                kind="Composite",
                expr="1 and (3 or 2)",
            ),
            "a = 1 and any (rule set (d = 1), rule set any (b = 1, c = 1))",
        ),
        # Conditions right under the rule, named as rules or as rule sets.
        (
            rule(equal("a"), equal("b"), kind="Composite", expr="A or B"),
            "a = 1 or b = 1",
        ),
        (
            rule(equal("a"), equal("b"), kind="Composite", expr="2 or 1"),
            "b = 1 or a = 1",
        ),
        (
            rule(rule(equal("a"), equal("b"), equal("c"), kind="Composite", expr="A and (B or C)")),
            "rule set all (a = 1, any (b = 1, c = 1))",
        ),
        (
            rule(rule(equal("a"), rule(equal("b"), rule(equal("c"), equal("d")), kind="Or"))),
            "a = 1 and any (b = 1, all (c = 1, d = 1))",
        ),
        (
            rule(
                rule(equal("a")),
                limit={
                    "type": "Percent",
                    "number": 10,
                    "orderColumns": [{"type": "Column", "column": "ltv", "order": "descending"}],
                },
            ),
            "a = 1 limit 10% by ltv desc",
        ),
    ],
)
def test_rule(document: Any, where: str) -> None:
    assert where_of(document) == where


def test_a_whole_segment_brings_its_head() -> None:
    segment = {
        "id": "12",
        "audienceId": "3",
        "name": 'Say "hi"',
        "description": "Two\nlines",
        "kind": 1,
        "rule": rule(rule(equal("a"))),
        "population": 7,
    }
    assert source_of(segment) == (
        'segment "Say \\"hi\\""\n  description "Two\\nlines"\n  kind realtime\n\nwhere\n  a = 1\n'
    )


def test_the_other_media_type_and_lists() -> None:
    attributes = {"name": "S", "description": None, "rule": None}
    resource = {"id": "1", "type": "segment-funnel-stage", "attributes": attributes}
    assert "kind funnel_stage" in source_of({"data": resource})
    source = source_of([{"name": "A", "rule": {}}, {"name": "B", "realtime": True, "rule": {}}])
    assert len(compiled(source)) == 2
    assert source.count("kind realtime") == 1


def test_rules_of_a_list_are_told_apart() -> None:
    source = source_of([rule(rule(equal("a"))), rule(), {"name": "B", "rule": {}}])
    assert re.findall(r'^segment "(.*)"$', source, re.MULTILINE) == ["Untitled", "Untitled 2", "B"]
    assert len(compiled(source)) == 3


@pytest.mark.parametrize("nothing", [None, {}])
def test_nothing_in_a_list_is_not_everyone(nothing: object) -> None:
    """It may be a rule that whoever made the list left out; by itself it is an empty rule."""
    assert "where everyone" in source_of(nothing)
    report = Report()
    document = json.dumps([rule(rule(equal("a"))), nothing])
    source = decompile(document, "list.json", report)
    assert source is not None
    assert "everyone" not in source
    [found] = report.diagnostics
    assert (found.code.name, found.path) == ("SEG402", "$[1]")


SERVED = {"audienceId": "3", "realtime": False, "rule": rule(rule(equal("a")))}


@pytest.mark.parametrize(
    ("odd", "message", "path"),
    [
        ({"id": "2", "name": "B"}, "“B” (#2) is left out: this segment has no `rule`", ""),
        ({"id": 2, "name": "B", "rule": None}, "“B” (#2) is left out: this segment has", ""),
        ({"id": "2", "name": "B", "rule": {}}, "“B” (#2) is left out: a list may leave", ".rule"),
        (
            {"id": "2", "name": "B", "rule": rule(rule(rule()))},
            "“B” (#2) is left out: a list may leave the rule out",
            ".rule",
        ),
        ({"name": "B", "rule": None}, "“B” is left out: this segment has no", ""),
        (
            {"id": "2", "name": "B", "kind": 7, **SERVED},
            "“B” (#2) is left out: the kind of a segment is one of 0 (batch), 1 (realtime), 2",
            ".kind",
        ),
        ({"id": "2", "name": None, **SERVED}, "#2 is left out: the name of a segment", ".name"),
        (
            {"id": "2", "name": "B", **SERVED, "isVisible": "sometimes"},
            "“B” (#2) is left out: `isVisible` is a boolean, and this is a text",
            ".isVisible",
        ),
        (
            {"id": "2", "name": "B", "rule": rule(rule(value("a", {"type": "Resembles"})))},
            "“B” (#2) is left out: the type of an operator cannot be “Resembles”",
            ".rule.conditions[0].conditions[0].operator.type",
        ),
        (
            {"id": "2", "type": "customer-segment", "attributes": {"name": "B", "rule": {}}},
            "“B” (#2) is left out: this resource is not a segment",
            ".type",
        ),
        (1, "a rule or a segment is an object", ""),
        ({"data": {"id": "2"}}, "`data` contains a segment or a list of them", ".data"),
    ],
)
def test_an_odd_segment_of_a_list_is_named_and_the_others_are_written(
    odd: Any, message: str, path: str
) -> None:
    good = [{"id": str(id), "name": name, **SERVED} for id, name in ((1, "A"), (3, "C"))]
    for document, at in (([good[0], odd, good[1]], "$"), ({"data": [odd, *good]}, "$.data")):
        report = Report()
        text = decompile(json.dumps(document), "x.json", report)
        assert text == "\n".join(f'segment "{name}"\n\nwhere\n  a = 1\n' for name in "AC")
        [one] = report.diagnostics
        assert (one.code, one.path) == (Code.SEG402, f"{at}[{int(at == '$')}]{path}")
        assert one.message.startswith(message)


def test_a_list_of_odd_segments_alone_is_nothing() -> None:
    report = Report()
    document = [{"id": "1", "name": "A", "rule": None}, {"id": "2", "name": "B", "rule": {}}]
    assert decompile(json.dumps(document), "x.json", report) is None
    assert [each.path for each in report.diagnostics] == ["$[0]", "$[1].rule"]


def test_by_itself_a_segment_says_that_it_has_no_rule() -> None:
    for empty in (None, {}, rule(), rule(rule())):
        document = {"id": "1", "name": "A", "rule": empty}
        assert source_of(document) == source_of({"data": document})
        assert source_of(document) == 'segment "A"\n\nwhere everyone\n'


def test_what_compile_writes_for_everyone_is_read_in_a_list() -> None:
    source = source_of([{"name": "A", "kind": 0, "rule": rule()}, {"name": "B", "rule": rule()}])
    assert source.count("where everyone") == 2


@pytest.mark.parametrize(
    ("told", "head"),
    [
        ({"kind": "0"}, ""),
        ({"kind": "batch"}, ""),
        ({"kind": 0.0}, ""),
        ({"kind": "1"}, "  kind realtime\n"),
        ({"kind": "funnel_stage"}, "  kind funnel_stage\n"),
        ({"kind": None, "realtime": "true"}, "  kind realtime\n"),
        ({"realtime": 1}, "  kind realtime\n"),
        ({"realtime": None}, ""),
        ({"isVisible": "false"}, "  hidden\n"),
        ({"isVisible": 0}, "  hidden\n"),
        ({"isVisible": None}, ""),
        ({"isVisible": "TRUE"}, ""),
    ],
)
def test_the_head_is_read_in_every_form_that_the_client_reads(
    told: dict[str, Any], head: str
) -> None:
    document = {"id": "1", "name": "A", **SERVED, **told}
    assert source_of(document) == f'segment "A"\n{head}\nwhere\n  a = 1\n'
    assert source_of([document]) == source_of(document)


def test_numbers_keep_their_text() -> None:
    text = encode(normal(rule(rule(equal("a"))))).replace('"rightValue": 1', '"rightValue": 1.50')
    assert "a = 1.50" in source_of(None, text)


@pytest.mark.parametrize(
    ("document", "code", "path"),
    [
        # The placeholder of the API's quickstart.
        ({"type": "And", "conditions": [{}]}, Code.SEG404, "$.conditions[0]"),
        (rule(kind="Or"), Code.SEG405, "$"),
        (rule(rule(equal("a")), rule(), kind="Or"), Code.SEG405, "$.conditions[1]"),
        (rule(rule(equal("a")), rule(kind="Or")), Code.SEG405, "$.conditions[1]"),
        (rule(rule(rule(kind="Or"))), Code.SEG405, "$.conditions[0].conditions[0]"),
        (rule(kind="Xor"), Code.SEG402, "$.type"),
        (rule({**equal("a"), "color": 1}), Code.SEG402, "$.conditions[0].color"),
        (rule(rule(equal("a")), kind="Composite"), Code.SEG402, "$"),
        (rule(rule(equal("a")), kind="Composite", expr="1 and 2"), Code.SEG403, "$.expr"),
        (rule(equal("a"), equal("b"), kind="Composite", expr="1"), Code.SEG403, "$.expr"),
        (rule(equal("a"), kind="Composite", expr="not 1"), Code.SEG403, "$.expr"),
        (
            rule(value("a", {"type": "TimeWithinPast", "unit": "days", "value": "3"})),
            Code.SEG402,
            "$.conditions[0].operator.unit",
        ),
        (
            rule(value("a", {"type": "In", "not": False, "rightValues": []})),
            Code.SEG402,
            "$.conditions[0].operator.rightValues",
        ),
        (
            rule(value("a", op("Less", {"last": 1.5, "unit": "day"}))),
            Code.SEG402,
            "$.conditions[0].operator.rightValue.last",
        ),
        (
            rule(count(op("Less", {"timestamp": "2024-01-01"}, True))),
            Code.SEG402,
            "$.conditions[0].operator.not",
        ),
        ([1], Code.SEG402, "$[0]"),
        ({"name": 3, "rule": {}}, Code.SEG402, "$.name"),
        ({"name": "x", "kind": 7, "rule": {}}, Code.SEG402, "$.kind"),
        # Without a rule nobody knows who is in it: that is not everyone.
        ({"id": "12", "name": "x"}, Code.SEG402, "$"),
        ({"type": "customer-segment", "attributes": {"rule": {}}}, Code.SEG402, "$.type"),
        ({"type": "predictive-segment", "attributes": {"rule": {}}}, Code.SEG407, "$.attributes"),
        (rule(equal("\ud800")), Code.SEG402, "$.conditions[0].leftValue.name"),
    ],
)
def test_what_is_not_understood_names_its_path(document: Any, code: Code, path: str) -> None:
    report = Report()
    assert decompile(json.dumps(document), "x.json", report) is None
    assert [(d.code, d.path) for d in report.diagnostics] == [(code, path)]


def among(filter: dict[str, Any]) -> dict[str, Any]:
    """A rule of one condition, on the events that pass a filter."""
    one = count(op("Greater", 1))
    one["leftValue"]["filter"] = filter
    return rule(rule(one))


_COLUMN = {"type": "Column", "column": "a", "operator": {"type": "IsNull"}}


@pytest.mark.parametrize(
    ("document", "said", "path"),
    [
        (rule(kind="Or"), "an `Or` or a Composite without conditions is for", "$"),
        (
            rule(rule(equal("a")), rule(), kind="Or"),
            "it is undefined whether an `And` without conditions inside an `Or` is for",
            "$.conditions[1]",
        ),
        (
            rule(rule(equal("a")), rule(), kind="Composite", expr="1 or 2"),
            "it is undefined whether an `And` without conditions inside a Composite is for",
            "$.conditions[1]",
        ),
        (
            rule(rule(equal("a")), rule(kind="Or"), kind="Composite", expr="1 or 2"),
            "an `Or` or a Composite without conditions is for",
            "$.conditions[1]",
        ),
        (
            among({"type": "Or", "conditions": [_COLUMN, {"type": "And", "conditions": []}]}),
            "it is undefined whether an `And` without conditions inside an `Or` is for",
            "$.conditions[0].conditions[0].leftValue.filter.conditions[1]",
        ),
        (
            among({"type": "Or", "conditions": []}),
            "an `Or` or a Composite without conditions is for",
            "$.conditions[0].conditions[0].leftValue.filter",
        ),
    ],
)
def test_of_a_group_without_conditions_it_is_said_what_nobody_knows(
    document: Any, said: str, path: str
) -> None:
    report = Report()
    assert decompile(json.dumps(document), "x.json", report) is None
    [one] = report.diagnostics
    assert (one.code, one.path) == (Code.SEG405, path)
    assert one.message.startswith(said)
    assert "make it an `And`" not in (one.help or "") or said.startswith("an `Or`")


@pytest.mark.parametrize("outer", ["And", "Or"])
def test_what_is_no_condition_is_named_as_what_it_is(outer: str) -> None:
    for part, said in (
        ({}, "an empty object is not a condition"),
        (None, "null is not a condition"),
    ):
        report = Report()
        decompile(json.dumps(rule(rule(part, kind=outer))), "x.json", report)
        [one] = report.diagnostics
        assert one.code is Code.SEG404
        assert one.message.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "`a` occurs twice in one object"),
        ('{"a": NaN}', "`NaN` is not a JSON value"),
    ],
)
def test_what_no_json_holds_is_named(text: str, said: str) -> None:
    report = Report()
    assert decompile(text, "x.json", report) is None
    [one] = report.diagnostics
    assert (one.code, one.message) == (Code.SEG401, said)


def test_several_findings_of_one_document() -> None:
    report = Report()
    document = rule(rule({}, equal("a"), {"type": "Nope"}), {"type": "Value"})
    assert decompile(json.dumps(document), "x.json", report) is None
    assert [d.path for d in report.diagnostics] == [
        "$.conditions[0].conditions[0]",
        "$.conditions[0].conditions[2].type",
        "$.conditions[1]",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nope",
        '{"a": NaN}',
        '{"type": "And", "type": "Or", "conditions": []}',
        "[" * 100_000,
        "\ufeff{}",
        "\x00",
        "1" * 100_000,
    ],
)
def test_text_that_is_no_json_is_said_to_be_so(text: str) -> None:
    report = Report()
    assert decompile(text, "x.json", report) is None
    assert {d.code for d in report.diagnostics} <= {Code.SEG401, Code.SEG402}
    assert report.has_errors


def test_whatever_name_the_server_has_comes_back() -> None:
    for name in ("", "\u3000", " x "):
        body = json.dumps({"name": name, "rule": {"type": "And", "conditions": []}})
        report = Report()
        text = decompile(body, "x.json", report)
        assert report.diagnostics == []
        assert text == f'segment "{name}"\n\nwhere everyone\n'


def test_a_blank_name_is_not_put_in_the_place_of_an_id() -> None:
    rule = msgspec.Raw(
        b'{"type": "And", "conditions": [{"type": "And", "conditions": '
        b'[{"type": "Reference", "id": "1"}, {"type": "Reference", "id": "2"}]}]}'
    )
    by_id = names_by_id(index_names([((), " ", "1"), ((), "There", "2"), (("F",), "x", "4")]))
    names = {Ref("segment", id): name for id, name in by_id.items()}
    text = named.source_of((), Segment("3", "x", "batch", rule), names, Report())
    assert text is not None
    assert text.endswith('where\n  in segment #1\n  and in segment "There"\n')


def test_json_of_too_many_values_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_document, "MOST_VALUES", 3)
    report = Report()
    assert load("[1, 2, 3]", report) == [Number("1"), Number("2"), Number("3")]
    assert report.diagnostics == []
    with pytest.raises(UnreadableError):
        load("[1, 2, 3, 4]", report)
    [found] = report.diagnostics
    assert (found.code.name, found.message, found.help, found.path) == (
        "SEG406",
        "this JSON has more than 3 values",
        "pass a part of the list, or one segment",
        "$",
    )
