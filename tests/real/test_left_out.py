"""Answers that leave out a part, and lists in which one segment cannot be handled.

None of it may change anything on the server or in a file, nor stop what is about other segments.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay import MANNERS, Json
from test_commands import Shop, opened

HIDDEN = """\
segment "Buyers"
  description "Who buys"
  hidden

where
  signup_time is not null
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened("own", MANNERS[0], tmp_path, monkeypatch) as found:
        yield found


def add(shop: Shop, id: str, **changed: Json) -> None:
    """Another segment on the server, as one that is there but for what is `changed`."""
    like = shop.replay.named("With visibility")
    shop.replay.segments.append({**copy.deepcopy(like), "id": id, **changed})


def left_alone(shop: Shop) -> dict[str, str]:
    """Why each segment of a plan is left alone, by its id."""
    return {each["id"]: each["why"] for each in shop.planned()["left_alone"]}


def refers_to(shop: Shop, *ids: str) -> Json:
    conditions = [{"type": "Reference", "id": id, "exclude": False} for id in ids]
    return {"type": "And", "conditions": [{"type": "And", "conditions": conditions}]}


# --- one that cannot be handled ------------------------------------------------------------


@pytest.mark.parametrize("in_root", [None, "the root's id"])
def test_two_segments_of_one_place_are_left_alone(in_root: str | None, shop: Shop) -> None:
    folder = None if in_root is None else shop.replay.root
    add(shop, "7001", name="Twin", segmentFolderId=folder)
    add(shop, "7002", name="Twin", segmentFolderId=shop.replay.root)
    shop.run("pull")
    shop.run("pull")
    why = "another segment of its folder has the same name"
    assert {id: said for id, said in left_alone(shop).items() if id in ("7001", "7002")} == {
        "7001": why,
        "7002": why,
    }
    assert "Twin" not in "".join(shop.files().values())


def test_a_blank_name_is_told_as_the_reason(shop: Shop) -> None:
    add(shop, "7001", name=" ")
    done = [each for each in shop.told("pull")["segments"] if "blank" in (each["why"] or "")]
    assert [each["why"] for each in done] == ["its name is blank"]
    assert left_alone(shop)["7001"] == "its name is blank"


def test_a_plan_names_the_place_of_what_no_source_can_hold(shop: Shop) -> None:
    """As `pull` and `show` do, and in text and markdown too."""
    path = "$.rule.conditions[0].conditions[0].operator.type"
    shop.run("pull")
    id = str(shop.replay.named("No words for it")["id"])
    assert path in left_alone(shop)[id]
    assert path in shop.run("plan").stdout
    assert "no file can hold them" in shop.run("plan", "--format", "github").stdout


def test_one_that_cannot_be_read_any_more_keeps_its_name_in_others(shop: Shop) -> None:
    add(shop, "7001", name="Lost")
    add(shop, "7002", name="Refers", rule=refers_to(shop, "7001"))
    shop.run("pull")
    assert 'in segment "Lost"' in shop.file_of("Refers").read_text()
    lost = shop.replay.named("Lost")
    shop.replay.alone["7001"] = {"status": 403, "body": {"message": "no"}}
    shop.replay.segments[:] = [
        {key: value for key, value in each.items() if key != "rule" or each["id"] != lost["id"]}
        for each in shop.replay.segments
    ]
    before = shop.files()
    plan = shop.planned(code=1)
    assert [each["name"] for each in plan["conflicts"]] == ["Lost"]
    shop.run("pull")
    assert shop.files() == before


@pytest.mark.parametrize(
    "changed",
    [{"kind": 77}, {"segmentFolderId": "999999"}, {"name": ""}, {"description": ["odd"]}],
    ids=str,
)
def test_whatever_is_left_alone_keeps_its_name_in_others(changed: Json, shop: Shop) -> None:
    add(shop, "7001", name="Lost")
    add(shop, "7002", name="Refers", rule=refers_to(shop, "7001"))
    shop.run("pull")
    [lost] = [each for each in shop.replay.segments if each["id"] == "7001"]
    lost.update(changed)
    before = shop.files()
    plan = shop.planned(code=1)
    assert [each["name"] for each in plan["conflicts"]] == ["Lost"]
    shop.run("pull")
    assert shop.files() == before
    # What refers to it can be changed, and goes on to refer to it.
    path = shop.file_of("Refers")
    path.write_text(path.read_text() + "  and signup_time is not null\n")
    shop.run("plan", str(path.relative_to(shop.folder)))
    shop.run("apply", "--yes", str(path.relative_to(shop.folder)))
    [body] = shop.replay.sent("PUT")
    assert '"7001"' in json.dumps(body)


def test_a_rule_that_became_inexpressible_is_not_to_be_pulled(shop: Shop) -> None:
    add(shop, "7001", name="Turned")
    shop.run("pull")
    odd = shop.replay.named("No words for it")["rule"]
    shop.replay.segments[-1]["rule"] = odd
    said = " ".join(shop.run("plan", code=1).stdout.split())
    assert "cannot be written in the language" in said
    assert "segdsl pull" not in said
    shop.file_of("Turned").unlink()
    said = " ".join(shop.run("plan", "--prune", code=1).stdout.split())
    assert "no file can hold the server's version" in said
    assert "segdsl pull" not in said


# --- what is left out ----------------------------------------------------------------------


def test_what_a_create_does_not_answer_is_as_it_was_sent(shop: Shop) -> None:
    shop.replay.untold_by_writes = ("description", "isVisible", "kind", "segmentFolderId")
    shop.write("buyers.seg", HIDDEN)
    shop.run("apply", "--yes")
    shop.write("buyers.seg", HIDDEN.replace("is not null", "is null"))
    plan = shop.planned()
    assert [(each["action"], each["what"]) for each in plan["changes"]] == [("update", ["rule"])]
    assert plan["conflicts"] == []


def test_an_update_leaves_what_the_server_does_not_tell(shop: Shop) -> None:
    """A hidden segment of a server that does not say so stays hidden (observed: a PUT without
    `isVisible` does not change it)."""
    shop.replay.untold_by_reads = ("isVisible",)
    assert shop.replay.named("Hidden")["isVisible"] is False
    shop.run("pull")
    path = shop.file_of("Hidden")
    head, rest = path.read_text().split("\n", 1)
    path.write_text(f'{head}\n  description "Changed here"\n{rest}')
    shop.run("apply", "--yes")
    after = shop.replay.named("Hidden")
    assert (after["description"], after["isVisible"]) == ("Changed here", False)


def test_sql_asks_a_column_of_an_unknown_type(shop: Shop) -> None:
    shop.write("geo.seg", 'segment "Located" where garden_geo is not null\n')
    assert "garden_geo" in shop.run("sql", "geo.seg").stdout


@pytest.mark.parametrize("command", [["create"], ["preview"], ["apply", "--yes"]])
def test_a_folder_that_nobody_sees_is_not_the_root(command: list[str], shop: Shop) -> None:
    add(shop, "7001", name="Elsewhere", segmentFolderId="999999")
    shop.write("s.seg", 'segment "S" where in segment "Elsewhere" of folder "/"\n')
    done = shop.run(*command, *["s.seg"] * (command[0] != "apply"), code=1)
    assert "SEG304" in done.stderr
    assert shop.replay.sent("POST") == []


# --- plans of before -----------------------------------------------------------------------


def test_a_plan_of_an_older_version_is_not_carried_out(shop: Shop) -> None:
    shop.write("buyers.seg", HIDDEN)
    shop.run("plan", "--save", "plan.json")
    saved = shop.folder / "plan.json"
    text = saved.read_text()
    assert '"version": 3' in text
    saved.write_text(text.replace('"version": 3', '"version": 1'))
    done = shop.run("apply", "--yes", "--plan", "plan.json", code=2)
    assert "made by another version of segdsl: make a new plan" in done.stderr
    assert shop.replay.sent("POST") == []


# --- names on the command line ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["", " ", "Spring/", "/"])
@pytest.mark.parametrize(
    "command", [["delete", "--yes"], ["show"], ["pull"]], ids=lambda each: each[0]
)
def test_a_blank_name_names_nothing(command: list[str], name: str, shop: Shop) -> None:
    """As from `segdsl delete --yes "$NAME"` where the variable is empty."""
    add(shop, "7001", name="", segmentFolderId=shop.replay.named("Hidden")["segmentFolderId"])
    add(shop, "7002", name=" ")
    before = len(shop.replay.segments)
    done = shop.run(*command, name, code=2)
    what = "segment" if command[0] == "delete" else "resource"
    assert (f"there is no {what}" if name else "it is empty; is a variable") in done.stderr
    assert len(shop.replay.segments) == before
    assert shop.files() == {}


def test_a_number_that_is_a_name_and_an_id_is_not_guessed(shop: Shop) -> None:
    add(shop, "7001", name="Sevens")
    add(shop, "7002", name="7001")
    add(shop, "7003", name="#7002")
    done = shop.run("delete", "--yes", "7001", code=2)
    assert "2 segments are named `7001`" in done.stderr
    shop.run("delete", "--yes", "#7002")
    assert {"Sevens", "#7002"} <= set(shop.names())
    assert "7001" not in shop.names()


def test_what_the_schema_says_of_a_definition_is_told(shop: Shop) -> None:
    shop.run("schema", "pull")
    shop.write("lib.seg", 'let x = in stage "Seen" of funnel "Mail"\n')
    shop.write("a.seg", 'import x from "lib.seg"\nsegment "A" where x\n')
    done = shop.run("plan", code=1)
    assert (done.stderr.count("error["), "SEG304" in done.stderr) == (1, True)
