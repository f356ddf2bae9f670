"""Ids for what is referred to by name.

Only a server knows ids: whoever has asked one brings them along. Without them a name is
an error that says so; compiling symbolically writes a marked name in the id's place.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.condition.tree import Leaf
from segdsl.language.references.marked_names import symbol
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ById, ByName, Reference

Ids = Mapping[tuple[str, ByName], str]


class IdResolver(msgspec.Struct, frozen=True):
    """How names become ids.

    `ids` holds those that are known, by kind (`segment`, `stage`, `variant`, `model`) and
    name; `symbolic` writes `name:"Churned"` for any other.
    """

    symbolic: bool = False
    ids: Ids = {}

    def id_of(self, kind: str, target: Reference, of: Leaf, report: Report) -> str | None:
        """The id to send; None after a report."""
        match target:
            case ById(id):
                return id
            case ByName() if (kind, target) in self.ids:
                return self.ids[kind, target]
            case ByName() if self.symbolic:
                return symbol(kind, target)
            case ByName():
                named = reference(target, kind)
                report.add(
                    Code.SEG303,
                    of.span,
                    f"the API wants the id of the {kind} {named}, and no schema or lock has it",
                    help="`segdsl schema pull` fetches what is there; or refer to it by its id "
                    "(`#1234`), or compile with `--symbolic` to keep the name",
                    via=of.via,
                )
                return None
