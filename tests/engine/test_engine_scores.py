"""Scores of models that were trained here, beside those of the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import parse_one

from segdsl.engine import Data, QueryFailed, open_data

OWN = "model_id,cdp_customer_id,grade,converted\n3,b,4,false\n"


def folder(path: Path, scores: str | None = None) -> Path:
    (path / "customers.csv").write_text("cdp_customer_id\na\nb\n")
    if scores is not None:
        (path / "predictive_scores.csv").write_text(scores)
    return path


def scores(path: Path, model: str, profile: str, grade: int) -> bytes:
    file = path / "made.parquet"
    duckdb.sql(
        f"COPY (SELECT '{model}' AS model_id, '{profile}' AS cdp_customer_id, 81.5 AS score, "
        f"{grade} AS grade, true AS converted) TO '{file}' (FORMAT parquet)"
    )
    return file.read_bytes()


def seen(data: Data) -> list[tuple[Any, ...]]:
    query = parse_one("SELECT model_id, cdp_customer_id, grade, converted FROM predictive_scores")
    return sorted(data.start(query).wait().rows)


@pytest.mark.parametrize("own", [None, OWN])
def test_queries_see_both_in_one_table(tmp_path: Path, own: str | None) -> None:
    of_data: list[tuple[Any, ...]] = [] if own is None else [("3", "b", 4, False)]
    with open_data(folder(tmp_path, own)) as data:
        trained = data.trained_scores()
        assert data.trained_scores() is trained
        assert data.catalog.table("predictive_scores") is not None
        assert trained.own_models() == {id for id, *_ in of_data}
        assert seen(data) == of_data
        trained.load(9, 1, scores(tmp_path, "9", "a", 2))
        assert seen(data) == [*of_data, ("9", "a", 2, True)]
        trained.load(10, 1, scores(tmp_path, "10", "b", 1))
        trained.load(9, 2, scores(tmp_path, "9", "b", 3))
        assert seen(data) == sorted([*of_data, ("9", "b", 3, True), ("10", "b", 1, True)])
        assert (trained.version(9), trained.version(10), trained.version(3)) == (2, 1, None)
        trained.drop(9)
        trained.drop(9)
        assert seen(data) == sorted([*of_data, ("10", "b", 1, True)])
        assert trained.version(9) is None


def test_scores_that_cannot_be_read_change_nothing(tmp_path: Path) -> None:
    with open_data(folder(tmp_path)) as data:
        trained = data.trained_scores()
        trained.load(9, 1, scores(tmp_path, "9", "a", 2))
        with pytest.raises(QueryFailed, match="the scores cannot be read"):
            trained.load(10, 1, b"not a file")
        assert seen(data) == [("9", "a", 2, True)]


def test_the_data_is_never_written(tmp_path: Path) -> None:
    before = sorted(each.name for each in folder(tmp_path, OWN).iterdir())
    with open_data(tmp_path) as data:
        data.trained_scores().load(9, 1, scores(tmp_path, "9", "a", 2))
        (tmp_path / "made.parquet").unlink()
        assert sorted(each.name for each in tmp_path.iterdir()) == before


def test_a_database_has_its_scores_too(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE customers AS SELECT 'a' AS cdp_customer_id")
        connection.execute(
            "CREATE TABLE predictive_scores AS SELECT 3 AS model_id, 'a' AS cdp_customer_id, "
            "4 AS grade, false AS converted"
        )
    with open_data(path) as data:
        data.trained_scores().load(9, 1, scores(tmp_path, "9", "a", 2))
        assert seen(data) == [("3", "a", 4, False), ("9", "a", 2, True)]
