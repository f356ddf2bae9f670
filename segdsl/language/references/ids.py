"""The id that the API gets for a reference.

Only a server knows ids: a caller that has asked one passes them in. A name without a known id is
an error, unless the rule is compiled symbolically: then a symbolic id takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from segdsl.diagnostics import Code, Report
from segdsl.language.condition.tree import Leaf
from segdsl.language.references.symbolic_ids import symbolic_id
from segdsl.language.syntax.spelling import reference
from segdsl.language.values import ById, ByName, Reference
from segdsl.source import Span

Ids = Mapping[tuple[str, ByName], str]
"""The id of each name, by kind (`segment`, `stage`, `variant`, `predictive model`, …) and name."""
AmbiguousNames = Mapping[tuple[str, ByName], Sequence[str]]
"""The ids of the names that several things of a kind have."""
NO_AMBIGUOUS_NAMES: AmbiguousNames = {}


class IdResolver(msgspec.Struct, frozen=True):
    """Turns names into ids.

    `ids` holds those that are known; `symbolic` writes `name:"Churned"` for any other.
    """

    symbolic: bool = False
    ids: Ids = {}

    def id_of(self, kind: str, target: Reference, node: Leaf, report: Report) -> str | None:
        """The id for the API; None after a report at `node`."""
        return self.id_at(kind, target, node.span, node.via, report)

    def id_at(
        self, kind: str, target: Reference, span: Span, via: tuple[Span, ...], report: Report
    ) -> str | None:
        """The id for the API; None after a report at `span`, which `via` led to."""
        match target:
            case ById(id):
                return id
            case ByName() if (kind, target) in self.ids:
                return self.ids[kind, target]
            case ByName() if self.symbolic:
                return symbolic_id(kind, target)
            case ByName():
                named = reference(target, kind)
                report.add(
                    Code.SEG303,
                    span,
                    f"the API needs the id of the {kind} {named}, and no schema or lock has it",
                    help=_help(kind),
                    via=via,
                )
                return None


def _help(kind: str) -> str:
    """How to get an id; a step names its activation only by name."""
    if kind == "journey activation":
        return (
            "`segdsl apply` creates the journey and keeps the ids of its activations; compile with "
            "`--symbolic` to keep the name"
        )
    return (
        "fetch the ids with `segdsl schema pull`, refer to it by its id (`#1234`), or compile "
        "with `--symbolic` to keep the name"
    )
