"""The page of diagnostics, and a text in one of its forms to the codes of what is found there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from segdsl import compile_text
from segdsl.diagnostics import Code, Report
from segdsl.diagnostics.codes import severity_of
from segdsl.rules.decompile import decompile
from segdsl.schema.document import read_schema

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "diagnostics.md").read_text(encoding="utf-8")


class Entry(NamedTuple):
    """What the page has of a code; `form` is the word behind the fence of its example."""

    code: str
    title: str
    text: str
    form: str
    example: str


ENTRIES = [
    Entry(*found)
    for found in re.findall(
        r"^### (SEG\d+): ([^\n]*)\n\n(.*?)\n\n```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    )
]


def codes_of(code: str, form: str, example: str, folder: Path) -> set[str]:
    """The codes found in an example for `code`; commands are run in `folder`."""
    if code.startswith("SEG5"):
        return _checked(example)
    if form == "seg":
        # What is about the meaning needs no ids.
        return set(compile_text(example, symbolic=code.startswith("SEG2")).codes)
    if form == "json":
        report = Report()
        assert (decompile(example, "rule.json", report) is None) == report.has_errors
        return {of.code.name for of in report.diagnostics}
    assert form == "sh"
    return _told(example, folder)


def _checked(example: str) -> set[str]:
    """With the schema of the page."""
    [text] = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    schema = read_schema(text, "schema.toml")
    assert compile_text(example, symbolic=True).codes == []
    return set(compile_text(example, schema=schema, symbolic=True).codes)


def _told(commands: str, folder: Path) -> set[str]:
    """By the last command, whose exit code must agree; what it makes may go to a file."""
    run = f'"{sys.executable}" -m segdsl "$@" --format json'
    # What a command makes is there for the next one; what it reports is that of the last.
    script = f'segdsl() {{ {run} > .answer; code=$?; cat .answer; return "$code"; }}\n{commands}'
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    codes = {of["code"] for of in json.loads((folder / ".answer").read_text())["diagnostics"]}
    wrong = any(severity_of(Code[code]) == "error" for code in codes)
    assert done.returncode == (1 if wrong else 0)
    return codes
