"""Moves segments into a folder, several at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from segdsl.server.errors import ASSOCIATION, IMMUTABLE, UNIQUE, refuse
from segdsl.server.http.request_models import decode_ids, path_id, whole
from segdsl.server.kinds.folders.collection import NAME as FOLDER_NAME
from segdsl.server.kinds.folders.collection import Folders
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.kinds.segments.table import JOURNEY, STAGE
from segdsl.server.service import Call, Route, Service


def put_in(service: Service, call: Call) -> Any:
    """Moves the segments of a list of ids into a folder: all of them, or none (assumed).

    What the answer holds is not described: an empty object (assumed).
    """
    service.check_audience(call.path["audience"])
    folder = service[Folders].find(path_id(call.path["folder"], FOLDER_NAME))
    ids = decode_ids(call.body, strict=service.strict)
    _move(service, [whole(id, f"$[{at}]") for at, id in enumerate(ids)], folder.id)
    return {}


def _move(service: Service, ids: Iterable[int], folder: int) -> None:
    table, now = service[Segments].table, service.clock()
    with service.store.write() as db:
        for at, id in enumerate(ids):
            path = f"$[{at}]"
            segment = table.find_in(db, service.audience, id)
            if segment is None:
                raise refuse(f"there is no segment with the id `{id}`", path, ASSOCIATION)
            if segment.kind in (STAGE, JOURNEY):
                owner = "funnel" if segment.kind == STAGE else "journey"
                raise refuse(f"the segment `{id}` is in the folder of its {owner}", path, IMMUTABLE)
            if table.at_place(db, folder, segment.name) not in (None, id):
                message = f"the name of the segment `{id}` has already been taken in the folder"
                raise refuse(message, path, UNIQUE)
            db.execute(
                "UPDATE segments SET folder = ?, updated = ? WHERE id = ?", (folder, now, id)
            )


ROUTES = (Route("POST", "/audiences/{audience}/folders/{folder}/put_in", put_in),)
