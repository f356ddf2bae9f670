"""The retail example's data: the same each time, and such that every example means something."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlglot import parse_one

from segdsl.diagnostics import Report
from segdsl.engine import Data, open_data
from segdsl.files import seg_files
from segdsl.imports import load_programs
from segdsl.language.condition.tree import Segment
from segdsl.language.references.substitution import with_ids
from segdsl.language.resolve import resolve
from segdsl.language.values import ByName, Reference
from segdsl.schema.ids import ids_of
from segdsl.schema.model import Schema
from segdsl.sql import Context, count

RETAIL = Path(__file__).parents[1] / "examples" / "retail"
NOW = int(
    tomllib.loads((RETAIL / "segdsl.toml").read_text(encoding="utf-8"))["targets"]["local"][
        "now"
    ].timestamp()
)
# It compares with a text that is no ISO timestamp, to show that such a text is passed on.
TABLES = {"behavior_purchases", "behavior_page_views", "behavior_email_events"}
EMPTY = {"Show the banner"}

pytestmark = pytest.mark.slow


def segments() -> list[Segment]:
    report = Report()
    programs, _ = load_programs(seg_files([str(RETAIL)]), report)
    return [segment for program in programs for segment in resolve(program, report)]


def generate(folder: Path) -> str:
    command = [sys.executable, str(RETAIL / "generate.py"), "--out", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert isinstance(done.stdout, str)
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("retail") / "data"
    generate(made)
    return made


@pytest.fixture(scope="module")
def data(folder: Path) -> Iterator[Data]:
    with open_data(folder) as opened:
        yield opened


def one(data: Data, query: str) -> object:
    ((value,),) = data.start(parse_one(query, read="duckdb")).wait().rows
    return value


def test_the_same_bytes_each_time(folder: Path, tmp_path: Path) -> None:
    said = generate(tmp_path / "again")
    assert said.startswith("52,000 profiles and 1,2")
    sums = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in each.iterdir()}
        for each in (folder, tmp_path / "again")
    ]
    assert len(sums[0]) == 11
    assert sums[0] == sums[1]


def test_there_is_enough(data: Data) -> None:
    assert data.population() >= 50_000
    assert set(data.catalog.behaviors) == TABLES
    assert data.catalog.customer_groups == ("household",)
    events = sum(
        int(str(one(data, f"SELECT count(*) AS n FROM {name}"))) for name in data.catalog.behaviors
    )
    assert events >= 500_000


def test_nulls_are_everywhere_but_in_ids_and_signup(data: Data) -> None:
    for column in data.catalog.attributes:
        nulls = one(data, f'SELECT count(*) AS n FROM customers WHERE "{column.name}" IS NULL')
        assert (nulls == 0) == (column.name == "signup"), column.name


@pytest.mark.parametrize("name", ["tags", "favorite_categories", "store_visits"])
def test_arrays_are_of_all_lengths(data: Data, name: str) -> None:
    query = f"SELECT DISTINCT len({name}) AS n FROM customers ORDER BY n"
    lengths = [row[0] for row in data.start(parse_one(query, read="duckdb")).wait().rows]
    assert lengths[:3] == [0, 1, 2]
    assert None in lengths


def test_some_elements_of_arrays_are_null(data: Data) -> None:
    for name in ("tags", "store_visits"):
        query = f"SELECT count(*) AS n FROM customers WHERE len({name}) <> list_count({name})"
        assert one(data, query) != 0


def test_nothing_lies_after_now_or_before_signup(data: Data) -> None:
    for behavior in data.catalog.behaviors:
        query = (
            f"SELECT count(*) AS n FROM {behavior} "
            "JOIN customers USING (cdp_customer_id) "
            f"WHERE timestamp BETWEEN signup AND {NOW - 1}"
        )
        known = one(data, query)
        assert known == one(data, f"SELECT count(*) AS n FROM {behavior}")


def test_what_is_known_of_profiles_follows_from_their_events(data: Data) -> None:
    query = (
        "SELECT count(*) AS n FROM customers LEFT JOIN (SELECT cdp_customer_id, "
        "max(timestamp) AS seen FROM behavior_page_views GROUP BY cdp_customer_id) AS v "
        "USING (cdp_customer_id) WHERE last_visit IS DISTINCT FROM seen"
    )
    assert one(data, query) == 0


@pytest.mark.parametrize("segment", segments(), ids=lambda each: each.name)
def test_each_example_selects_some_and_not_all(data: Data, segment: Segment) -> None:
    of = data.parent
    schema = Schema(of.id, of.name, funnels=of.funnels, models=of.models, variants=of.variants)
    ids = ids_of(schema)
    known: dict[Reference, Segment] = {
        ByName(each.name): with_ids(each, ids) for each in segments()
    }
    context = Context(NOW, data.parent.timezone, data.catalog, known)
    ((found,),) = data.start(count(with_ids(segment, ids), context)).wait().rows
    assert isinstance(found, int)
    if segment.name in EMPTY:
        assert found == 0
    else:
        assert 20 <= found <= data.population() // 2
