"""The vendor tool's YAML as segments: each construct, side by side with its source."""

from __future__ import annotations

import random
from pathlib import Path
from textwrap import dedent, indent

import pytest

import contract
from quick import scaled
from running import segdsl
from segdsl import compile_text
from segdsl.diagnostics import Report
from segdsl.language.format import format_file
from segdsl.language.syntax import tree as t
from segdsl.source import Source
from segdsl.workspace.tdx import ImportedSegment, read_file

pytest.importorskip("yaml")


def read(text: str) -> tuple[str | None, Report]:
    """The source of a YAML segment, and what was found."""
    report = Report()
    found = read_file(Source("x.yml", text), report)
    assert found is None or isinstance(found, ImportedSegment)
    return (None if found is None else format_file(t.File((found.segment,)))), report


def where(condition: str) -> str:
    """The condition of a segment with one condition in its rule."""
    text = f"name: x\nrule:\n  type: And\n  conditions:\n    - {condition}\n"
    source, report = read(text)
    assert source is not None, report.diagnostics
    return " ".join(source.partition("where")[2].split())


def value(operator: str, more: str = "") -> str:
    return where(f"{{type: Value, attribute: a, operator: {{{operator}}}{more}}}")


@pytest.mark.parametrize(
    ("operator", "seg"),
    [
        ("type: Equal, value: JP", 'a = "JP"'),
        ("type: Equal, value: no", 'a = "no"'),
        ("type: Equal, value: 12:30", 'a = "12:30"'),
        ('type: Equal, value: "1"', 'a = "1"'),
        ("type: Equal, value: 1.50", "a = 1.50"),
        ("type: Equal, value: 007", "a = 7"),
        ("type: Equal, value: 0x1F", "a = 31"),
        ("type: Equal, value: 0o17", "a = 15"),
        ('type: Equal, value: "0x1F"', 'a = "0x1F"'),
        ("type: Equal, value: !!str 123", 'a = "123"'),
        ("type: Equal, value: &here !!str 1e3", 'a = "1e3"'),
        ("type: Equal, value: true", "a is true"),
        ("type: NotEqual, value: JP", 'a != "JP"'),
        ("type: NotEqual, value: JP, not: true", 'a = "JP"'),
        ("type: Equal, value: JP, not: true", 'a != "JP"'),
        ("type: Greater, value: 3", "a > 3"),
        ("type: GreaterEqual, value: 3", "a >= 3"),
        ("type: Less, value: 3", "a < 3"),
        ("type: LessEqual, value: 3", "a <= 3"),
        ("type: Between, min: 1, max: 5", "a between 1 and 5"),
        ("type: Between, min: 1, max: 5, not: true", "a not between 1 and 5"),
        ("type: Between, min: 1", "a >= 1"),
        ("type: Between, max: 5", "a <= 5"),
        ("type: In, value: [x, y]", 'a in ("x", "y")'),
        ("type: In, values: [1, 2]", "a in (1, 2)"),
        ("type: NotIn, value: [x, y]", 'a not in ("x", "y")'),
        ("type: Contain, value: [x, y]", 'a contains any ("x", "y")'),
        ("type: StartWith, value: [x]", 'a starts with "x"'),
        ("type: EndWith, value: [x], not: true", 'a not ends with "x"'),
        ('type: Regexp, value: "^a"', 'a matches "^a"'),
        ("type: IsNull", "a is null"),
        ("type: IsNull, not: true", "a is not null"),
        ("type: TimeWithinPast, value: 30, unit: day", "a within past 30 days"),
        ("type: TimeWithinPast, value: 30, unit: day, not: true", "a not within past 30 days"),
        ("type: TimeWithinNext, value: 2, unit: week", "a within next 2 weeks"),
        (
            "type: TimeRange, duration: {day: 7}, from: {last: 1, unit: month}",
            "a for 7 days from 1 month ago",
        ),
        ("type: TimeRange, from: {last: 1, unit: month}", "a in last month"),
        ("type: TimeRange, from: {unit: month}", "a in last month"),
        ("type: TimeToday", "a is today"),
        ("type: TimeThis, from: {unit: quarter}", "a in this quarter"),
        ("type: TimeNext, from: {unit: month}", "a in next month"),
    ],
)
def test_operators(operator: str, seg: str) -> None:
    assert value(operator) == seg


@pytest.mark.parametrize(
    ("matching", "seg"),
    [
        ("any", 'any of a = "x"'),
        ("all", 'every one of a = "x"'),
        ("{atLeast: 2}", 'at least 2 of a = "x"'),
        ("{atMost: 2}", 'at most 2 of a = "x"'),
        ("{exactly: 2}", 'exactly 2 of a = "x"'),
    ],
)
def test_array_matching(matching: str, seg: str) -> None:
    assert value("type: Equal, value: x", f", arrayMatching: {matching}") == seg


BUYS = 'type: Value, attribute: "", source: behavior_buys'


@pytest.mark.parametrize(
    ("condition", "seg"),
    [
        (
            f"{{{BUYS}, aggregation: {{type: Count}}, operator: {{type: GreaterEqual, value: 3}}}}",
            "count(buys) >= 3",
        ),
        (
            # As on the API: 0 is fewer than 3.
            f"{{{BUYS}, aggregation: {{type: Count}}, operator: {{type: Less, value: 3}}}}",
            "count(buys) < 3",
        ),
        (
            f"{{{BUYS}, aggregation: {{type: Sum, column: amount}}, "
            "operator: {type: Greater, value: 5}, filter: {type: And, conditions: "
            "[{type: Column, column: kind, operator: {type: NotEqual, value: Books}}]}}",
            'sum(buys.amount where kind != "Books") > 5',
        ),
        (
            f"{{{BUYS}, aggregation: {{type: Count}}, timeWindow: {{duration: 7, unit: day}}, "
            "operator: {type: GreaterEqual, value: 3}}",
            "count(buys where timestamp within past 7 days) >= 3",
        ),
        (
            "{type: Behavior, source: behavior_buys, aggregation: {type: Average, column: amount}, "
            "operator: {type: Greater, value: 5}}",
            "average(buys.amount) > 5",
        ),
        ("{type: include, segment: Churned}", 'in segment "Churned"'),
        ('{type: exclude, segment: "Quo\\"ted"}', 'not in segment "Quo\\"ted"'),
    ],
)
def test_behaviors_and_references(condition: str, seg: str) -> None:
    assert where(condition) == seg


def test_a_whole_segment() -> None:
    text = dedent(
        """\
        # A comment.
        name: High value
        description: Buys a lot
        kind: batch
        visible: true
        rule:
          type: Composite
          expr: 1 and (2 or 3)
          conditions:
            - type: And
              conditions:
                - {type: Value, attribute: a, operator: {type: Equal, value: 1}}
            - type: And
              conditions:
                - {type: Value, attribute: b, operator: {type: Equal, value: 2}}
            - type: Or
              description: Third
              conditions:
                - {type: Value, attribute: c, operator: {type: Equal, value: 3}}
                - {type: Value, attribute: d, operator: {type: Equal, value: 4}}
        activations:
          - {name: mail, connection: smtp, columns: [email], schedule: {type: daily}}
        """
    )
    source, report = read(text)
    assert report.diagnostics == []
    assert source is not None
    assert 'description "Buys a lot"' in source
    assert "hidden" not in source
    assert '"Third"' in source
    first = compile_text(source, symbolic=True).segments[0]
    if (contract.folder() / "contract.py").is_file():
        assert contract.rule_errors(first.rule) == []


def test_a_segment_that_is_not_visible_is_hidden() -> None:
    rule = "rule: {type: include, segment: y}"
    source, report = read(f"name: x\nkind: realtime\nvisible: false\n{rule}\n")
    assert report.diagnostics == []
    assert source == 'segment "x"\n  kind realtime\n  hidden\n\nwhere\n  in segment "y"\n'


IS_NULL = "{type: Value, attribute: a, operator: {type: IsNull}}"
RULE = f"rule: {{type: And, conditions: [{IS_NULL}]}}\n"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "SEG701", "empty"),
        ('name: "x', "SEG701", "not YAML"),
        ("name: x\nname: y", "SEG701", "stands twice"),
        ("a: &a [1]\nb: *a", "SEG701", "alias"),
        ("name: !!python/object x", "SEG701", "tag"),
        ("---\nname: x\n---\nname: y", "SEG701", "more than one document"),
        ('name: !!int "5"', "SEG701", "`!!int`"),
        ("name: .inf", "SEG701", "not a number"),
        ("[1]", "SEG702", "keys and values"),
        (f"description: x\n{RULE}", "SEG702", "needs `name`"),
        (f"name: 3\n{RULE}", "SEG702", "text"),
        (f"nam: x\n{RULE}", "SEG702", "no `nam`"),
        (f"name: x\nkind: stream\n{RULE}", "SEG702", "kind"),
        ("name: x\nrule: {type: Xor}", "SEG702", "type of a condition"),
        (f"name: x\nrule: {{type: Composite, conditions: [{IS_NULL}]}}", "SEG702", "expr"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text: str, code: str, words: str) -> None:
    source, report = read(text)
    assert source is None
    assert [of.code.name for of in report.diagnostics] == [code]
    assert words in report.diagnostics[0].message
    assert report.diagnostics[0].span is not None


@pytest.mark.parametrize(
    "operator",
    [
        "type: Equl, value: 1",
        "type: Equal",
        "type: Equal, value: [1]",
        "type: Equal, valeu: 1",
        "type: In, value: {a: 1}",
        "type: In, value: []",
        "type: In, value: [1], values: [2]",
        "type: Between",
        "type: TimeWithinPast, value: x, unit: day",
        "type: TimeWithinPast, value: 3, unit: fortnight",
        "type: TimeRange, from: {last: 2, unit: day}",
        "value: 3",
        "type: Equal, value: 1, not: maybe",
    ],
)
def test_operators_that_are_none(operator: str) -> None:
    text = indent(f"- {{type: Value, attribute: a, operator: {{{operator}}}}}\n", "    ")
    source, report = read(f"name: x\nrule:\n  type: And\n  conditions:\n{text}")
    assert source is None
    assert [of.code.name for of in report.diagnostics] == ["SEG702"]


def test_all_that_is_wrong_with_a_file_is_told_at_once() -> None:
    """Also from one condition to the next, and in filters; but each place once."""
    text = dedent(
        f"""\
        name: 3
        kind: stream
        rule:
          type: And
          conditions:
            - {{type: Value, attribute: a, operator: {{type: Equl, value: 1}}}}
            - {{type: Or, conditions: [{{type: inclde, segment: x}}, {{type: exclude}}]}}
            - {{type: Value, attribute: a, oprator: 1, sorce: 2}}
            - {{type: Value, attribute: a, operator: {{type: IsNull}}}}
            - {{{BUYS}, aggregation: {{type: Count}}, operator: {{type: Greater, value: 3}},
               filter: {{type: And, conditions: [{{type: Column}}, {{type: Colum}}]}}}}
        """
    )
    source, report = read(text)
    assert source is None
    assert {of.code.name for of in report.diagnostics} == {"SEG702"}
    parts = (
        "name is text",
        "kind of a segment",
        "the operator is none",
        "the type of a condition",
        "needs `segment`",
        "no `oprator`",
        "no `sorce`",
        "condition needs `operator`",
        "type of a filter's condition",
    )
    told = [of.message for of in report.diagnostics]
    for part, message in zip(parts, told, strict=True):
        assert part in message
    places = [(of.span.start, of.message) for of in report.diagnostics if of.span is not None]
    assert places == sorted(places)


def test_a_filter_that_is_an_empty_or_is_not_taken_for_none() -> None:
    operator = "aggregation: {type: Count}, operator: {type: Greater, value: 3}"
    text = f"{{{BUYS}, {operator}, filter: {{type: Or, conditions: []}}}}"
    source, report = read(f"name: x\nrule: {{type: And, conditions: [{text}]}}")
    assert source is None
    assert [of.code.name for of in report.diagnostics] == ["SEG702"]


def test_changed_texts_give_a_segment_or_a_finding() -> None:
    chance = random.Random(7)
    base = dedent(
        """\
        name: High value
        rule:
          type: And
          conditions:
            - {type: Value, attribute: a, operator: {type: In, value: [1, x]}}
            - type: Or
              conditions:
                - {type: include, segment: Churned}
                - {type: Value, attribute: b, operator: {type: Between, min: 1, max: 2}}
        """
    )
    pieces = [
        "{",
        "}",
        "[",
        "]",
        ":",
        "- ",
        "\n",
        " ",
        "&a ",
        "*a",
        "!x ",
        "'",
        '"',
        "\t",
        "\0",
        "~",
    ]
    read_well = 0
    many = scaled(3_000, 300)
    for _ in range(many):
        text = base
        for _ in range(chance.randint(1, 3)):
            at, length = chance.randrange(len(text)), chance.randint(0, 4)
            text = text[:at] + chance.choice(pieces) + text[at + length :]
        source, report = read(text)
        assert (source is None) == report.has_errors
        read_well += source is not None
    assert many // 150 < read_well < many * 29 // 30


# --- the command -------------------------------------------------------------------------

GOOD = """\
name: {name}
rule:
  type: And
  conditions:
    - {{type: Value, attribute: age, operator: {{type: Greater, value: 1}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "old/Loyalty/Tokyo").mkdir(parents=True)
    (tmp_path / "old/a.yml").write_text(GOOD.format(name="A"))
    (tmp_path / "old/Loyalty/Tokyo/b.yaml").write_text(GOOD.format(name="B"))
    (tmp_path / "old/tdx.json").write_text('{"parent_segment": "Shop"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folders_are_mirrored_and_a_second_run_changes_nothing(folder: Path) -> None:
    assert "would create" in segdsl("import", "old", "--dry-run").stdout
    assert not (folder / "a.seg").exists()
    done = segdsl("import", "old", "--to", "new")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == [
        "created: new/Loyalty/Tokyo/b.seg",
        "created: new/a.seg",
    ]
    assert 'folder "Loyalty/Tokyo"' in Path("new/Loyalty/Tokyo/b.seg").read_text()
    assert segdsl("fmt", "--check", "new").exit_code == 0
    again = segdsl("import", "old", "--to", "new")
    assert (again.exit_code, again.stdout) == (0, "")


def test_what_is_there_stays_and_the_good_are_written_beside_the_bad(folder: Path) -> None:
    Path("a.seg").write_text("# Mine.\n")
    Path("old/c.yml").write_text("name: [")
    done = segdsl("import", "old")
    assert done.exit_code == 1
    assert "not overwritten: a.seg" in done.stdout
    assert "old/c.yml" in done.stderr
    assert Path("a.seg").read_text() == "# Mine.\n"
    assert Path("Loyalty/Tokyo/b.seg").exists()
    Path("old/c.yml").unlink()
    assert segdsl("import", "old", "--force").exit_code == 0
    assert "age > 1" in Path("a.seg").read_text()


def test_two_of_one_name_and_wrong_use(folder: Path) -> None:
    Path("old/z.yml").write_text(GOOD.format(name="A"))
    done = segdsl("import", "old")
    assert done.exit_code == 1
    assert "SEG702" in done.stderr
    assert segdsl("import", "nowhere").exit_code == 2
    Path("empty").mkdir()
    assert segdsl("import", "empty").exit_code == 2
    Path("binary.yml").write_bytes(b"\xff\x00")
    assert segdsl("import", "binary.yml").exit_code == 1


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    Path("taken").write_text("")
    result = segdsl("import", ".", "--to", "taken/here")
    assert result.exit_code == 2
    assert "cannot make the folder `taken/here" in result.stderr


@pytest.mark.parametrize("named", ["old", ".", "old/Loyalty", "old/Loyalty/Tokyo/b.yaml"])
def test_folders_count_from_tdx_json_whatever_is_named(folder: Path, named: str) -> None:
    done = segdsl("import", named, "--to", "new")
    assert done.exit_code == 0
    assert "created: new/Loyalty/Tokyo/b.seg" in done.stdout.splitlines()
    assert 'folder "Loyalty/Tokyo"' in Path("new/Loyalty/Tokyo/b.seg").read_text()


def test_folders_count_from_the_nearest_tdx_json_from_any_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tdx.json").write_text("{}")
    monkeypatch.chdir("old/Loyalty")
    assert segdsl("import", "Tokyo", "../a.yml", "--to", "../../new").exit_code == 0
    assert (folder / "new/Loyalty/Tokyo/b.seg").exists()
    assert (folder / "new/a.seg").exists()


def test_without_tdx_json_folders_count_from_what_is_named(folder: Path) -> None:
    Path("old/tdx.json").unlink()
    # One above the repository is none of its.
    Path("tdx.json").write_text("{}")
    Path("old/.git").mkdir()
    assert segdsl("import", "old/Loyalty", "--to", "new").exit_code == 0
    assert 'folder "Tokyo"' in Path("new/Tokyo/b.seg").read_text()
    assert segdsl("import", "old/Loyalty/Tokyo/b.yaml", "--to", "file").exit_code == 0
    assert "folder" not in Path("file/b.seg").read_text()
