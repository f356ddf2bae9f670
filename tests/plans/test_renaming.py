"""A new name together with an edit: what looks renamed, and what `mv` records, keeps its id."""

from __future__ import annotations

from pathlib import Path

import pytest

from segdsl.diagnostics import Report
from segdsl.workspace.kinds.registry import KINDS
from segdsl.workspace.kinds.resource import Change, Version
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.project.lock import Entry
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.remote.listing import SegmentNotFoundError
from segdsl.workspace.sync import renaming
from segdsl.workspace.sync.commands import move_in_lock, plan_for
from segdsl.workspace.sync.plan import Plan
from segdsl.workspace.sync.planning import PlanOptions
from teams import Team, with_team

ADULTS = 'segment "Adults"\n  description "Of age"\n  folder "Ages"\n\nwhere\n  age >= 18\n'
GROWN = 'segment "Grown-ups"\n  folder "Grown"\n\nwhere\n  age >= 21\n'
JAPAN = 'segment "Japan"\n\nwhere\n  country = "JP"\n'


def renamed(plan: Plan) -> list[tuple[str, str]]:
    return [(each.old_name, each.name) for each in plan.renames]


def moved(team: Team, old: str, new: str) -> None:
    move_in_lock(team.project, "local", team.read(), old, new)


@with_team
async def test_a_new_name_with_an_edit_looks_renamed(team: Team) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    team.write("a.seg", GROWN)
    plan = await team.plan()
    assert renamed(plan) == [("Adults", "Grown-ups")]
    assert plan.renames[0].why == ("in the same file", "with a similar rule")
    # Where it would be deleted it is as bad.
    assert renamed(await team.plan(prune=True)) == [("Adults", "Grown-ups")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("other/b.seg", ADULTS.replace('"Adults"', '"Majority"').replace("18", "20")),
        ("b.seg", ADULTS.replace('"Adults"', '"Adults of Japan"').replace("18", "20")),
        ("b.seg", 'segment "Everybody of age"\n  folder "X"\n\nwhere\n  age >= 16\n'),
        ("a.seg", 'segment "Something else"\n\nwhere\n  country = "FR"\n'),
    ],
    ids=["description", "description and name", "rule", "file"],
)
def test_each_likeness_is_enough(tmp_path: Path, path: str, text: str) -> None:
    @with_team
    async def test(team: Team) -> None:
        team.write("a.seg", ADULTS)
        await team.apply()
        (team.folder / "a.seg").unlink()
        team.write(path, text)
        assert [old for old, _ in renamed(await team.plan())] == ["Adults"]

    test(tmp_path)  # type: ignore[operator]


@with_team
async def test_what_is_not_alike_is_not_asked_about(team: Team) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    (team.folder / "a.seg").unlink()
    team.write("b.seg", JAPAN)
    plan = await team.plan()
    assert plan.renames == ()
    assert [each.action for each in plan.changes] == ["create"]


@with_team
async def test_of_several_each_is_in_one_pair(team: Team) -> None:
    team.write("a.seg", ADULTS + "\n" + JAPAN)
    await team.apply()
    team.write("a.seg", GROWN + '\nsegment "Nippon"\n\nwhere\n  country in ("JP", "Japan")\n')
    assert sorted(renamed(await team.plan())) == [("Adults", "Grown-ups"), ("Japan", "Nippon")]


@with_team
async def test_a_recorded_move_keeps_the_id(team: Team) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", 'segment "Both" where in segment "Adults" and country = "JP"\n')
    await team.apply()
    id = (await team.segments())["Adults"].id
    (team.folder / "a.seg").unlink()
    team.write("new/place.seg", GROWN)
    team.write("b.seg", 'segment "Both" where in segment "Grown-ups" and country = "JP"\n')
    moved(team, "Ages/Adults", "Grown-ups")
    plan = await team.plan(prune=True)
    assert [(each.action, each.id, each.what) for each in plan.changes] == [
        ("update", id, ("moved", "renamed", "rule", "description"))
    ]
    assert plan.renames == ()
    await team.apply(plan)
    assert (await team.segments())["Grown-ups"].id == id
    entry = load_lock(team.project, "local").by_ref[Ref("segment", id)]
    assert (entry.name, entry.folder, entry.file) == ("Grown-ups", ("Grown",), "new/place.seg")
    following = await team.plan()
    assert (following.changes, following.conflicts, following.left) == ((), (), ())


@with_team
async def test_a_name_that_still_means_the_old_one_is_a_mistake_as_without_a_move(
    team: Team,
) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", 'segment "Both" where in segment "Adults" and country = "JP"\n')
    await team.apply()
    team.write("a.seg", GROWN)
    moved(team, "Adults", "Grown-ups")
    report = Report()
    await team.plan(report=report)
    assert [each.code.name for each in report.diagnostics] == ["SEG304"]


@with_team
async def test_what_somebody_changed_meanwhile_is_a_conflict_after_a_move_too(team: Team) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    id = (await team.segments())["Adults"].id
    await team.console_update(id, {"type": "And", "conditions": []})
    team.write("a.seg", GROWN)
    moved(team, "#" + id, "Grown/Grown-ups")
    assert [each.why for each in (await team.plan()).conflicts] == ["changed on both sides"]
    pull = await team.pull()
    assert [each.why for each in pull.conflicts] == ["changed on both sides"]


@with_team
async def test_a_move_after_the_new_one_was_created(team: Team) -> None:
    """The new one makes room, and the old one takes its place and its name."""
    team.write("a.seg", ADULTS)
    await team.apply()
    team.write("a.seg", GROWN)
    await team.apply(await team.plan(as_new=True))
    ids = {name: each.id for name, each in (await team.segments()).items()}
    moved(team, "Adults", "Grown-ups")
    plan = await team.plan(prune=True)
    assert [(each.action, each.id) for each in plan.changes] == [
        ("delete", ids["Grown-ups"]),
        ("update", ids["Adults"]),
    ]
    await team.apply(plan)
    assert {name: each.id for name, each in (await team.segments()).items()} == {
        "Grown-ups": ids["Adults"]
    }
    assert not (await team.plan(prune=True)).changes


@with_team
async def test_a_move_to_a_name_that_another_keeps_is_an_error(team: Team) -> None:
    """The server would answer 400: the new one has the name, and is only left."""
    team.write("a.seg", ADULTS)
    await team.apply()
    team.write("a.seg", GROWN)
    await team.apply(await team.plan(as_new=True))
    new = (await team.segments())["Grown-ups"].id
    moved(team, "Adults", "Grown-ups")
    for force in (False, True):
        report = Report()
        await team.plan(report=report, force=force)
        assert [(each.code.name, each.message, each.help) for each in report.diagnostics] == [
            (
                "SEG311",
                f'"Grown-ups" is still the name of #{new} on the server',
                f"if no file has #{new}, delete it with --prune; if one has, plan that file, too; "
                "or choose another name",
            )
        ]


@with_team
async def test_what_is_said_to_be_new_is_not_asked_about_again(team: Team) -> None:
    team.write("a.seg", ADULTS)
    await team.apply()
    team.write("a.seg", GROWN)
    plan = await team.plan(as_new=True)
    assert plan.renames == ()
    await team.apply(plan)
    assert [each.name for each in (await team.plan()).left] == ["Adults"]
    # In the same file, after the file had lost one.
    team.write("a.seg", GROWN + "\n" + JAPAN)
    assert (await team.plan()).renames == ()


@with_team
async def test_the_answers_of_a_person(team: Team) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", JAPAN)
    await team.apply()
    team.write("a.seg", GROWN)
    team.write("b.seg", 'segment "Nippon" where country in ("JP", "Japan")\n')
    ids = {name: each.id for name, each in (await team.segments()).items()}
    plan = await team.plan()
    options = PlanOptions().answered(
        plan.renames, [each.old_name == "Japan" for each in plan.renames]
    )
    report = Report()
    plan = await plan_for(team.connection, team.project, team.read(), report, options)
    assert not report.has_errors
    assert [(each.action, each.state.name, each.id) for each in plan.changes] == [
        ("create", "Grown-ups", None),
        ("update", "Nippon", ids["Japan"]),
    ]
    assert (plan.renames, [each.id for each in plan.detached]) == ((), [ids["Adults"]])
    await team.apply(plan)
    assert not (await team.plan()).changes
    assert load_lock(team.project, "local").by_ref[Ref("segment", ids["Adults"])].file == ""


@with_team
async def test_moves_that_make_no_sense(team: Team) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", JAPAN)
    await team.apply()
    before = (team.folder / "local.lock.toml").read_text()
    for old, new, words in (
        ("Adlts", "Japan", "did you mean `Adults`"),
        ("Adults", "Jpan", "did you mean `Japan`"),
        ("Adults", "Japan", "still in a.seg"),
        ("", "Japan", "lock has no segment"),
        ("Adults", "", "no file of the workspace"),
        ("#99", "Japan", "lock has no segment"),
    ):
        with pytest.raises(SegmentNotFoundError, match=words):
            moved(team, old, new)
    assert (team.folder / "local.lock.toml").read_text() == before
    moved(team, "Adults", "Adults")
    assert (team.folder / "local.lock.toml").read_text() == before


@with_team
async def test_a_name_that_several_have_is_the_one_without_a_file(team: Team) -> None:
    team.write("a.seg", ADULTS)
    team.write("b.seg", ADULTS.replace("Ages", "Other ages").replace("18", "30"))
    await team.apply()
    ids = {each.state.folder: id for id, each in (await team.resources()).items()}
    team.write("b.seg", GROWN)
    moved(team, "Adults", "Grown-ups")
    [change] = (await team.plan()).changes
    assert change.id == ids["Other ages",]


def test_many_are_compared_only_where_something_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renaming, "MOST_PAIRS", 0)
    compared = 0
    fingerprint = renaming._likeness

    def counting(*each: object) -> object:
        nonlocal compared
        compared += 1
        return fingerprint(*each)  # type: ignore[arg-type]

    monkeypatch.setattr(renaming, "_likeness", counting)
    rule = '{"type":"And","conditions":[]}'
    entries = [
        Entry(
            "segment",
            str(at),
            f"Old {at}",
            (),
            f"{at}.seg",
            "",
            f'segment "Old {at}"\n\nwhere\n  age > 1\n',
        )
        for at in range(50)
    ]
    changes = [
        Change(
            f"{at}.seg",
            after=Version(
                SegmentState((), f"New {at}", "batch", "", rule),
                f'segment "New {at}"\n\nwhere\n  age > 2\n',
            ),
        )
        for at in range(50)
    ]
    found = renaming.likely_renames(entries, changes, KINDS)
    assert {(each.old_name, each.name) for each in found} == {
        (f"Old {at}", f"New {at}") for at in range(50)
    }
    assert compared == 50
