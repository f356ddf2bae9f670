"""The profiles of a training: who is learned from, who is held out, and who is scored.

One query makes all rows, which stay in a private file; everything else reads that in batches. Of
the profiles with either answer a fifth is held out. Which ones, the ids alone decide: the same
profiles are always held out, in whatever order the rows come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlglot import exp, parse_one

from segdsl.engine import Arrays, Data, Frame, Value
from segdsl.sql.catalog import CUSTOMERS, PROFILE_ID
from segdsl.sql.export_columns import with_steps
from segdsl.sql.expressions import Node, column, identifier, named
from segdsl.training.errors import TrainingError
from segdsl.training.features import FeatureColumn, typed
from segdsl.training.model import Task

LEAST = 5
"""Profiles of either answer without which nothing is learned: one of them is held out."""
MOST_LEARNED = 1_000_000
"""Profiles that a model learns from; of more, the ids decide which ones."""
BATCH = 50_000
_HELD_OUT = 5
"""One of so many profiles is held out."""

_ROWS = """
SELECT
    row_number() OVER (ORDER BY profile) - 1 AS "row", *,
    CASE WHEN is_among THEN row_number() OVER (
        PARTITION BY is_among, converted ORDER BY md5(profile), profile
    ) END AS place
FROM sources WHERE is_among OR is_scored ORDER BY "row"
"""
_SELECTED = "SELECT converted, count(*) FROM sample WHERE is_among GROUP BY converted"


class Sample(msgspec.Struct, frozen=True):
    """The rows of a training.

    A frame has the columns `row` from 0, `profile`, `converted`, `is_among`, `is_scored`, `place`
    among the profiles of the same answer from 1, and `f0`, `f1`, … for the features. `held_out` and
    `learned` are the numbers of profiles with the answers no and yes.
    """

    frame: Frame
    rows: int
    held_out: tuple[int, int]
    learned: tuple[int, int]

    @property
    def is_held_out(self) -> str:
        """The condition of the rows that are held out."""
        return f"is_among AND place <= {self._by_answer(self.held_out)}"

    @property
    def is_learned(self) -> str:
        """The condition of the rows that are learned from."""
        last = tuple(map(sum, zip(self.held_out, self.learned, strict=True)))
        return (
            f"is_among AND place > {self._by_answer(self.held_out)} "
            f"AND place <= {self._by_answer(last)}"
        )

    def query(self, sql: str) -> exp.Expr:
        """A query in DuckDB's SQL in which `sample` is the table of the rows."""
        query = parse_one(sql, read="duckdb")
        for table in list(query.find_all(exp.Table)):
            if table.name == "sample":
                table.replace(self.frame.table)
        return query

    def values(self, data: Data, sql: str) -> tuple[tuple[Value, ...], ...]:
        """The rows of such a query, all at once."""
        return data.start(self.query(sql)).wait().rows

    def batches(self, columns: str, condition: str = "true") -> Iterator[Arrays]:
        """Columns of the rows, `BATCH` rows at a time in their order."""
        for first in range(0, self.rows, BATCH):
            yield self.frame.arrays(
                self.query(
                    f'SELECT {columns} FROM sample WHERE "row" >= {first} '
                    f'AND "row" < {first + BATCH} AND {condition} ORDER BY "row"'
                )
            )

    def _by_answer(self, numbers: Sequence[int]) -> str:
        no, yes = numbers
        return f"CASE WHEN converted THEN {yes} ELSE {no} END"


def start_sample(task: Task, data: Data) -> Frame:
    """Starts to make the rows of a training."""
    query = parse_one(_ROWS, read="duckdb")
    assert isinstance(query, exp.Select)
    return data.frame(_with_selections(query, task))


def read_sample(frame: Frame, data: Data, who: str) -> Sample:
    """The rows once they are made; `who` are those that convert, in messages.

    Raises TrainingError where nothing can be learned from them, QueryKilled and QueryFailed.
    """
    rows = frame.wait()
    whole = Sample(frame, rows, (0, 0), (0, 0))
    numbers = {bool(answer): int(str(number)) for answer, number in whole.values(data, _SELECTED)}
    no, yes = numbers.get(False, 0), numbers.get(True, 0)
    for number, what in ((yes, f"are in {who}"), (no, f"are not in {who}")):
        if number < LEAST:
            raise TrainingError(
                f"the model has nothing to learn: of the profiles that it learns from {number} "
                f"{what}, and it needs {LEAST}"
            )
    held_out = (no // _HELD_OUT, yes // _HELD_OUT)
    rest = (no - held_out[0], yes - held_out[1])
    share = min(1.0, MOST_LEARNED / sum(rest))
    learned = (max(1, int(rest[0] * share)), max(1, int(rest[1] * share)))
    return Sample(frame, rows, held_out, learned)


def _with_selections(query: exp.Select, task: Task) -> exp.Select:
    """The query with the profiles and all selections as named queries in front of it."""
    for name, selection in _selections(task):
        query = query.with_(name, as_=selection)
    return query.with_("sources", as_=_sources(task))


def _selections(task: Task) -> Iterator[tuple[str, exp.Select]]:
    yield "converting", task.converts
    if task.among is not None:
        yield "among", task.among
    if task.scores is not None:
        yield "scoring", task.scores


def _sources(task: Task) -> exp.Select:
    """All profiles with the answer, what they are for, and the features in their types."""
    kept: list[tuple[Node, str]] = [
        (column(PROFILE_ID, "c"), "profile"),
        (_in("converting"), "converted"),
        (exp.true() if task.among is None else _in("among"), "is_among"),
        (exp.true() if task.scores is None else _in("scoring"), "is_scored"),
    ]
    features = [(each.source, name_of(at)) for at, each in enumerate(task.features)]

    def rows(selected: Sequence[Node]) -> exp.Select:
        table = exp.Table(this=identifier(CUSTOMERS), alias=exp.TableAlias(this=identifier("c")))
        return exp.Select(expressions=list(selected)).from_(table)

    untyped = with_steps(rows, kept, features)
    columns = [column(name, "u") for _, name in kept]
    typed_columns = [_typed(at, each) for at, each in enumerate(task.features)]
    return exp.Select(expressions=[*columns, *typed_columns]).from_(
        untyped.subquery(identifier("u"))
    )


def _typed(at: int, feature: FeatureColumn) -> Node:
    return named(typed(feature.kind, column(name_of(at), "u")), name_of(at))


def _in(name: str) -> Node:
    profiles = exp.Select(expressions=[column(PROFILE_ID)]).from_(exp.Table(this=identifier(name)))
    return exp.In(this=column(PROFILE_ID, "c"), query=exp.Subquery(this=profiles))


def name_of(at: int) -> str:
    """The column of the feature at a place."""
    return f"f{at}"
