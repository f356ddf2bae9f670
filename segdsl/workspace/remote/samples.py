"""Reads sample values of columns from an Audience API, to keep them with a schema."""

from __future__ import annotations

from segdsl.language.values import ColumnType
from segdsl.schema.model import Column, Schema
from segdsl.schema.samples import SAMPLED, Samples, summarize
from segdsl.schema.search import owner_of
from segdsl.workspace.remote.connect import Connection
from segdsl.workspace.remote.schema import sample_rows


async def sample_schema(connection: Connection, schema: Schema) -> tuple[Samples, ...]:
    """The samples of each column, without those whose values are personal or cannot be read."""
    asked: list[tuple[str | None, str, ColumnType | None]] = [
        (None, each.name, each.type) for each in schema.attributes if _is_sampled(each)
    ]
    asked += [
        (of.name, each.name, each.type)
        for of in schema.behaviors
        for each in of.columns
        if _is_sampled(each)
    ]
    wanted = [(None if table is None else owner_of(table), column) for table, column, _ in asked]
    found = await sample_rows(connection.client, connection.parent.id, wanted)
    samples = (
        None if isinstance(rows, str) else summarize(*of, rows)
        for of, rows in zip(asked, found, strict=True)
    )
    return tuple(each for each in samples if each is not None)


def _is_sampled(column: Column) -> bool:
    return column.type in SAMPLED and not column.is_personal
