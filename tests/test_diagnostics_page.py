"""The page of diagnostics: every code of the catalogue, each with an example that produces it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from segdsl.checking import check_names, check_segments
from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.codes import WARNINGS
from segdsl.lift import decompile
from segdsl.resolve import Program, resolve
from segdsl.schema.document import read_schema
from segdsl.source import Source
from segdsl.syntax.parser import parse
from support import compile_text

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "grammar" / "diagnostics.md").read_text(encoding="utf-8")
ENTRIES = re.findall(
    r"^### (SEG\d+): ([^\n]*)\n\n(.*?)\n\n```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
)


def checked(example: str) -> set[str]:
    """The codes of an example that is checked with the schema of the page."""
    [text] = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    schema = read_schema(text, "schema.toml")
    report = Report()
    tree = parse(Source("x.seg", example), report)
    segments = resolve(Program("x.seg", {"x.seg": tree}), report)
    assert report.diagnostics == []
    check_segments(segments, schema, report)
    check_names(segments, schema, report, among=[each.name for each in segments])
    return {of.code.name for of in report.diagnostics}


def codes_of(code: str, language: str, example: str, folder: Path) -> set[str]:
    if code.startswith("SEG5"):
        return checked(example)
    if language == "seg":
        return {code.name for code in compile_text(example, symbolic=False)[1]}
    if language == "json":
        report = Report()
        assert decompile(example, "rule.json", report) is None
        return {of.code.name for of in report.diagnostics}
    assert language == "sh"
    script = f'segdsl() {{ "{sys.executable}" -m segdsl "$@" --format json; }}\n{example}'
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    found = json.loads(done.stdout or done.stderr)
    return {of["code"] for of in found["diagnostics"]}


@pytest.mark.parametrize(
    ("code", "language", "example"),
    [(code, language, example) for code, _, _, language, example in ENTRIES],
    ids=[entry[0] for entry in ENTRIES],
)
def test_the_example_produces_the_code(
    code: str, language: str, example: str, tmp_path: Path
) -> None:
    assert codes_of(code, language, example, tmp_path) == {code}


def test_the_page_has_every_code_with_its_title_and_no_other() -> None:
    assert [(code, title) for code, title, *_ in ENTRIES] == [(c.name, c.value) for c in Code]


def test_warnings_are_marked() -> None:
    marked = {code for code, _, text, *_ in ENTRIES if "**Warning.**" in text}
    assert marked == {code.name for code in WARNINGS}
