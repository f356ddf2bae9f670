"""A made-up kind of the local Audience API: badges, each for the profiles of a segment.

It is what a contributor writes for a new kind: a table, a collection, shapes and handlers of both
families. It imports nothing that begins with an underscore, and changes no other module.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from segdsl.server import Call, Collection, Item, Kind, Layout, Reference, Route, Service, Store
from segdsl.server.errors import ASSOCIATION, existing, refuse
from segdsl.server.http.request_models import (
    Body,
    EntityBody,
    Id,
    check_id,
    check_type,
    decode,
    decode_entity,
    given,
    parent_folder,
    path_id,
    required_folder,
    whole,
)
from segdsl.server.http.responses import FOLDER, USER_LINKS, document, history, iso, link
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.folders.table import check_folder
from segdsl.server.kinds.placement import Paths, check_name, deleting, entity_paths, placing
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.store.errors import NameTakenError

NAME, TABLE, TYPE = "badge", "badges", "badge"
_COLUMNS = "id, audience, name, folder, segment, color, created, updated"

# --- the table ---------------------------------------------------------------------------

LAYOUT_1 = Layout(
    table=TABLE,
    version=1,
    tables="""
CREATE TABLE badges (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  segment INTEGER NOT NULL REFERENCES segments (id),
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (folder, name)
) STRICT;
""",
    references=(Reference(TABLE, "folder", "folders"), Reference(TABLE, "segment", "segments")),
)
"""The first version of the table, which had no colors."""


def _upgrade_from_1(db: sqlite3.Connection, layouts: object) -> None:
    db.execute("ALTER TABLE badges ADD COLUMN color TEXT")


LAYOUT = msgspec.structs.replace(
    LAYOUT_1,
    version=2,
    tables=LAYOUT_1.tables.replace("created INTEGER", "color TEXT,\n  created INTEGER", 1),
    upgrades={1: _upgrade_from_1},
    unreadable=("segment NOT IN (SELECT id FROM segments)",),
)


class Badge(msgspec.Struct, frozen=True):
    id: int
    audience: str
    name: str
    folder: int
    segment: int
    color: str | None
    created: int
    updated: int


class BadgeTable:
    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, audience: str) -> list[Badge]:
        with self._store.read() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM badges WHERE audience = ?", (audience,))
            return [Badge(*row) for row in rows]

    def create(self, badge: Badge) -> Badge:
        """Gives a badge an id. Raises NameTakenError, NoSuchFolderError."""
        with self._store.write() as db:
            created = msgspec.structs.replace(badge, id=self._store.new_id(db))
            _check(db, created)
            db.execute(
                f"INSERT INTO badges ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                msgspec.structs.astuple(created),
            )
            return created

    def update(self, badge: Badge) -> None:
        """Raises NameTakenError, NoSuchFolderError."""
        with self._store.write() as db:
            _check(db, badge)
            db.execute(
                "UPDATE badges SET name = ?, folder = ?, color = ?, updated = ? WHERE id = ?",
                (badge.name, badge.folder, badge.color, badge.updated, badge.id),
            )

    def delete(self, id: int) -> None:
        """Raises ReferencedError."""
        with self._store.write() as db:
            self._store.check_unreferenced(db, TABLE, id)
            db.execute("DELETE FROM badges WHERE id = ?", (id,))


def _check(db: sqlite3.Connection, badge: Badge) -> None:
    check_folder(db, badge.audience, badge.folder)
    other = db.execute(
        "SELECT id FROM badges WHERE folder = ? AND name = ? AND id <> ?",
        (badge.folder, badge.name, badge.id),
    ).fetchone()
    if other is not None:
        raise NameTakenError(other[0])


# --- the collection ----------------------------------------------------------------------


class Badges(Collection):
    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._table = BadgeTable(service.store)

    def all(self) -> list[Badge]:
        return self._table.all(self.service.audience)

    def find(self, id: int) -> Badge:
        badges = {badge.id: badge for badge in self.all()}
        return existing(badges.get(id), NAME, id)

    def create(
        self, name: str, folder: int, segment: int, color: str | None, paths: Paths
    ) -> Badge:
        check_name(name, paths.name)
        audience, now = self.service.audience, self.service.clock()
        if self.service[Segments].table.find(audience, segment) is None:
            raise refuse(f"there is no segment with the id `{segment}`", "$", ASSOCIATION)
        with placing(paths):
            return self._table.create(Badge(0, audience, name, folder, segment, color, now, now))

    def update(self, badge: Badge, paths: Paths) -> Badge:
        check_name(badge.name, paths.name)
        updated = msgspec.structs.replace(badge, updated=self.service.clock())
        with placing(paths):
            self._table.update(updated)
        return updated

    def delete(self, id: int) -> Badge:
        badge = self.find(id)
        with deleting(NAME, TABLE):
            self._table.delete(id)
        return badge

    def items(self, folder: int | None = None) -> Iterator[Item]:
        for badge in self.all():
            if folder in (None, badge.folder):
                yield item(badge)


# --- shapes ------------------------------------------------------------------------------


class BadgeBody(Body, frozen=True):
    name: str
    segment_id: Id
    color: str | UnsetType = UNSET


class _Attributes(Body, frozen=True):
    name: str | UnsetType = UNSET
    color: str | UnsetType = UNSET
    segment_id: Id | UnsetType = UNSET


class BadgeEntity(EntityBody, frozen=True):
    attributes: _Attributes = _Attributes()


def plain(badge: Badge) -> Any:
    return {
        "id": str(badge.id),
        "audienceId": badge.audience,
        "name": badge.name,
        "color": badge.color,
        "segmentId": str(badge.segment),
        "segmentFolderId": str(badge.folder),
        **history(badge.created, badge.updated),
    }


def resource(badge: Badge) -> Any:
    return {
        "id": str(badge.id),
        "type": TYPE,
        "attributes": {
            "audienceId": badge.audience,
            "name": badge.name,
            "color": badge.color,
            "segmentId": str(badge.segment),
            "createdAt": iso(badge.created),
            "updatedAt": iso(badge.updated),
        },
        "relationships": {"parentFolder": link(FOLDER, badge.folder), **USER_LINKS},
    }


def item(badge: Badge) -> Item:
    return Item(badge.folder, badge.id, TYPE, lambda with_rule: resource(badge))


# --- handlers ----------------------------------------------------------------------------

_PATHS = Paths("$.name", "$.rule", "$.segmentFolderId")


def list_badges(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return [plain(badge) for badge in service[Badges].all()]


def create(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    body = decode(call.body, BadgeBody, strict=service.strict)
    segment = whole(body.segment_id, "$.segmentId")
    root = service[Folders].root.id
    badge = service[Badges].create(body.name, root, segment, given(body.color, None), _PATHS)
    return plain(badge)


def delete(service: Service, call: Call) -> Any:
    service.check_audience(call.path["audience"])
    return plain(service[Badges].delete(path_id(call.path["badge"], NAME)))


def create_resource(service: Service, call: Call) -> Any:
    body, place = decode_entity(call.body, BadgeEntity, strict=service.strict)
    check_type(body, place, (TYPE,))
    attributes = body.attributes
    if isinstance(attributes.name, UnsetType) or isinstance(attributes.segment_id, UnsetType):
        raise refuse("a badge needs a `name` and a `segmentId`", f"{place}.attributes", ASSOCIATION)
    badge = service[Badges].create(
        attributes.name,
        required_folder(body, place, "a badge"),
        whole(attributes.segment_id, f"{place}.attributes.segmentId"),
        given(attributes.color, None),
        entity_paths(place),
    )
    return document(resource(badge))


def read_resource(service: Service, call: Call) -> Any:
    return document(resource(service[Badges].find(path_id(call.path["id"], NAME))))


def update_resource(service: Service, call: Call) -> Any:
    badge = service[Badges].find(path_id(call.path["id"], NAME))
    body, place = decode_entity(call.body, BadgeEntity, strict=service.strict)
    check_id(body, place, badge.id)
    changed = msgspec.structs.replace(
        badge,
        name=given(body.attributes.name, badge.name),
        color=given(body.attributes.color, badge.color),
        folder=parent_folder(body, place) or badge.folder,
    )
    return document(resource(service[Badges].update(changed, entity_paths(place))))


def delete_resource(service: Service, call: Call) -> Any:
    return document(resource(service[Badges].delete(path_id(call.path["id"], NAME))))


BADGES = Kind(
    NAME,
    Badges,
    (
        Route("GET", "/audiences/{audience}/badges", list_badges),
        Route("POST", "/audiences/{audience}/badges", create),
        Route("DELETE", "/audiences/{audience}/badges/{badge}", delete),
        Route("POST", "/entities/badges", create_resource),
        Route("GET", "/entities/badges/{id}", read_resource),
        Route("PATCH", "/entities/badges/{id}", update_resource),
        Route("DELETE", "/entities/badges/{id}", delete_resource),
    ),
    LAYOUT,
)
