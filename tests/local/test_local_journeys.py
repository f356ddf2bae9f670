"""Journeys are created, changed, launched, copied and deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from journey_api import (
    END,
    Journeys,
    activation_body,
    criteria,
    journey,
    journeys_api,
    mail,
    wait,
    with_journeys,
    with_strict_journeys,
)
from local_api import refers_to, rule


def codes(answer: Any) -> list[tuple[str, str]]:
    """The validation codes of an answer with their places."""
    return [
        (each["meta"]["validationCode"], each["source"]["pointer"]) for each in answer["errors"]
    ]


async def merge_stage(journeys: Journeys) -> Any:
    """A stage as one was recorded: a branch goes straight to a merge."""
    entry = await journeys.segment(name="userid > 100")
    japan = await journeys.segment(name="country is japan")
    return {
        "name": "s1",
        "rootStep": "0765d8f4",
        "entryCriteria": criteria(entry, "userid > 100"),
        "steps": {
            "0765d8f4": wait(2, "c2652bb1"),
            "c2652bb1": {
                "type": "DecisionPoint",
                "branches": [
                    {
                        "id": "07a8699e",
                        "name": "country is japan",
                        "segmentId": japan,
                        "excludedPath": False,
                        "next": "bda2e471",
                    },
                    {"id": "ad91011f", "name": None, "excludedPath": True, "next": "5eca44ab"},
                ],
            },
            "bda2e471": wait(3, "5eca44ab"),
            "5eca44ab": {"type": "Merge", "next": "571472d5"},
            "571472d5": {"type": "End"},
        },
    }


# --- shapes ------------------------------------------------------------------------------


@with_journeys
async def test_a_journey_as_it_was_recorded(journeys: Journeys, folder: Path) -> None:
    made = await journeys.create("merge", await merge_stage(journeys), state="launched")
    attributes = made["attributes"]
    assert list(attributes)[:2] == ["audienceId", "journeyBundleId"]
    assert (attributes["state"], attributes["launchedAt"]) == (
        "launched",
        "2024-10-01T00:00:00.000Z",
    )
    assert (attributes["allowReentry"], attributes["reentryMode"]) == (False, "no_reentry")
    assert (attributes["paused"], attributes["pausedAt"], attributes["goal"]) == (False, None, None)
    assert (attributes["journeyBundleName"], attributes["versionNumber"]) == ("merge", 1)
    [stage] = attributes["journeyStages"]
    assert (stage["description"], stage["milestone"], stage["exitCriterias"]) == (None, None, [])
    assert stage["entryCriteria"]["description"] is None
    steps = stage["steps"]
    assert steps["0765d8f4"] == {
        "type": "WaitStep",
        "name": "Wait",
        "next": "c2652bb1",
        "waitStep": 2,
        "waitStepUnit": "day",
        "waitStepType": "Duration",
        "waitUntilDate": None,
        "timezone": "UTC",
        "waitUntilDaysOfTheWeek": None,
    }
    excluded = steps["c2652bb1"]["branches"][1]
    assert (excluded["name"], excluded["excludedPath"]) == (None, True)
    # The server makes its segment.
    path = f"/audiences/7/segments/{excluded['segmentId']}"
    assert (await journeys.api.ask("GET", path))["kind"] == 3
    # A whole answer can be sent back.
    body = {"data": {**made, "attributes": {**attributes, "description": "x"}}}
    answer = await journeys.api.ask("PATCH", f"/entities/journeys/{made['id']}", body)
    assert answer["data"]["attributes"]["description"] == "x"
    assert answer["data"]["attributes"]["journeyStages"] == [stage]


@with_journeys
async def test_ab_tests_are_written_in_either_way(journeys: Journeys, folder: Path) -> None:
    for type in ("ABTest", "AbTest"):
        variants = [
            {"id": "v1", "name": "A", "percentage": 33.3, "next": "end"},
            {"id": "v2", "name": "Control", "percentage": 66.7, "isControlGroup": True},
        ]
        test = {"type": type, "name": "Tone", "customizedSplit": True, "variants": variants}
        stage = {"name": "s1", "rootStep": "t", "steps": {"t": test, "end": END}}
        made = await journeys.create(type, stage)
        step = made["attributes"]["journeyStages"][0]["steps"]["t"]
        assert (step["type"], step["winnerVariantId"]) == ("ABTest", None)
        assert [each["percentage"] for each in step["variants"]] == [33.3, 66.7]
        assert [each["next"] for each in step["variants"]] == ["end", None]


@with_strict_journeys
async def test_a_strict_service_answers_what_is_described(journeys: Journeys, folder: Path) -> None:
    variants = [{"id": "v1", "name": "A", "percentage": 100, "next": "end"}]
    test = {"type": "AbTest", "name": "Tone", "customizedSplit": False, "variants": variants}
    stage = {"name": "s1", "rootStep": "t", "steps": {"t": test, "end": END}}
    made = await journeys.create("Tests", stage)
    shown = made["attributes"]["journeyStages"][0]
    assert shown["steps"]["t"]["type"] == "AbTest"
    assert "description" not in shown
    answer = await journeys.api.ask("GET", f"/entities/journeys/{made['id']}/statistics")
    assert (answer["data"]["attributes"]["size"], answer["data"]["attributes"]["history"]) == (
        0,
        [],
    )
    for changed in ({"t": {**test, "type": "ABTest"}}, {"t": {"type": "Merge"}, "w": wait(1, "t")}):
        steps = {"t": {"type": "End"}, **changed}
        if "w" in steps:
            del steps["w"]["name"]
        body = journey("x", {"name": "s1", "steps": steps})
        await journeys.api.ask("POST", "/entities/journeys", body, status=400)
    unnamed = {"type": "journey", "attributes": {"description": "x"}}
    await journeys.api.ask("PATCH", f"/entities/journeys/{made['id']}", unnamed, status=400)


@with_journeys
async def test_journeys_are_listed_with_those_of_the_folders_below(
    journeys: Journeys, folder: Path
) -> None:
    inner = await journeys.api.create_folder("Inner")
    top = await journeys.create("Top")
    below = await journeys.create("Below", folder=inner)
    path = "/entities/journeys?folder_id="
    listed = (await journeys.api.ask("GET", f"{path}1"))["data"]
    assert [each["id"] for each in listed] == [top["id"], below["id"]]
    assert listed[0] == top
    assert (await journeys.api.ask("GET", f"{path}{inner}"))["data"] == [below]
    await journeys.api.ask("GET", "/entities/journeys", status=400)
    await journeys.api.ask("GET", f"{path}999", status=404)
    inside = (await journeys.api.ask("GET", "/entities/by-folder/1"))["data"]
    assert [each for each in inside if each["type"] == "journey"] == [top, below]
    await journeys.api.ask("DELETE", f"/entities/folders/{inner}", status=409)


@with_journeys
async def test_names_are_unique_among_the_journeys_of_a_folder(
    journeys: Journeys, folder: Path
) -> None:
    await journeys.create("Welcome")
    taken = await journeys.api.ask("POST", "/entities/journeys", journey("Welcome"), status=400)
    assert "has already been taken" in taken["message"]
    other = await journeys.api.create_folder("Other")
    await journeys.create("Welcome", folder=other)
    await journeys.api.ask("POST", "/entities/journeys", journey(" "), status=400)


# --- drafts and launches ---------------------------------------------------------------------


@with_journeys
async def test_a_draft_may_lack_almost_everything(journeys: Journeys, folder: Path) -> None:
    steps = {
        "w": {"type": "WaitStep"},
        "a": {"type": "Activation", "next": "nowhere"},
        "d": {"type": "DecisionPoint", "branches": []},
        "j": {"type": "Jump", "name": "jump to second stage"},
        "m": {"type": "Merge", "next": None},
    }
    made = await journeys.create("Welcome", {"name": "s1", "steps": steps})
    assert set(made["attributes"]["journeyStages"][0]["steps"]) == set(steps)
    minimal = {"type": "journey", "attributes": {"name": "Least"}}
    minimal["relationships"] = journey("x")["relationships"]
    answer = await journeys.api.ask("POST", "/entities/journeys", minimal)
    assert len(answer["data"]["attributes"]["journeyStages"]) == 1


@with_journeys
async def test_a_launch_needs_what_the_codes_are_about(journeys: Journeys, folder: Path) -> None:
    segment = await journeys.segment()
    steps = {
        "w": {"type": "WaitStep", "waitStepType": "Duration", "next": "a"},
        "a": {"type": "Activation", "journeyActivationStepId": "9999", "next": "d"},
        "d": {"type": "DecisionPoint", "branches": [{"id": "b", "name": "B", "next": "end"}]},
        "m": {"type": "Merge", "next": "end"},
        "end": END,
    }
    stages = [
        {"name": "s1", "rootStep": "w", "steps": steps, "exitCriterias": [{"name": "Left"}]},
        {"name": "s2", "entryCriteria": criteria(segment)},
    ]
    made = await journeys.create("Welcome")
    answer = await journeys.patch(made["id"], 400, journeyStages=stages, state="launched")
    stage = "/attributes/journeyStages/0"
    assert codes(answer) == [
        ("UNDEFINED_ENTRY_CRITERIA", f"{stage}/entryCriteria"),
        ("UNDEFINED_MILESTONE", f"{stage}/milestone"),
        ("UNDEFINED_EXIT_CRITERIA", f"{stage}/exitCriterias/0"),
        ("UNDEFINED_WAIT_STEP", f"{stage}/steps/w"),
        ("UNDEFINED_ACTIVATION_STEP", f"{stage}/steps/a"),
        ("UNDEFINED_DECISION_CONDITION", f"{stage}/steps/d"),
        ("UNDEFINED_MERGE_POINT", f"{stage}/steps/m"),
    ]
    assert (await journeys.get(made["id"]))["attributes"]["state"] == "draft"


@with_journeys
async def test_a_launch_needs_steps_that_can_be_followed(journeys: Journeys, folder: Path) -> None:
    entry = criteria(await journeys.segment())
    made = await journeys.create("Welcome")
    shares = [
        {"id": "1", "name": "A", "percentage": 50},
        {"id": "2", "name": "B", "percentage": 49},
    ]
    for steps, root in (
        ({"a": wait(1, "b"), "b": wait(1, "a")}, "a"),
        ({"a": wait(1, "gone")}, "a"),
        ({"a": wait(1, None)}, "b"),
        ({"a": wait(1, None)}, None),
        ({"a": {"type": "Jump", "name": "Nowhere"}}, "a"),
        ({"a": {"type": "ABTest", "name": "T", "variants": shares}}, "a"),
        ({"a": {"type": "WaitStep", "waitStepType": "Date", "waitUntilDate": "soon"}}, "a"),
    ):
        stage = {"name": "s1", "entryCriteria": entry, "steps": steps, "rootStep": root}
        await journeys.patch(made["id"], journeyStages=[stage])
        answer = await journeys.patch(made["id"], 400, state="launched")
        assert len(answer["errors"]) == 1, answer


@with_journeys
async def test_a_launched_version_keeps_all_but_its_names(journeys: Journeys, folder: Path) -> None:
    segment = await journeys.segment()
    made = await journeys.launch("Welcome", segment)
    stages = made["attributes"]["journeyStages"]
    again = await journeys.patch(made["id"], journeyStages=stages, state="launched")
    assert again["attributes"]["journeyStages"] == stages
    renamed = await journeys.patch(made["id"], name="Hello", description="about it")
    assert renamed["attributes"]["name"] == renamed["attributes"]["journeyBundleName"] == "Hello"
    for changed in (
        {"journeyStages": [*stages, {"name": "s2"}]},
        {"goal": criteria(segment)},
        {"reentryMode": "reentry_always"},
        {"state": "draft"},
    ):
        answer = await journeys.patch(made["id"], 400, **changed)
        assert codes(answer) == [("IS_IMMUTABLE", "/attributes")]
    detail = {"attributes": {"name": "x"}, "relationships": {}}
    await journeys.api.ask("POST", f"/entities/journeys/{made['id']}/detail", detail, status=400)


@with_journeys
async def test_limits(journeys: Journeys, folder: Path) -> None:
    def steps(number: int) -> Any:
        return {f"s{at}": {"type": "End"} for at in range(number)}

    for stages in (
        [{"name": f"s{at}"} for at in range(9)],
        [{"name": "s1", "steps": steps(71)}],
        [{"name": "s1", "steps": steps(61)}, {"name": "s2", "steps": steps(60)}],
    ):
        answer = await journeys.api.ask(
            "POST", "/entities/journeys", journey("x", *stages), status=400
        )
        assert {code for code, _ in codes(answer)} == {"IS_TOO_LONG"}
    await journeys.create(
        "Large", {"name": "a", "steps": steps(70)}, {"name": "b", "steps": steps(50)}
    )


@with_journeys
async def test_rules_of_journeys_are_segments_of_their_kind(
    journeys: Journeys, folder: Path
) -> None:
    batch = await journeys.api.create("Batch")
    for segment in (batch["id"], "9999"):
        body = journey("x", {"name": "s1", "entryCriteria": criteria(segment)})
        answer = await journeys.api.ask("POST", "/entities/journeys", body, status=400)
        place = "/attributes/journeyStages/0/entryCriteria/segmentId"
        assert codes(answer) == [("INVALID_FORMAT_OR_ASSOCIATION", place)]
    own = await journeys.segment(rule(refers_to(batch["id"])))
    made = await journeys.create("Welcome", {"name": "s1", "entryCriteria": criteria(own)})
    [error] = (await journeys.api.ask("DELETE", f"/audiences/7/segments/{own}", status=409))[
        "errors"
    ]
    assert error["meta"]["referencedByJourneys"] == [{"id": made["id"], "name": "Welcome"}]
    await journeys.api.ask("DELETE", f"/audiences/7/segments/{batch['id']}", status=409)
    await journeys.api.ask("DELETE", f"/entities/journeys/{made['id']}")
    # They go with their journey, and what they refer to stays.
    await journeys.api.ask("GET", f"/audiences/7/segments/{own}", status=404)
    await journeys.api.ask("DELETE", f"/audiences/7/segments/{batch['id']}")


@with_journeys
async def test_what_others_use_of_a_journey_cannot_be_deleted(
    journeys: Journeys, folder: Path
) -> None:
    own = await journeys.segment()
    target = await journeys.create("Target", {"name": "t1", "entryCriteria": criteria(own)})
    stage = target["attributes"]["journeyStages"][0]["id"]
    jump = {"journeyId": target["id"], "journeyStageId": stage}
    steps = {"j": {"type": "Jump", "name": "To target", "target": jump}}
    source = await journeys.create("Source", {"name": "s1", "steps": steps, "rootStep": "j"})
    shown = source["attributes"]["journeyStages"][0]["steps"]["j"]["target"]
    assert (shown["journeyBundleId"], shown["stageOrderIndex"]) == (
        target["attributes"]["journeyBundleId"],
        0,
    )
    answer = await journeys.api.ask("GET", f"/entities/journeys/{target['id']}")
    [jumping] = [each for each in answer["included"] if each["type"] == "journeyStage"]
    assert jumping["id"] == shown["jumpReferenceId"]
    assert (jumping["attributes"]["name"], jumping["attributes"]["targetStageName"]) == (
        "Source",
        "t1",
    )
    path = f"/entities/journeys/{target['id']}"
    [error] = (await journeys.api.ask("DELETE", path, status=409))["errors"]
    assert error["meta"]["referencedByJourneys"] == [{"id": source["id"], "name": "Source"}]
    await journeys.patch(target["id"], 409, name="Target", journeyStages=[{"name": "other"}])
    unknown = {**steps["j"], "target": {**jump, "journeyStageId": "9999"}}
    await journeys.patch(source["id"], 400, journeyStages=[{"name": "s1", "steps": {"j": unknown}}])
    await journeys.api.ask("DELETE", f"/entities/journeys/{source['id']}")
    user = await journeys.api.create("User", rule(refers_to(own)))
    [error] = (await journeys.api.ask("DELETE", path, status=409))["errors"]
    assert error["meta"]["referencedBySegments"] == [{"id": user["id"], "name": "User"}]
    await journeys.api.ask("DELETE", f"/audiences/7/segments/{user['id']}")
    await journeys.api.ask("DELETE", path)


@with_journeys
async def test_stages_keep_their_ids(journeys: Journeys, folder: Path) -> None:
    made = await journeys.create("Welcome", {"name": "a", "description": "x"}, {"name": "b"})
    first, second = made["attributes"]["journeyStages"]
    stages = [{"id": second["id"], "name": "B"}, {"name": "new"}, {"id": int(first["id"])}]
    changed = (await journeys.patch(made["id"], journeyStages=stages))["attributes"][
        "journeyStages"
    ]
    assert [each["name"] for each in changed] == ["B", "new", "a"]
    assert [changed[0]["id"], changed[2]["id"]] == [second["id"], first["id"]]
    assert changed[2]["description"] == "x"
    await journeys.patch(made["id"], 400, journeyStages=[{"id": "9999", "name": "x"}])
    await journeys.patch(made["id"], 400, journeyStages=[])
    detail = {
        "attributes": {"name": "Hello", "journeyStages": [{"name": "1"}, {"name": "2"}, {}]},
        "relationships": {},
    }
    answer = await journeys.api.ask("POST", f"/entities/journeys/{made['id']}/detail", detail)
    attributes = answer["data"]["attributes"]
    assert [each["name"] for each in attributes["journeyStages"]] == ["1", "2", "a"]
    assert (attributes["name"], attributes["journeyBundleName"]) == ("Hello", "Hello")


# --- versions ----------------------------------------------------------------------------


@with_journeys
async def test_a_new_version_is_a_draft_of_the_latest(journeys: Journeys, folder: Path) -> None:
    first = await journeys.create("merge")
    activation = await journeys.activation(first["id"])
    stage = await merge_stage(journeys)
    stage["id"] = first["attributes"]["journeyStages"][0]["id"]
    stage["steps"]["571472d5"] = mail(activation, None)
    first = await journeys.patch(first["id"], name="merge", journeyStages=[stage], state="launched")
    bundle = f"/entities/journey_bundles/{first['attributes']['journeyBundleId']}"
    second = (await journeys.api.ask("POST", f"{bundle}/journeys", {"attributes": {}}))["data"]
    attributes = second["attributes"]
    assert (attributes["name"], attributes["versionNumber"]) == ("merge(v2)", 2)
    assert (attributes["journeyBundleName"], attributes["state"]) == ("merge", "draft")
    old, new = first["attributes"]["journeyStages"][0], attributes["journeyStages"][0]
    assert old["id"] != new["id"]
    assert list(old["steps"]) == list(new["steps"])
    before, after = (each["steps"]["571472d5"] for each in (old, new))
    assert before["journeyActivationStepId"] != after["journeyActivationStepId"]
    listed = (await journeys.api.ask("GET", f"{bundle}/activations"))["data"]
    assert [each["id"] for each in listed] == [activation, after["journeyActivationStepId"]]
    assert [each["attributes"]["activationId"] is None for each in listed] == [False, True]
    # An edit of the draft's rule does not change the launched version.
    assert old["entryCriteria"]["segmentId"] != new["entryCriteria"]["segmentId"]
    answer = await journeys.api.ask("GET", bundle)
    assert (answer["latestJourneyId"], answer["lastVersionNumber"]) == (second["id"], 2)
    assert [each["id"] for each in answer["journeys"]] == [first["id"], second["id"]]
    latest = (await journeys.api.ask("GET", f"{bundle}/latest"))["data"]
    assert latest["id"] == second["id"]


@with_journeys
async def test_bundles_change_and_go(journeys: Journeys, folder: Path) -> None:
    segment = await journeys.segment()
    first = await journeys.launch("Welcome", segment)
    id = first["attributes"]["journeyBundleId"]
    path = f"/entities/journey_bundles/{id}"
    second = (await journeys.api.ask("POST", f"{path}/journeys"))["data"]
    inner = await journeys.api.create_folder("Inner")
    body = {
        "id": id,
        "type": "journeyBundle",
        "attributes": {"name": "Hello", "description": "x", "latestJourneyId": first["id"]},
        "relationships": journey("x", folder=inner)["relationships"],
    }
    answer = await journeys.api.ask("PATCH", path, body)
    assert (answer["name"], answer["description"], answer["latestJourneyId"]) == (
        "Hello",
        "x",
        first["id"],
    )
    for each in answer["journeys"]:
        assert each["relationships"]["parentFolder"]["data"]["id"] == inner
    folder_of = await journeys.api.ask("GET", f"/audiences/7/segments/{segment}")
    assert folder_of["segmentFolderId"] == inner
    for wrong in (second["id"], "9999"):
        body = {"type": "journeyBundle", "attributes": {"latestJourneyId": wrong}}
        await journeys.api.ask("PATCH", path, body, status=400)
    await journeys.api.ask("DELETE", f"/entities/journeys/{first['id']}")
    assert (await journeys.api.ask("GET", path))["latestJourneyId"] == second["id"]
    third = (await journeys.api.ask("POST", f"{path}/journeys", {"sourceId": second["id"]}))["data"]
    assert third["attributes"]["name"] == "Hello(v3)"
    await journeys.api.ask("DELETE", path)
    for gone in (path, f"/entities/journeys/{third['id']}", f"{path}/latest"):
        await journeys.api.ask("GET", gone, status=404)
    await journeys.api.ask("DELETE", f"/entities/folders/{inner}")


@with_journeys
async def test_a_bundle_has_thirty_versions_at_most(journeys: Journeys, folder: Path) -> None:
    made = await journeys.create("Welcome")
    path = f"/entities/journey_bundles/{made['attributes']['journeyBundleId']}"
    attach = journey("Mine", journeyBundleId=made["attributes"]["journeyBundleId"])
    second = (await journeys.api.ask("POST", "/entities/journeys", attach))["data"]
    assert (second["attributes"]["versionNumber"], second["attributes"]["name"]) == (2, "Mine")
    for _ in range(28):
        await journeys.api.ask("GET", f"{path}/journeys_appendable")
        await journeys.api.ask("POST", f"{path}/journeys")
    for method, where, body in (
        ("GET", f"{path}/journeys_appendable", None),
        ("POST", f"{path}/journeys", None),
        ("POST", "/entities/journeys", attach),
    ):
        answer = await journeys.api.ask(method, where, body, status=400)
        assert codes(answer)[0][0] == "IS_TOO_LONG"


@with_journeys
async def test_a_duplicate_is_a_journey_of_its_own(journeys: Journeys, folder: Path) -> None:
    made = await journeys.create("Welcome", await merge_stage(journeys))
    stage = made["attributes"]["journeyStages"][0]
    jump = {"journeyId": made["id"], "journeyStageId": stage["id"]}
    exits = [criteria(stage["entryCriteria"]["segmentId"], target=jump)]
    await journeys.patch(made["id"], journeyStages=[{**stage, "exitCriterias": exits}])
    body = {
        "id": made["id"],
        "type": "journey",
        "attributes": {"name": "Copy"},
        "relationships": {},
    }
    copy = (await journeys.api.ask("POST", "/entities/journeys/duplicate", body))["data"]
    assert copy["attributes"]["journeyBundleName"] == copy["attributes"]["name"] == "Copy"
    assert copy["attributes"]["journeyBundleId"] != made["attributes"]["journeyBundleId"]
    copied = copy["attributes"]["journeyStages"][0]
    target = copied["exitCriterias"][0]["target"]
    assert (target["journeyId"], target["journeyStageId"]) == (copy["id"], copied["id"])
    await journeys.api.ask("POST", "/entities/journeys/duplicate", body, status=400)
    await journeys.api.ask("DELETE", f"/entities/journeys/{made['id']}")
    segment = copied["entryCriteria"]["segmentId"]
    await journeys.api.ask("GET", f"/audiences/7/segments/{segment}")


# --- activations -------------------------------------------------------------------------


@with_journeys
async def test_activations_of_a_journey(journeys: Journeys, folder: Path) -> None:
    made = await journeys.launch("Welcome", await journeys.segment())
    path = f"/entities/journeys/{made['id']}/activations"
    first = await journeys.activation(made["id"])
    again = await journeys.activation(made["id"])
    assert first != again, "one name may occur several times"
    change = activation_body({"timezone": "UTC", "scheduleOption": "12:00:00"})
    change["id"] = first
    answer = (await journeys.api.ask("PATCH", f"{path}/{first}", change))["data"]
    params = answer["attributes"]["activationParams"]
    assert (params["timezone"], params["scheduleOption"], params["name"]) == (
        "UTC",
        "12:00:00",
        "Mail",
    )
    assert params["connectionId"] == "5"
    listed = (await journeys.api.ask("GET", path))["data"]
    assert listed[0] == answer == (await journeys.api.ask("GET", f"{path}/{first}"))["data"]
    ids = [each["attributes"]["syndicationId"] for each in listed]
    everywhere = await journeys.api.ask("GET", "/audiences/7/syndications")
    assert [each["id"] for each in everywhere] == ids
    assert everywhere[0]["scheduleOption"] == "12:00:00"
    for wrong in (
        {"name": "x", "connectionId": "99", "connectorConfig": {}},
        {"name": "x"},
        {"name": " ", "connectionId": "5", "connectorConfig": {}},
    ):
        await journeys.api.ask("POST", path, activation_body(wrong), status=400)
    await journeys.api.ask("GET", f"{path}/9999", status=404)
    other = await journeys.create("Other")
    await journeys.api.ask(
        "GET", f"/entities/journeys/{other['id']}/activations/{first}", status=404
    )


@with_journeys
async def test_what_a_step_can_send(journeys: Journeys, folder: Path) -> None:
    buyers = {
        "type": "Value",
        "leftValue": {
            "source": {"name": "behavior_purchases"},
            "aggregation": {"type": "Count", "groupingColumns": []},
            "filter": None,
        },
        "operator": {"type": "GreaterEqual", "not": False, "rightValue": 1},
        "arrayMatching": None,
        "exclude": False,
    }
    segment = await journeys.segment(rule(buyers))
    branches = [{"id": "b", "name": "Buyers", "segmentId": segment, "next": "a"}]
    steps = {
        "d": {"type": "DecisionPoint", "name": "d", "branches": branches},
        "a": {"type": "Activation", "name": "Mail"},
        "c": {"type": "Activation", "name": "Other"},
    }
    made = await journeys.create("Welcome")
    body = journey("Welcome", {"name": "s1", "rootStep": "d", "steps": steps})
    path = f"/entities/journeys/{made['id']}/available_behaviors_for_step?stepId="
    found = (await journeys.api.ask("POST", f"{path}a", body))["data"]
    assert [each["attributes"]["matrixTableName"] for each in found] == ["behavior_purchases"]
    assert (await journeys.api.ask("POST", f"{path}c", body))["data"] == []
    template = {
        "type": "activation-template",
        "attributes": {
            "name": "Weekly",
            "connectionId": 5,
            "state": "published",
            "kind": 1,
            "connectorConfig": {},
        },
    }
    await journeys.api.ask("POST", "/entities/activation_templates", template)
    path = f"/entities/journeys/{made['id']}/activation_templates_for_step?stepId=a"
    [found] = (await journeys.api.ask("POST", path, body))["data"]
    assert found["attributes"]["availableBySegment"] is True


@with_journeys
async def test_segment_rules_are_the_stages_of_all_versions(
    journeys: Journeys, folder: Path
) -> None:
    made = await journeys.create("Welcome", {"name": "a"}, {"name": "b"})
    listed = (await journeys.api.ask("GET", "/entities/journeys/segment_rules?audience_id=7"))[
        "data"
    ]
    assert [each["attributes"]["name"] for each in listed] == ["a", "b"]
    assert {each["attributes"]["journeyId"] for each in listed} == {made["id"]}
    await journeys.api.ask("GET", "/entities/journeys/segment_rules?audience_id=8", status=404)


def test_journeys_outlive_the_server(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"

    async def first() -> Any:
        async with journeys_api(tmp_path, store=store) as journeys:
            return await journeys.create("Welcome", await merge_stage(journeys))

    async def second(made: Any) -> None:
        async with journeys_api(tmp_path, store=store) as journeys:
            assert await journeys.get(made["id"]) == made
            await journeys.api.ask("GET", "/entities/journeys/9999", status=404)

    asyncio.run(second(asyncio.run(first())))


async def templated(journeys: Journeys, id: str) -> tuple[str, str, str]:
    """A template that locks what is exported, a journey's activation from it, and another one."""
    locked = {"locked": {"connectionId": True, "allColumns": True}}
    attributes = {
        "name": "Weekly mail",
        "connectionId": 5,
        "state": "published",
        "allColumns": True,
        "kind": 1,
        "fieldProperties": locked,
    }
    folder = {"parentFolder": {"data": {"id": "1", "type": "folder-segment"}}}
    body = {"type": "activation-template", "attributes": attributes, "relationships": folder}
    made = (await journeys.api.ask("POST", "/entities/activation_templates", body))["data"]["id"]
    step = await journeys.activation(id, activationTemplateId=int(made))
    return made, step, await journeys.activation(id, "Other")


@with_journeys
async def test_an_edit_of_what_a_template_locks_changes_activations_of_journeys(
    journeys: Journeys, folder: Path
) -> None:
    """As it does activations of segments (documented); before and after the launch."""
    draft = await journeys.create("Draft")
    launched = await journeys.launch("Welcome", await journeys.segment())
    for id in (draft["id"], launched["id"]):
        template, step, other = await templated(journeys, id)
        path = f"/entities/activation_templates/{template}"
        before = (await journeys.api.ask("GET", path))["data"]
        assert before["attributes"]["activationCount"] == 1
        attributes = {**before["attributes"], "name": "Monthly mail", "allColumns": False}
        body = {**before, "attributes": attributes}
        await journeys.api.ask("PATCH", path, body)
        listed = await journeys.api.ask("GET", f"/entities/journeys/{id}/activations")
        params = {each["id"]: each["attributes"]["activationParams"] for each in listed["data"]}
        assert (params[step]["allColumns"], params[other]["allColumns"]) == (False, True)
        # Nothing else of it changes.
        assert params[step]["name"] == "Mail"
        assert params[step]["scheduleOption"] == "11:00:00"
        await journeys.api.ask("DELETE", path)


@with_journeys
async def test_a_template_of_an_activation_must_be_there(journeys: Journeys, folder: Path) -> None:
    id = (await journeys.create("Welcome"))["id"]
    params = {"name": "Mail", "connectionId": "5", "connectorConfig": {}}
    body = activation_body({**params, "activationTemplateId": 99})
    wrong = await journeys.api.ask("POST", f"/entities/journeys/{id}/activations", body, status=400)
    assert "there is no activation template with the id `99`" in str(wrong)
