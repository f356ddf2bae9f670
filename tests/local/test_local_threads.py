"""Closing leaves no thread: one that outlives the interpreter would keep DuckDB alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from local_api import write_data
from segdsl.engine import Data, QueryKilled, open_data
from segdsl.server.queries.batcher import CountBatcher
from segdsl.server.queries.executor import Executor, Outcome
from test_local_queries import ENDLESS as ENDLESS_QUERY

OF_THE_ENGINE = ("segdsl query", "segdsl kill")
"""Threads that end when the data is closed."""


def select(query: exp.Expr) -> exp.Select:
    assert isinstance(query, exp.Select)
    return query


ENDLESS = select(ENDLESS_QUERY)
ONE = select(sqlglot.parse_one("SELECT count(*) AS n FROM customers", read="duckdb"))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Data]:
    """Tables whose threads end slowly, so that a thread that is not waited for shows."""
    run = threading.Thread.run

    def slowly(self: threading.Thread) -> None:
        run(self)
        time.sleep(0.3)

    with open_data(write_data(tmp_path)) as opened:
        monkeypatch.setattr(threading.Thread, "run", slowly)
        yield opened


class Ends:
    """Collects outcomes, and waits for them."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self._come = threading.Semaphore(0)

    def __call__(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._come.release()

    def wait(self, number: int) -> None:
        for _ in range(number):
            assert self._come.acquire(timeout=30)


def threads(*but: str) -> list[str]:
    """The threads of segdsl, without those of these names."""
    names = [each.name for each in threading.enumerate() if each.name.startswith("segdsl")]
    return [each for each in names if not each.startswith(but)]


def test_an_executor_after_its_queries(data: Data) -> None:
    work, ends = Executor(data), Ends()
    for key in ("a", "b"):
        work.start(key, ONE, ends)
    ends.wait(2)
    time.sleep(0.1)  # They have told everything, and are about to end.
    assert threads(*OF_THE_ENGINE)
    work.close()
    assert threads(*OF_THE_ENGINE) == []
    work.start("c", ONE, ends)
    assert isinstance(ends.outcomes[-1], QueryKilled)


def test_a_batcher_after_its_counts(data: Data) -> None:
    work, ends = Executor(data), Ends()
    counts = CountBatcher(work)
    counts.start("long", ENDLESS, Ends())
    for key in ("a", "b", "c"):
        counts.start(key, ONE, ends)
    ends.wait(3)
    counts.close()
    work.close()
    assert threads(*OF_THE_ENGINE) == []


def test_a_batcher_that_is_collecting(data: Data) -> None:
    work, ends = Executor(data), Ends()
    counts = CountBatcher(work)
    counts.start("long", ENDLESS, ends)
    counts.start("a", ONE, ends)
    counts.close()
    work.close()
    assert threads(*OF_THE_ENGINE) == []
    assert [type(each) for each in ends.outcomes] == [QueryKilled, QueryKilled]


def test_a_query_that_was_killed(data: Data) -> None:
    query = data.start(ENDLESS)
    query.kill()
    with pytest.raises(QueryKilled):
        query.wait()
    query.join()
    assert threads("segdsl query") == []
    data.close()
    assert threads() == []
