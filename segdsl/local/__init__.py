"""The local Audience API: the vendor's endpoints over data of one's own, with no account.

The same application in this process (`open_local`) and on a port (`serve`). It answers in
the shapes of the API's published description; what a rule means is `segdsl.sql`'s matter.
"""

from __future__ import annotations

from segdsl.api.keys import LOCAL_KEY
from segdsl.local.app import LocalApi, application
from segdsl.local.faults import Faults, FaultsError, parse_faults
from segdsl.local.records import StoreError
from segdsl.local.serving import PortError, serve
from segdsl.local.store import Store, open_store
from segdsl.local.transport import LocalTransport, open_local

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
