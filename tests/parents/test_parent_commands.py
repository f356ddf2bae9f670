"""`segdsl parent`, against a small API in the shapes of real answers."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from parent_stub import ParentApi, attribute
from parent_workspace import api as api
from running import segdsl
from segdsl.workspace.parent import commands

FILE = Path("parent_segment.toml")


def edit(before: str, after: str) -> None:
    text = FILE.read_text()
    assert before in text
    FILE.write_text(text.replace(before, after))


def test_a_plan_after_a_pull_is_empty(api: ParentApi) -> None:
    pulled = segdsl("parent", "pull")
    assert (pulled.exit_code, pulled.stdout) == (
        0,
        "created: parent_segment.toml (Real shape, #90210)\n",
    )
    plan = segdsl("parent", "plan", "--exit-code")
    assert (plan.exit_code, plan.stdout) == (
        0,
        "No changes. Real shape (#90210) is as parent_segment.toml says.\n",
    )
    assert segdsl("parent", "pull").stdout.startswith("unchanged: parent_segment.toml")
    assert segdsl("parent", "apply").exit_code == 0
    assert api.sent == []


def test_a_setting_is_changed_alone(api: ParentApi) -> None:
    segdsl("parent", "pull")
    edit('schedule = { every = "never" }', 'schedule = { every = "day", at = 03:00:00 }')
    plan = segdsl("parent", "plan", "--exit-code")
    assert (plan.exit_code, plan.stdout) == (
        4,
        "~ Real shape (#90210)\n  ~ schedule: never → every day at 03:00\n",
    )
    refused = segdsl("parent", "apply")
    assert refused.exit_code == 2
    assert "pass --yes" in refused.stderr
    applied = segdsl("parent", "apply", "--yes")
    assert applied.exit_code == 0, applied.stderr
    assert applied.stdout.endswith("updated  Real shape  #90210\n")
    assert api.sent == [
        (
            "PUT",
            "/audiences/90210",
            {"name": "Real shape", "scheduleType": "daily", "scheduleOption": "03:00"},
        )
    ]
    assert len(api.attributes["90210"]) == 3
    assert segdsl("parent", "plan", "--exit-code").exit_code == 0


def test_attributes_are_replaced_only_with_the_option(api: ParentApi) -> None:
    segdsl("parent", "pull")
    edit('Country = "string from country"\n', 'Town = "string from town"\n')
    refused = segdsl("parent", "apply", "--yes")
    assert refused.exit_code == 1
    assert "pass --replace" in refused.stderr
    assert api.sent == []
    applied = segdsl("parent", "apply", "--yes", "--replace")
    assert applied.exit_code == 0, applied.stderr
    [(method, _, body)] = api.sent
    assert method == "PUT"
    assert [each["name"] for each in body["attributes"]] == ["Gender", "Lifetime Value", "Town"]
    # What the server said of the others goes back with them.
    assert body["attributes"][0] == attribute("Gender", "gender", 5000)
    assert body["behaviors"][0]["id"] == "900"
    assert segdsl("parent", "plan", "--exit-code").exit_code == 0


def test_what_was_changed_on_the_server_is_a_conflict(api: ParentApi) -> None:
    segdsl("parent", "pull")
    edit('Country = "string from country"\n', "")
    api.attributes["90210"].append(attribute("Plan", "plan", 5009))
    plan = segdsl("parent", "plan")
    assert plan.exit_code == 1
    assert "conflict: Real shape (#90210): it was changed on the server" in plan.stdout
    assert "+ attribute “Plan”" in plan.stdout
    assert segdsl("parent", "apply", "--yes", "--replace").exit_code == 1
    assert api.sent == []
    pulled = segdsl("parent", "pull")
    assert pulled.exit_code == 1
    assert "nothing was written" in pulled.stderr
    edit(
        'Gender = "string from gender"\n',
        'Gender = "string from gender"\nPlan = "string from plan"\n',
    )
    assert segdsl("parent", "pull", "--keep").exit_code == 0
    assert segdsl("parent", "apply", "--yes", "--replace").exit_code == 0
    assert [each["name"] for each in api.attributes["90210"]] == [
        "Gender",
        "Lifetime Value",
        "Plan",
    ]


def test_nothing_is_sent_over_a_change_in_between(api: ParentApi) -> None:
    """A change between the plan and the request is seen by the read right before it."""
    segdsl("parent", "pull")
    edit('Country = "string from country"\n', "")
    plan_parent = commands.plan_parent

    async def planned_then_changed(*arguments: Any) -> Any:
        plan = await plan_parent(*arguments)
        api.attributes["90210"].append(attribute("Plan", "plan", 5009))
        return plan

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "plan_parent", planned_then_changed)
        done = segdsl("parent", "apply", "--yes", "--replace")
    assert done.exit_code == 3
    assert "nothing was sent" in done.stderr
    assert api.sent == []


def test_an_update_whose_response_is_lost_is_looked_up(api: ParentApi) -> None:
    segdsl("parent", "pull")
    edit('Country = "string from country"\n', "")
    api.lose = 1
    done = segdsl("parent", "apply", "--yes", "--replace")
    assert done.exit_code == 0, done.stderr
    assert len(api.sent) == 1


def test_without_a_pull_nothing_is_overwritten(api: ParentApi) -> None:
    FILE.write_text('name = "Mine"\n[master]\ntable = "gold.parent_table"\n')
    plan = segdsl("parent", "plan")
    assert plan.exit_code == 1
    assert "was not pulled yet" in plan.stdout
    assert segdsl("parent", "pull").exit_code == 1
    assert FILE.read_text().startswith('name = "Mine"')
    assert segdsl("parent", "pull", "--force").exit_code == 0
    assert segdsl("parent", "plan", "--exit-code").exit_code == 0


def test_a_pull_keeps_comments_and_local_keys(api: ParentApi) -> None:
    FILE.write_text('# mine\nid = "7"\n\n[labels.customers] # here\nltv = "Value"\n')
    assert segdsl("parent", "pull").exit_code == 0
    text = FILE.read_text()
    assert text.startswith('# mine\nid = "7"\n')
    assert '[labels.customers] # here\nltv = "Value"\n' in text
    assert segdsl("parent", "plan", "--exit-code").exit_code == 0


# --- creating --------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [0, 1])
def test_a_parent_segment_is_created_once(api: ParentApi, lost: int) -> None:
    target = '[targets.live] # here\nkind = "treasuredata"\nregion = "us01"\n'
    Path("segdsl.toml").write_text(target)
    begun = segdsl("parent", "init", "Customer 360", "--master", "cdp_db.customers")
    assert begun.exit_code == 0, begun.stderr
    assert "created: parent_segment.toml" in begun.stdout
    plan = segdsl("parent", "plan")
    assert (plan.exit_code, plan.stdout) == (
        0,
        "+ create the parent segment Customer 360\n"
        "    master table cdp_db.customers\n"
        "    0 attributes, 0 behaviors\n"
        "    runs never\n",
    )
    api.lose = lost
    applied = segdsl("parent", "apply", "--yes")
    assert applied.exit_code == 0, applied.stderr
    assert applied.stdout.endswith("created  Customer 360  #90211\n")
    assert [method for method, _, _ in api.sent] == ["POST"]
    written = Path("segdsl.toml").read_text()
    assert written == f"{target}parent_segment = 90211\n"
    assert segdsl("parent", "plan", "--exit-code").exit_code == 0


def test_a_name_that_is_taken_is_not_created_again(api: ParentApi) -> None:
    Path("segdsl.toml").write_text('[targets.live]\nkind = "treasuredata"\nregion = "us01"\n')
    segdsl("parent", "init", "Real shape", "--master", "cdp_db.customers")
    plan = segdsl("parent", "plan")
    assert plan.exit_code == 1
    assert "was not pulled yet" in plan.stdout


def test_other_commands_need_the_id(api: ParentApi) -> None:
    Path("segdsl.toml").write_text('[targets.live]\nkind = "treasuredata"\nregion = "us01"\n')
    done = segdsl("list")
    assert done.exit_code == 2
    assert "names no parent segment" in done.stderr
    assert "90210 (Real shape)" in done.stderr


def test_an_init_over_a_configuration_is_refused(api: ParentApi) -> None:
    segdsl("parent", "pull")
    done = segdsl("parent", "init", "x", "--master", "a.b")
    assert done.exit_code == 2
    assert "has a `[master]` already" in done.stderr
    assert segdsl("parent", "init", "x", "--master", "b", "--file", "y.toml").exit_code == 2


def test_no_file_and_no_master_say_what_to_do(api: ParentApi) -> None:
    done = segdsl("parent", "plan")
    assert done.exit_code == 2
    assert "segdsl parent pull" in done.stderr
    FILE.write_text('[labels.customers]\na = "A"\n')
    assert "has no `[master]`" in segdsl("parent", "plan").stderr


# --- running ---------------------------------------------------------------------------


def test_a_run_is_started_once_and_waited_for(api: ParentApi) -> None:
    refused = segdsl("parent", "run")
    assert (refused.exit_code, api.sent) == (2, [])
    done = segdsl("parent", "run", "--yes")
    assert (done.exit_code, done.stdout) == (
        0,
        "started  Real shape  #90210\nsuccess  Real shape  #90210, 52,000 profiles\n",
    )
    assert api.sent == [("POST", "/audiences/90210/run", {})]
    document = json.loads(segdsl("parent", "run", "--yes", "--json").stdout)
    assert (document["status"], document["run"], document["population"]) == (
        "success",
        "7001",
        52000,
    )


def test_a_run_whose_response_is_lost_is_not_started_again(api: ParentApi) -> None:
    api.lose = 1
    assert segdsl("parent", "run", "--yes").exit_code == 0
    assert len(api.sent) == 1


def test_an_interrupted_run_goes_on(api: ParentApi) -> None:
    looks = 0

    def interrupt() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            os.kill(os.getpid(), signal.SIGINT)

    api.on_executions = interrupt
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        done = segdsl("parent", "run", "--yes")
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.exit_code == 130
    assert "interrupted; the run goes on at the server" in done.stderr
    assert [method for method, _, _ in api.sent] == ["POST"]


def test_a_run_that_fails_is_an_error(api: ParentApi) -> None:
    api.statuses = ["queued", "running", "error"]
    done = segdsl("parent", "run", "--yes")
    assert done.exit_code == 3
    assert "ended as `error`" in done.stderr
    assert segdsl("parent", "run", "--yes", "--no-wait").exit_code == 0


def test_the_status_shows_runs_and_population(api: ParentApi) -> None:
    assert segdsl("parent", "status").stdout.endswith("  last runs   none\n")
    segdsl("parent", "run", "--yes")
    segdsl("parent", "run", "--yes")
    done = segdsl("parent", "status")
    assert done.stdout == (
        "Real shape (#90210)\n"
        "  runs        never in UTC\n"
        "  population  52,000\n"
        "  built       2025-04-30T22:50:10.188Z\n"
        "  last runs   success   2025-05-02T00:00:00.000Z to 2025-05-01T01:00:00.000Z\n"
        "              success   2025-05-01T00:00:00.000Z to 2025-05-01T01:00:00.000Z\n"
    )
    document = json.loads(segdsl("parent", "status", "--json").stdout)
    assert [each["run"] for each in document["runs"]] == ["7001", "7000"]
    assert document["populations"] == [
        {"time": 1745971200, "population": 51000, "is_run": True},
        {"time": 1746057600, "population": 52000, "is_run": False},
    ]
