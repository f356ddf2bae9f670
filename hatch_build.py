"""Makes the parser's tables when the package is built or installed, also in place."""

from __future__ import annotations

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TablesHook(BuildHookInterface[Any]):
    """Writes `segment.tables.json` beside the grammar; version control does not keep the file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Makes them of the grammar that is being built."""
        sys.path.insert(0, self.root)
        try:
            from segdsl.language.syntax import tables

            tables.write(tables.FILE)
        finally:
            sys.path.remove(self.root)
        assert tables.FILE.startswith(self.root), "the tables are of this source"
        build_data["artifacts"].append("segdsl/language/syntax/segment.tables.json")
