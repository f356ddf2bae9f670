"""`segdsl compile` and `segdsl decompile`: what they write, and when they write nothing."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from running import WRONG, process, segdsl

JAPAN = 'segment "Japan"\n  description "Of Japan"\n\nwhere\n  country = "JP"\n'


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_one_segment_makes_an_object_and_several_an_array() -> None:
    Path("a.seg").write_text(JAPAN)
    Path("b.seg").write_text('segment "B" where everyone segment "C" where everyone')
    one = json.loads(segdsl("compile", "a.seg").stdout)
    assert (one["name"], one["description"], one["kind"]) == ("Japan", "Of Japan", 0)
    assert one["rule"]["type"] == "And"
    several = json.loads(segdsl("compile", "b.seg", "a.seg").stdout)
    assert [each["name"] for each in several] == ["B", "C", "Japan"]
    assert several[2] == one
    assert json.loads(segdsl("compile", "--rule", "a.seg").stdout) == one["rule"]
    assert (
        json.loads(segdsl("compile", "--rule", "b.seg").stdout)
        == [{"type": "And", "conditions": []}] * 2
    )


def test_nothing_is_written_when_anything_is_wrong() -> None:
    Path("a.seg").write_text(JAPAN)
    Path("b.seg").write_text(WRONG)
    result = segdsl("compile", "a.seg", "b.seg", "-o", "out.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("\n1 error\n")
    assert not Path("out.json").exists()
    result = segdsl("compile", "a.seg", "b.seg")
    assert (result.exit_code, result.stdout) == (1, "")


def test_diagnostics_of_every_form_leave_standard_output_alone() -> None:
    Path("b.seg").write_text(WRONG)
    for form, sign in (("sarif", "ruleId"), ("github", "::error")):
        result = segdsl("compile", "b.seg", "--format", form)
        assert (result.exit_code, result.stdout) == (1, "")
        assert sign in result.stderr
    [found] = json.loads(segdsl("compile", "b.seg", "--format", "json").stdout)["diagnostics"]
    assert found["code"] == "SEG001"


def test_a_file_is_written_whole_with_the_usual_mode() -> None:
    Path("a.seg").write_text(JAPAN)
    result = segdsl("compile", "a.seg", "-o", "out.json")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert Path("out.json").read_text() == segdsl("compile", "a.seg").stdout
    if os.name == "posix":
        Path("plain").touch()
        assert stat.S_IMODE(Path("out.json").stat().st_mode) == stat.S_IMODE(
            Path("plain").stat().st_mode
        )
    assert sorted(os.listdir(".")) == sorted({"a.seg", "out.json", *os.listdir(".")})
    assert not [name for name in os.listdir(".") if name.endswith(".tmp")]


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="there is no null device")
def test_a_device_is_written_to_and_not_replaced() -> None:
    Path("a.seg").write_text(JAPAN)
    assert segdsl("compile", "a.seg", "-o", "/dev/null").exit_code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.skipif(os.name != "posix", reason="pipes have no names elsewhere")
def test_a_pipe_is_written_to() -> None:
    Path("a.seg").write_text(JAPAN)
    made = process("compile", "a.seg", "-o", "/dev/stdout")
    assert made.returncode == 0
    assert made.stdout.decode() == segdsl("compile", "a.seg").stdout


@pytest.mark.skipif(sys.platform != "linux", reason="file names are always text elsewhere")
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_a_file_name_that_is_not_utf8_can_be_reported(form: str) -> None:
    file = os.fsdecode(b"a\xff.seg")
    Path(file).write_text(WRONG)
    told = process("check", file, "--format", form)
    assert told.returncode == 1
    assert b"SEG001" in told.stdout + told.stderr


def test_params_are_set_from_the_command_line() -> None:
    Path("a.seg").write_text(
        'param days: number = 30\nsegment "A" where last_visit within past days days'
    )
    assert '"value": "30"' in segdsl("compile", "a.seg").stdout
    assert '"value": "60"' in segdsl("compile", "a.seg", "--set", "days=60").stdout
    unknown = segdsl("compile", "a.seg", "--set", "dayz=60")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "error[SEG106]" in unknown.stderr
    assert "did you mean `days`?" in unknown.stderr
    assert segdsl("compile", "a.seg", "--set", "days=many").exit_code == 1


def test_names_need_ids_unless_symbols_will_do() -> None:
    Path("a.seg").write_text('segment "A" where in segment "Churned"')
    result = segdsl("compile", "a.seg")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[SEG303]" in result.stderr
    assert "Churned" in segdsl("compile", "--symbolic", "a.seg").stdout


def test_the_older_layout_nests() -> None:
    Path("a.seg").write_text('segment "A" where a = 1 and (b = 1 or (c = 1 and d = 1))')
    assert "Composite" in segdsl("compile", "a.seg").stdout
    assert "Composite" not in segdsl("compile", "--layout", "nested", "a.seg").stdout


def test_source_comes_back() -> None:
    made = segdsl("compile", "-", input=JAPAN).stdout
    back = segdsl("decompile", "-", input=made)
    assert (back.exit_code, back.stdout, back.stderr) == (0, JAPAN, "")
    Path("a.json").write_text(made)
    assert segdsl("decompile", "a.json", "-o", "b.seg").exit_code == 0
    assert Path("b.seg").read_text() == JAPAN


def test_of_a_list_what_can_be_read_is_written_and_the_exit_code_says_that_it_is_not_all() -> None:
    [made] = json.loads("[" + segdsl("compile", "-", input=JAPAN).stdout + "]")
    odd = {"id": "7", "name": "Odd", "rule": None}
    Path("a.json").write_text(json.dumps([odd, {"id": "8", **made}]))
    result = segdsl("decompile", "a.json", "-o", "b.seg")
    assert result.exit_code == 1
    assert "“Odd” (#7) is left out: this segment has no `rule`" in result.stderr
    assert "--> a.json: $[0]" in result.stderr
    assert Path("b.seg").read_text() == JAPAN


def test_json_that_is_not_a_rule_is_reported_by_its_path() -> None:
    Path("a.json").write_text('{"type": "And", "conditions": [{"type": "Valu"}]}')
    result = segdsl("decompile", "a.json", "-o", "out.seg")
    assert result.exit_code == 1
    assert "--> a.json: $.conditions[0]" in result.stderr
    assert not Path("out.seg").exists()
    [found] = json.loads(segdsl("decompile", "a.json", "--format", "json").stdout)["diagnostics"]
    assert (found["file"], found["line"]) == ("a.json", None)
    assert found["path"].startswith("$.conditions[0]")


@pytest.mark.parametrize(
    "text",
    ["", "{", "\ufeff", "NaN", "[" * 100_000, '"text"', "\x00"],
    ids=["empty", "open", "mark", "nan", "deep", "text", "nul"],
)
def test_text_that_is_no_json_gets_a_diagnostic(text: str) -> None:
    result = segdsl("decompile", "-", input=text)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[SEG40" in result.stderr


def test_json_that_is_not_utf8_gets_a_diagnostic() -> None:
    result = segdsl("decompile", "-", input=b'{"type": "\xff"}')
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[SEG005]" in result.stderr


EXPORT = """\
activation "Export" of segment "Japan"
  to connection #4021
  columns (email)
  every day until 2025-12-31
  in sequence
"""

FUNNEL = """\
funnel "F"
  folder "L/N"

stage "A" where a = 1

stage "B" where a = 1 and b = 2

stage "C" where a = 1 and b = 2 and c = 3
"""


def test_what_takes_several_requests_is_an_object_with_them() -> None:
    Path("a.seg").write_text(EXPORT)
    one = json.loads(segdsl("compile", "a.seg").stdout)
    assert (one["kind"], one["name"], one["of"]) == (
        "activation",
        "Export",
        {"segment": 'name:"Japan"'},
    )
    # A sequence is a field of the older requests alone, and an end of the others.
    assert [(each["method"], each["path"]) for each in one["requests"]] == [
        ("POST", "/audiences/{audienceId}/segments/{segmentId}/syndications"),
        ("PATCH", "/entities/segments/{segmentId}/syndications/{id}"),
    ]
    older, newer = (each["body"] for each in one["requests"])
    assert (older["lockEnabled"], "endOn" in older) == (True, False)
    assert newer["attributes"]["endOn"] == "2025-12-31"
    Path("out.json").write_text(json.dumps(one))
    assert segdsl("decompile", "out.json").stdout == EXPORT


SECRETS = {
    "bucket": "b",
    "api_token": "f81d4fae7dec",
    "inner": {"password": "f81d4fae7ded", "retries": 3},
    "keys": ["id", "AKIAABCDEFGHIJKLMNOP"],
}
"""Settings of which the second, `inner.password` and the last look like secrets."""
LEFT_OUT = ("api_token", "inner.password", "keys")
FIELDS = {"name": "Export", "connectionId": 3, "connectorConfig": SECRETS, "allColumns": True}


@pytest.mark.parametrize(
    "document",
    [
        {**FIELDS, "segmentId": "7"},
        {"data": {"type": "syndication", "attributes": {**FIELDS, "segmentId": "7"}}},
        {"data": {"type": "activation-template", "attributes": {**FIELDS, "state": "draft"}}},
        [{**FIELDS, "segmentId": "7"}],
        {
            "kind": "activation",
            "name": "Export",
            "of": {"segment": "7"},
            "requests": [{"method": "POST", "path": "/x", "body": FIELDS}],
        },
        {
            "kind": "activation template",
            "name": "Export",
            "requests": [{"method": "POST", "path": "/x", "body": {**FIELDS, "state": "draft"}}],
        },
    ],
    ids=["legacy", "entities", "template", "list", "compiled", "compiled template"],
)
def test_decompile_leaves_out_settings_that_look_like_secrets(document: object) -> None:
    Path("a.json").write_text(json.dumps(document))
    result = segdsl("decompile", "a.json")
    assert result.exit_code == 0, result.output
    for name in LEFT_OUT:
        said = f"the setting `{name}` looks like a secret, and is left out"
        assert result.stderr.count(said) == 1
    assert "Export” is left out" not in result.stderr
    assert "f81d4fae" not in result.output
    assert "AKIA" not in result.output
    written = '  with (\n    bucket = "b",\n    inner = (retries = 3),\n  )\n'
    assert (
        written in result.stdout or '  with (bucket = "b", inner = (retries = 3))' in result.stdout
    )


def test_segments_come_before_what_refers_to_them() -> None:
    Path("a.seg").write_text(EXPORT + JAPAN + FUNNEL)
    several = json.loads(segdsl("compile", "a.seg").stdout)
    assert [each.get("kind") for each in several] == [0, "funnel", "activation"]
    document = json.loads(segdsl("compile", "a.seg", "--json").stdout)
    assert [each["request"] for each in document["segments"]] == several[:1]
    assert [each["kind"] for each in document["resources"]] == ["funnel", "activation"]
    for resource, printed in zip(document["resources"], several[1:], strict=True):
        assert resource["requests"] == printed["requests"]
        assert resource["file"] == "a.seg"
    assert document["resources"][1]["of_segment"] == 'name:"Japan"'


def test_one_of_them_is_selected_by_its_name() -> None:
    Path("a.seg").write_text(EXPORT + JAPAN + FUNNEL)
    assert json.loads(segdsl("compile", "a.seg", "--select", "Export").stdout)["name"] == "Export"
    found = json.loads(segdsl("compile", "a.seg", "--select", "L/N/F").stdout)
    assert (found["name"], found["folder"]) == ("F", "L/N")
    result = segdsl("compile", "a.seg", "--select", "Exprot")
    assert result.exit_code == 2
    assert "nothing in these files is named `Exprot`; did you mean `Export`?" in result.stderr


def test_a_rule_is_of_segments_alone() -> None:
    Path("a.seg").write_text(EXPORT)
    result = segdsl("compile", "--rule", "a.seg")
    assert result.exit_code == 2
    assert (
        "no segment in these files, only 1 activation; this command takes segments" in result.stderr
    )
    Path("b.seg").write_text(JAPAN)
    assert json.loads(segdsl("compile", "--rule", "a.seg", "b.seg").stdout)["type"] == "And"


def test_a_name_without_an_id_is_an_error_unless_it_may_stay() -> None:
    Path("a.seg").write_text(EXPORT.replace("#4021", '"mailing"'))
    result = segdsl("compile", "a.seg")
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'the API needs the id of the connection "mailing"' in result.stderr
    written = segdsl("compile", "--symbolic", "a.seg").stdout
    assert json.loads(written)["requests"][0]["body"]["connectionId"] == 'name:"mailing"'
