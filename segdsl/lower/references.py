"""Ids for what is referred to by name.

Only a server knows ids. Without a schema or a lock a name is an error that says so;
compiling symbolically writes a marked name in the id's place, which reads back.
"""

from __future__ import annotations

import re

import msgspec

from segdsl.condition.tree import Leaf
from segdsl.diagnostics import Code, Report
from segdsl.syntax.text import EscapeError, reference, string, unquote
from segdsl.values import ById, ByName, Reference

_PARENTS = {"stage": "funnel", "variant": "test"}
_QUOTED = r'"(?:[^"\\\n]|\\[^\n])*"'
_SYMBOL = re.compile(rf"name:({_QUOTED})(?: of (funnel|test) ({_QUOTED}))?")


class Resolver(msgspec.Struct, frozen=True):
    """How names become ids; `symbolic` writes `name:"Churned"` for an id."""

    symbolic: bool = False

    def id_of(self, kind: str, target: Reference, of: Leaf, report: Report) -> str | None:
        """The id to send; None after a report."""
        match target:
            case ById(id):
                return id
            case ByName() if self.symbolic:
                return f"name:{reference(target, _PARENTS.get(kind, ''))}"
            case ByName(name):
                report.add(
                    Code.SEG303,
                    of.span,
                    f"the API wants the id of the {kind} {string(name)}, and there is no schema or "
                    "lock to look it up in",
                    help="refer to it by its id (`#1234`), or compile with `--symbolic` to keep "
                    "the name",
                    via=of.via,
                )
                return None


def symbol_target(id: str) -> Reference:
    """The reference that an id of a rule stands for: a marked name, or the id itself."""
    found = _SYMBOL.fullmatch(id)
    if found is None:
        return ById(id)
    try:
        return ByName(unquote(found[1]), unquote(found[3]) if found[3] is not None else None)
    except EscapeError:
        return ById(id)
