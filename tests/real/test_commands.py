"""Every command against recorded answers: what it tells, and what it sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from recorded import ANSWERS, answers_of
from replay import MANNERS, Json, Manner, Replay, on_a_port
from running import segdsl

pytestmark = pytest.mark.heavy

KEY = "1/0123456789abcdef0123456789abcdef01234567"
BY_MANNER = pytest.mark.parametrize("manner", MANNERS, ids=str)


class Shop:
    """A project whose target is a server with recorded answers."""

    def __init__(self, folder: Path, replay: Replay) -> None:
        self.folder = folder
        self.replay = replay

    # --- what its parent segment has, whichever answers it replays ----------------------

    @property
    def text_column(self) -> Json:
        """An attribute of strings whose label is not its column."""
        return next(
            each
            for each in self.replay.attributes
            if each["type"] == "string" and each["name"] != each["matrixColumnName"]
        )

    @property
    def behavior(self) -> Json:
        found: Json = self.replay.behaviors[0]
        return found

    @property
    def number_column(self) -> Json:
        return next(each for each in self.behavior["schema"] if each["type"] == "number")

    @property
    def source_name(self) -> str:
        """How a file writes the behavior."""
        table: str = self.behavior["matrixTableName"]
        return table.removeprefix("behavior_")

    def buyers(self, name: str = "Buyers", folder: str = "New/Deep", more: str = "") -> str:
        """A file with a segment that asks an attribute and a behavior."""
        return (
            f'segment "{name}"\n  folder "{folder}"\n\nwhere\n'
            f'  {self.text_column["matrixColumnName"]} = "JP"\n'
            f"  and count({self.source_name} where "
            f"{self.number_column['matrixColumnName']} > 10) >= 2\n{more}"
        )

    def names(self) -> list[str]:
        return [each["name"] for each in self.replay.segments if isinstance(each["name"], str)]

    # --- running ------------------------------------------------------------------------

    def run(self, *arguments: str, code: int = 0) -> Result:
        done = segdsl(*arguments)
        assert done.exit_code == code, done.output
        assert KEY not in done.output
        assert KEY.rpartition("/")[2] not in done.output
        return done

    def told(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def planned(self, *options: str, code: int = 0) -> Any:
        return json.loads(self.run("plan", "--format", "json", *options, code=code).stdout)

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    def files(self) -> dict[str, str]:
        found = sorted(self.folder.rglob("*.seg"))
        return {each.relative_to(self.folder).as_posix(): each.read_text() for each in found}

    def file_of(self, name: str) -> Path:
        [path] = [
            path
            for path in self.folder.rglob("*.seg")
            if path.read_text().startswith(f'segment "{name}"')
        ]
        return path


@pytest.fixture
def shop(
    answers: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    manner: Manner = getattr(request, "param", MANNERS[0])
    with opened(answers, manner, tmp_path, monkeypatch) as found:
        yield found


@contextmanager
def opened(
    answers: str, manner: Manner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    replay = Replay(answers_of(answers), manner)
    monkeypatch.setenv("TD_API_KEY", KEY)
    monkeypatch.chdir(folder)
    with on_a_port(replay) as url:
        (folder / "segdsl.toml").write_text(
            '[targets.real]\nkind = "treasuredata"\nregion = "us01"\n'
            f'parent_segment = {replay.id}\nurl = "{url}"\n'
        )
        yield Shop(folder, replay)


# --- the schema --------------------------------------------------------------------------


@ANSWERS
def test_the_schema_is_pulled_and_shown(answers: str, shop: Shop) -> None:
    done = shop.run("schema", "pull")
    assert done.stdout.startswith("written: real.schema.toml")
    shown = {(each["what"], each["name"]): each for each in shop.told("schema", "show")["things"]}
    known = ("string", "number", "timestamp", "boolean", "string_array")
    for each in shop.replay.attributes:
        if each["type"] in known and "matrixColumnName" in each:
            assert ("attribute", each["matrixColumnName"]) in shown
        if each["type"] not in known:
            # A type that is not known is told by name, here or there.
            told = done.stderr + json.dumps(list(shown.values()))
            assert each.get("matrixColumnName", each["id"]) in told
    number = shop.number_column["matrixColumnName"]
    assert ("column", number) in shown
    assert {name for what, name in shown if what == "segment"} >= {*shop.names()} - {
        "Odd description"
    }
    assert shop.run("schema", "pull").stdout.startswith("unchanged")


@ANSWERS
def test_values_are_sampled_by_the_ids_of_behaviors(answers: str, shop: Shop) -> None:
    shop.run("schema", "pull")
    column = shop.number_column["matrixColumnName"]
    [found] = [
        each
        for each in shop.told("schema", "show", column, "--sample")["things"]
        if each["name"] == column and each["what"] == "column"
    ]
    assert found["values"] == ["JP", "NZ", None]
    path = f"/audiences/{shop.replay.id}/behaviors/{shop.behavior['id']}/sample_values"
    assert [each.query["column"] for each in shop.replay.recorded if each.path == path] == [column]


# --- list and show -----------------------------------------------------------------------


@ANSWERS
def test_the_list_has_all_that_can_be_read(answers: str, shop: Shop) -> None:
    done = shop.run("list")
    unreadable = ["Odd description"] if answers == "own" else []
    for name in shop.names():
        assert (name in done.stdout) == (name not in unreadable)
        assert name in done.output
    [odd] = [each for each in shop.replay.segments if each["name"] == "Unknown kind"]
    # That of rules of journeys is known, though no `segment` is written with it.
    is_rule = odd["kind"] == 3
    assert ("journey" if is_rule else f"kind {odd['kind']}") in done.stdout
    assert "hidden" in next(line for line in done.stdout.splitlines() if "Hidden" in line)
    listed = {each["name"]: each for each in shop.told("list")["segments"]}
    assert (listed["Unknown kind"]["kind"], listed["Unknown kind"]["raw_kind"]) == (
        "journey" if is_rule else None,
        odd["kind"],
    )
    assert listed["Hidden"]["is_visible"] is False
    # Nothing that the list leaves out is shown, so that nothing more is asked.
    assert not [each for each in shop.replay.recorded if "/segments/" in each.path]


@ANSWERS
def test_what_cannot_be_read_is_noted(answers: str, shop: Shop) -> None:
    shop.replay.segments[0]["description"] = 12
    shop.replay.segments[1]["name"] = None
    first, second = shop.replay.segments[:2]
    done = shop.run("list")
    assert "cannot be read" in done.stderr
    assert f"“{first['name']}” (#{first['id']})" in done.stderr
    assert f"#{second['id']}" in done.stderr
    assert len(shop.told("list")["segments"]) >= len(shop.replay.segments) - 5


@ANSWERS
def test_each_segment_is_shown_or_the_place_of_what_cannot_be(answers: str, shop: Shop) -> None:
    for each in shop.replay.segments:
        id = str(each["id"])
        done = segdsl("show", id)
        if done.exit_code == 0:
            assert done.stdout.startswith(f'segment "{each["name"]}"')
        else:
            refused = "status" in shop.replay.alone.get(id, {})
            assert done.exit_code == (3 if refused else 1)
            assert refused or f"#{id}: $" in done.output
        if "status" not in shop.replay.alone.get(id, {}):
            answered = shop.told("show", id)["segment"]
            assert answered == shop.replay._shown(shop.replay._alone(id))


@ANSWERS
@pytest.mark.parametrize("name", ["Unknown kind", "No words for it", "Odd description"])
def test_what_the_language_has_no_words_for_is_named(name: str, answers: str, shop: Shop) -> None:
    paths = {
        "Unknown kind": "$.kind",
        "No words for it": "$.rule.conditions[0].conditions[0].operator.type",
        "Odd description": "$",
    }
    if name not in shop.names():
        shop.replay.segments[0].update(
            {
                "No words for it": {"name": name, "rule": NO_WORDS},
                "Odd description": {"name": name, "description": ["x"]},
            }[name]
        )
    assert f": {paths[name]}\n" in shop.run("show", name, code=1).output
    assert shop.told("show", name)["name"] == name


NO_WORDS: Json = {
    "type": "And",
    "conditions": [
        {
            "type": "And",
            "conditions": [
                {
                    "type": "Value",
                    "leftValue": {"name": "x"},
                    "operator": {"type": "WithinPolygon", "rightValues": [[1, 2]]},
                }
            ],
        }
    ],
}


# --- counting ----------------------------------------------------------------------------


@ANSWERS
def test_a_preview_waits_through_every_status(answers: str, shop: Shop) -> None:
    shop.write("a.seg", shop.buyers())
    [found] = shop.told("preview", "a.seg")["segments"]
    assert found["count"] == int(float(shop.replay.query[-1]["count"]))
    sent = shop.replay.sent("POST", "/segments/queries")
    assert_names_of_the_server(shop, sent[0]["rule"])


def assert_names_of_the_server(shop: Shop, rule: Json) -> None:
    """That a rule names matrix columns and the matrix table, and no label."""
    text = json.dumps(rule)
    [left, counted] = rule["conditions"][0]["conditions"]
    assert left["leftValue"]["name"] == shop.text_column["matrixColumnName"]
    assert counted["leftValue"]["source"] == {"name": shop.behavior["matrixTableName"]}
    [column] = counted["leftValue"]["filter"]["conditions"]
    assert column["column"] == shop.number_column["matrixColumnName"]
    for each in (shop.text_column, shop.behavior, shop.number_column):
        assert f'"{each["name"]}"' not in text


# --- creating ----------------------------------------------------------------------------


@ANSWERS
@pytest.mark.parametrize("shop", MANNERS, ids=str, indirect=True)
def test_a_segment_is_created_once_whatever_is_answered(answers: str, shop: Shop) -> None:
    shop.write("a.seg", shop.buyers(more=f'  and in segment "{REFERRED}"\n'))
    shop.write("b.seg", f'segment "{REFERRED}" where everyone\n')
    [first, second] = shop.told("create", "a.seg", "b.seg")["segments"]
    assert {first["status"], second["status"]} == {"created"}
    bodies = {
        each["name"]: each for each in shop.replay.sent("POST", "/segments") if "name" in each
    }
    assert set(bodies) == {"Buyers", REFERRED}
    body = bodies["Buyers"]
    *rules, reference = body["rule"]["conditions"][0]["conditions"]
    assert_names_of_the_server(shop, {"conditions": [{"conditions": rules}]})
    made = shop.replay.named(REFERRED)
    assert str(reference["id"]) == made["id"]
    assert body["kind"] == 0
    assert body["audienceId"] == int(shop.replay.id)
    assert len(shop.replay.sent("POST", "/entities/folders")) == 2
    # Again: all is there, and nothing is sent.
    again = shop.told("create", "a.seg", "b.seg")["segments"]
    assert [each["status"] for each in again] == ["there_already"] * 2
    assert len(shop.replay.sent("POST", "/segments")) == 2


REFERRED = "Referred to by Buyers"


@ANSWERS
def test_a_segment_whose_rule_the_list_left_out_is_not_made_again(answers: str, shop: Shop) -> None:
    """It is compared by the rule that it has by itself."""
    source = shop.run("show", "Rule left out").stdout
    shop.write("a.seg", source)
    [same] = shop.told("create", "a.seg")["segments"]
    assert same["status"] == "there_already"
    shop.write("a.seg", f'{source}  and {shop.text_column["matrixColumnName"]} != "XX"\n')
    assert "already exists" in shop.run("create", "a.seg", code=1).output
    assert not shop.replay.sent("POST", "/segments")


@ANSWERS
def test_a_refusal_is_told_in_sentences(answers: str, shop: Shop) -> None:
    shop.write("a.seg", shop.buyers(folder=""))
    shop.write("a.seg", shop.buyers().replace('  folder "New/Deep"\n', ""))
    for failing in shop.replay.errors:
        if failing["status"] >= 502:
            continue  # That is tried again for minutes; see the tests of the client.
        shop.replay.failing = failing
        done = segdsl("create", "a.seg")
        assert done.exit_code == 3, done.output
        assert f"({failing['status']})" in done.output
        assert "<" not in done.output
        text = json.dumps(failing["body"])
        if "has already been taken" in text:
            assert "ame has already been taken" in done.output
        if "referencedBySegments" in text:
            assert "it is referenced by the segment" in done.output
            for each in failing["body"]["errors"][0]["meta"]["referencedBySegments"]:
                assert f"“{each['name']}” (#{each['id']})" in done.output
        for key in ("errors", "base", "meta", "status", "{", "["):
            assert key not in done.stderr.replace("status", "" if key == "status" else key)


# --- pulling, planning, applying ---------------------------------------------------------


@ANSWERS
def test_after_a_pull_there_is_nothing_to_plan(answers: str, shop: Shop) -> None:
    shop.run("schema", "pull")
    pulled = shop.told("pull")
    done = {each["name"]: each for each in pulled["segments"] if each["kind"] == "segment"}
    assert set(shop.names()) == {*done} - {"#9117"}
    assert "left_alone" not in {
        done[name]["status"] for name in ("Rule left out", "Hidden", "No rule")
    }
    # Only what no source can hold is left alone, and each says why.
    left = {name: each["why"] for name, each in done.items() if each["status"] == "left_alone"}
    odd = ("No words for it", "Odd description", "Refused by itself", "Unknown kind")
    assert set(left) - {"#9117"} == {*odd} & {*shop.names()}
    assert all(left.values())
    if answers == "own":
        assert "$.rule.conditions[0].conditions[0].operator.type" in left["No words for it"]
    assert "\n  hidden\n" in shop.file_of("Hidden").read_text()
    before = shop.files()
    plan = shop.planned()
    assert (plan["changes"], plan["conflicts"]) == ([], [])
    shop.run("check", ".")
    again = shop.told("pull")
    assert {each["status"] for each in again["segments"]} <= {"the_same", "left_alone"}
    assert shop.files() == before
    assert not [each for each in shop.replay.recorded if each.method in ("PUT", "POST", "DELETE")]


@ANSWERS
def test_a_rule_that_a_list_left_out_is_read_from_the_segment(answers: str, shop: Shop) -> None:
    shop.run("pull")
    left_out = shop.replay.named("Rule left out")
    rules = left_out["rule"]["conditions"][0]["conditions"]
    text = shop.file_of("Rule left out").read_text()
    assert all(each["leftValue"]["name"] in text for each in rules)
    alone = [each.path for each in shop.replay.recorded if "/segments/" in each.path]
    listed = [each for each in shop.replay.segments if each.get("rule") not in EMPTY]
    assert f"/audiences/{shop.replay.id}/segments/{left_out['id']}" in alone
    # The others came with their rules.
    assert not [each for each in listed if f"/segments/{each['id']}" in "".join(alone)]


EMPTY: tuple[Json, ...] = (None, {"type": "And", "conditions": []})


@ANSWERS
@pytest.mark.parametrize("shop", MANNERS, ids=str, indirect=True)
def test_a_change_sends_all_of_a_segment(answers: str, shop: Shop) -> None:
    """Of one whose rule the list leaves out, of a hidden one, of one without a rule."""
    shop.run("pull")
    names = ["Rule left out", "Hidden", "No rule", "Nulls everywhere"]
    before = {name: shop.replay.named(name) for name in names}
    for name in names:
        path = shop.file_of(name)
        head, rest = path.read_text().split("\n", 1)
        path.write_text(f'{head}\n  description "Changed here"\n{rest}')
    plan = shop.planned()
    assert {each["name"] for each in plan["changes"]} == set(names)
    assert {each["action"] for each in plan["changes"]} == {"update"}
    shop.run("apply", "--yes")
    for name in names:
        after = shop.replay.named(name)
        assert after["description"] == "Changed here"
        kept = ("id", "name", "isVisible", "segmentFolderId", "numSyndications")
        assert {key: after[key] for key in kept} == {key: before[name][key] for key in kept}
        assert (after["kind"] or 0) == int(before[name]["kind"] or 0)
        if before[name]["rule"] is not None:
            assert same_conditions(after["rule"], before[name]["rule"])
    for body in shop.replay.sent("PUT"):
        assert "isVisible" not in body
        assert body.keys() >= {"name", "kind", "description", "segmentFolderId", "rule"}
        assert body["rule"]
    assert len(shop.replay.sent("PUT")) == len(names)
    assert shop.planned()["changes"] == []
    assert {each["status"] for each in shop.told("pull")["segments"]} <= {"the_same", "left_alone"}


def same_conditions(one: Json, other: Json) -> bool:
    """Whether two rules of one rule set ask the same columns for the same."""

    def asked(rule: Json) -> list[Any]:
        conditions = rule["conditions"][0]["conditions"]
        return [
            (each["leftValue"]["name"], each["operator"].get("rightValue")) for each in conditions
        ]

    return asked(one) == asked(other)


@ANSWERS
@pytest.mark.parametrize("shop", MANNERS, ids=str, indirect=True)
def test_a_plan_creates_changes_moves_and_deletes(answers: str, shop: Shop) -> None:
    shop.run("pull")
    shop.write("new.seg", shop.buyers())
    moved = shop.file_of("Nulls everywhere")
    head, rest = moved.read_text().split("\n", 1)
    moved.write_text(f'{head}\n  folder "New"\n{rest}')
    deleted = shop.file_of("No rule")
    deleted.unlink()
    plan = shop.planned("--prune")
    actions = {each["name"]: each["action"] for each in plan["changes"]}
    assert actions == {"Buyers": "create", "Nulls everywhere": "update", "No rule": "delete"}
    shop.run("apply", "--yes", "--prune")
    assert_names_of_the_server(shop, shop.replay.named("Buyers")["rule"])
    folders = {each["id"]: each["name"] for each in shop.replay.folders}
    assert folders[str(shop.replay.named("Nulls everywhere")["segmentFolderId"])] == "New"
    assert "No rule" not in shop.names()
    plan = shop.planned("--prune")
    assert (plan["changes"], plan["conflicts"]) == ([], [])


@ANSWERS
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, "<!DOCTYPE html><title>404</title>"),
        (404, ""),
        (404, {"message": "no Route matched with those values"}),
        (404, {"code": "not_found", "message": "as the API would say, of what its list has"}),
        (410, "<html>gone</html>"),
        (200, "<html>Sign in</html>"),
    ],
)
def test_what_a_proxy_answers_takes_nothing_from_the_lock(
    status: int, body: Json, answers: str, shop: Shop
) -> None:
    shop.write("new.seg", shop.buyers())
    shop.run("apply", "--yes", "new.seg")
    [lock] = shop.folder.glob("*.lock.toml")
    (shop.folder / "new.seg").unlink()
    id = str(shop.replay.named("Buyers")["id"])
    before = lock.read_text()
    shop.replay.alone[id] = {"status": status, "body": body}
    done = shop.run("apply", "--yes", "--prune", "new.seg", code=3)
    assert "exists" not in done.output
    assert lock.read_text() == before
    assert "Buyers" in shop.names()
    assert shop.replay.sent("DELETE") == []
    # Once the API answers again, it is seen and deleted.
    del shop.replay.alone[id]
    [change] = shop.planned("--prune", "new.seg")["changes"]
    assert (change["name"], change["action"]) == ("Buyers", "delete")
    shop.run("apply", "--yes", "--prune", "new.seg")
    assert "Buyers" not in shop.names()


@ANSWERS
def test_one_that_is_refused_stops_no_other(answers: str, shop: Shop) -> None:
    """It is not made again either, where a file has it."""
    shop.run("pull")
    id = str(shop.replay.named("Rule left out")["id"])
    shop.replay.alone[id] = {"status": 403, "body": {"errors": {"base": ["not for this key"]}}}
    shop.write("new.seg", shop.buyers())
    plan = shop.planned(code=1)
    assert [each["name"] for each in plan["changes"]] == ["Buyers"]
    [conflict] = plan["conflicts"]
    assert (conflict["name"], conflict["why"]) == (
        "Rule left out",
        "in an unsupported form on the server",
    )
    assert "not for this key" in "".join(conflict["notes"])
    pulled = {
        each["name"]: each for each in json.loads(segdsl("pull", "--json").stdout)["segments"]
    }
    assert pulled["Rule left out"]["status"] == "left_alone"
    assert "not for this key" in pulled["Rule left out"]["why"]


# --- deleting ----------------------------------------------------------------------------


@ANSWERS
@pytest.mark.parametrize("shop", MANNERS, ids=str, indirect=True)
def test_a_segment_is_deleted(answers: str, shop: Shop) -> None:
    for name in ("Rule left out", "Unknown kind"):
        assert shop.run("delete", "--yes", name).stdout.startswith("deleted")
        assert name not in shop.names()


@ANSWERS
def test_what_is_referred_to_is_not_deleted(answers: str, shop: Shop) -> None:
    done = shop.run("delete", "--yes", "Hidden", code=3)
    user = shop.replay.named("Refers with include")
    assert "because others refer to it: the segment " in done.output
    assert f"/{user['name']} (#{user['id']})" in done.output
    assert "Hidden" in shop.names()


def test_one_that_cannot_be_read_can_be_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened("own", MANNERS[0], tmp_path, monkeypatch) as shop:
        shop.run("delete", "--yes", "Odd description")
        shop.run("delete", "--yes", "#9117")
        assert not {"9117", "9118"} & {str(each["id"]) for each in shop.replay.segments}
