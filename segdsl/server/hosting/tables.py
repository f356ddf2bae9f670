"""The tables of a local target as its rules see them, without a server.

What reads tables itself, such as a simulation, gets those that the local API would answer from:
over raw tables those of the last run, and with the scores of trained predictive segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from segdsl.engine import Data, DataError, open_data
from segdsl.engine.build import is_raw
from segdsl.language.references.ids import Ids
from segdsl.schema.ids import ids_of
from segdsl.schema.model import Model, Schema
from segdsl.server.hosting.application import open_account, open_store
from segdsl.server.kinds import KINDS
from segdsl.server.kinds.scores.collection import Scores
from segdsl.server.parents.account import LocalAccount
from segdsl.server.parents.table import Parent
from segdsl.server.service import Service


class LocalTables(msgspec.Struct, frozen=True):
    """Opened tables, and the ids of the stages, variants and models that are in them by name.

    A predictive segment that was not trained is not among `ids`, and a name that several have is
    not either.
    """

    data: Data
    ids: Ids


@contextmanager
def open_tables(
    data_path: Path, store_path: Path, parent: str | None = None
) -> Iterator[LocalTables]:
    """Opens the tables of a data folder, with what the store knows about them.

    `parent` is the id of the parent segment, which is needed where raw tables have several. Changes
    nothing in the store, and creates none. Raises DataError, StoreError.
    """
    if is_raw(data_path):
        if not store_path.exists():
            raise DataError(f"{data_path} {_NOT_CREATED}")
        account = open_account(data_path, store_path)
        try:
            yield _tables_of(account.service(_chosen(account, data_path, parent)))
        finally:
            account.close()
        return
    with open_data(data_path) as data:
        store = open_store(store_path if store_path.exists() else None)
        try:
            service = Service(data, store, None, KINDS)
            try:
                yield _tables_of(service)
            finally:
                service.close()
        finally:
            store.close()


_NOT_CREATED = (
    "has raw tables, of which no parent segment was created: run `segdsl parent apply` and "
    "`segdsl parent run`"
)


def _chosen(account: LocalAccount, folder: Path, id: str | None) -> Parent:
    parents = account.table.all()
    chosen = [each for each in parents if id is None or str(each.id) == id]
    if not parents:
        raise DataError(f"{folder} {_NOT_CREATED}")
    if len(chosen) != 1:
        listed = ", ".join(f"{each.id} ({each.name})" for each in parents)
        problem = f"has no parent segment {id}" if id else f"has {len(parents)} parent segments"
        raise DataError(
            f"{folder} {problem}: specify one with `parent_segment = …`; they are: {listed}"
        )
    [parent] = chosen
    if parent.tables is None:
        raise DataError(
            f"the tables of the parent segment {parent.id} ({parent.name}) were never built: run "
            "`segdsl parent run`"
        )
    return parent


def _tables_of(service: Service) -> LocalTables:
    scores = service[Scores]
    trained = scores.table.all_trained(service.audience)
    scores.prepare(trained)
    parent = service.data.parent
    learned = [
        Model(str(each.id), each.name)
        for each in scores.table.all(service.audience)
        if each.id in trained
    ]
    named = Schema(
        parent.id,
        parent.name,
        funnels=parent.funnels,
        models=(*parent.models, *learned),
        variants=parent.variants,
    )
    return LocalTables(service.data, ids_of(named, segments=False))
