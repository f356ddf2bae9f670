"""Queries run, are polled, paged and killed; many at once, without delaying each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from local_api import JAPAN, NOW, Api, client, equal, local_api, rule, with_api, write_data
from segdsl.engine import Data, Query, open_data
from segdsl.server import LocalTransport, application, open_store
from segdsl.server.queries.sql_text import with_lower_keywords

SLOW = rule(equal("country", "slow"))
# What hashes are is nothing that DuckDB can know beforehand.
ENDLESS = sqlglot.parse_one(
    "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE hash(a.range, b.range) = 0",
    read="duckdb",
)


class Slow:
    """Data that runs `instead`, which would take years, for queries about `slow`."""

    def __init__(self, data: Data) -> None:
        self.instead = ENDLESS
        self.started: list[Query] = []
        self.others: list[Query] = []
        self._start = data.start

    def start(self, query: exp.Expression) -> Query:
        if "'slow'" not in query.sql(dialect="duckdb"):
            self.others.append(self._start(query))
            return self.others[-1]
        self.started.append(self._start(self.instead))
        return self.started[-1]


@asynccontextmanager
async def slow_api(folder: Path, store: Path | None = None) -> AsyncIterator[tuple[Api, Slow]]:
    """The API in this process, over data that can be slow."""
    with open_data(write_data(folder)) as data, pytest.MonkeyPatch.context() as patch:
        slow, kept = Slow(data), open_store(store)
        patch.setattr(data, "start", slow.start)
        app = application(data, kept, now=NOW)
        try:
            async with client(transport=LocalTransport(app)) as http:
                yield Api(http), slow
        finally:
            app.close()
            kept.close()


# --- the life of one ---------------------------------------------------------------------


@with_api
async def test_a_query_counts(api: Api) -> None:
    id = await api.query()
    answer = await api.ended(id)
    assert (answer["id"], answer["queryId"]) == (id, id)
    assert (answer["status"], answer["count"], answer["error"]) == ("success", 3, None)
    assert await api.status(id) == answer
    assert await api.count(rule(equal("country", "XX"))) == 0


@with_api
async def test_the_clock_is_fixed(api: Api) -> None:
    def within(days: str) -> Any:
        past = {"type": "TimeWithinPast", "unit": "day", "value": days}
        return rule({**equal("last_visit", 1), "operator": past})

    assert [await api.count(within(days)) for days in ("1", "20", "200")] == [1, 2, 3]


@with_api
async def test_sql_for_the_vendors_engine(api: Api) -> None:
    body = {"format": "sql", "rule": JAPAN}
    sql = (await api.ask("POST", "/audiences/7/segments/query", body))["sql"]
    statement = sqlglot.parse_one(sql, read="trino")
    assert [table.sql(dialect="trino") for table in statement.find_all(exp.Table)] == [
        '"cdp_audience_7"."customers"'
    ]
    for wrong in ({"format": "csv"}, {"kind": 1}, {"kind": 9}):
        await api.ask("POST", "/audiences/7/segments/query", {**body, **wrong}, status=400)


@with_api
async def test_keywords_are_in_lower_case_outside_quotes(api: Api) -> None:
    text = "FROM \"x\" WHERE y = 'It''s'"
    body = {"rule": rule(equal("country", text))}
    sql = (await api.ask("POST", "/audiences/7/segments/query", body))["sql"]
    assert sql.split() == [
        *("select", '"cdp_customer_id"', "from", '"cdp_audience_7"."customers"', "where"),
        *('"country"', "=", *("'" + text.replace("'", "''") + "'").split()),
    ]


@pytest.mark.parametrize(
    ("sql", "lower"),
    [
        ('SELECT "A" FROM T', 'select "A" from t'),
        ("X = 'It''s A' AND Y = 'B'", "x = 'It''s A' and y = 'B'"),
        ('"a""B" IN (\'"C\', "D\'")', '"a""B" in (\'"C\', "D\'")'),
        ("'A", "'a"),
        ("", ""),
    ],
)
def test_keywords(sql: str, lower: str) -> None:
    assert with_lower_keywords(sql) == lower


@with_api
async def test_profiles_by_page(api: Api) -> None:
    id = await api.query(None, columns=["age", "vip", "tags"], pageSize=4)
    answer = await api.ended(id)
    assert (answer["count"], answer["maxPage"]) == (6, 2)
    first = await api.customers(id)
    assert first["type"] == "rows"
    assert first["names"] == ["cdp_customer_id", "age", "vip", "tags"]
    assert first["rows"] == [
        ["c01", 31, "true", '["a","b"]'],
        ["c02", None, "false", "[]"],
        ["c03", 45, None, None],
        ["c04", 22, "true", '["b"]'],
    ]
    second = await api.customers(id, 2)
    assert [row[0] for row in second["rows"]] == ["c05", "c06"]
    assert (await api.customers(id, 3))["type"] == "end"
    # Any page, in any order, again.
    assert await api.customers(id, 2) == second


@with_api
async def test_pages_of_every_size_contain_each_profile_once(api: Api) -> None:
    for size in (1, 2, 5, 6, 7):
        id = await api.query(None, pageSize=size)
        await api.ended(id)
        rows: list[Any] = []
        page = 1
        while (answer := await api.customers(id, page))["type"] == "rows":
            assert len(answer["rows"]) <= size
            rows += answer["rows"]
            page += 1
        assert answer["type"] == "end"
        assert rows == [["c01"], ["c02"], ["c03"], ["c04"], ["c05"], ["c06"]]


@with_api
async def test_the_number_of_pages_is_limited(api: Api) -> None:
    id = await api.query(None, pageSize=2, maxPage=2)
    assert (await api.ended(id))["maxPage"] == 2
    assert (await api.customers(id, 2))["rows"] == [["c03"], ["c04"]]
    assert (await api.customers(id, 3))["type"] == "end"
    nobody = await api.query(rule(equal("country", "XX")))
    assert (await api.ended(nobody))["maxPage"] == 0
    assert (await api.customers(nobody))["type"] == "end"


@with_api
async def test_profiles_of_a_limit_are_the_top_ones(api: Api) -> None:
    order = {"type": "Column", "column": "ltv", "order": "descending"}
    limit = {"type": "Count", "number": 2, "orderColumns": [order]}
    top = {"type": "And", "conditions": [], "limit": limit}
    id = await api.query(top, columns=["ltv", "ltv", "cdp_customer_id"])
    assert (await api.ended(id))["count"] == 2
    assert (await api.customers(id))["rows"] == [["c01", 1200], ["c03", 9000]]


@with_api
async def test_invalid_queries(api: Api) -> None:
    path = "/audiences/7/segments/queries"
    for key, value in (
        ("columns", ["contry"]),
        ("columns", "country"),
        ("pageSize", 0),
        ("pageSize", 100_001),
        ("maxPage", 0),
        ("maxPage", "x"),
        ("filterString", "Alex"),
        ("kind", 9),
        ("rule", []),
    ):
        wrong = await api.ask("POST", path, {"rule": JAPAN, key: value}, status=400)
        said = wrong["message"] if "message" in wrong else wrong["errors"]["base"][0]
        assert said.startswith(f"$.{key}"), wrong
    id = await api.query()
    for page in ("0", "x", "-1"):
        await api.ask("GET", f"{path}/{id}/customers?page={page}", status=400)
    await api.ask("GET", f"{path}/nothing", status=404)
    await api.ask("POST", f"{path}/nothing/kill", status=404)
    await api.ask("GET", f"{path}/nothing/customers", status=404)


@with_api
async def test_a_query_that_ended_is_not_killed(api: Api) -> None:
    id = await api.query()
    before = await api.ended(id)
    answer = await api.ask("POST", f"/audiences/7/segments/queries/{id}/kill")
    assert answer == {"message": "the query had already ended: success"}
    assert await api.status(id) == before
    assert (await api.customers(id))["type"] == "rows"


def test_a_failed_query_says_why(tmp_path: Path) -> None:
    async def test() -> None:
        async with slow_api(tmp_path) as (api, slow):
            slow.instead = sqlglot.parse_one("SELECT error('no such luck')", read="duckdb")
            id = await api.query(SLOW)
            answer = await api.ended(id)
            assert (answer["status"], answer["count"]) == ("error", None)
            assert "no such luck" in answer["error"]
            page = await api.customers(id)
            assert (page["type"], page["error"]) == ("error", answer["error"])

    asyncio.run(test())


# --- killing, and many at once -----------------------------------------------------------


def test_a_killed_query_stops(tmp_path: Path) -> None:
    async def test() -> None:
        async with slow_api(tmp_path) as (api, slow):
            id = await api.query(SLOW)
            assert (await api.status(id))["status"] == "running"
            assert (await api.customers_now(id))["type"] == "pending"
            path = f"/audiences/7/segments/queries/{id}/kill"
            assert await api.ask("POST", path) == {"message": "the query was killed"}
            assert (await api.status(id))["status"] == "killed"
            assert (await api.customers(id))["type"] == "killed"
            # It would take years: that its thread ends shows that it was stopped.
            [query] = slow.started
            await asyncio.to_thread(query.join)
            assert query.has_ended
            assert (await api.status(id))["status"] == "killed"

    asyncio.run(test())


def test_closing_stops_everything(tmp_path: Path) -> None:
    async def test() -> None:
        store = tmp_path / "store.sqlite"
        async with slow_api(tmp_path, store) as (api, slow):
            ids = [await api.query(SLOW) for _ in range(3)]
            await api.create("Slow", SLOW, countPopulation=True)
        assert all(query.has_ended for query in slow.started)
        async with local_api(tmp_path, store=store) as api:
            for id in ids:
                answer = await api.status(id)
                assert answer["status"] == "error"
                assert "start it again" in answer["error"]
            assert await api.names() == ["Slow"]

    asyncio.run(test())


@pytest.mark.slow
def test_polls_are_answered_while_long_queries_run(tmp_path: Path) -> None:
    """64 clients, 8 endless queries: nobody who polls or counts waits for them."""

    async def test() -> None:
        async with slow_api(tmp_path) as (api, slow):
            ids = [await api.query(SLOW) for _ in range(8)]

            async def poll(at: int) -> None:
                path = f"/audiences/7/segments/queries/{ids[at % 8]}"
                for _ in range(5):
                    response = await api.send("GET", path)
                    assert response.json()["status"] == "running"

            await asyncio.gather(*(poll(at) for at in range(64)))
            assert await asyncio.gather(*(api.count(JAPAN) for _ in range(8))) == [3] * 8
            assert not any(query.has_ended for query in slow.started)
            for id in ids:
                await api.ask("POST", f"/audiences/7/segments/queries/{id}/kill")
            for query in slow.started:
                await asyncio.to_thread(query.join)
            assert [(await api.status(id))["status"] for id in ids] == ["killed"] * 8

    asyncio.run(test())
