"""The table of activation templates."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from segdsl.server.kinds.activations.table import Content, decoded, encoded
from segdsl.server.kinds.folders.table import check_folder
from segdsl.server.store.errors import NameTakenError
from segdsl.server.store.layouts import Layout, Reference
from segdsl.server.store.store import Store

TABLE = "activation_templates"
_TABLES = """
CREATE TABLE activation_templates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  description TEXT,
  content TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (folder, name)
) STRICT;
"""
_COLUMNS = "id, audience, name, folder, description, content, created, updated"

LAYOUT = Layout(
    table=TABLE,
    version=1,
    tables=_TABLES,
    references=(Reference(TABLE, "folder", "folders"),),
    unreadable=("NOT json_valid(content)", "folder NOT IN (SELECT id FROM folders)"),
)


class TemplateContent(msgspec.Struct, frozen=True):
    """What a client defines of a template."""

    name: str
    folder: int
    description: str | None = None
    content: Content = {}


class Template(msgspec.Struct, frozen=True):
    """A template in a folder. Times are Unix seconds."""

    id: int
    audience: str
    name: str
    folder: int
    description: str | None
    content: Content
    created: int
    updated: int


Settle = Callable[[sqlite3.Connection, Template, Template], None]
"""What else changes with a template, in the same transaction."""


class TemplateTable:
    """The templates of a store; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, audience: str, folder: int | None = None) -> list[Template]:
        """All templates by id, or those of one folder."""
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM activation_templates "
                "WHERE audience = ?1 AND folder = ifnull(?2, folder) ORDER BY id",
                (audience, folder),
            )
            return [_template_of(row) for row in rows]

    def find(self, audience: str, id: int) -> Template | None:
        with self._store.read() as db:
            return _find(db, audience, id)

    def create(self, audience: str, content: TemplateContent, now: int) -> Template:
        """Raises NameTakenError, NoSuchFolderError."""
        with self._store.write() as db:
            _check(db, audience, content, None)
            id = self._store.new_id(db)
            db.execute(
                f"INSERT INTO activation_templates ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (id, audience, *_values(content), now, now),
            )
            return _existing(db, audience, id)

    def update(
        self, audience: str, id: int, content: TemplateContent, now: int, settle: Settle
    ) -> Template | None:
        """Replaces everything but the id and `created`; None where it does not exist.

        `settle` gets it as it was and as it is. Raises NameTakenError, NoSuchFolderError.
        """
        with self._store.write() as db:
            before = _find(db, audience, id)
            if before is None:
                return None
            _check(db, audience, content, id)
            db.execute(
                "UPDATE activation_templates SET name = ?, folder = ?, description = ?, "
                "content = ?, updated = ? WHERE id = ?",
                (*_values(content), now, id),
            )
            template = _existing(db, audience, id)
            settle(db, before, template)
            return template

    def delete(self, audience: str, id: int) -> Template | None:
        """Deletes and returns a template; None where it does not exist. Its activations stay."""
        with self._store.write() as db:
            template = _find(db, audience, id)
            if template is not None:
                db.execute("DELETE FROM activation_templates WHERE id = ?", (id,))
            return template


def _values(content: TemplateContent) -> tuple[Any, ...]:
    return content.name, content.folder, content.description, encoded(content.content)


def _template_of(row: tuple[Any, ...]) -> Template:
    id, audience, name, folder, description, content, created, updated = row
    return Template(id, audience, name, folder, description, decoded(content), created, updated)


def _find(db: sqlite3.Connection, audience: str, id: int) -> Template | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM activation_templates WHERE id = ? AND audience = ?",
        (id, audience),
    ).fetchone()
    return None if row is None else _template_of(row)


def _existing(db: sqlite3.Connection, audience: str, id: int) -> Template:
    template = _find(db, audience, id)
    assert template is not None, "it was written in this transaction"
    return template


def _check(db: sqlite3.Connection, audience: str, content: TemplateContent, id: int | None) -> None:
    check_folder(db, audience, content.folder)
    other = db.execute(
        "SELECT id FROM activation_templates WHERE folder = ? AND name = ? AND id IS NOT ?",
        (content.folder, content.name, id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])
