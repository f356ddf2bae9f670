"""The page of local data: its `parent_segment.toml` has every key, and its table every table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from doc_pages import DOCS, blocks
from segdsl.engine.data import open_data
from segdsl.engine.tables import FIXED
from segdsl.language.condition.ml import MODEL_ATTRIBUTES
from segdsl.language.values import ColumnType
from segdsl.parent_segment import shape

FILE = DOCS / "reference" / "data.md"
PAGE = FILE.read_text(encoding="utf-8")
OF_SERVERS = {
    *("schedule", "engine", "llm", "master", "attributes", "behaviors", "customer_groups"),
    *("enrichment", "activation"),
}
"""The keys that say what a parent segment is made of."""
FILES = {of.title: of.text for of in blocks(FILE) if of.title}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_description_can_be_used_and_has_every_key(folder: Path) -> None:
    text = FILES[f"data/{shape.FILE}"]
    with open_data(folder / "data") as data:
        assert data.parent.timezone == "Asia/Tokyo"
        assert data.parent.labels.of_column("customers", "age") == "Age in years"
    read = msgspec.toml.decode(text)
    local = {each.name for each in msgspec.structs.fields(shape.File)} - OF_SERVERS
    assert set(read) == local
    assert all(re.search(rf"^#.*\b{each}\b", text, re.MULTILINE) for each in get_args(ColumnType))
    assert set(read["models"]) == {each.name for each in msgspec.structs.fields(shape.Models)}


def test_the_page_has_every_table() -> None:
    named = {*FIXED, "customers", "behavior_<name>", "customer_group_<name>"}
    assert {f"ml_{each}" for each in MODEL_ATTRIBUTES} <= named
    for table in named:
        assert f"`{table}`" in PAGE
