"""The page that says how to begin: its commands do what is shown, its table of keys is whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from running import ENVIRONMENT, ROOT
from segdsl.engine import description
from segdsl.engine.data import open_data
from segdsl.engine.tables import FIXED
from segdsl.language.condition.ml import MODEL_ATTRIBUTES
from segdsl.language.values import ColumnType

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
SECONDS = re.compile(r"\d+\.\d\d s")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = re.findall(r"^`(data/.*)`:$", PAGE, re.MULTILINE)
    for name, text in zip(names, blocks("csv"), strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(block: str, folder: Path) -> None:
    command, _, output = block.removeprefix("$ ").partition("\n")
    script = f'segdsl() {{ "{sys.executable}" -m segdsl "$@"; }}\n{command}'
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=folder,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.returncode == 0
    assert SECONDS.sub("0.02 s", done.stdout + done.stderr) == output


def test_the_commands_do_what_is_shown(folder: Path, tmp_path: Path) -> None:
    *local, remote = blocks("console")
    for block in local:
        run(block, folder)
    other = tmp_path / "other"
    other.mkdir()
    run(remote, other)


def test_the_description_can_be_used_and_has_every_key(folder: Path) -> None:
    [text] = blocks("toml")
    path = folder / "data" / description.FILE
    path.write_text(text)
    with open_data(folder / "data") as data:
        assert data.parent.timezone == "Asia/Tokyo"
        assert data.parent.labels.of_column("customers", "age") == "Age in years"
    read = msgspec.toml.decode(text)
    assert set(read) == {each.name for each in msgspec.structs.fields(description._File)}
    assert all(re.search(rf"^#.*\b{each}\b", text, re.MULTILINE) for each in get_args(ColumnType))
    assert set(read["models"]) == {
        each.name for each in msgspec.structs.fields(description._Models)
    }


def test_the_page_has_every_table() -> None:
    named = {*FIXED, "customers", "behavior_<name>", "customer_group_<name>"}
    assert {f"ml_{each}" for each in MODEL_ATTRIBUTES} <= named
    for table in named:
        assert f"`{table}`" in PAGE
