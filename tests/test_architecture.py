"""ARCHITECTURE.md says what the code is: its files, functions, layers and tests are there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "ARCHITECTURE.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its first two rows."""
    text = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("row", rows("Stages"), ids=lambda row: row[0])
def test_a_stage_is_the_function_of_its_module(row: list[str]) -> None:
    function, module = row[1].strip("`"), row[-1].strip("`")
    assert re.search(rf"^def {function}\(", (ROOT / module).read_text(), re.MULTILINE)


def test_the_layers_are_those_of_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [layers] = [each["layers"] for each in contracts["contracts"] if each["id"] == "layers"]
    named = [name.strip() for layer in layers for name in layer.split("|")]
    listed = [re.findall(r"`(\w+)`", row[0])[0] for row in rows("Layers")]
    assert sorted(listed) == sorted({*named} - {"__main__", "_version"})
    level = {name.strip(): at for at, layer in enumerate(layers) for name in layer.split("|")}
    assert [level[name] for name in listed] == sorted(level[name] for name in listed)


def test_every_path_is_there() -> None:
    paths = set(re.findall(r"`((?:segdsl|tests|docs)/[\w/.]+)`|\]\(([\w/.-]+)", PAGE))
    assert paths
    missing = [path for pair in paths for path in pair if path and not (ROOT / path).exists()]
    assert missing == []
