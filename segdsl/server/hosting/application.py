"""Puts the local Audience API together: data, a store, and the kinds that it serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segdsl.api.keys import LOCAL_KEY
from segdsl.engine import Data
from segdsl.server.http.app import LocalApi
from segdsl.server.http.faults import Faults
from segdsl.server.http.log import Log
from segdsl.server.kinds import KINDS
from segdsl.server.parents import LocalAccount, operations
from segdsl.server.service import Kind, Service, layouts_of, operations_of
from segdsl.server.store.store import Store


def open_store(path: Path | None, kinds: Sequence[Kind] = KINDS) -> Store:
    """Opens the store in that file, which is created if necessary; without a path, in memory.

    Queries of servers that no longer run become errors. Raises StoreError.
    """
    return Store(path, layouts_of(kinds))


def exports_folder(data_path: Path) -> Path:
    """The folder for what activations send, where no other is named: `exports` beside the data."""
    return data_path.resolve().parent / "exports"


def open_account(
    data_path: Path,
    store_path: Path | None,
    *,
    now: int | None = None,
    strict: bool = False,
    exports: Path | None = None,
    kinds: Sequence[Kind] = KINDS,
) -> LocalAccount:
    """Opens the parent segments over a folder of raw tables, which the caller closes.

    Without the path of a store, everything is kept in memory. Raises DataError, StoreError.
    """
    return LocalAccount(data_path, store_path, kinds, now=now, strict=strict, exports=exports)


def account_application(
    account: LocalAccount,
    *,
    key: str = LOCAL_KEY,
    faults: Faults | None = None,
    log: Log | None = None,
) -> LocalApi:
    """Creates a local Audience API over raw tables; closing it closes the account."""
    return LocalApi(
        operations(account), key, faults, log, close=account.close, strict=account.strict
    )


def application(
    data: Data,
    store: Store,
    *,
    now: int | None = None,
    key: str = LOCAL_KEY,
    faults: Faults | None = None,
    strict: bool = False,
    log: Log | None = None,
    exports: Path | None = None,
    kinds: Sequence[Kind] = KINDS,
) -> LocalApi:
    """Creates a local Audience API over data and a store, which the caller closes afterwards.

    `now`, in Unix seconds, fixes the clock of queries and of what is created; without it, each
    request has its own time. `strict` refuses what the API's description does not allow, for
    people who test their clients; without it, the local API accepts what real servers accept.
    `log` gets a line for each failure of the application itself. `exports` is the folder for what
    activations send, without which none can run. `kinds` are those of the store.
    Raises DataError if the id of the parent segment is not a whole number.
    """
    service = Service(data, store, now, kinds, strict=strict, exports=exports)
    answered = operations_of(service, kinds)
    return LocalApi(answered, key, faults, log, close=service.close, strict=strict)
