"""The schema of a target: its file beside `segdsl.toml`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal as OneOf

import msgspec

from segdsl.files import check_followed, read_bytes, write_text
from segdsl.language.values import ByName
from segdsl.schema.changes import changes
from segdsl.schema.document import PULL_AGAIN, SchemaError, read_schema, write_schema
from segdsl.schema.model import Schema
from segdsl.schema.samples import Samples
from segdsl.toml.document import MAX_BYTES, read_text
from segdsl.workspace.project.config import Project
from segdsl.workspace.project.keys import CONNECTION, USER, Ref
from segdsl.workspace.project.paths import beside


class SavedSchema(msgspec.Struct, frozen=True):
    """The file of a schema, what became of it, and what is different in it, in lines."""

    path: Path
    done: OneOf["written", "unchanged", "out of date"]
    changes: tuple[str, ...] = ()


def schema_path(project: Project, target: str) -> Path:
    """`<target>.schema.toml` beside the project file."""
    return beside(project, target, "schema.toml")


def load_schema(project: Project, target: str | None) -> Schema | None:
    """The schema of a target, None where none was pulled; raises SchemaError, ProjectError."""
    name, _ = project.target(target)
    return schema_in(schema_path(project, name))


def account_names(project: Project, target: str) -> dict[Ref, ByName]:
    """The connections and users in the schema file of a target; raises SchemaError."""
    schema = load_schema(project, target)
    if schema is None:
        return {}
    names = {Ref(CONNECTION, each.id): ByName(each.name) for each in schema.connections or ()}
    return {**names, **{Ref(USER, each.id): ByName(each.name) for each in schema.users or ()}}


def schema_in(path: Path) -> Schema | None:
    """The schema in a file, None where it is not there; raises SchemaError."""
    what = f"{path.name} is not a valid schema"
    text = read_text(path, SchemaError, what, PULL_AGAIN, root=str(path.parent))
    return None if text is None else read_schema(text, path.name)


def save_schema(
    project: Project,
    target: str,
    schema: Schema,
    *,
    write: bool = True,
    keep_samples: bool = False,
) -> SavedSchema:
    """Writes the schema where it says something new; without `write` only says whether it does.

    With `keep_samples` the sampled values in the file stay, of columns that are still there. What
    is not known of the account stays as the file has it: another key may have read it.
    """
    path = schema_path(project, target)
    try:
        before = load_schema(project, target)
    except SchemaError:
        # It is damaged, and what its own text says to do about that is this.
        before = None
    if keep_samples and before is not None:
        schema = msgspec.structs.replace(schema, samples=_still_there(before, schema))
    if before is not None and before.id == schema.id:
        schema = _with_known(before, schema)
    text = write_schema(schema)
    if os.path.lexists(path) and read_bytes(str(path), MAX_BYTES) == text.encode():
        return SavedSchema(path, "unchanged")
    if write:
        check_followed(str(path), str(path.parent))
        write_text(str(path), text)
    return SavedSchema(
        path,
        "written" if write else "out of date",
        () if before is None else changes(before, schema),
    )


def _with_known(before: Schema, after: Schema) -> Schema:
    """A schema in which what is not known is as in another one of the same parent segment."""
    return msgspec.structs.replace(
        after,
        templates=before.templates if after.templates is None else after.templates,
        connections=before.connections if after.connections is None else after.connections,
        users=before.users if after.users is None else after.users,
    )


def _still_there(before: Schema, after: Schema) -> tuple[Samples, ...]:
    """The sampled values of columns that another schema has, too, with the same type."""

    def types(schema: Schema) -> dict[tuple[str | None, str], str]:
        found: dict[tuple[str | None, str], str] = {
            (None, each.name): each.type_name for each in schema.attributes
        }
        found.update(
            ((table.name, each.name), each.type_name)
            for table in schema.behaviors
            for each in table.columns
        )
        return found

    was, now = types(before), types(after)
    return tuple(
        each
        for each in before.samples
        if (key := (each.behavior, each.column)) in now and was.get(key) == now[key]
    )
