"""Fuzzers with a fixed budget, and what they and others have found, kept.

`SEGDSL_FUZZ=7000000` asks for other seeds, from that one on.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from fuzzing.folders import Folder, folder
from fuzzing.rules import rule, rules
from fuzzing.stages import run_rule, run_text
from fuzzing.texts import seeds, text
from quick import scaled
from running import segdsl
from workspace import NOW, write_project

CORPUS = Path(__file__).parent / "fuzzing" / "corpus"
TARGET = f'[targets.local]\nkind = "local"\ndata = "data"\nnow = {NOW}\n'
FIRST = int(os.environ.get("SEGDSL_FUZZ", "0"))


@pytest.mark.parametrize("path", sorted((CORPUS / "texts").iterdir()), ids=lambda path: path.stem)
def test_a_text_that_was_found(path: Path) -> None:
    run_text(path.read_bytes().decode())


@pytest.mark.parametrize("path", sorted((CORPUS / "rules").iterdir()), ids=lambda path: path.stem)
def test_a_rule_that_was_found(path: Path) -> None:
    run_rule(json.loads(path.read_text()))


def test_some_texts() -> None:
    every = seeds()
    made = [text(random.Random(FIRST + seed), every) for seed in range(scaled(100, 20))]
    assert sum(map(run_text, made)) > scaled(10)


def test_some_rules() -> None:
    every = rules()
    made = [rule(random.Random(FIRST + seed), every) for seed in range(scaled(300, 60))]
    assert sum(map(run_rule, made)) > scaled(50, 5)


def run_folder(of: Folder, there: Path) -> set[int]:
    """The exit codes of the runs; raises where one ends in anything else than an exit."""
    there.mkdir()
    if of.has_project:
        write_project(there, TARGET)
        for path in there.glob("*.seg"):
            path.unlink()
    for name, content in of.files.items():
        path = there / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode(errors="surrogatepass"))
    before = Path.cwd()
    os.chdir(there)
    codes = set()
    try:
        for command in of.commands:
            done = segdsl(*command)
            assert "Traceback" not in done.output, command
            assert done.exit_code in range(5), (command, done.output)
            codes.add(done.exit_code)
    finally:
        os.chdir(before)
    return codes


def test_some_folders(tmp_path: Path) -> None:
    every = seeds()
    codes = set()
    for seed in range(12):
        made = folder(random.Random(FIRST + seed), every)
        codes |= run_folder(made, tmp_path / str(seed))
    assert {0, 1} <= codes


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_folders(part: int, tmp_path: Path) -> None:
    every = seeds()
    for seed in range(150):
        made = folder(random.Random(f"{FIRST} {part} {seed}"), every)
        try:
            run_folder(made, tmp_path / str(seed))
        except BaseException as error:
            error.add_note(f"seed {FIRST} {part} {seed}: {made!r}")
            raise


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_texts(part: int) -> None:
    every = seeds()
    for seed in range(1_500):
        made = text(random.Random(f"{FIRST} {part} {seed}"), every)
        try:
            run_text(made)
        except Exception as error:
            error.add_note(f"seed {FIRST} {part} {seed}: {made[:3_000]!r}")
            raise


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_rules(part: int) -> None:
    every = rules()
    for seed in range(5_000):
        made = rule(random.Random(f"{FIRST} {part} {seed}"), every)
        try:
            run_rule(made)
        except Exception as error:
            error.add_note(f"seed {FIRST} {part} {seed}: {json.dumps(made)[:3_000]}")
            raise
