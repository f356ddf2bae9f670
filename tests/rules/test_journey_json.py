"""Journeys as the API's JSON: lowered, read back, and read as launched journeys have it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import referee
from quick import tenth
from segdsl.diagnostics import Code, Report
from segdsl.language import journeys as j
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.values import ByName, Number
from segdsl.rules.journeys import (
    JourneyParts,
    encode_draft,
    encode_journey,
    lower_journey,
    normal_journey,
    path_text,
    read_journey,
    rule_paths,
)
from segdsl.rules.rule.document import load
from segdsl.rules.rule.model import encode
from strategies.journey_graphs import graphs, journeys

TIMES = tenth(600)
Ids = dict[tuple[str, ByName], str]
RULES = st.sampled_from(["first rule", "second rule"])


def messages(report: Report) -> list[tuple[str | None, str]]:
    return [(each.path, each.message) for each in report.diagnostics]


def ids_of(journey: j.Journey[Any]) -> Ids:
    """An id for everything that a journey's body names, as a server would give them."""
    journey = normal_journey(journey)
    ids: Ids = {("journey", ByName(journey.name)): "1"}

    def add(kind: str, name: str, parent: str | None) -> None:
        ids.setdefault((kind, ByName(name, parent)), str(100 + len(ids)))

    for stage in journey.stages:
        add("journey stage", stage.name, journey.name)
    for path, _, _ in rule_paths(journey):
        add("journey segment", path_text(path), journey.name)
    criteria = [*(each for stage in journey.stages for each in stage.exits), journey.goal]
    jumps = [each.jump for each in criteria if each is not None and each.jump is not None]
    for stage in journey.stages:
        for step in j.walk_steps(stage.steps):
            match step:
                case j.Activate(activation):
                    add("journey activation", activation, journey.name)
                case j.Jump(target):
                    jumps.append(target)
                case _:
                    pass
    for target in jumps:
        if isinstance(target.journey, ByName):
            add("journey", target.journey.name, None)
            if isinstance(target.stage, ByName):
                add("journey stage", target.stage.name, target.journey.name)
    return ids


def lowered(journey: j.Journey[Any], ids: Ids) -> Any:
    """The body, as it is sent."""
    report = Report()
    made = lower_journey(journey, ids, report)
    assert made is not None, messages(report)
    return json.loads(encode(encode_journey(made)))


def read(body: Any, activations: dict[str, str] | None = None) -> JourneyParts:
    report = Report()
    parts = read_journey(load(json.dumps(body), report), activations or {}, report)
    assert parts is not None, messages(report)
    assert not report.diagnostics, messages(report)
    return parts


def by_names(journey: j.Journey[str], ids: Ids) -> j.Journey[str]:
    """A journey that was read, with the names of what it jumps to; those of others may be equal."""
    names = {id: name for (kind, name), id in ids.items() if kind in ("journey", "journey stage")}

    def target(of: j.JourneyStageRef) -> j.JourneyStageRef:
        def named(reference: Any) -> Any:
            found = names.get(getattr(reference, "id", ""))
            return reference if found is None else ByName(found.name)

        return j.JourneyStageRef(named(of.stage), named(of.journey))

    return j.map_targets(journey, target)


@pytest.mark.many
@given(journeys(RULES))
@settings(max_examples=TIMES)
def test_a_journey_goes_to_json_and_back(journey: j.Journey[str]) -> None:
    ids = ids_of(journey)
    body = lowered(journey, ids)
    names = {id: name.name for (kind, name), id in ids.items() if kind == "journey activation"}
    parts = read({**body, "id": "1"}, names)
    wanted = normal_journey(journey)
    segments = {path: id for (kind, path), id in ids.items() if kind == "journey segment"}
    rules = iter(
        [segments[ByName(path_text(path), journey.name)] for path, _, _ in rule_paths(wanted)]
    )
    assert by_names(parts.journey, ids) == by_names(j.map_rules(wanted, lambda _: next(rules)), ids)
    # What was read is sent as it was, with the ids of its parts.
    again = lower_journey(parts.journey, {**ids, **parts.ids}, Report())
    assert again is not None
    assert json.loads(encode(encode_journey(again))) == body


# --- graphs that do not nest -------------------------------------------------------------


def stage_of(stage: Any) -> Any:
    return {"id": "1", "type": "journey", "attributes": {"name": "J", "journeyStages": [stage]}}


def try_read(body: Any) -> tuple[JourneyParts | None, list[tuple[str | None, str]]]:
    report = Report()
    document = load(json.dumps(body), report)
    parts = read_journey(document, {}, report)
    assert (parts is None) == report.has_errors
    return parts, messages(report)


def paths_of(steps: dict[str, Any], root: str | None) -> Counter[tuple[str, ...]]:
    """Every way through the steps by their names, merges aside; the steps lead in no circle."""
    found: Counter[tuple[str, ...]] = Counter()
    waiting: list[tuple[str | None, tuple[str, ...]]] = [(root, ())]
    while waiting:
        id, before = waiting.pop()
        if id is None:
            found[before] += 1
            continue
        step = steps[id]
        kind = step["type"]
        # A jump that some paths share is one of each of them, and numbered.
        name = re.sub(r" \(\d+\)$", "", step.get("name") or kind)
        taken = before if kind in ("Merge", "End") else (*before, name)
        ways = step.get("branches", step.get("variants", step.get("conditions")))
        for way in [step] if ways is None else ways:
            named = taken if ways is None else (*taken, way["name"])
            waiting.append((way.get("next"), named))
    return found


@pytest.mark.many
@given(graphs())
@settings(max_examples=TIMES)
def test_any_steps_are_read_or_refused_by_their_name(stage: Any) -> None:
    parts, said = try_read(stage_of(stage))
    if parts is None:
        for path, message in said:
            assert path is not None
            assert path.startswith("$.attributes.journeyStages[0].steps."), (path, message)
            id = path.rsplit(".", 1)[1]
            name = stage["steps"][id].get("name")
            assert message.startswith(f"“{name}”: " if name else f"the step {id}: ")
        return
    # What was read has the same ways through it, and is sent so.
    again = lower_journey(parts.journey, dict(parts.ids), Report(), symbolic=True)
    assert again is not None
    [sent] = json.loads(encode(encode_journey(again)))["attributes"]["journeyStages"]
    assert paths_of(sent["steps"], sent["rootStep"]) == paths_of(stage["steps"], stage["rootStep"])
    assert normal_journey(parts.journey) == parts.journey


@pytest.mark.many
@given(graphs(most=10), st.data())
@settings(max_examples=TIMES)
def test_steps_that_lead_in_a_circle_are_refused(stage: Any, data: st.DataObject) -> None:
    steps = stage["steps"]
    chain = [f"loop-{number}" for number in range(data.draw(st.integers(1, 4)))]
    for here, there in zip(chain, [*chain[1:], chain[0]], strict=True):
        steps[here] = {"type": "Merge", "next": there}
    stage["rootStep"] = chain[0]
    parts, said = try_read(stage_of(stage))
    assert parts is None
    assert any(
        "it leads back to" in message or "is not a step of this stage" in message
        for _, message in said
    )


def wait(next_id: str | None, name: str | None = None) -> Any:
    named = {} if name is None else {"name": name}
    return {"type": "WaitStep", "waitStep": 1, "waitStepUnit": "day", "next": next_id, **named}


def decide(*next_ids: str | None, name: str = "Which?") -> Any:
    branches = [
        {"id": f"b{index}", "name": f"way {index}", "segmentId": "7", "next": next_id}
        for index, next_id in enumerate(next_ids)
    ]
    return {"type": "DecisionPoint", "name": name, "branches": branches}


END = {"type": "End"}


@pytest.mark.parametrize(
    ("steps", "step", "message"),
    [
        ({"a": wait("a", "Long")}, "a", "“Long”: it leads back to “Long”"),
        (
            {"a": wait("b", "First"), "b": wait("c"), "c": wait("a", "Last")},
            "c",
            "“Last”: it leads back to “First”: a stage has no way back",
        ),
        (
            {"a": wait("x", "First")},
            "a",
            "“First”: it leads to x, which is not a step of this stage",
        ),
        ({"a": END, "b": wait("a", "Lost")}, "b", "“Lost”: nothing leads to this step"),
        (
            # The middle way meets the first one, and then the last.
            {
                "a": decide("b", "c", "d"),
                "b": wait("m"),
                "c": wait("m"),
                "m": {"type": "Merge", "next": "e"},
                "d": wait("n"),
                "e": wait("n"),
                "n": {"type": "Merge", "next": "f"},
                "f": END,
            },
            "a",
            "“Which?”: its paths meet half-way, at more than one step",
        ),
    ],
)
def test_a_graph_that_does_not_nest_names_its_step(steps: Any, step: str, message: str) -> None:
    _, [(path, said)] = try_read(stage_of({"name": "S", "rootStep": "a", "steps": steps}))
    assert path == f"$.attributes.journeyStages[0].steps.{step}"
    assert message in said


def test_steps_nested_too_deep_are_refused() -> None:
    steps: dict[str, Any] = {"end": END}
    for level in range(60):
        steps[f"d{level}"] = decide(f"d{level + 1}", "end", name=f"Level {level}")
    steps["d60"] = END
    _, [(_, said)] = try_read(stage_of({"name": "S", "rootStep": "d0", "steps": steps}))
    assert said == "“Level 50”: steps are nested more than 50 levels deep"


def test_a_chain_may_be_as_long_as_it_is() -> None:
    steps: dict[str, Any] = {f"s{number}": wait(f"s{number + 1}") for number in range(5_000)}
    steps["s5000"] = END
    parts, _ = try_read(stage_of({"name": "S", "rootStep": "s0", "steps": steps}))
    assert parts is not None
    assert len(parts.journey.stages[0].steps) == 5_001


# --- what launched journeys have ---------------------------------------------------------

UUIDS = {
    "first": "0765d8f4-f2e2-4906-af66-1d2efdad9973",
    "decision": "c2652bb1-0000-4000-8000-000000000001",
    "japan": "bda2e471-0000-4000-8000-000000000002",
    "merge": "5eca44ab-0000-4000-8000-000000000003",
    "last": "feee7a26-0000-4000-8000-000000000004",
    "end": "571472d5-0000-4000-8000-000000000005",
}


def observed_wait(days: int, next_id: str) -> Any:
    return {
        "type": "WaitStep",
        "next": UUIDS[next_id],
        "waitStep": days,
        "waitStepUnit": "day",
        "waitStepType": "Duration",
        "waitUntilDate": None,
        "timezone": "UTC",
        "waitUntilDaysOfTheWeek": None,
    }


MERGED: Any = {
    "data": {
        "id": "218058",
        "type": "journey",
        "attributes": {
            "audienceId": "984536",
            "journeyBundleId": "117414",
            "name": "merge(v2)",
            "description": "",
            "state": "launched",
            "createdAt": "2025-12-08T20:33:37.572Z",
            "updatedAt": "2025-12-08T20:43:38.252Z",
            "launchedAt": "2025-12-08T20:34:19.718Z",
            "allowReentry": False,
            "paused": False,
            "pausedAt": None,
            "journeyBundleName": "merge",
            "versionNumber": 2,
            "journeyBundleDescription": "",
            "reentryMode": "no_reentry",
            "goal": None,
            "journeyStages": [
                {
                    "id": "253964",
                    "name": "s1",
                    "description": None,
                    "rootStep": UUIDS["first"],
                    "entryCriteria": {
                        "name": "userid > 100",
                        "segmentId": "1738226",
                        "description": None,
                    },
                    "milestone": None,
                    "exitCriterias": [],
                    "steps": {
                        UUIDS["first"]: observed_wait(2, "decision"),
                        UUIDS["decision"]: {
                            "type": "DecisionPoint",
                            "branches": [
                                {
                                    "id": "07a8699e-208e-45ae-aae6-b538817e258e",
                                    "name": "country is japan",
                                    "description": None,
                                    "segmentId": "1738227",
                                    "excludedPath": False,
                                    "next": UUIDS["japan"],
                                },
                                {
                                    "id": "ad91011f-bd65-423e-9c8c-df884d260a78",
                                    "name": None,
                                    "description": None,
                                    "segmentId": "1738229",
                                    "excludedPath": True,
                                    "next": UUIDS["merge"],
                                },
                            ],
                        },
                        UUIDS["japan"]: observed_wait(3, "merge"),
                        UUIDS["merge"]: {"type": "Merge", "next": UUIDS["last"]},
                        UUIDS["last"]: observed_wait(1, "end"),
                        UUIDS["end"]: {"type": "End"},
                    },
                }
            ],
        },
    }
}
"""A recorded answer, with other uuids where those were cut."""


def test_a_launched_journey_is_read_with_the_ids_of_its_parts() -> None:
    parts = read(MERGED)

    def wait_day(days: int) -> j.WaitFor:
        return j.WaitFor(Number(str(days)), "day")

    decision = j.Decide(
        "Decision",
        (
            j.Branch("country is japan", "1738227", (wait_day(3),)),
            j.Branch("Otherwise", None, ()),
        ),
    )
    stage = j.JourneyStage(
        "s1",
        enter=j.Criterion("userid > 100", "1738226"),
        steps=(wait_day(2), decision, wait_day(1), j.End()),
    )
    assert parts.journey == j.Journey("merge", (stage,))
    assert (parts.id, parts.version_name, parts.bundle_id) == ("218058", "merge(v2)", "117414")
    named = {(kind, name.name): id for (kind, name), id in parts.ids.items()}
    assert named == {
        ("journey stage", "s1"): "253964",
        ("journey segment", "s1/enter"): "1738226",
        ("journey segment", "s1/steps/Decision/country is japan"): "1738227",
        ("journey segment", "s1/steps/Decision/Otherwise"): "1738229",
        ("journey step", "s1/steps/Wait 2 days"): UUIDS["first"],
        ("journey step", "s1/steps/Decision"): UUIDS["decision"],
        ("journey step", "s1/steps/Decision/country is japan"): MERGED_BRANCHES[0]["id"],
        ("journey step", "s1/steps/Decision/Otherwise"): MERGED_BRANCHES[1]["id"],
        ("journey step", "s1/steps/Decision/country is japan/Wait 3 days"): UUIDS["japan"],
        ("journey step", "s1/steps/Decision/"): UUIDS["merge"],
        ("journey step", "s1/steps/Wait 1 day"): UUIDS["last"],
        ("journey step", "s1/steps/End"): UUIDS["end"],
    }


MERGED_BRANCHES: Any = MERGED["data"]["attributes"]["journeyStages"][0]["steps"][UUIDS["decision"]][
    "branches"
]


def test_what_a_launched_journey_has_is_sent_with_the_same_ids() -> None:
    parts = read(MERGED)
    made = lower_journey(parts.journey, parts.ids, Report())
    assert made is not None
    [sent] = json.loads(encode(encode_journey(made)))["attributes"]["journeyStages"]
    [had] = MERGED["data"]["attributes"]["journeyStages"]
    assert sent["id"] == had["id"]
    assert sent["rootStep"] == had["rootStep"]
    assert {*sent["steps"]} == {*had["steps"]}
    for id, step in had["steps"].items():
        assert sent["steps"][id].get("next") == step.get("next"), id
    for mine, its in zip(
        sent["steps"][UUIDS["decision"]]["branches"], MERGED_BRANCHES, strict=True
    ):
        for key in ("id", "segmentId", "excludedPath", "next"):
            assert mine[key] == its[key]


OTHERS: dict[str, Any] = {
    "start": {"type": "Activation", "next": "test", "name": "td_japan_activate"},
    "test": {
        "type": "ABTest",
        "name": "ab test",
        "next": None,
        "variants": [
            {"id": "a9", "name": "Variant A", "percentage": 5, "next": "saturday"},
            {"id": "23", "name": "Variant B", "percentage": 5, "next": "jump"},
            {"id": "fd", "name": "Control", "percentage": 90, "next": "merge"},
        ],
    },
    "saturday": {
        "type": "WaitStep",
        "next": "merge",
        "waitStepType": "DaysOfTheWeek",
        "waitUntilDaysOfTheWeek": [6],
    },
    "jump": {
        "type": "Jump",
        "name": "jump to second stage",
        "target": {
            "journeyId": "1",
            "journeyStageId": "22",
            "journeyBundleId": "9",
            "stageOrderIndex": 0,
            "jumpReferenceId": "x",
        },
    },
    "merge": {"type": "Merge", "name": "Rejoin", "next": "view"},
    "view": {
        "type": "WaitStep",
        "next": None,
        "waitStepType": "Condition",
        "name": "wait until pageview",
        "description": None,
        "conditions": [
            {
                "id": "10",
                "timedOutPath": False,
                "next": "end 1",
                "name": "Met condition(s)",
                "segmentId": "31",
            },
            {
                "id": "12",
                "timedOutPath": True,
                "next": "end 2",
                "name": "Max wait 30 days",
                "segmentId": None,
                "moveAfter": 30,
                "unit": "day",
            },
        ],
    },
    "end 1": {"type": "End"},
    "end 2": {"type": "End", "name": None},
}


def test_steps_of_every_kind_are_read_as_recorded() -> None:
    first = {"id": "21", "name": "One", "rootStep": "start", "steps": OTHERS}
    second: Any = {"id": "22", "name": "Two", "steps": {}, "rootStep": None}
    body = stage_of(first)
    body["attributes"]["journeyStages"].append(second)
    parts = read(body)
    control, saturday = (), (j.WaitUntilDays(("Saturday",)),)
    jump = j.Jump(j.JourneyStageRef(ByName("Two")), "jump to second stage")
    assert parts.journey.stages[0].steps == (
        j.Activate("td_japan_activate"),
        j.Split(
            "ab test",
            (
                j.Variant("Variant A", Number("5"), steps=saturday),
                j.Variant("Variant B", Number("5"), steps=(jump,)),
                j.Variant("Control", Number("90"), steps=control),
            ),
        ),
        j.WaitForCondition(
            j.Criterion("Met condition(s)", "31"),
            (j.End(),),
            (Number("30"), "day"),
            (j.End(),),
            "wait until pageview",
        ),
    )


@pytest.mark.parametrize(
    ("attributes", "mode"),
    [
        ({}, None),
        ({"allowReentry": True}, "always"),
        ({"allowReentry": False}, None),
        ({"allowReentry": True, "reentryMode": "no_reentry"}, None),
        ({"reentryMode": "reentry_unless_goal_achieved"}, "unless goal achieved"),
    ],
)
def test_the_reentry_mode_counts_and_else_the_older_flag(attributes: Any, mode: str | None) -> None:
    body = stage_of({"name": "S"})
    body["attributes"] |= attributes
    assert read(body).journey.reentry == mode


def test_ends_that_all_paths_share_stand_behind_them() -> None:
    steps = {"a": decide("b", "end"), "b": wait("end"), "end": END}
    parts = read(stage_of({"name": "S", "rootStep": "a", "steps": steps}))
    ways = (
        j.Branch("way 0", "7", (j.WaitFor(Number("1"), "day"),)),
        j.Branch("way 1", "7", ()),
    )
    assert parts.journey.stages[0].steps == (j.Decide("Which?", ways), j.End())


def test_ends_that_some_paths_share_are_ends_of_each() -> None:
    merge = {"type": "Merge", "next": "last"}
    steps = {
        "a": decide("end", "end", "b", "c"),
        "b": wait("m"),
        "c": wait("m"),
        "m": merge,
        "last": wait("end", "Last"),
        "end": END,
    }
    parts = read(stage_of({"name": "S", "rootStep": "a", "steps": steps}))
    [decision, *rest] = parts.journey.stages[0].steps
    assert isinstance(decision, j.Decide)
    day = (j.WaitFor(Number("1"), "day"),)
    assert [each.steps for each in decision.branches] == [(j.End(),), (j.End(),), day, day]
    assert rest == [j.WaitFor(Number("1"), "day", "Last"), j.End()]


def test_a_description_that_a_file_has_no_place_for_is_left_out_with_a_warning() -> None:
    criteria = {"name": "In", "segmentId": "7", "description": "Everybody"}
    steps = {"a": {"type": "End", "description": "Last"}}
    body = stage_of({"name": "S", "entryCriteria": criteria, "rootStep": "a", "steps": steps})
    report = Report()
    parts = read_journey(load(json.dumps(body), report), {}, report)
    assert parts is not None
    assert parts.journey.stages[0].enter == j.Criterion("In", "7", description="Everybody")
    [found] = report.diagnostics
    assert (found.code, found.severity) == (Code.SEG408, "warning")
    assert found.path == "$.attributes.journeyStages[0].steps.a.description"


# --- lowering ----------------------------------------------------------------------------

DAY = j.WaitFor(Number("1"), "day")


def sent(*steps: Any) -> Any:
    """The steps of one stage with their ids left out, as they stand."""
    journey: j.Journey[str] = j.Journey("J", (j.JourneyStage("S", steps=steps),))
    report = Report()
    made = lower_journey(journey, {}, report, symbolic=True)
    assert made is not None, messages(report)
    [stage] = json.loads(encode(encode_journey(made)))["attributes"]["journeyStages"]
    return stage["steps"]


def kinds(steps: Any) -> list[str]:
    return [step["type"] for step in steps.values()]


def ways(*blocks: Any) -> j.Decide[str]:
    return j.Decide("Which?", tuple(j.Branch(str(n), "r", b) for n, b in enumerate(blocks)))


def test_blocks_that_go_on_meet_at_one_merge() -> None:
    steps = sent(ways((DAY,), ()), DAY)
    assert kinds(steps) == ["DecisionPoint", "WaitStep", "Merge", "WaitStep", "End"]
    [merge] = [id for id, step in steps.items() if step["type"] == "Merge"]
    [decision] = [step for step in steps.values() if step["type"] == "DecisionPoint"]
    # The path without steps goes straight there, as in a launched journey (observed).
    assert decision["branches"][1]["next"] == merge


def test_a_merge_never_leads_to_a_merge() -> None:
    steps = sent(ways((ways((DAY,), (DAY,)),), (DAY,)), DAY)
    assert kinds(steps).count("Merge") == 1
    for step in steps.values():
        if step["type"] == "Merge":
            assert steps[step["next"]]["type"] != "Merge"


def test_paths_that_all_end_meet_nowhere() -> None:
    target = j.JourneyStageRef(ByName("S"))
    assert "Merge" not in kinds(sent(ways((DAY, j.End()), (j.Jump(target),))))


@pytest.mark.parametrize(
    "steps",
    [(j.End(), DAY), (ways((j.End(),), (j.End(),)), DAY), (ways((DAY, j.End(), DAY), ()), DAY)],
)
def test_a_step_that_no_profile_comes_to_is_reported(steps: Any) -> None:
    report = Report()
    journey: j.Journey[str] = j.Journey("J", (j.JourneyStage("S", steps=steps),))
    assert lower_journey(journey, {}, report, symbolic=True) is None
    assert {each.code for each in report.diagnostics} == {Code.SEG313}
    assert "no profile comes to this step" in report.diagnostics[0].message


def test_a_step_keeps_its_id_when_others_come_before_it() -> None:
    two_days = j.WaitFor(Number("2"), "day")
    assert {*sent(two_days)} < {*sent(DAY, two_days)}


def test_a_segment_without_an_id_is_reported() -> None:
    journey = j.Journey("J", (j.JourneyStage("S", enter=j.Criterion("In", "r")),))
    report = Report()
    assert lower_journey(journey, {}, report) is None
    [found] = report.diagnostics
    assert (found.code, "journey segment" in found.message) == (Code.SEG303, True)
    id = symbolic_id("journey segment", ByName("S/enter", "J"))
    made = lower_journey(journey, {}, Report(), symbolic=True)
    assert made is not None
    assert made.stages[0].entry_criteria is not None
    assert made.stages[0].entry_criteria.segment_id == id


# --- the referee -------------------------------------------------------------------------


def described(body: Any) -> Any:
    """A body as the description has it, where recorded journeys contradict it.

    It spells `AbTest` what every answer spells `ABTest`, and asks for the segment of an excluded
    path, which the server makes.
    """
    body = json.loads(json.dumps(body))
    for stage in body["attributes"]["journeyStages"]:
        for step in stage.get("steps", {}).values():
            if step["type"] == "ABTest":
                step["type"] = "AbTest"
            for branch in step.get("branches", []):
                if branch["excludedPath"]:
                    branch.setdefault("segmentId", "1")
    return body


def step_errors(body: Any) -> list[str]:
    """What the description says against each step: its schema names one property, `uuid`."""
    contract = referee()
    return [
        error
        for stage in body["attributes"]["journeyStages"]
        for step in stage.get("steps", {}).values()
        for error in contract.schema("JourneyStep", {"uuid": step})
    ]


@pytest.mark.many
@given(journeys(RULES))
@settings(max_examples=TIMES)
def test_every_body_is_what_the_description_asks_for(journey: j.Journey[str]) -> None:
    made = lower_journey(journey, ids_of(journey), Report())
    assert made is not None
    path = "/entities/journeys/{journeyId}"
    for method, where, body in (
        ("POST", "/entities/journeys", encode_draft(journey, folder_id="9001")),
        ("POST", "/entities/journeys", encode_journey(made, folder_id="9001")),
        ("PATCH", path, encode_journey(made)),
    ):
        shown = described(json.loads(encode(body)))
        assert referee().request(method, where, shown) == []
        assert step_errors(shown) == []
