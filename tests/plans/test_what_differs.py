"""A conflict always shows what differs; a side that did not change has nothing to show."""

from __future__ import annotations

import re

import pytest

from local_api import equal, rule
from segdsl.workspace.kinds.effects import NOT_COUNTED
from segdsl.workspace.kinds.segments.state import SegmentState
from segdsl.workspace.project.lock import Entry
from segdsl.workspace.project.lock_file import load_lock
from segdsl.workspace.sync.differences import unlike
from segdsl.workspace.sync.plan_text import plan_markdown, plan_text
from teams import Team, with_team

ONE, TWO = rule(equal("age", 1)), rule(equal("age", 2))


@with_team
async def test_only_the_side_that_changed_is_shown(team: Team) -> None:
    team.write("a.seg", 'segment "A" where age = 1\n')
    await team.apply()
    await team.console_update((await team.segments())["A"].id, TWO)
    plan = await team.plan()
    for text in (plan_text(plan, NOT_COUNTED, color=False), plan_markdown(plan, NOT_COUNTED)):
        assert "last seen (-) and on the server (+)" in text
        assert "here (+)" not in text
        assert "no difference" not in text


@with_team
async def test_a_lock_whose_source_is_that_of_the_server_says_so(team: Team) -> None:
    """As of one that an older version wrote, with another digest of the same."""
    team.write("a.seg", 'segment "A" where age = 1\n')
    await team.apply()
    path = team.folder / "local.lock.toml"
    path.write_text(re.sub(r"sha256:\w+", "sha256:0", path.read_text()))
    team.write("a.seg", 'segment "A" where age = 3\n')
    [conflict] = (await team.plan()).conflicts
    assert conflict.why == "changed on both sides"
    [note] = conflict.notes
    assert note.startswith("on the server its text is as it was last seen, but its content is not")
    assert "+  age = 3" in plan_text(await team.plan(), NOT_COUNTED, color=False)
    assert load_lock(team.project, "local").entries


def test_what_reads_the_same_is_told_by_its_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SegmentState, "source", lambda self, names, report=None: "same")
    here = SegmentState((), "A", "batch", "", '{"a":[{"b":1}],"c":"x","d":{}}')
    there = SegmentState((), "A", "batch", "", '{"a":[{"b":2}],"d":{"e":null,"f":1}}')
    [told] = unlike(here, there, None, {})
    assert told == (
        "both sides have the same text, but differ in $.a[0].b: 1 here, 2 on the server; "
        '$.c: "x" here, null on the server; $.d.f: null here, 1 on the server'
    )
    [told] = unlike(here, SegmentState((), "A", "batch", "", here.rule, True), None, {})
    assert told == "both sides have the same text, but differ in hidden"
    entry = Entry("segment", "1", "A", (), "", "sha256:0", "same")
    assert unlike(here, here, entry, {})[0].startswith("here its text is as it was last seen")
