"""What a project knows of names without asking: by the schema and the lock of a target."""

from __future__ import annotations

from pathlib import Path

import msgspec

from segdsl.lower.references import Ids
from segdsl.project.config import Project, find_project
from segdsl.project.schema import load_schema
from segdsl.schema.ids import Key, ids_of, ids_of_several
from segdsl.schema.placing import Several
from segdsl.values import ByName
from segdsl.workspace.files import load_lock


class Known(msgspec.Struct, frozen=True):
    """Customer groups, whose attributes have dotted names, and ids by kind and name.

    `several` has those of names that mean more than one thing.
    """

    groups: frozenset[str] = frozenset()
    ids: Ids = {}
    several: Several = {}


def known_names(here: Path, target: str | None, *, segments: bool = False) -> Known:
    """What the project that a folder is in knows; nothing where there is no project or schema.

    With `segments` also the ids of segments, which only a server can be sure of. Raises
    ProjectError, SchemaError, LockError.
    """
    project = find_project(here)
    return Known() if project is None else names_of(project, target, segments=segments)


def names_of(project: Project, target: str | None, *, segments: bool = False) -> Known:
    """The same for a project."""
    name, _ = project.target(target)
    schema = load_schema(project, name)
    ids: dict[Key, str] = {}
    several: dict[Key, list[str]] = {}
    groups: frozenset[str] = frozenset()
    if schema is not None:
        groups = frozenset(each.name for each in schema.customer_groups)
        ids.update(ids_of(schema, segments=segments))
        several.update(ids_of_several(schema, segments=segments))
    if segments:
        names: dict[Key, list[str]] = {}
        for entry in load_lock(project, name).entries:
            names.setdefault(("segment", ByName(entry.name)), []).append(entry.id)
        for key, found in names.items():
            if key in several:
                continue
            if len(found) > 1:
                several[key] = found
                ids.pop(key, None)
            elif ids.setdefault(key, found[0]) != found[0]:
                # One of the two is older, and nobody knows which.
                del ids[key]
    return Known(groups, ids, several)
