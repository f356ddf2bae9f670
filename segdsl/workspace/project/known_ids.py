"""What a project knows of names without asking: by the schema and the lock of a target.

What reads those is imported only where there is a project.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from segdsl.language.references.ids import AmbiguousNames, Ids
from segdsl.language.values import ByName, Owner
from segdsl.project_file import project_file

if TYPE_CHECKING:
    from segdsl.schema.ids import Key
    from segdsl.schema.model import Schema
    from segdsl.workspace.project.config import Project


class Known(msgspec.Struct, frozen=True):
    """What dotted names begin with, and ids by kind and name; no owners without a schema.

    `several` has those of names that mean more than one thing; `schema` is the target's own, and
    `file` the name of its file.
    """

    owners: Mapping[str, Owner] | None = None
    ids: Ids = {}
    several: AmbiguousNames = {}
    schema: Schema | None = None
    file: str | None = None


def known_names(target: str | None, *, segments: bool = False) -> Known:
    """What the project here, or in a folder above, knows; nothing without project or schema.

    With `segments` also the ids of segments, which only a server can be sure of. Raises
    ProjectError, SchemaError, LockError.
    """
    path = project_file(os.getcwd())
    if path is None:
        return Known()
    from pathlib import Path

    from segdsl.workspace.project.config import read_project

    return names_of(read_project(Path(path)), target, segments=segments)


def names_of(project: Project, target: str | None, *, segments: bool = False) -> Known:
    """The same for a project."""
    from segdsl.language.condition.tree import spellings
    from segdsl.schema.ids import ambiguous_ids, ids_of
    from segdsl.workspace.project.keys import JOURNEY, JOURNEY_STEP
    from segdsl.workspace.project.lock_file import load_lock
    from segdsl.workspace.project.schema import load_schema, schema_path

    name, _ = project.target(target)
    schema = load_schema(project, name)
    ids: dict[Key, str] = {}
    several: dict[Key, list[str]] = {}
    owners: Mapping[str, Owner] | None = None
    if schema is not None:
        owners = schema.owners
        ids.update(ids_of(schema, segments=segments))
        several.update(ambiguous_ids(schema, segments=segments))
    if segments:
        names: dict[Key, list[str]] = {}
        models = {"predictive segment": "predictive model"}
        for entry in load_lock(project, name).entries:
            # A journey and its stages have other ids in each version: the lock has those of all.
            is_journey = entry.kind == JOURNEY
            for spelling in () if is_journey else spellings(entry.folder, entry.name):
                names.setdefault((models.get(entry.kind, entry.kind), spelling), []).append(
                    entry.id
                )
            for part in entry.part_list:
                if is_journey and part.kind != JOURNEY_STEP:
                    continue
                names.setdefault((part.kind, ByName(part.name, entry.name)), []).append(part.id)
        for key, found in names.items():
            if key in several:
                continue
            if len(found) > 1:
                several[key] = found
                ids.pop(key, None)
            elif ids.setdefault(key, found[0]) != found[0]:
                # One of the two is older, and nobody knows which.
                del ids[key]
    file = None if schema is None else schema_path(project, name).name
    return Known(owners, ids, several, schema, file)
