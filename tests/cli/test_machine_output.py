"""`--format json`: one document on standard output, of the shape in the reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from running import ROOT, TIDY, UNTIDY, WRONG, interruptible, process, segdsl
from segdsl.api import RetryPolicy
from segdsl.cli.group import COMMANDS, cli
from segdsl.output import reference
from segdsl.output.documents import outputs
from workspace import NOW, write_project

LOCAL = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
NOWHERE = (
    '[targets.nowhere]\nkind = "treasuredata"\nregion = "us01"\nparent_segment = 1\n'
    'url = "http://127.0.0.1:9"\n'
)
RULE = '{"type": "And", "conditions": []}'
TEXT_ONLY = {"completion", "help"}
"""What these print is for a shell and for people, and nothing else."""
RAW = {"request", "rule", "segment"}
"""The keys below which is the API's own JSON."""


@cache
def validator() -> Draft202012Validator:
    schema = json.loads(
        (ROOT / "docs" / "reference" / reference.SCHEMA).read_text(encoding="utf-8")
    )
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def read(text: str) -> dict[str, Any]:
    """The one document that a text is; it must have the shape of its command."""
    found = json.loads(text)
    assert isinstance(found, dict)
    assert text == text.strip() + "\n"
    shape = {"$ref": f"#/$defs/{outputs()[found['command']].__name__}"}
    strict = validator().evolve(schema={**validator().schema, **shape, "oneOf": [{}]})
    errors = [f"{error.json_path}: {error.message}" for error in strict.iter_errors(found)]
    assert errors == []
    for key in keys(found):
        assert re.fullmatch("[a-z][a-z0-9_]*", key), key
    return found


def keys(value: object) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield key
                if key not in RAW or isinstance(inner, str):
                    yield from keys(inner)
        case list():
            for inner in value:
                yield from keys(inner)


def run(*arguments: str, code: int = 0, input: str | None = None) -> dict[str, Any]:
    """What a command answers in JSON; both ways to ask for it must answer the same."""
    done = segdsl(*arguments, input=input)
    assert done.exit_code == code, done.output
    found = read(done.stdout)
    assert (found["exit_code"], found["ok"]) == (code, code in (0, 4))
    return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, LOCAL + NOWHERE)
    (tmp_path / "untidy.txt").write_text(UNTIDY)
    (tmp_path / "wrong.txt").write_text(WRONG)
    (tmp_path / "rule.json").write_text(RULE)
    (tmp_path / "abroad.yml").write_text(
        "name: Abroad\nrule: {type: Value, attribute: country, operator: {type: IsNull}}\n"
    )
    (tmp_path / "pieces.txt").write_text("let x = a is true\n")
    monkeypatch.setenv("TD_API_KEY", "1/" + "0" * 40)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- the reference -------------------------------------------------------------------


def test_the_schema_and_the_page_are_of_these_shapes() -> None:
    folder = ROOT / "docs" / "reference"
    again = "run `make pages`"
    assert (folder / reference.SCHEMA).read_text() == reference.schema_text(), again
    page = (folder / reference.PAGE).read_text()
    assert page == reference.page(page), again


def test_the_schema_takes_nothing_else(project: Path) -> None:
    text = segdsl("list", "--json").stdout
    for wrong in ('"ok": true,', '"notes": [],'):
        with pytest.raises(AssertionError, match="is a required property"):
            read(text.replace(f"  {wrong}\n", ""))
    with pytest.raises(AssertionError, match="Additional properties"):
        read(text.replace('"ok": true,', '"ok": true,\n  "more": 1,'))


def leaves(command: click.Command, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each command that runs, by its names."""
    if not isinstance(command, click.Group):
        yield names
        return
    ctx = click.Context(command)
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        assert found is not None
        yield from leaves(found, (*names, name))


def option_names(names: tuple[str, ...]) -> set[str]:
    command: click.Command = cli
    for name in names:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return {option for param in command.params for option in param.opts}


def test_every_command_can_answer_in_json() -> None:
    every = set(leaves(cli)) - {(name,) for name in TEXT_ONLY}
    assert {names for names in every if not {"--json", "--format"} <= option_names(names)} == set()
    # `run NAME`, which has no word for its kind, has a document where nothing is run.
    assert {" ".join(names) for names in every} | {"segdsl", "run"} == set(outputs())


# --- every command, when it works ------------------------------------------------------

WORKS: list[tuple[str, ...]] = [
    ("apply", "--yes"),
    ("check",),
    ("check", "--fix", "--diff"),
    ("compile", "--symbolic", "."),
    ("compile", "--rule", "japan.seg", "buyers.seg", "--symbolic"),
    ("compile", "japan.seg", "-o", "out.txt"),
    ("create", ".", "--count"),
    ("decompile", "rule.json"),
    ("decompile", "rule.json", "-o", "out.txt"),
    ("explain", "."),
    ("explain", "--tree", "japan.seg"),
    ("fmt",),
    ("fmt", "--diff", "untidy.txt"),
    ("import", "abroad.yml", "--dry-run"),
    ("list",),
    ("parent", "init", "Customer 360", "--master", "gold.customers", "--file", "new.toml"),
    ("parent", "pull", "--file", "there.toml"),
    ("plan",),
    ("plan", "--count"),
    ("preview", "."),
    ("preview", "japan.seg", "--breakdown", "--sample", "2", "--columns", "email,age"),
    ("pull",),
    ("rule", "SEG601"),
    ("schema", "pull"),
    ("sql", "."),
    ("sql", "--remote", "japan.seg"),
    ("sql", "japan.seg", "-o", "out.txt"),
]


GROUPS = ("journey", "parent", "run", "schema")
OTHERS = {
    ("delete",),
    ("init",),
    ("journey", "launch"),
    ("journey", "pause"),
    ("journey", "resume"),
    ("mv",),
    ("parent", "apply"),
    ("parent", "plan"),
    ("parent", "run"),
    ("parent", "status"),
    ("parent", "validate"),
    ("run", "activation"),
    ("run", "predictive-segment"),
    ("schema", "show"),
    ("serve",),
    ("show",),
    ("simulate",),
}
"""The commands that need something first; their documents have tests of their own, below or with
those of the command."""


def test_every_command_is_among_those_that_work_and_those_that_fail() -> None:
    every = {names for names in leaves(cli) if names[0] not in TEXT_ONLY}
    assert {_names(arguments) for arguments in WORKS} | OTHERS == every
    assert {_names(arguments) for *_, arguments in FAILS} - {("lst",), ("schema", "shwo")} == every


def _names(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return arguments[: 2 if arguments[0] in GROUPS else 1]


@pytest.mark.parametrize("arguments", WORKS, ids=" ".join)
def test_a_command_that_works_writes_one_document(
    project: Path, arguments: tuple[str, ...]
) -> None:
    if arguments[0] == "import":
        pytest.importorskip("yaml")
    found = run(*arguments, "--json")
    name = " ".join(_names(arguments))
    assert (found["command"], found["error"]) == (name, None)


def test_those_about_one_segment_and_the_schema(project: Path) -> None:
    segdsl("create", ".")
    listed = run("list", "--json")["segments"]
    assert [each["folder"] for each in listed] == [None, "Countries/Asia", "Countries/Asia"]
    shown = run("show", "Japan", "--json")
    assert shown["segment"]["rule"]["type"] == "And"
    assert shown["source"] == (project / "japan.seg").read_text()
    for command in ("preview", "explain", "sql"):
        files = [each["file"] for each in run(command, "--segment", "Japan", "--json")["segments"]]
        assert files == [None], command
    segdsl("schema", "pull")
    things = run("schema", "show", "--sample", "--json")["things"]
    kinds = {"attribute", "behavior", "column", "segment", "connection"}
    assert {each["what"] for each in things} == kinds
    assert run("schema", "pull", "--json")["status"] == "unchanged"
    pulled = run("pull", "--json")
    assert {each["status"] for each in pulled["segments"]} == {"the_same"}
    segdsl("delete", "Buyers in Japan", "--yes")
    deleted = run("delete", "Japan", "--yes", "--json")
    assert (deleted["deleted"], deleted["folder"]) == (True, "Countries/Asia")


def test_those_that_write_a_lock_and_a_workspace(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segdsl("apply", "--yes")
    for file in ("japan.seg", "buyers.seg"):
        path = project / file
        path.write_text(path.read_text().replace('segment "Japan"', 'segment "Nippon"'))
    moved = run("mv", "Japan", "Nippon", "--json")
    assert (moved["old_name"], moved["name"], moved["moved"]) == ("Japan", "Nippon", True)
    assert run("mv", "Nippon", "Nippon", "--json")["moved"] is False
    (project / "shop").mkdir()
    (project / "data").rename(project / "shop" / "data")
    monkeypatch.chdir(project / "shop")
    files = [each["file"] for each in run("init", "--data", "data", "--json")["files"]]
    assert "segdsl.toml" in files


def test_the_plan_of_a_parent_segment(project: Path) -> None:
    pulled = run("parent", "pull", "--file", "p.toml", "--json")
    assert (pulled["file"], pulled["status"]) == ("p.toml", "created")
    plan = run("parent", "plan", "--file", "p.toml", "--json")
    assert (plan["action"], plan["changes"], plan["conflict"]) == ("none", [], None)
    applied = run("parent", "apply", "--file", "p.toml", "--yes", "--json")
    assert applied["done"] == "nothing"


def test_json_is_the_short_form(project: Path) -> None:
    for arguments in (["check"], ["compile", "japan.seg"], ["list"], ["plan"]):
        long = segdsl(*arguments, "--format", "json")
        assert long.stdout == segdsl(*arguments, "--json").stdout
        assert long.stdout == segdsl(*arguments, "--json", "--format", "json").stdout
    both = segdsl("check", "--json", "--format", "sarif")
    assert both.exit_code == 2
    assert "--json and --format sarif cannot be combined" in both.stderr


def test_the_documents_hold_what_the_text_says(project: Path) -> None:
    compiled = run("compile", "japan.seg", "--json")["segments"]
    assert compiled[0]["request"] == json.loads(segdsl("compile", "japan.seg").stdout)
    explained = run("explain", "japan.seg", "--json")["segments"]
    assert explained[0]["text"] == segdsl("explain", "japan.seg").stdout
    [query] = run("sql", "--dialect", "duckdb", "japan.seg", "--json")["segments"]
    assert query["sql"] == segdsl("sql", "--dialect", "duckdb", "japan.seg").stdout
    formatted = run("fmt", "-", "--json", input=UNTIDY)["files"]
    assert formatted[0]["source"] == TIDY
    fixed = run("check", "--fix", "-", "--json", input='segment "x" where a = 1 or a = 3')["fixed"]
    assert "a in (1, 3)" in fixed[0]["source"]
    [japan] = run("preview", "japan.seg", "--json")["segments"]
    assert (japan["count"], japan["share"], japan["file"]) == (3, 0.5, "japan.seg")


def test_numbers_of_rules_keep_their_text(project: Path) -> None:
    (project / "n.txt").write_text('segment "n" where ltv > 12345678901234567890.10\n')
    assert "12345678901234567890.10" in segdsl("compile", "n.txt", "--json").stdout


# --- and when it does not --------------------------------------------------------------

FAILS: list[tuple[int, str | None, tuple[str, ...]]] = [
    # Findings.
    (1, None, ("check", "wrong.txt")),
    (1, None, ("check", "--fix", "wrong.txt")),
    (1, None, ("compile", "wrong.txt")),
    (1, None, ("create", "wrong.txt")),
    (1, None, ("explain", "wrong.txt")),
    (1, None, ("fmt", "--check", "untidy.txt")),
    (1, None, ("fmt", "wrong.txt")),
    (1, None, ("preview", "wrong.txt")),
    (1, None, ("sql", "wrong.txt")),
    (1, None, ("decompile", "wrong.txt")),
    # Usage.
    (2, "usage", ("check", "nowhere.seg")),
    (2, "usage", ("check", "--nothing")),
    (2, "usage", ("check", "--allow", "SEG999")),
    (2, "usage", ("check", "--diff")),
    (2, "usage", ("compile",)),
    (2, "usage", ("compile", "pieces.txt")),
    (2, "usage", ("compile", "japan.seg", "-o", "segdsl.toml")),
    (2, "usage", ("create", "pieces.txt")),
    (2, "usage", ("decompile", "nowhere.json")),
    (2, "usage", ("delete", "nobody", "--yes")),
    (2, "usage", ("explain", "pieces.txt")),
    (2, "usage", ("fmt", "-", "japan.seg")),
    (2, "usage", ("import", "nowhere.yml")),
    (2, "usage", ("list", "--target", "nobody")),
    (2, "usage", ("mv", "Japan", "Nippon")),
    (2, "usage", ("journey", "launch", "nobody", "--yes")),
    (2, "usage", ("journey", "pause", "nobody", "--yes")),
    (2, "usage", ("journey", "resume", "nobody", "--yes")),
    (2, "usage", ("parent", "apply", "--yes")),
    (2, "usage", ("parent", "init", "Customer 360", "--master", "customers")),
    (2, "usage", ("parent", "plan")),
    (2, "usage", ("parent", "pull")),
    (2, "usage", ("parent", "run")),
    (2, "usage", ("parent", "validate")),
    (2, "usage", ("plan", "--save", "japan.seg")),
    (2, "usage", ("apply", "--plan", "japan.seg")),
    (2, "usage", ("apply",)),
    (2, "usage", ("preview", "japan.seg", "--columns", "a")),
    (2, "usage", ("preview", "japan.seg", "--sample", "no")),
    (2, "usage", ("pull", "--keep")),
    (2, "usage", ("rule", "SEG999")),
    (2, "usage", ("run", "activation", "nobody", "--yes")),
    (2, "usage", ("run", "predictive-segment", "nobody", "--yes")),
    (2, "usage", ("schema", "show")),
    (2, "usage", ("schema", "shwo")),
    (2, "usage", ("serve", "--data", "nowhere")),
    (2, "usage", ("serve",)),
    (2, "usage", ("show", "nobody")),
    (2, "usage", ("simulate", "Nowhere", "--from", "2024-10-01")),
    (2, "usage", ("sql", "japan.seg", "--timezone", "UTC")),
    (2, "usage", ("init",)),
    (2, "usage", ("init", "--data", "nowhere")),
    (2, "usage", ("init", "--region", "us01", "--parent-segment", "7")),
    (2, "usage", ("lst",)),
    # No answer.
    (3, "api", ("apply", "--target", "nowhere")),
    (3, "api", ("create", "japan.seg", "--target", "nowhere")),
    (3, "api", ("delete", "Japan", "--target", "nowhere")),
    (3, "api", ("journey", "launch", "Welcome", "--target", "nowhere")),
    (3, "api", ("journey", "pause", "Welcome", "--target", "nowhere")),
    (3, "api", ("journey", "resume", "Welcome", "--target", "nowhere")),
    (3, "api", ("list", "--target", "nowhere")),
    (3, "api", ("parent", "pull", "--target", "nowhere")),
    (3, "api", ("parent", "status", "--target", "nowhere")),
    (3, "api", ("plan", "--target", "nowhere")),
    (3, "api", ("preview", "japan.seg", "--target", "nowhere")),
    (3, "api", ("pull", "--target", "nowhere")),
    (3, "api", ("run", "activation", "Sync", "--target", "nowhere")),
    (3, "api", ("run", "predictive-segment", "Churn", "--target", "nowhere")),
    (3, "api", ("schema", "pull", "--target", "nowhere")),
    (3, "api", ("show", "Japan", "--target", "nowhere")),
    (3, "api", ("sql", "japan.seg", "--target", "nowhere")),
]


FORMS = [("--json",), ("--format", "json"), ("--format=json",)]


@pytest.mark.parametrize(
    ("code", "kind", "arguments", "form"),
    [(*each, form) for number, each in enumerate(FAILS) for form in [FORMS[number % len(FORMS)]]],
    ids=[" ".join(arguments) for *_, arguments in FAILS],
)
def test_a_command_that_fails_writes_one_document(
    project: Path,
    code: int,
    kind: str | None,
    arguments: tuple[str, ...],
    form: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segdsl.api.client.RetryPolicy", lambda: RetryPolicy(first_pause=0.001))
    monkeypatch.setattr("segdsl.api.queries.RetryPolicy", lambda: RetryPolicy(first_pause=0.001))
    found = run(*arguments, *form, code=code)
    assert (found["error"] or {}).get("kind") == kind
    if kind is None and "--check" not in arguments:
        assert {each["severity"] for each in found["diagnostics"]} == {"error"}
    if kind == "usage":
        assert "error" not in {each["severity"] for each in found["diagnostics"]}


def test_findings_have_their_places(project: Path) -> None:
    for command in (["check"], ["compile"], ["explain"], ["sql"], ["preview"], ["fmt"]):
        [found] = run(*command, "wrong.txt", "--json", code=1)["diagnostics"]
        place = [found[key] for key in ("file", "line", "column", "end_line", "end_column")]
        assert (found["code"], place) == ("SEG001", ["wrong.txt", 3, 13, 3, 14])


def test_a_conflict_is_in_the_document(project: Path) -> None:
    segdsl("apply", "--yes")
    Path("local.lock.toml").unlink()
    japan = project / "japan.seg"
    japan.write_text(japan.read_text().replace("JP", "US"))
    found = run("plan", "--json", code=1)
    [conflict] = found["conflicts"]
    assert (conflict["name"], conflict["file"]) == ("Japan", "japan.seg")
    applied = run("apply", "--yes", "--json", code=1)
    assert applied["conflicts"] == found["conflicts"]
    assert applied["notes"] == ["nothing was applied: resolve the conflicts first"]
    assert run("plan", "--exit-code", "buyers.seg", "--json", code=0)["changes"] == []


def test_something_to_do_is_no_failure(project: Path) -> None:
    found = run("plan", "--exit-code", "--json", code=4)
    assert len(found["changes"]) == 3


def test_each_name_that_is_not_utf8_can_be_written(tmp_path: Path) -> None:
    name = b"a\xff.seg"
    try:
        (tmp_path / name.decode(errors="surrogateescape")).write_text(WRONG)
    except OSError:
        pytest.skip("names of files are always text here")
    done = process("check", name.decode(errors="surrogateescape"), "--json", cwd=tmp_path)
    [found] = read(done.stdout.decode())["diagnostics"]
    assert found["file"] == "a\ufffd.seg"


def test_serve_writes_where_it_answers(project: Path) -> None:
    with interruptible("serve", "--data", "data", "--port", "0", "--json") as serving:
        assert serving.stdout is not None
        lines = list(takewhile(lambda line: line != "}\n", serving.stdout))
        found = read("".join([*lines, "}\n"]))
        assert httpx.get(found["url"]).status_code in (401, 404)
    assert (found["data"], found["ok"]) == ("data", True)


def test_without_the_option_nothing_is_written(project: Path) -> None:
    done = segdsl("check", "nowhere.seg")
    assert (done.exit_code, done.stdout) == (2, "")
    assert segdsl("lst").stdout == ""
    assert set(COMMANDS) >= {"list", "check"}
