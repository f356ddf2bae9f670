"""Parent segments that clients create over raw tables, and the builds of their tables.

Each parent segment has a service of its own, with a store and tables of its own; requests go to
the one that they name (`routing`). What is configured, how runs ended and which tables are current
is in one store for all of them (`table`): it survives the server, and several servers share it.
"""

from __future__ import annotations

from segdsl.server.parents.account import LocalAccount
from segdsl.server.parents.routing import operations

__all__ = ["LocalAccount", "operations"]
