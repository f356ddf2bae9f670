"""Activations and templates in a workspace: planned, applied, pulled, and what a plan says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from local_api import NOW, write_data
from segdsl.api.transport import JSON_API
from segdsl.diagnostics import Report
from segdsl.language.values import ByName
from segdsl.server import open_local
from segdsl.workspace.kinds.deliveries.documents import secrets_in
from segdsl.workspace.kinds.effects import NOT_COUNTED
from segdsl.workspace.project.known_ids import names_of
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.commands import move_in_lock
from segdsl.workspace.sync.plan import Plan, read_plan, write_plan
from segdsl.workspace.sync.plan_text import plan_markdown, plan_text
from teams import Team, connected
from test_funnel_kind import Killed, KilledError

ACCOUNT = """
[connections]
s3 = { id = 11, type = "s3_v2" }
sftp = { id = 12, type = "sftp_v2" }

[users]
"team@example.com" = { id = 21 }
"boss@example.com" = { id = 22 }
"""
ADULTS = 'segment "Adults"\n  folder "Shared"\n\nwhere\n  age >= 18\n'
FUNNEL = """\
funnel "Onboarding"

stage "Interest" where age > 1

stage "Trial" where age > 2

stage "Paid" is segment "Adults"
"""
TEMPLATE = """\
activation template "Weekly export"
  to connection "s3"
  columns (age)
  every week on Monday, Friday starting 2025-04-07T09:00 in "UTC"
  with (bucket = "exports")
  state published
"""
SYNC = """\
activation "Contact sync" of segment "Adults"
  description "Every night"
  to connection "s3"
  columns (
    age,
    country | substr(1, 2) as land,
  )
  every day starting 2025-04-01T03:00 in "Asia/Tokyo"
  with (
    bucket = "exports",
    path = "sync.csv",
  )
  notify "team@example.com" on success, failure
"""
TRIAL = """\
activation "Trial export" of stage "Paid" of funnel "Onboarding"
  from template "Weekly export"
  to connection #12
  columns all
  then run workflow "hash_email" of project "activation_actions"
  in sequence
"""
BOTH = """\
activation "Both sides" of segment "Adults"
  to connection "s3"
  columns all
  every day starting 2025-04-01T03:00 in "UTC" until 2025-12-31
  then run workflow "hash_email" of project "activation_actions"
"""


def write_all(team: Team) -> None:
    team.write("adults.seg", ADULTS)
    team.write("onboarding.seg", FUNNEL)
    team.write("template.seg", TEMPLATE)
    team.write("activations.seg", SYNC + "\n" + TRIAL + "\n" + BOTH)


def data(folder: Path) -> Path:
    """The data of the tests, with an account and a table of stages."""
    found = write_data(folder)
    (found / "funnel_stages.csv").write_text("cdp_customer_id,stage_id\n")
    description = found / "parent_segment.toml"
    description.write_text(description.read_text() + ACCOUNT)
    return found


def with_account(test: Callable[[Team], Awaitable[None]]) -> Callable[[Path], None]:
    """An async test of a team whose account has connections and users."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            async with (
                open_local(data(tmp_path), None, NOW, None) as transport,
                connected(tmp_path, transport) as one,
            ):
                await test(one)

        asyncio.run(inside())

    run.__name__ = getattr(test, "__name__", "test")
    run.__doc__ = test.__doc__
    return run


def actions(plan: Plan) -> list[tuple[str, str, str]]:
    return [(change.action, change.kind, change.state.name) for change in plan.changes]


async def nothing_is_left(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts, plan.left, plan.others) == ((), (), (), 0)


async def activations(team: Team) -> dict[str, tuple[str, str | None]]:
    """The ids of the activations and of their segments, by name."""
    return {each.name: (each.id, each.segment_id) for each in await team.client.activations("7")}


@with_account
async def test_everything_is_created_in_order_and_nothing_is_left(team: Team) -> None:
    write_all(team)
    plan = await team.plan()
    assert read_plan(write_plan(plan).encode(), "plan") == plan
    places = {name: at for at, (_, _, name) in enumerate(actions(plan))}
    assert places["Adults"] < places["Onboarding"] < places["Trial export"]
    assert places["Weekly export"] < places["Trial export"]
    outcomes = await team.apply(plan)
    assert {each.done for each in outcomes} == {"created"}, [each.error for each in outcomes]
    await nothing_is_left(team)
    entries = {entry.name: entry for entry in load_lock(team.project, "local").entries}
    assert entries["Contact sync"].folder == ("Shared", "Adults")
    assert entries["Trial export"].folder == ("Onboarding", "Paid")
    assert entries["Contact sync"].source == SYNC
    assert entries["Contact sync"].refers["connection"] == {"s3": "11"}
    assert entries["Contact sync"].refers["user"] == {"team@example.com": "21"}
    again = await team.apply(plan)
    assert {each.done for each in again} == {"there already"}, [each.error for each in again]


@with_account
async def test_a_pull_writes_a_file_each_below_what_it_belongs_to(team: Team) -> None:
    write_all(team)
    await team.apply()
    team.clear()
    pull = await team.pull()
    assert {item.what for item in pull.items} == {"new"}
    files = team.files()
    assert set(files) == {
        "Shared/Adults.seg",
        "Shared/Adults/Contact sync.seg",
        "Shared/Adults/Both sides.seg",
        "Onboarding.seg",
        "Onboarding/Paid/Trial export.seg",
        "Weekly export.seg",
    }
    assert files["Shared/Adults/Contact sync.seg"] == SYNC
    assert files["Shared/Adults/Both sides.seg"] == BOTH
    assert files["Weekly export.seg"] == TEMPLATE
    assert files["Onboarding/Paid/Trial export.seg"] == TRIAL.replace("#12", '"sftp"')
    await nothing_is_left(team)
    assert {item.what for item in (await team.pull()).items} == {"the same"}


@with_account
async def test_a_renamed_target_keeps_its_activations(team: Team) -> None:
    write_all(team)
    await team.apply()
    before = await activations(team)
    for old, new in (('"Adults"', '"Grown-ups"'), ('"Onboarding"', '"Boarding"')):
        for file, text in team.files().items():
            team.write(file, text.replace(old, new))
        plan = await team.plan()
        assert [(action, name) for action, _, name in actions(plan)] == [("update", new[1:-1])]
        await team.apply(plan)
        assert await activations(team) == before
    await nothing_is_left(team)


CHANGES = [
    ("    age,\n", "    age,\n    ltv as value,\n", "now exports “value”"),
    ("    age,\n", "", "no longer exports “age”"),
    ("substr(1, 2)", "substr(1, 3)", "computes “land” differently"),
    ("every day", "every week", "weekly instead of daily"),
    ("every day", "every 15 minutes", "every 15 minutes instead of daily"),
    ("03:00", "04:00", "starts at 2025-04-01T04:00:00 instead of 2025-04-01T03:00:00"),
    ('"s3"', '"sftp"', "sends to “sftp” instead of “s3”"),
    ('"sync.csv"', '"other.csv"', "changes the setting `path`"),
    ("team@", "boss@", "now notifies “boss@example.com”"),
    ("success, failure", "failure", "sends messages on failure instead of success and failure"),
    ("  notify", '  then run workflow "w" of project "p"\n  notify', None),
    ("  notify", "  in sequence\n  notify", "runs in sequence now"),
    ('in "Asia/Tokyo"', 'in "UTC"', "in the time zone UTC instead of Asia/Tokyo"),
    ('in "Asia/Tokyo"', 'in "Asia/Tokyo" until 2025-06-01', "until 2025-06-01"),
]


def test_what_a_change_means_in_plain_words_and_then_nothing_is_left(tmp_path: Path) -> None:
    async def inside() -> None:
        async with (
            open_local(data(tmp_path), None, NOW, None) as transport,
            connected(tmp_path, transport) as one,
        ):
            one.write("adults.seg", ADULTS)
            for old, new, words in CHANGES:
                one.write("sync.seg", SYNC)
                await one.apply()
                id = (await activations(one))["Contact sync"]
                assert old in SYNC
                one.write("sync.seg", SYNC.replace(old, new, 1))
                plan = await one.plan()
                assert actions(plan) == [("update", "activation", "Contact sync")], new
                shown = plan_text(plan, NOT_COUNTED, color=False)
                assert words is None or f"    {words}\n" in shown, shown
                outcomes = await one.apply(plan)
                assert [each.done for each in outcomes] == ["updated"], outcomes[0].error
                assert (await activations(one))["Contact sync"] == id
                await nothing_is_left(one)

    asyncio.run(inside())


@with_account
async def test_the_comment_of_a_pull_request_has_the_words(team: Team) -> None:
    write_all(team)
    await team.apply()
    team.write("activations.seg", "\n".join((SYNC.replace("every day", "every week"), TRIAL, BOTH)))
    comment = plan_markdown(await team.plan(), NOT_COUNTED)
    assert "**update  activation Shared/Adults/Contact sync \\(\\#" in comment
    assert "\n- weekly instead of daily\n" in comment
    assert "\n+  every week starting" in comment


@with_account
async def test_a_move_in_the_lock_keeps_an_activation_with_other_content(team: Team) -> None:
    write_all(team)
    await team.apply()
    before = await activations(team)
    new = SYNC.replace("Contact sync", "Nightly").replace("sync.csv", "nightly.csv")
    team.write("activations.seg", "\n".join((new, TRIAL, BOTH)))
    [rename] = (await team.plan()).renames
    assert (rename.old_name, rename.name) == ("Contact sync", "Nightly")
    move_in_lock(team.project, "local", team.read(), "Shared/Adults/Contact sync", "Nightly")
    plan = await team.plan()
    assert actions(plan) == [("update", "activation", "Nightly")]
    await team.apply(plan)
    assert (await activations(team))["Nightly"] == before["Contact sync"]
    await nothing_is_left(team)


@with_account
async def test_a_stage_of_the_lock_is_known_offline(team: Team) -> None:
    write_all(team)
    await team.apply()
    known = names_of(team.project, "local", segments=True)
    [funnel] = await team.client.funnels("7")
    ids = {stage.name: stage.id for stage in funnel.stages}
    assert known.ids["stage", ByName("Paid", "Onboarding")] == ids["Paid"]


@with_account
async def test_a_template_of_which_activations_are_made_is_not_deleted(team: Team) -> None:
    write_all(team)
    await team.apply()
    (team.folder / "template.seg").unlink()
    team.write("activations.seg", SYNC + "\n" + BOTH)
    plan = await team.plan(prune=True)
    assert actions(plan) == [
        ("delete", "activation", "Trial export"),
        ("delete", "activation template", "Weekly export"),
    ]
    team.write("activations.seg", SYNC + "\n" + BOTH + "\n" + TRIAL)
    report = Report()
    await team.plan(prune=True, report=report)
    [found] = report.diagnostics
    assert found.message.startswith('the activation template "Weekly export" (#')
    assert found.message.endswith(
        'cannot be deleted: the activation "Trial export" still refers to it'
    )
    assert found.help == "remove the references first, or keep the activation template"


@with_account
async def test_a_stage_is_deleted_after_the_activations_that_no_file_has(team: Team) -> None:
    write_all(team)
    await team.apply()
    team.write("activations.seg", SYNC + "\n" + BOTH)
    team.write("onboarding.seg", FUNNEL[: FUNNEL.index('stage "Paid"')] + 'stage "A" where age > 9')
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert found.help == (
        "remove the references first, or keep the stage; "
        "--prune deletes what is no longer in any file"
    )
    assert actions(await team.plan(prune=True)) == [
        ("delete", "activation", "Trial export"),
        ("update", "funnel", "Onboarding"),
    ]


@with_account
async def test_all_are_deleted_before_what_they_belong_to(team: Team) -> None:
    write_all(team)
    await team.apply()
    for file in team.files():
        (team.folder / file).unlink()
    outcomes = await team.apply(prune=True)
    assert {each.done for each in outcomes} == {"deleted"}
    assert await activations(team) == {}
    assert await team.segments() == {}
    assert load_lock(team.project, "local").entries == ()


@with_account
async def test_a_segment_that_is_sent_somewhere_is_not_deleted(team: Team) -> None:
    """Also where the workspace has no activations: then only which there are is read."""
    write_all(team)
    await team.apply()
    team.clear()
    team.write("adults.seg", ADULTS)
    await team.apply()
    (team.folder / "adults.seg").unlink()
    report = Report()
    await team.plan(prune=True, report=report)
    [found] = report.diagnostics
    assert 'the activation "Both sides", the activation "Contact sync"' in found.message


@with_account
async def test_a_connection_that_the_account_does_not_have(team: Team) -> None:
    write_all(team)
    team.write("activations.seg", SYNC.replace('"s3"', '"s4"'))
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert found.message == 'no connection on the server is named "s4"'
    assert found.help == "the account has no such connection: look up its name in the console"


@with_account
async def test_a_secret_is_in_no_plan_and_no_lock(team: Team) -> None:
    write_all(team)
    await team.apply()
    id, segment = (await activations(team))["Contact sync"]
    body = {
        "type": "syndication",
        "attributes": {
            "name": "Contact sync",
            "connectionId": 11,
            "connectorConfig": {"bucket": "exports", "api_key": "s3cr3t-value"},
        },
    }
    path = f"/entities/segments/{segment}/syndications/{id}"
    await team.client._transport.send("PATCH", path, body=body, media=JSON_API)
    plan = await team.plan()
    [conflict] = plan.conflicts
    assert conflict.why == "changed on the server"
    assert "looks like a secret" in conflict.notes[0]
    pull = await team.pull()
    assert [item.why for item in pull.items if item.what == "left alone"] != []
    text = write_plan(plan) + (team.folder / "local.lock.toml").read_text()
    assert "s3cr3t" not in text + "".join(team.files().values())
    team.write("activations.seg", SYNC.replace('bucket = "exports"', 'api_key = "s3cr3t-value"'))
    report = Report()
    await team.plan(report=report)
    assert "looks like a secret" in report.diagnostics[0].message


# --- interrupted -----------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, BOTH, SYNC.replace("Contact sync", "Both sides")])
@pytest.mark.parametrize("writes", range(2))
def test_what_needs_both_sides_is_carried_on(
    tmp_path: Path, writes: int, before: str | None
) -> None:
    new = BOTH.replace("03:00", "05:00").replace("12-31", "11-30").replace("hash_email", "other")

    async def inside() -> None:
        async with open_local(data(tmp_path), None, NOW, None) as transport:
            killed = Killed(transport)
            async with connected(tmp_path, killed) as one:
                one.write("adults.seg", ADULTS)
                one.write("both.seg", before or "")
                await one.apply()
                lock = (one.folder / "local.lock.toml").read_text()
                one.write("both.seg", new)
                killed.writes.clear()
                killed.left = writes
                with pytest.raises(KilledError):
                    await one.apply()
                killed.left = None
                (one.folder / "local.lock.toml").write_text(lock)
                await one.apply()
                await nothing_is_left(one)
                assert len(await one.client.activations("7")) == 1

    asyncio.run(inside())


def test_a_setting_inside_a_secret_one_is_secret_too() -> None:
    assert list(secrets_in({"token": {"value": "hunter2hunter2"}, "list": "weekly"})) == [
        "token.value"
    ]


@with_account
async def test_a_plan_says_what_new_activations_will_do(team: Team) -> None:
    write_all(team)
    plan = await team.plan()
    notes = {each.state.name: each.notes for each in plan.changes if each.kind == "activation"}
    assert notes == {
        "Contact sync": (
            "will export “age” and 1 more column of the segment “Adults” to “s3”, daily",
        ),
        "Trial export": (
            "will export all attributes of the stage “Paid” of the funnel “Onboarding” to “sftp”, "
            "as its template says",
        ),
        "Both sides": ("will export all attributes of the segment “Adults” to “s3”, daily",),
    }
