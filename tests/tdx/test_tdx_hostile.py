"""YAML that is made to break a reader: each gives a segment or a finding, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import segdsl
from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.source import Source
from segdsl.workspace.tdx import ImportedSegment, document, read_file

pytest.importorskip("yaml")

RULE = "rule: {type: include, segment: y}\n"


def read(text: str) -> tuple[str | None, Report]:
    report = Report()
    found = read_file(Source("x.yml", text), report)
    assert found is None or isinstance(found, ImportedSegment)
    return (None if found is None else format_file(t.File((found.segment,)))), report


@pytest.mark.parametrize(
    "name",
    [
        r'"\ud800"',
        r'"\udc00\ud800"',
        r'"x\ud83d"',
        r'"\U00110000"',
        r'"\UFFFFFFFF"',
        r'"\xZZ"',
        r'"\q"',
        "x\0y",
        "'x\ud800'",
        "'x\x1b[2J'",
        "!!binary aGk=",
        "!!timestamp 2024-01-01",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!<tag:example.com,2000:x> x",
        "!!python/object/apply:os.system [ls]",
        "&a *a",
        "*a",
        ".inf",
        "-.INF",
        ".nan",
        "{a: 1, a: 2}",
        "{<<: {a: 1}}",
        "{[a]: 1}",
        "{? {a: b} : 1}",
        "%x",
        "@x",
        "`x",
        "- - x",
    ],
)
def test_what_cannot_be_read_is_told_at_a_place(name: str) -> None:
    source, report = read(f"name: {name}\n{RULE}")
    assert source is None
    found = report.diagnostics[0]
    assert found.code.name in ("SEG701", "SEG702")
    assert found.span is not None
    found.message.encode()


@pytest.mark.parametrize(
    ("name", "means"),
    [
        (r'"\ud83d\ude00"', "😀"),
        (r'"\U0001F600"', "😀"),
        ("2024-01-01", "2024-01-01"),
        ("190:20:30", "190:20:30"),
        ("1_000", "1_000"),
        ("on", "on"),
        ("=", "="),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("&a x", "x"),
        ("|\n  a\n  b", "a\\nb\\n"),
    ],
)
def test_texts_are_those_of_yaml_1_2(name: str, means: str) -> None:
    source, report = read(f"name: {name}\n{RULE}")
    assert report.diagnostics == []
    assert source is not None
    assert source.startswith(f'segment "{means}"\n')


def test_a_bad_escape_is_told_where_it_stands() -> None:
    text = 'name: x\ndescription: "\\U00110000"\n' + RULE
    _, report = read(text)
    span = report.diagnostics[0].span
    assert span is not None
    assert Source("x", text).line_of(span.start) == 2


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("times", [101, 2_000])
def test_nesting_is_bounded_where_it_is_found(opening: str, times: int) -> None:
    source, report = read("name: " + opening * times)
    assert source is None
    assert report.diagnostics[0].code.name == "SEG701"


def test_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is behind the last value that is read is not looked at."""
    monkeypatch.setattr(document, "MOST_VALUES", 20)
    few = "name: x\nrule: {type: In, value: [" + "a, " * 13 + "a]}\n"
    _, report = read(few)
    assert report.diagnostics[0].code.name == "SEG702"
    _, report = read(few.replace("[", "[a, a, a, a, ").replace("]}", "]} ]]]] not yaml"))
    assert [of.code.name for of in report.diagnostics] == ["SEG701"]
    assert "20 values" in report.diagnostics[0].message


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\n" + "\n".join(f"b{i}: &b{i} [*a, *a]" for i in range(60)),
        "a: &a {b: *a}",
        "name: &n x\ndescription: *n",
        "? &a x\n: 1\n? *a\n: 2",
    ],
)
def test_an_alias_is_never_followed(text: str) -> None:
    source, report = read(text)
    assert source is None
    [found] = report.diagnostics
    assert "alias" in found.message


def test_many_anchors_are_read_once_each() -> None:
    conditions = "".join(f"    - &a{i} {{type: include, segment: y}}\n" for i in range(1_000))
    source, report = read(f"name: x\nrule:\n  type: And\n  conditions:\n{conditions}")
    assert report.diagnostics == []
    assert source is not None
    assert source.count("in segment") == 1_000


def test_one_bad_file_does_not_end_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for at, name in enumerate((r'"\ud800"', r'"\U00110000"', "x\0y", "fine")):
        Path(f"{at}.yml").write_text(f"name: {name}\n{RULE}")
    dry = segdsl("import", ".", "--dry-run")
    assert dry.exit_code == 1
    assert "would create: 3.seg" in dry.stdout
    done = segdsl("import", ".")
    assert (done.exit_code, done.stdout) == (1, "created: 3.seg\n")
    assert segdsl("check", "3.seg").exit_code == 0
