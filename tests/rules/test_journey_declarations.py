"""Journeys and predictive segments as text: compiled, decompiled, and the same again."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import referee, rule_errors
from quick import tenth
from segdsl import compile_text
from segdsl.diagnostics import Code, Report
from segdsl.language import activations as a
from segdsl.language import journeys as j
from segdsl.language import predictive as p
from segdsl.language.format import format_file
from segdsl.language.predicates import Compare
from segdsl.language.resolve import Program, resolve_all
from segdsl.language.resolve.segments import Resolved
from segdsl.language.syntax import tree as t
from segdsl.language.syntax.model_items import journey_item, journey_of, predictive_item
from segdsl.language.syntax.parser import parse
from segdsl.language.values import ById, ByName, Number
from segdsl.rules.activations import (
    encode_activation,
    family_of,
    normal_activation,
    read_journey_activation,
)
from segdsl.rules.decompile import decompile
from segdsl.rules.journeys import normal_journey
from segdsl.rules.predictive import encode_predictive, normal_predictive, read_predictive
from segdsl.rules.predictive.bodies import Family
from segdsl.rules.requests import Declaration, Item, declarations
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from segdsl.source import Source
from strategies.activation_items import functions
from strategies.api_deliveries import activations
from strategies.journey_graphs import journeys
from strategies.texts import folders, names, odd_texts

TIMES = tenth(600)
pytestmark = pytest.mark.many


def resolved(text: str) -> Resolved:
    report = Report()
    items = resolve_all(Program("x.seg", {"x.seg": parse(Source("x.seg", text), report)}), report)
    errors = [each.message for each in report.diagnostics if each.severity == "error"]
    assert not errors, (errors, text)
    return items


def compiled(items: Resolved) -> list[Declaration]:
    report = Report()
    every: list[Item] = [*items.journeys, *items.predictive_segments, *items.activations]
    made = declarations(every, {}, report, symbolic=True)
    assert not report.has_errors, messages(report)
    return [each for _, each in made]


def messages(report: Report) -> list[tuple[str | None, str]]:
    return [(each.path, each.message) for each in report.diagnostics]


def decompiled(text: str) -> str:
    report = Report()
    source = decompile(text, "x.json", report)
    assert source is not None, (messages(report), text)
    assert not report.has_errors, messages(report)
    return source


# --- journeys --------------------------------------------------------------------------

RULES = st.sampled_from(
    [
        t.StageRule(),
        t.StageRule(t.Membership("segment", ByName("Churned"))),
        t.StageRule(t.Membership("segment", ById("77"))),
        t.StageRule(t.Test(t.Attribute("age"), Compare(">", Number("18")))),
    ]
)


@given(journeys(RULES))
@settings(max_examples=TIMES)
def test_a_journey_goes_through_text_json_and_back(journey: j.Journey[t.StageRule]) -> None:
    # Two steps may be written with the names that they have anyway, and no two with others.
    wanted = normal_journey(journey)
    source = format_file(t.File((journey_item(wanted),)))
    again = decompiled(encode(compiled(resolved(source))))
    [item] = parse(Source("x.seg", again), Report()).items
    assert isinstance(item, t.Journey)
    assert journey_of(item) == wanted
    assert format_file(t.File((journey_item(wanted),))) == again


TEXT = """\
journey "Welcome"
  folder "Lifecycle"
  goal "Bought" where has purchases

stage "First"
  enter "New" where signup within past 7 days
  steps (
    activate "Mail",
    decide "Opened?" (
      when "Opened" is segment "Openers" then (wait 1 day),
      otherwise "Rest" then (),
    ),
    jump to stage "Second",
  )

stage "Second"
  milestone "Done" where age > 18

activation "Mail" of journey "Welcome"
  to connection #4
  columns all
  after journey refresh
"""


def test_a_journey_is_created_with_all_that_belongs_to_it() -> None:
    result = compile_text(TEXT, symbolic=True, check=True)
    [resource] = result.resources
    said = [(each["method"], each["path"]) for each in resource.requests]
    criteria = ("POST", "/audiences/{audienceId}/segments")
    assert said == [
        *[criteria] * 4,
        ("POST", "/entities/journeys"),
        ("POST", "/entities/journeys/{journeyId}/activations"),
        ("PATCH", "/entities/journeys/{journeyId}"),
    ]
    bodies = [each["body"] for each in resource.requests]
    assert [each["name"] for each in bodies[:4]] == ["Bought", "New", "Opened", "Done"]
    assert {each["kind"] for each in bodies[:4]} == {3}
    for each in bodies[:4]:
        assert rule_errors(each["rule"]) == []
    # A rule that is a segment is a reference to it: the API takes no segment itself (documented).
    [reference] = bodies[2]["rule"]["conditions"][0]["conditions"]
    assert reference == {"type": "Reference", "id": 'name:"Openers"', "exclude": False}
    assert bodies[4]["attributes"]["journeyStages"] == [{"name": "First"}, {"name": "Second"}]
    attributes = bodies[6]["attributes"]
    assert attributes["goal"] == {"name": "Bought", "segmentId": "{id of request 1}"}
    first, second = attributes["journeyStages"]
    assert [stage["id"] for stage in (first, second)] == [
        "{id of stage 1 of request 5}",
        "{id of stage 2 of request 5}",
    ]
    steps = {step["type"]: step for step in first["steps"].values()}
    assert steps["Activation"]["journeyActivationStepId"] == "{id of request 6}"
    assert steps["Jump"]["target"] == {
        "journeyId": "{id of request 5}",
        "journeyStageId": "{id of stage 2 of request 5}",
    }
    assert decompiled(resource.json) == TEXT


def test_compiling_twice_writes_the_same() -> None:
    first, second = (compile_text(TEXT, symbolic=True) for _ in range(2))
    assert first.resources[0].json == second.resources[0].json


def test_a_journey_without_an_activation_that_a_step_names_is_reported() -> None:
    text = TEXT[: TEXT.index("activation ")]
    result = compile_text(text, ids={("segment", ByName("Openers")): "7"})
    found = [each for each in result.diagnostics if each.code is Code.SEG303]
    assert ["journey activation" in each.message for each in found] == [True]


def answers() -> list[Any]:
    """What a server answers about a journey and all that belongs to it."""
    rule = {"type": "And", "conditions": []}
    journey = {
        "id": "1",
        "type": "journey",
        "attributes": {
            "name": "Welcome",
            "journeyStages": [
                {
                    "id": "11",
                    "name": "First",
                    "entryCriteria": {"name": "New", "segmentId": "31"},
                    "rootStep": "a",
                    "steps": {
                        "a": {
                            "type": "Activation",
                            "name": "Mail",
                            "journeyActivationStepId": "21",
                            "next": "b",
                        },
                        "b": {"type": "End"},
                    },
                }
            ],
        },
    }
    step = {
        "id": "21",
        "type": "journeyActivationStep",
        "attributes": {
            "activationId": "5",
            "syndicationId": "5",
            "activationParams": {
                "name": "Mail",
                "connectionId": "4",
                "allColumns": True,
                "scheduleType": "daily",
                "scheduleOption": "11:00:00",
                "timezone": "Asia/Tokyo",
                "connectorConfig": {"batchSize": 1000},
            },
        },
        "relationships": {},
    }
    segment = {"id": "31", "audienceId": "1", "name": "n", "kind": 3, "rule": rule}
    return [step, segment, journey]


ANSWERED = """\
activation "Mail" of journey "Welcome"
  to connection #4
  columns all
  cron "0 11 * * *" in "Asia/Tokyo"
  with (batchSize = 1000)

journey "Welcome"

stage "First"
  enter "New" where everyone
  steps (
    activate "Mail",
    end,
  )
"""


def test_answers_of_a_journey_and_its_parts_become_one_file() -> None:
    assert decompiled(json.dumps(answers())) == ANSWERED


@pytest.mark.parametrize(
    ("missing", "message", "path"),
    [
        (1, "the rule of “New” is the segment #31, which is not here", "$[1].attributes"),
        (
            0,
            "the activation of this step is #21, which is not here",
            "$[1].attributes.journeyStages[0].steps.a.journeyActivationStepId",
        ),
    ],
)
def test_a_journey_needs_its_parts_beside_it(missing: int, message: str, path: str) -> None:
    documents = answers()
    del documents[missing]
    report = Report()
    decompile(json.dumps(documents), "x.json", report)
    assert (path, message) in [(at, said.partition(": ")[2]) for at, said in messages(report)]


# --- activations of journeys -------------------------------------------------------------


@given(activations)
@settings(max_examples=TIMES)
def test_an_activation_of_a_journey_goes_to_json_and_back(activation: a.Activation) -> None:
    target = a.Target("journey", ByName("J"))
    activation = msgspec.structs.replace(activation, target=target)
    assert family_of(activation) == "journey"
    report = Report()
    body = encode_activation(activation, {}, report, "journey", symbolic=True)
    assert body is not None
    parts = read_journey_activation(load(encode(body), report), report)
    assert parts is not None, messages(report)
    assert parts.activation(target) == normal_activation(activation)


STEP_TEXT = """\
activation "Mail" of journey "Welcome"
  description "Every day"
  to connection #111111
  columns all and (email)
  every day starting 2025-04-01T11:00 in "Asia/Tokyo"
  then run workflow "hash" of project "actions"
  notify #999999 on failure
"""


def test_the_body_of_a_journeys_activation_has_what_clients_send() -> None:
    [resource] = compile_text(STEP_TEXT, check=True, symbolic=True).resources
    [request] = resource.requests
    assert request["path"] == "/entities/journeys/{journeyId}/activations"
    body = request["body"]
    params = body["attributes"]["activationParams"]
    # Observed: a string, and the older fields of the schedule.
    assert params["connectionId"] == "111111"
    assert (params["scheduleType"], params["scheduleOption"]) == ("daily", "11:00:00")
    assert params["repeatUnit"] == "day"
    # The description asks for ids that only an answer has, of a step that is created.
    path = "/entities/journeys/{journeyId}/activations"
    missing = ["(root): 'id' is a required property"]
    missing += ["attributes: 'activationId' is a required property"]
    assert sorted(referee().request("POST", path, body)) == sorted(missing)
    whole = {**body, "id": "1", "attributes": {"activationId": None, "activationParams": params}}
    assert referee().request("POST", path, whole) == []
    assert decompiled(resource.json) == STEP_TEXT


@pytest.mark.parametrize(
    ("schedule", "fields"),
    [
        ("every hour starting 2025-04-01T03:30", ("hourly", "30:00")),
        ("every week on Friday starting 2025-04-07T09:00", ("weekly", "Fri,09:00:00")),
        ("every week starting 2025-04-07T09:00", ("weekly", "Mon,09:00:00")),
        ("every month starting 2025-04-07T09:00", ("monthly", "7,09:00:00")),
        ("every 15 minutes", ("minutes_interval", "15")),
        ("every 2 days starting 2025-04-07T09:00", (None, None)),
        ("every week on Monday, Friday starting 2025-04-07T09:00", (None, None)),
        ("after journey refresh", ("none", None)),
    ],
)
def test_schedules_of_journeys_have_the_older_fields_where_those_say_the_same(
    schedule: str, fields: tuple[str | None, str | None]
) -> None:
    text = f'activation "A" of journey "J"\n  to connection #1\n  columns all\n  {schedule}\n'
    [resource] = compile_text(text, check=True, symbolic=True).resources
    params = resource.requests[0]["body"]["attributes"]["activationParams"]
    assert (params.get("scheduleType"), params.get("scheduleOption")) == fields
    assert params.get("runAfterJourneyRefresh") == (True if "after" in schedule else None)
    assert decompiled(resource.json) == text


# --- predictive segments -----------------------------------------------------------------

uses = st.builds(p.SegmentUse, st.integers(1, 10**6).map(str).map(ById))
sources = st.builds(
    p.FeatureSource,
    names.filter(bool),
    st.none() | st.sampled_from(["customers", "visits"]),
    st.lists(functions, max_size=2).map(tuple),
)
features = st.lists(
    st.builds(
        p.Feature,
        st.sampled_from(sorted(p.FEATURE_LISTS)),
        names.filter(str.strip),
        st.none() | sources,
    ),
    max_size=4,
    unique_by=lambda each: each.name,
).map(lambda items: p.Features(tuple(items)))
predictive_segments = st.builds(
    p.PredictiveSegment,
    odd_texts.filter(str.strip),
    uses,
    st.none() | odd_texts,
    st.none() | folders,
    st.none() | uses,
    st.none() | uses,
    st.none() | st.just((Number("75"), Number("50.5"), Number("25.0"))),
    features | st.just(p.Features(guessed=True)),
)


@given(predictive_segments)
@settings(max_examples=TIMES)
def test_a_predictive_segment_goes_to_json_and_back(segment: p.PredictiveSegment) -> None:
    wanted = msgspec.structs.replace(normal_predictive(segment), folder=None)
    families: tuple[Family, ...] = ("entities", "legacy")
    for family in families:
        report = Report()
        body = encode_predictive(segment, {}, report, family)
        assert body is not None
        parts = read_predictive(load(encode(body), report), report)
        assert parts is not None, messages(report)
        found = parts.segment
        if segment.features is not None and segment.features.guessed:
            found = msgspec.structs.replace(found, features=p.Features(guessed=True))
        assert found == wanted
        assert parts.has_preprocess == ("preprocess" in body.get("attributes", body))
    path = "/entities/predictive_segments"
    entities = encode_predictive(segment, {}, Report(), "entities", folder_id="3")
    assert referee().request("POST", path, json.loads(encode(entities))) == []
    legacy = json.loads(encode(encode_predictive(segment, {}, Report(), "legacy")))
    assert referee().request("POST", "/audiences/{audienceId}/predictive_segments", legacy) == []


@given(predictive_segments.filter(lambda each: each.features != p.Features()))
@settings(max_examples=TIMES)
def test_a_predictive_segment_goes_through_text(segment: p.PredictiveSegment) -> None:
    wanted = normal_predictive(segment)
    source = format_file(t.File((predictive_item(segment),)))
    again = decompiled(encode(compiled(resolved(source))))
    [found] = resolved(again).predictive_segments
    assert normal_predictive(found) == normal_predictive(resolved(source).predictive_segments[0])
    assert format_file(t.File((predictive_item(wanted),))) == again


def test_an_update_clears_what_is_not_written() -> None:
    segment = p.PredictiveSegment("A", p.SegmentUse(ById("7")), features=p.Features())
    body = encode_predictive(segment, {}, Report(), "entities", is_whole=True)
    assert body == {
        "type": "predictive-segment",
        "attributes": {
            "name": "A",
            "description": "",
            "segmentId": Number("7"),
            "baseSegmentId": None,
            "scoredSegmentId": None,
            "quantitativeAsColumnNames": [],
            "categoricalAsColumnNames": [],
            "categoricalArrayAsColumnNames": [],
        },
    }
    sent = json.loads(encode(body))
    assert referee().request("PATCH", "/entities/predictive_segments/{id}", sent) == []


def test_what_features_were_computed_from_is_replaced() -> None:
    """The described list has no empty value: a feature computed from itself stands in it."""
    features = (p.Feature("number", "age"), p.Feature("category", "country"))
    segment = p.PredictiveSegment("A", p.SegmentUse(ById("7")), features=p.Features(features))
    encoded = encode_predictive(segment, {}, Report(), "entities", was_computed=True)
    body = json.loads(encode(encoded))
    [item] = body["attributes"]["preprocess"]
    assert item == {"column": "age", "source": {"column": "age", "table": "customers"}}
    assert referee().request("PATCH", "/entities/predictive_segments/{id}", body) == []
    report = Report()
    parts = read_predictive(load(encode(encoded), report), report)
    assert parts is not None, report.diagnostics
    assert parts.segment.features == segment.features


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"segmentId": None}, "$.segmentId"),
        ({"gradeThresholds": [75, 50]}, "$.gradeThresholds"),
        ({"quantitativeAsColumnNames": ["a", "a"]}, "$.quantitativeAsColumnNames[1]"),
        ({"preprocess": [{"column": "x", "source": {"column": "y"}}]}, "$.preprocess"),
        ({"stopWords": ["a"]}, "$.stopWords"),
    ],
)
def test_what_cannot_be_declared_of_a_predictive_segment_is_reported(
    change: Any, path: str
) -> None:
    body = {"name": "A", "segmentId": 7, "gradeThresholds": [75, 50, 25], **change}
    report = Report()
    assert read_predictive(load(json.dumps(body), report), report) is None
    assert [each.path for each in report.diagnostics] == [path]
    assert {each.code for each in report.diagnostics} == {Code.SEG407}
