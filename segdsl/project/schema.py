"""The schema of a target: its file beside `segdsl.toml`."""

from __future__ import annotations

from pathlib import Path

from segdsl.files import FileError, write_text
from segdsl.project.config import Project
from segdsl.project.naming import beside
from segdsl.schema.document import read_schema, write_schema
from segdsl.schema.model import Schema


def schema_path(project: Project, target: str) -> Path:
    """`<target>.schema.toml` beside the project file."""
    return beside(project, target, "schema.toml")


def load_schema(project: Project, target: str | None) -> Schema | None:
    """The schema of a target, None where none was pulled; raises SchemaError, ProjectError."""
    name, _ = project.target(target)
    path = schema_path(project, name)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"cannot read {path}: {error}") from error
    return read_schema(text, path.name)


def save_schema(project: Project, target: str, schema: Schema) -> bool:
    """Writes the schema where it says something new; whether it did."""
    path = schema_path(project, target)
    text = write_schema(schema)
    if path.exists() and path.read_bytes() == text.encode():
        return False
    write_text(str(path), text)
    return True
