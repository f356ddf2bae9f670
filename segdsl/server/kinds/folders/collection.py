"""The folders of a running service: lookups, and what clients may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from segdsl.server.errors import ASSOCIATION, IMMUTABLE, ApiError, Problem, existing, refuse
from segdsl.server.kinds.folders.table import TABLE, Folder, FolderTable
from segdsl.server.kinds.placement import Paths, check_name, ids_text, placing
from segdsl.server.service import Collection, Service
from segdsl.server.store.errors import CycleError, ImmutableError, ReferencedError

NAME = "folder"


class Folders(Collection):
    """The folders of the parent segment; `root` contains all others."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        parent = service.data.parent
        self.table = FolderTable(service.store)
        self.root = self.table.root(parent.id, parent.name, service.opened)

    def all(self) -> list[Folder]:
        """All folders by id, the root first."""
        return self.table.all(self.service.audience)

    def find(self, id: int) -> Folder:
        """Raises ApiError (404)."""
        return existing(self.table.find(self.service.audience, id), NAME, id)

    def create(self, parent: int, name: str, description: str | None, paths: Paths) -> Folder:
        """Raises ApiError (400)."""
        check_name(name, paths.name)
        with placing(paths):
            return self.table.create(
                self.service.audience, parent, name, description, self.service.clock()
            )

    def update(self, id: int, changes: Mapping[str, Any], paths: Paths) -> Folder:
        """Changes `name`, `description` or `parent`. Raises ApiError (400, 404)."""
        name = changes.get("name")
        if name is not None:
            check_name(name, paths.name)
        with placing(paths), _moving(paths):
            folder = self.table.update(self.service.audience, id, changes, self.service.clock())
        return existing(folder, NAME, id)

    def delete(self, id: int) -> Folder:
        """Raises ApiError (400 for the root, 404; 409 for a folder that is not empty)."""
        try:
            folder = self.table.delete(self.service.audience, id)
        except ReferencedError as error:
            messages = [
                f"SegmentFolder has {_contents(referrers.table)}: {ids_text(referrers.ids)}"
                for referrers in error.referrers
            ]
            problems = [Problem(message) for message in messages]
            raise ApiError(409, problems, conflicts={"deletion": messages}) from None
        except ImmutableError:
            raise refuse("the root folder cannot be deleted", None, IMMUTABLE) from None
        return existing(folder, NAME, id)


def _contents(table: str) -> str:
    return "child folders" if table == TABLE else table.replace("_", " ")


@contextmanager
def _moving(paths: Paths) -> Iterator[None]:
    try:
        yield
    except CycleError:
        raise refuse("the folder would be inside itself", paths.folder, ASSOCIATION) from None
    except ImmutableError:
        message = "the name and place of the root folder cannot change"
        raise refuse(message, paths.name, IMMUTABLE) from None
