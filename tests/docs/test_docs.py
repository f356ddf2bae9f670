"""Every block of every page and of the README is tested: run, compiled, parsed, or listed here.

`make pages` writes anew what the pages show; CONTRIBUTING.md describes the marks of blocks.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

import doc_generated
import doc_sessions
from doc_pages import DOCS, PAGES, ROOT, Block, blocks, named, sessions
from segdsl import compile_text

NOT_RUN = {
    "docs/getting-started.md": ["pip install segdsl"],
}
"""The blocks that cannot run in a test, by page."""

ELSEWHERE = {
    ("docs/reference/language.md", "seg"): "tests/test_reference.py",
    ("docs/reference/language.md", "json"): "tests/test_reference.py",
    ("docs/reference/diagnostics.md", "seg"): "tests/test_diagnostics_page.py",
    ("docs/reference/diagnostics.md", "json"): "tests/test_diagnostics_page.py",
    ("docs/reference/diagnostics.md", "sh"): "tests/test_diagnostics_page.py",
    ("docs/reference/mistakes.md", "mistakes"): "tests/test_mistakes_page.py",
}
"""The blocks of reference pages that have a test of their own, by page and language."""

RUN = {"console", "python", "text"}
"""The languages that `test_a_session_does_what_is_shown` looks at."""

SESSIONS = [(page, each) for page in PAGES for each in sessions(page)]
SNIPPET = re.compile(r'^--8<-- "(.+)"$', re.MULTILINE)


def test_ids(session: tuple[Path, list[Block]]) -> str:
    page, found = session
    return f"{named(page)}:{found[0].line if found else 0}"


test_ids.__test__ = False  # type: ignore[attr-defined]


def runs(session: list[Block]) -> bool:
    return any(of.language in RUN and "not run" not in of.marks for of in session)


WITH_COMMANDS = [each for each in SESSIONS if runs(each[1])]


@pytest.mark.parametrize("session", WITH_COMMANDS, ids=map(test_ids, WITH_COMMANDS))
@pytest.mark.heavy
def test_a_session_does_what_is_shown(session: tuple[Path, list[Block]], tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    for shown in doc_sessions.run(session[1], folder):
        assert shown.failed is None, f"{shown.block.name}: {shown.failed}"
        assert shown.actual == shown.block.text, f"{shown.block.name}: run `make pages`"


def test_the_way_from_tables_to_a_journey_takes_at_most_15_commands() -> None:
    [session] = sessions(DOCS / "from-tables-to-a-journey.md")
    shown = "".join(of.text for of in session if of.language == "console")
    commands = re.findall(r"^\$ (?:segdsl )?([a-z]+(?: [a-z-]+)?)", shown, re.MULTILINE)
    assert len(commands) <= 15, commands
    assert {"init", "apply", "simulate"} <= {each.split()[0] for each in commands}
    assert {"run predictive-segment", "run activation", "show journey"} <= set(commands)


def looked_at() -> list[Block]:
    return [
        block
        for page in PAGES
        for block in blocks(page)
        if block.language not in RUN
        and "not run" not in block.marks
        and (named(page), block.language) not in ELSEWHERE
    ]


@pytest.mark.parametrize("block", looked_at(), ids=lambda of: of.name)
def test_a_block_is_what_it_says(block: Block) -> None:
    text = SNIPPET.sub(lambda of: (ROOT / of[1]).read_text(encoding="utf-8"), block.text)
    match block.language:
        case "seg":
            compiled = compile_text(text, symbolic=True)
            assert compiled.codes == block.marks.get("codes", "").split(), compiled.render()
        case "json":
            json.loads(text)
        case "toml":
            tomllib.loads(text)
        case "yaml":
            assert yaml.safe_load(text)
        case "csv":
            rows = list(csv.reader(io.StringIO(text)))
            assert len(rows) > 1
            assert {len(row) for row in rows} == {len(rows[0])}
        case "sh":
            for line in text.splitlines():
                assert line.startswith("make "), f"{block.name}: is not tested"
                dry = subprocess.run(
                    ["sh", "-c", line.replace("make ", "make -n ", 1)],
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert dry.returncode == 0, dry.stderr
        case other:
            pytest.fail(f"{block.name}: nothing tests blocks of `{other}`")


def test_what_cannot_run_is_listed() -> None:
    found: dict[str, list[str]] = {}
    for page in PAGES:
        for block in blocks(page):
            if "not run" in block.marks:
                assert block.marks["not run"], f"{block.name} does not say why it cannot run"
                found.setdefault(named(page), []).append(block.text.strip())
    assert found == NOT_RUN


def test_what_is_tested_elsewhere_is_there() -> None:
    for (page, language), test in ELSEWHERE.items():
        assert any(of.language == language for of in blocks(ROOT / page)), (page, language)
        assert (ROOT / test).is_file()


def test_a_python_block_is_followed_by_what_it_prints() -> None:
    for page in PAGES:
        found = blocks(page)
        after = [*(of.language for of in found[1:]), ""]
        for block, language in zip(found, after, strict=False):
            if block.language == "python" and "print(" in block.text:
                assert language == "text", f"{block.name} does not show what it prints"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_generated_parts_are_of_this_code(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert doc_generated.page(text) == text, "run `make pages`"


def test_every_command_has_a_section_with_its_help_and_an_example() -> None:
    text = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    sections = dict(
        re.findall(r"^## (segdsl [a-z -]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    )
    assert sorted(sections) == sorted(name for name, _, _ in doc_generated.commands())
    for name, section in sections.items():
        assert f"<!-- generated: {name} -->" in section, name
        assert re.search(rf"^\$ .*\b{name}\b", section, re.MULTILINE), f"no example of `{name}`"


def test_every_page_is_in_the_navigation() -> None:
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))

    def listed(entry: object) -> list[str]:
        match entry:
            case str():
                return [entry]
            case dict():
                return [name for each in entry.values() for name in listed(each)]
            case list():
                return [name for each in entry for name in listed(each)]
            case _:
                raise AssertionError(entry)

    pages = listed(config["project"]["nav"])
    assert sorted(pages) == sorted(of.relative_to(DOCS).as_posix() for of in DOCS.rglob("*.md"))


def test_links_of_the_readme_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 160
