"""The local Audience API: the vendor's endpoints over data of one's own, with no account.

The same application in this process (`open_local`) and on a port (`serve`). It answers in
the shapes of the API's published description; what a rule means is `segdsl.sql`'s matter.
"""

from __future__ import annotations

from segdsl.api.keys import LOCAL_KEY
from segdsl.server.http.app import LocalApi, application
from segdsl.server.http.faults import Faults, FaultsError, parse_faults
from segdsl.server.http.serving import PortError, serve
from segdsl.server.http.transport import LocalTransport, open_local
from segdsl.server.store.records import StoreError
from segdsl.server.store.store import Store, open_store

__all__ = [
    "LOCAL_KEY",
    "Faults",
    "FaultsError",
    "LocalApi",
    "LocalTransport",
    "PortError",
    "Store",
    "StoreError",
    "application",
    "open_local",
    "open_store",
    "parse_faults",
    "serve",
]
