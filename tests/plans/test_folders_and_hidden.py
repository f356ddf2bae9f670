"""Segments of one name in several folders, and segments that the console hides."""

from __future__ import annotations

from typing import Any

from segdsl.diagnostics import Report
from segdsl.workspace.project.lock import read_lock, write_lock
from segdsl.workspace.project.lock_file import load_lock
from teams import Team, with_team

JAPAN: Any = {
    "type": "And",
    "conditions": [
        {
            "type": "And",
            "conditions": [
                {
                    "type": "Value",
                    "leftValue": {"name": "country"},
                    "operator": {"type": "Equal", "not": False, "rightValue": "JP"},
                    "arrayMatching": None,
                    "exclude": False,
                }
            ],
        }
    ],
}


def inside(*ids: str) -> Any:
    conditions = [{"type": "Reference", "id": id, "exclude": False} for id in ids]
    return {"type": "And", "conditions": [{"type": "And", "conditions": conditions}]}


async def refers_to(team: Team, name: str) -> set[str]:
    [found] = [each for each in (await team.resources()).values() if each.state.name == name]
    return {ref.id for ref in found.state.refers_to}


async def ids(team: Team) -> dict[tuple[str, ...], str]:
    """The id of each segment by its folder and name."""
    listed = (await team.resources()).values()
    return {(*each.state.folder, each.state.name): each.id for each in listed}


async def nothing_is_left(team: Team) -> None:
    plan = await team.plan()
    assert (plan.changes, plan.conflicts) == ((), ())
    assert {each.what for each in (await team.pull()).items} <= {"the same"}


TWO = """\
segment "Churned"
  folder "Data team"

where
  age > 40

segment "Churned"
  folder "Loyalty/Tokyo"

where
  age > 20

segment "Theirs"

where
  in segment "Churned" of folder "Data team"

segment "Ours"

where
  in segment "Churned" of folder " Loyalty / Tokyo/"
  and not in segment "Churned" of folder "Data team"
"""


@with_team
async def test_new_segments_of_one_name_are_created_together_with_what_refers_to_each(
    team: Team,
) -> None:
    team.write("all.seg", TWO)
    await team.apply()
    placed = await ids(team)
    data, tokyo = placed["Data team", "Churned"], placed["Loyalty", "Tokyo", "Churned"]
    assert await refers_to(team, "Theirs") == {data}
    assert await refers_to(team, "Ours") == {data, tokyo}
    await nothing_is_left(team)
    lock = load_lock(team.project, "local")
    [ours] = [each for each in lock.entries if each.name == "Ours"]
    assert (ours.refers, ours.refers_in) == (
        {},
        {"segment": {"Data team": {"Churned": data}, "Loyalty/Tokyo": {"Churned": tokyo}}},
    )
    assert read_lock(write_lock(lock), "lock") == lock


@with_team
async def test_a_pull_names_the_folder_where_the_name_is_not_unique(team: Team) -> None:
    root = await team.console_create("Churned", JAPAN)
    other = await team.console_create("Churned", JAPAN, ("Data team",))
    alone = await team.console_create("Alone", JAPAN, ("Data team",))
    await team.console_create("S", inside(root, other, alone))
    await team.pull()
    assert team.files()["S.seg"] == (
        'segment "S"\n\nwhere\n  in segment "Churned" of folder "/"\n'
        '  and in segment "Churned" of folder "Data team"\n  and in segment "Alone"\n'
    )
    await nothing_is_left(team)


@with_team
async def test_a_segment_that_moves_takes_its_references_along(team: Team) -> None:
    team.write("all.seg", TWO)
    await team.apply()
    moved = (await ids(team))["Data team", "Churned"]
    await team.console_update(moved, JAPAN, folder=("New",))
    await team.pull()
    text = "".join(team.files().values())
    assert 'in segment "Churned" of folder "New"' in text
    assert 'of folder "Data team"' not in text


@with_team
async def test_a_name_taken_over_in_a_folder_is_never_followed_unasked(team: Team) -> None:
    await team.console_create("Churned", JAPAN)
    old = await team.console_create("Churned", JAPAN, ("Data team",))
    team.write("s.seg", 'segment "S" where in segment "Churned" of folder "Data team"\n')
    await team.apply()
    await team.console_update(old, JAPAN, name="Gone quiet")
    new = await team.console_create("Churned", JAPAN, ("Data team",))
    [conflict] = (await team.plan()).conflicts
    said = (
        f'"Churned" of folder "Data team" meant #{old}, which is "Gone quiet" of folder '
        f'"Data team" on the server now; it would mean #{new}'
    )
    assert conflict.notes == (said,)
    await team.pull("S")
    assert await refers_to(team, "S") == {old}
    assert team.files()["s.seg"] == 'segment "S" where in segment "Gone quiet"\n'
    assert not (await team.plan()).conflicts


MOVED = """\
segment "S" where in segment "Churned" # who left us
  of # mark
  folder "Data team" # after
"""
RENAMED = """\
segment "S" where in segment # "Churned" of folder
  "Churned"
"""


@with_team
async def test_comments_in_a_reference_stay_where_its_name_changes(team: Team) -> None:
    await team.console_create("Churned", JAPAN)
    other = await team.console_create("Churned", JAPAN, ("Data team",))
    team.write("s.seg", MOVED)
    await team.apply()
    await team.console_update(other, JAPAN, folder=("New",))
    await team.pull()
    text = team.files()["s.seg"]
    assert text == MOVED.replace("Data team", "New")
    await team.console_update(other, JAPAN, name="Quiet")
    await team.pull()
    text = team.files()["s.seg"]
    assert [each.split("#")[1].strip() for each in text.splitlines() if "#" in each] == [
        "who left us",
        "mark",
        "after",
    ]
    assert 'in segment "Quiet"' in text
    assert await refers_to(team, "S") == {other}
    await nothing_is_left(team)


@with_team
async def test_quotes_in_a_comment_are_no_name(team: Team) -> None:
    old = await team.console_create("Churned", JAPAN)
    team.write("s.seg", RENAMED)
    await team.apply()
    await team.pull()
    await team.console_update(old, JAPAN, name="Quiet")
    await team.pull()
    assert team.files()["s.seg"] == RENAMED.replace('  "Churned"', '  "Quiet"')
    await nothing_is_left(team)


@with_team
async def test_a_folder_that_does_not_have_it_is_told_with_those_that_do(team: Team) -> None:
    await team.console_create("Churned", JAPAN, ("Data team",))
    team.write("s.seg", 'segment "S" where in segment "Churned" of folder "Data taem"\n')
    report = Report()
    await team.plan(report=report)
    [found] = report.diagnostics
    assert found.code.name == "SEG304"
    assert found.help == 'there is one in the folder "Data team"'


# --- hidden ------------------------------------------------------------------------------


@with_team
async def test_what_the_console_hides_comes_as_hidden_and_stays_so(team: Team) -> None:
    id = await team.console_create("Secret", JAPAN, is_visible=False)
    await team.console_create("Open", JAPAN)
    await team.pull()
    assert team.files()["Secret.seg"].startswith('segment "Secret"\n  hidden\n\nwhere')
    assert "hidden" not in team.files()["Open.seg"]
    await nothing_is_left(team)
    # A change of something else leaves it hidden.
    team.write("Secret.seg", 'segment "Secret"\n  hidden\n\nwhere\n  age > 3\n')
    [change] = (await team.plan()).changes
    assert change.what == ("rule",)
    await team.apply()
    assert not (await team.client.segment("7", id)).is_visible
    await nothing_is_left(team)


@with_team
async def test_hiding_and_showing_are_changes_like_others(team: Team) -> None:
    team.write("a.seg", 'segment "A" hidden where age > 3\n')
    await team.apply()
    [id] = (await ids(team)).values()
    assert not (await team.client.segment("7", id)).is_visible
    team.write("a.seg", 'segment "A" where age > 3\n')
    [change] = (await team.plan()).changes
    assert change.what == ("shown",)
    await team.apply()
    assert (await team.client.segment("7", id)).is_visible
    await nothing_is_left(team)
    team.write("a.seg", 'segment "A" hidden where age > 3\n')
    [change] = (await team.plan()).changes
    assert change.what == ("hidden",)


@with_team
async def test_hidden_in_the_console_since_is_pulled(team: Team) -> None:
    team.write("a.seg", 'segment "A" where age > 3\n')
    await team.apply()
    [id] = (await ids(team)).values()
    now = await team.client.segment("7", id)
    body = {"isVisible": False, "rule": now.rule}
    await team.client._transport.send("PUT", f"/audiences/7/segments/{id}", body=body)
    await team.pull()
    assert team.files()["a.seg"] == 'segment "A"\n  hidden\n\nwhere\n  age > 3\n'
