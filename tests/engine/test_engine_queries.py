"""Queries: several at once, killed for real, failing in words, and kept in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from engine_folders import parquet, sql
from segdsl.engine import Data, QueryFailed, QueryKilled, open_data
from segdsl.engine.query import plain

# Days of work, in the ways that DuckDB works: joining, sorting, recursing, and handing out rows.
ENDLESS = [
    "SELECT count(*) AS n FROM customers AS a, customers AS b, customers AS c, customers AS d "
    "WHERE a.n * b.n + c.n * d.n = 7",
    "SELECT a.n, b.n FROM customers AS a, customers AS b, customers AS c, customers AS d "
    "ORDER BY a.n * 31 % 17, b.n",
    "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT max(x) AS n FROM r",
    "SELECT a.n FROM customers AS a, customers AS b, customers AS c WHERE a.n + b.n < 0 OR c.n < 2",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("queries")
    parquet(
        made,
        "customers",
        "SELECT 'c' || i AS cdp_customer_id, i AS n, [i, NULL] AS list FROM range(100000) AS r(i)",
    )
    return made


@pytest.fixture
def data(folder: Path) -> Iterator[Data]:
    with open_data(folder) as opened:
        yield opened


def answers(data: Data) -> bool:
    """Whether a small query comes back."""
    return data.start(sql("SELECT count(*) AS n FROM customers")).wait().rows == ((100_000,),)


def test_a_result(data: Data) -> None:
    query = data.start(sql("SELECT n, list, 'x' AS \"a b\" FROM customers ORDER BY n LIMIT 2"))
    result = query.wait()
    assert result.names == ("n", "list", "a b")
    assert result.rows == ((0, [0, None], "x"), (1, [1, None], "x"))
    assert query.wait() is result
    assert query.has_ended


def test_a_result_with_many_rows_and_without_rows(data: Data) -> None:
    rows = data.start(sql("SELECT n FROM customers ORDER BY n")).wait().rows
    assert rows == tuple((number,) for number in range(100_000))
    assert data.start(sql("SELECT n FROM customers WHERE n < 0")).wait().rows == ()


@pytest.mark.parametrize("text", ENDLESS)
def test_a_running_query_is_killed(data: Data, text: str) -> None:
    query = data.start(sql(text))
    # While it runs, another one is answered.
    assert answers(data)
    assert not query.has_ended
    query.kill()
    with pytest.raises(QueryKilled, match="the query was killed"):
        query.wait()
    query.join()
    assert answers(data)


def test_a_query_can_be_killed_before_it_starts(data: Data) -> None:
    for _ in range(50):
        query = data.start(sql(ENDLESS[0]))
        query.kill()
        with pytest.raises(QueryKilled):
            query.wait()
    assert answers(data)


def test_repeated_and_late_kills_have_no_effect(data: Data) -> None:
    query = data.start(sql(ENDLESS[0]))
    for _ in range(3):
        query.kill()
    for _ in range(2):
        with pytest.raises(QueryKilled):
            query.wait()
    query.kill()
    done = data.start(sql("SELECT 1 AS x"))
    done.wait()
    done.join()
    done.kill()
    assert done.wait().rows == ((1,),)


def test_killing_one_query_does_not_affect_others(data: Data) -> None:
    long = [data.start(sql(ENDLESS[0])) for _ in range(4)]
    long[1].kill()
    with pytest.raises(QueryKilled):
        long[1].wait()
    assert answers(data)
    assert [query.has_ended for query in long] == [False, True, False, False]


def test_several_threads_wait_for_one_query(data: Data) -> None:
    query = data.start(sql(ENDLESS[0]))
    ends: list[str] = []

    def wait() -> None:
        try:
            query.wait()
        except QueryKilled as error:
            ends.append(str(error))

    threads = [threading.Thread(target=wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    query.kill()
    for thread in threads:
        thread.join()
    assert ends == ["the query was killed"] * 5


def test_many_threads_run_queries_concurrently(data: Data) -> None:
    found: list[bool] = []

    def ask() -> None:
        found.extend(answers(data) for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80


def test_close_kills_running_queries(folder: Path) -> None:
    with open_data(folder) as data:
        running = [data.start(sql(text)) for text in ENDLESS]
    for query in running:
        with pytest.raises(QueryKilled):
            query.wait()
    data.close()
    with pytest.raises(ValueError, match="the data is closed"):
        data.start(sql("SELECT 1 AS x"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT nothing AS x FROM customers", "the query failed: Binder Error: .*nothing"),
        ("SELECT 1 AS x FROM nowhere", "the query failed: Catalog Error: .*nowhere"),
        ("SELECT CAST(cdp_customer_id AS INT) AS x FROM customers", "Could not convert string 'c"),
        ("SELECT error('so ' || n) AS x FROM customers", "the query failed: .*so "),
    ],
)
def test_a_query_that_fails(data: Data, text: str, message: str) -> None:
    query = data.start(sql(text))
    for _ in range(2):
        with pytest.raises(QueryFailed, match=message) as caught:
            query.wait()
        assert "\n" not in caught.value.message
    query.kill()
    assert answers(data)


def test_values_are_plain() -> None:
    with duckdb.connect() as connection:
        row = connection.execute(
            "SELECT 1.50, 2.00::DECIMAL(9, 2), 'nan'::DOUBLE, '-inf'::DOUBLE, DATE '2024-02-29', "
            "TIMESTAMP '2024-02-29 01:02:03', TIME '01:02:03', [1.5::DECIMAL(3, 1), NULL], "
            "170141183460469231731687303715884105727, true, {'a': 1}, "
            "'00000000-0000-0000-0000-000000000001'::UUID"
        ).fetchone()
    assert row is not None
    assert [plain(each) for each in row] == [
        1.5,
        2,
        None,
        None,
        "2024-02-29",
        "2024-02-29T01:02:03",
        "01:02:03",
        [1.5, None],
        170141183460469231731687303715884105727,
        True,
        "{'a': 1}",
        "00000000-0000-0000-0000-000000000001",
    ]


# --- kept in ------------------------------------------------------------------------------


def test_no_other_file_is_read_or_written(data: Data, folder: Path, tmp_path: Path) -> None:
    """Not even when a query asks for it, which those of segments never do."""
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    (folder / "behind.csv").write_text("a\n1\n")
    for text in (
        f"SELECT * FROM read_csv('{other}')",
        f"SELECT * FROM read_text('{other}')",
        f"SELECT * FROM read_csv('{folder / 'behind.csv'}')",
        f"SELECT * FROM '{other}'",
        f"SELECT * FROM glob('{tmp_path}/*')",
    ):
        with pytest.raises(QueryFailed):
            data.start(sql(text)).wait()


@pytest.mark.parametrize(
    "text",
    [
        "COPY (SELECT 1) TO '{path}/x.csv'",
        "ATTACH '{path}/x.duckdb' AS x",
        "EXPORT DATABASE '{path}/x'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '1GB'",
        "SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    ],
)
def test_no_statement_enables_external_access(data: Data, tmp_path: Path, text: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        port = server.getsockname()[1]
        cursor = data._connection.cursor()
        with pytest.raises(duckdb.Error):
            cursor.execute(text.format(path=tmp_path, port=port))
        cursor.close()
        with pytest.raises(TimeoutError):
            server.accept()
    assert list(tmp_path.iterdir()) == []


def test_no_files_are_left_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_data(folder) as data:
        assert answers(data)
    assert list(tmp_path.iterdir()) == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
