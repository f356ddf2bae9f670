"""References written with other names: where a pull gives a name to another resource, texts keep
their meaning.

Only what names a resource is written, at its place; whatever else a text has stays. A reference
that comes from a definition is left: others may use that too. Pure.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from segdsl.language.references.symbolic_ids import is_symbolic
from segdsl.language.values import ById, ByName, Reference
from segdsl.workspace.kinds.kind import Kind
from segdsl.workspace.kinds.resource import Edit, LocalResource
from segdsl.workspace.project.keys import Ref
from segdsl.workspace.project.lock import NameIds
from segdsl.workspace.sync.name_bindings import Names, Reading, Shift


class Rewrite(msgspec.Struct, frozen=True):
    """The edits of a resource's text; what its names mean after them; names that had to stay
    and mean something else."""

    edits: tuple[Edit, ...]
    name_ids: NameIds
    stale: tuple[Shift, ...]


def rewrite_references(
    kind: Kind,
    local: LocalResource,
    text: str,
    reading: Reading,
    names: Names,
    leave: Collection[tuple[str, ByName]] = (),
) -> Rewrite:
    """What to write so that a resource refers to the same others by the names that there are.

    `text` is that of its file; names to `leave` stay as they are.
    """
    edits: list[Edit] = []
    name_ids: NameIds = {}
    stale: dict[tuple[str, ByName], Shift] = {}
    for use in kind.uses(local):
        id = reading.ids.get(use.target)
        if id is None:
            continue  # it means nothing, which a plan reports
        if use.target in leave or list(names.ids(*use.target)) == [id]:
            name_ids[use.target] = id
            continue
        target = _spelling(Ref(use.kind, id), names)
        made = None if target is None else kind.rewrite_use(local, text, use, target)
        if target is None or made is None:
            name_ids[use.target] = id
            stale[use.target] = Shift(*use.target, id, tuple(names.ids(*use.target)))
            continue
        edits += made
        if isinstance(target, ByName):
            name_ids[use.kind, target] = id
    return Rewrite(tuple(edits), name_ids, tuple(stale.values()))


def _spelling(ref: Ref, names: Names) -> Reference | None:
    """How a resource is referred to: by a name that is its alone, or else by its id."""
    if ref in names.by_ref:
        return names.by_ref[ref]
    return None if is_symbolic(ref.id) else ById(ref.id)
