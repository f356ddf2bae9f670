"""What the kinds share that create things with names in folders: checks, and refusals of the store.

The store refuses in terms of rows; a client is answered in terms of its body. `Paths` says where
the bodies of a family have what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from segdsl.server.errors import ASSOCIATION, BLANK, UNIQUE, ApiError, Problem, refuse
from segdsl.server.store.errors import NameTakenError, NoSuchFolderError, ReferencedError


class Paths(msgspec.Struct, frozen=True):
    """Where a body has the name of a thing, its rule, and the folder that contains it.

    `stage` is where it says whose rule it is.
    """

    name: str
    rule: str
    folder: str
    stage: str = "$.funnel_stage"


def entity_paths(place: str) -> Paths:
    """The paths in a resource at `place` under `/entities`."""
    return Paths(
        f"{place}.attributes.name",
        f"{place}.attributes.rule",
        f"{place}.relationships.parentFolder",
        f"{place}.attributes.funnel_stage",
    )


def check_name(name: str, path: str) -> None:
    """Raises ApiError (400) for a blank name."""
    if not name.strip():
        raise refuse("can't be blank", path, BLANK)


def unused_name(name: str, names: Iterable[str], path: str) -> None:
    """Raises ApiError (400) for a name that others have."""
    if name in names:
        raise refuse("has already been taken", path, UNIQUE)


@contextmanager
def placing(paths: Paths) -> Iterator[None]:
    """Answers with 400 where the name is taken, or the folder does not exist."""
    try:
        yield
    except NameTakenError:
        raise refuse("has already been taken", paths.name, UNIQUE) from None
    except NoSuchFolderError:
        raise refuse("there is no such folder", paths.folder, ASSOCIATION) from None


@contextmanager
def deleting(name: str, table: str) -> Iterator[None]:
    """Answers with 409 where others refer to the thing; `name` and `table` are of its kind."""
    try:
        yield
    except ReferencedError as error:
        parts = [
            f"{'other ' if referrers.table == table else ''}{referrers.table.replace('_', ' ')}: "
            f"{ids_text(referrers.ids)}"
            for referrers in error.referrers
        ]
        message = f"{name.capitalize()} is referenced by {'; '.join(parts)}"
        by_kind = {referrers.table: referrers.rows for referrers in error.referrers}
        raise ApiError(409, [Problem(message)], referenced_by=by_kind) from None


def ids_text(ids: Iterable[int]) -> str:
    """The ids as messages list them."""
    return ", ".join(map(str, ids))
