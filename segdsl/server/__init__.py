"""The local Audience API: the vendor's endpoints over data of one's own, without an account.

It is one application, in this process (`open_local`) or on a port (`serve`). It answers in the
shapes of the API's published description; what a rule means is up to `segdsl.sql`.

- `hosting` puts an application together, and runs it;
- `kinds` are what it serves: segments, folders, queries, and what is only read. A kind brings its
  table, its routes and its shapes; `segdsl.server.kinds` says how, and registers all of them;
- `http` passes requests to the routes of kinds, through the key, injected faults and limits;
- `service` defines what a kind is, and holds the data, the store and the kinds of one server;
- `queries` reads rules, and runs their counts on the engine;
- `store` is the SQLite file with the tables of all kinds.
"""

from __future__ import annotations

from segdsl.api.keys import LOCAL_KEY
from segdsl.server.hosting.application import application, exports_folder, open_store
from segdsl.server.hosting.serving import PortError, serve
from segdsl.server.hosting.tables import LocalTables, open_tables
from segdsl.server.hosting.transport import LocalTransport, open_local
from segdsl.server.http.app import LocalApi
from segdsl.server.http.faults import Faults, FaultsError, parse_faults
from segdsl.server.kinds import KINDS
from segdsl.server.service import Call, Collection, Item, Kind, Route, Service
from segdsl.server.store.errors import StoreError
from segdsl.server.store.layouts import Layout, Reference
from segdsl.server.store.store import Store

__all__ = [
    "KINDS",
    "LOCAL_KEY",
    "Call",
    "Collection",
    "Faults",
    "FaultsError",
    "Item",
    "Kind",
    "Layout",
    "LocalApi",
    "LocalTables",
    "LocalTransport",
    "PortError",
    "Reference",
    "Route",
    "Service",
    "Store",
    "StoreError",
    "application",
    "exports_folder",
    "open_local",
    "open_store",
    "open_tables",
    "parse_faults",
    "serve",
]
