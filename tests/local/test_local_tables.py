"""The tables of a local target that are read without a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from predictive_api import PROFILES, buyers, create, run, shop_api, write_shop
from raw_tables import raw_api, write_raw
from segdsl.engine import DataError
from segdsl.language.values import ByName
from segdsl.server import open_tables
from segdsl.sql.catalog import CUSTOMERS
from segdsl.sql.expressions import column, select


def number_of_scores(data: Path, store: Path) -> tuple[int, dict[str, str]]:
    """The number of scores that queries see, and the ids of predictive segments by name."""
    with open_tables(data, store) as tables:
        rows = tables.data.start(select(column("grade")).from_("predictive_scores")).wait().rows
        models = {name.name: id for (kind, name), id in tables.ids.items() if "model" in kind}
        return len(rows), models


def test_tables_have_the_scores_of_what_was_trained(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    data = write_shop(tmp_path)
    assert number_of_scores(data, store) == (0, {})
    assert not store.exists()

    async def train() -> str:
        async with shop_api(tmp_path, store=store) as api:
            of = await buyers(api)
            await create(api, of, name="Never trained")
            id = await create(api, of, name="Trained")
            assert (await run(api, id))["status"] == "success"
            return id

    id = asyncio.run(train())
    assert number_of_scores(data, store) == (PROFILES, {"Trained": id})


def test_raw_tables_are_those_of_the_last_run(tmp_path: Path) -> None:
    raw, store = write_raw(tmp_path), tmp_path / "store.sqlite"

    def opened(parent: str | None = None) -> tuple[str, int]:
        with open_tables(raw, store, parent) as tables:
            table = tables.data.catalog.table(CUSTOMERS)
            assert table is not None
            assert table.column("country")
            return tables.data.parent.name, tables.data.population()

    with pytest.raises(DataError, match="of which no parent segment was created: run `segdsl par"):
        opened()
    assert not store.exists()

    async def build(name: str, runs: bool) -> str:
        async with raw_api(tmp_path, store=store) as api:
            return await (api.built(name) if runs else api.create_parent(name))

    first = asyncio.run(build("Shop", runs=False))
    with pytest.raises(DataError, match=r"1 \(Shop\) were never built: run `segdsl parent run`"):
        opened()
    second = asyncio.run(build("Other", runs=True))
    with pytest.raises(DataError, match=r"has 2 parent segments: specify one .*: 1 .*, 2 \(Other"):
        opened()
    with pytest.raises(DataError, match="has no parent segment 7: specify one"):
        opened("7")
    with pytest.raises(DataError, match="were never built"):
        opened(first)
    assert opened(second) == ("Other", 3)


def test_names_are_those_of_the_description(tmp_path: Path) -> None:
    text = '[models.rfm]\n"Customer RFM" = 9\n\n[models.predictive]\n"Churn model" = 12\n'
    data = write_shop(tmp_path, text)
    with open_tables(data, tmp_path / "none.sqlite") as tables:
        assert tables.ids == {
            ("rfm model", ByName("Customer RFM")): "9",
            ("predictive model", ByName("Churn model")): "12",
        }
