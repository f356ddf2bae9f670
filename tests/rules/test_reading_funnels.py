"""Funnels of the API with the rules of their stages, and lists of several kinds, by example."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segdsl.diagnostics import Code, Report
from segdsl.rules.decompile import decompile

PAYERS = {"type": "And", "conditions": [{"type": "Reference", "id": "88", "exclude": False}]}
ADULTS = {
    "type": "And",
    "conditions": [
        {
            "type": "Value",
            "leftValue": {"name": "age"},
            "operator": {"type": "GreaterEqual", "rightValue": 18, "not": False},
            "arrayMatching": None,
            "exclude": False,
        }
    ],
}
STAGES: list[dict[str, Any]] = [
    {"id": "11", "name": "Visitors", "segmentId": "101", "numSyndications": 2},
    {"id": "12", "name": "Payers", "segmentId": "102"},
    {"id": "13", "name": "Loyal", "segmentId": None},
]
FUNNEL: dict[str, Any] = {
    "id": "5",
    "type": "funnel",
    "attributes": {
        "audienceId": "1",
        "name": "Onboarding",
        "description": "From sign-up",
        "population": None,
        "stages": STAGES,
    },
    "relationships": {"parentFolder": {"data": {"id": "3", "type": "folder-segment"}}},
}
LEGACY_FUNNEL = {
    "id": "5",
    "audienceId": "1",
    "segmentFolderId": "3",
    "name": "Onboarding",
    "description": "From sign-up",
    "needToRunWorkflow": False,
    "stages": [{**stage, "audienceId": "1", "funnelId": "5"} for stage in STAGES[:2]]
    + [{"id": "13", "name": "Loyal", "segmentId": ""}],
}


def stage(id: str, rule: Any, **attributes: Any) -> dict[str, Any]:
    fields = {"audienceId": "1", "name": "of the console", "description": None, "rule": rule}
    return {"id": id, "type": "segment-funnel-stage", "attributes": fields | attributes}


def legacy_stage(id: str, rule: Any) -> dict[str, Any]:
    return {"id": id, "audienceId": "1", "name": "n", "kind": 2, "rule": rule, "description": None}


TEXT = """\
funnel "Onboarding"
  description "From sign-up"

stage "Visitors"
  description "Old enough"
where
  age >= 18

stage "Payers" is segment #88

stage "Loyal"
"""


def decompiled(document: Any) -> tuple[str | None, list[tuple[str | None, str]]]:
    report = Report()
    text = decompile(json.dumps(document), "x.json", report)
    return text, [(of.path, of.message) for of in report.diagnostics]


@pytest.mark.parametrize("funnel", [FUNNEL, {"data": FUNNEL, "included": []}, LEGACY_FUNNEL])
def test_a_funnel_and_the_segments_of_its_stages(funnel: Any) -> None:
    stages = [stage("101", ADULTS, description="Old enough"), stage("102", PAYERS)]
    assert decompiled([funnel, *stages]) == (TEXT, [])
    assert decompiled([*stages, funnel]) == (TEXT, [])
    assert decompiled({"data": [stages[0], funnel, stages[1]]}) == (TEXT, [])
    older = [legacy_stage("101", ADULTS), legacy_stage("102", PAYERS)]
    plain = TEXT.replace('"\n  description "Old enough"\nwhere\n', '" where\n')
    assert decompiled([funnel, *older]) == (plain, [])


def test_a_stage_without_its_segment_is_reported() -> None:
    text, findings = decompiled([FUNNEL, stage("101", ADULTS)])
    assert text is None
    [(path, message)] = findings
    assert path == "$[0].attributes.stages[1].segmentId"
    assert message == (
        "“Onboarding” (#5) is left out: the rule of this stage is the segment #102, which is not "
        "here"
    )
    text, findings = decompiled(FUNNEL)
    assert [path for path, _ in findings] == [
        "$.attributes.stages[0].segmentId",
        "$.attributes.stages[1].segmentId",
    ]


def test_a_rule_that_a_list_leaves_out_is_not_everyone() -> None:
    text, findings = decompiled([FUNNEL, stage("101", None), stage("102", PAYERS)])
    assert text is None
    assert [path for path, _ in findings] == [
        "$[0].attributes.stages[0].segmentId",
        "$[1].attributes",
    ]


def test_a_stage_of_no_funnel_here_stays_a_segment() -> None:
    text, findings = decompiled([stage("101", ADULTS)])
    assert findings == []
    assert text == 'segment "of the console"\n  kind funnel_stage\n\nwhere\n  age >= 18\n'


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"stages": None}, "$.attributes"),
        ({"stages": {}}, "$.attributes.stages"),
        ({"stages": [{"id": "1"}]}, "$.attributes.stages[0]"),
        ({"stages": [{"name": "a"}, {"name": "a"}]}, "$.attributes.stages[1].name"),
        ({"stages": [{"name": "a", "color": "red"}]}, "$.attributes.stages[0].color"),
        ({"name": None, "stages": [{"name": "a"}]}, "$.attributes"),
        ({"color": "red", "stages": [{"name": "a"}]}, "$.attributes.color"),
    ],
)
def test_a_funnel_that_is_refused(change: Any, path: str) -> None:
    document = {**FUNNEL, "attributes": FUNNEL["attributes"] | change}
    report = Report()
    assert decompile(json.dumps(document), "x.json", report) is None
    [found] = report.diagnostics
    assert (found.code, found.path) == (Code.SEG407, path)


def test_an_activation_of_a_stage_is_of_the_stage_where_the_funnel_is_there() -> None:
    activation = {
        "id": "9",
        "name": "Export",
        "segmentId": "102",
        "connectionId": "3",
        "connectorConfig": None,
    }
    head = 'activation "Export" of {}\n  to connection #3\n  by hand\n'
    assert decompiled(activation) == (head.format("segment #102"), [])
    stages = [stage("101", ADULTS), stage("102", PAYERS)]
    text, findings = decompiled([FUNNEL, *stages, activation])
    assert findings == []
    assert text is not None
    assert text.endswith("\n\n" + head.format("stage #12"))


def test_what_cannot_be_read_in_a_list_is_named_and_the_rest_is_written() -> None:
    good = {"name": "A", "segmentId": "7", "connectionId": 3, "connectorConfig": {}}
    bad = good | {"id": "9", "name": "B", "repeatUnit": "year"}
    segment = {"name": "S", "rule": ADULTS}
    text, findings = decompiled([bad, segment, good])
    [(path, message)] = findings
    assert path == "$[0].repeatUnit"
    assert message.startswith("“B” (#9) is left out: `repeatUnit` cannot be “year”")
    assert text is not None
    assert 'segment "S"' in text
    assert 'activation "A"' in text


COMPILED: dict[str, Any] = {
    "kind": "activation",
    "name": "x",
    "of": {"segment": 'name:"Payers"'},
    "requests": [
        {
            "method": "POST",
            "path": "/entities/segments/{segmentId}/syndications",
            "body": {
                "type": "syndication",
                "attributes": {"name": "x", "connectionId": 3, "connectorConfig": {}},
            },
        }
    ],
}
_BODY = {"name": "x", "connectionId": 3, "connectorConfig": {}, "lockEnabled": True}
_OTHER = {"type": "syndication", "attributes": {"name": "y", "connectionId": 3}}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "mailing"}, "$.kind"),
        ({"color": "red"}, "$.color"),
        ({"requests": []}, "$.requests"),
        ({"requests": [{"method": "POST"}]}, "$.requests[0]"),
        ({"of": {}}, "$.of"),
        ({"of": {"segment": "1", "stage": "2"}}, "$.of"),
        ({"requests": [{"body": _BODY}, {"body": _OTHER}]}, "$.requests[1].body"),
        (
            {
                "kind": "funnel",
                "requests": [
                    {"body": {"name": "f", "stages": [{"name": "a"}]}},
                    {"body": {"name": "b", "kind": 2, "rule": ADULTS}},
                ],
            },
            "$.requests[1].body",
        ),
    ],
)
def test_what_compile_never_writes_is_refused(change: Any, path: str) -> None:
    assert decompiled(COMPILED)[1] == []
    text, findings = decompiled(COMPILED | change)
    assert text is None
    [(found, _)] = findings
    assert found == path
