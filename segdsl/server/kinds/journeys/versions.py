"""Copies of journeys: a new version of a bundle, or a duplicate with a bundle of its own.

A copy is a draft. Its rules are copies, so that an edit of the draft does not change the launched
version (assumed); so are its activations, which have new ids (documented). Steps keep their ids.
Jumps within the journey lead to the stages of the copy (assumed).
"""

from __future__ import annotations

import sqlite3

import msgspec

from segdsl.server.errors import ASSOCIATION, refuse
from segdsl.server.kinds.journeys.activation_table import ActivationStepTable, steps_of
from segdsl.server.kinds.journeys.collection import Journeys
from segdsl.server.kinds.journeys.model import (
    Bundle,
    Content,
    Journey,
    Stage,
    map_content,
    named_segments,
)
from segdsl.server.kinds.journeys.table import Settle
from segdsl.server.kinds.placement import Paths, check_name, placing
from segdsl.server.kinds.segments.collection import Segments
from segdsl.server.service import Service


def version_name(bundle: Bundle, version: int) -> str:
    """The name of a version: `merge(v2)`; the first has the name of the bundle (observed)."""
    return bundle.name if version == 1 else f"{bundle.name}(v{version})"


def new_version(
    service: Service, bundle: Bundle, source: Journey, name: str | None, paths: Paths
) -> Journey:
    """Raises ApiError (400)."""
    journeys = service[Journeys]
    journeys.check_appendable(bundle, "$")
    if source.bundle != bundle.id:
        message = f"the bundle has no journey with the id `{source.id}`"
        raise refuse(message, "$.sourceId", ASSOCIATION)
    title = version_name(bundle, bundle.last_version + 1) if name is None else name
    return _copy(service, source, title, bundle.folder, paths, bundle)


def duplicate(service: Service, source: Journey, name: str, folder: int, paths: Paths) -> Journey:
    """Raises ApiError (400)."""
    return _copy(service, source, name, folder, paths, None)


def _copy(
    service: Service,
    source: Journey,
    name: str,
    folder: int,
    paths: Paths,
    bundle: Bundle | None,
) -> Journey:
    check_name(name, paths.name)
    journeys, now = service[Journeys], service.clock()
    content = source.content
    draft = Content(
        name,
        content.description,
        "draft",
        content.reentry,
        None,
        tuple(Stage(None, stage.name) for stage in content.stages),
    )
    made: list[int] = []
    with placing(paths):
        journey = journeys.table.create(
            service.audience,
            draft,
            folder,
            now,
            bundle=bundle,
            settle=_settle(service, source, name, made, now),
        )
    service[Segments].count_again(made)
    return journey


def _settle(service: Service, source: Journey, name: str, made: list[int], now: int) -> Settle:
    """Completes a copy of a journey; `made` gets the ids of its rules."""
    table = service[Segments].table
    contents = {
        id: service[Segments].content_of(service[Segments].find(int(id)))
        for id in dict.fromkeys(id for _, id in named_segments(source.content))
    }
    activations = ActivationStepTable(service.store)

    def settle(db: sqlite3.Connection, copy: Journey) -> Content:
        segments: dict[str, str] = {}
        for id, content in contents.items():
            rule = msgspec.structs.replace(content, folder=copy.folder)
            segments[id] = str(table.create_in(db, service.audience, rule, now).id)
        made.extend(map(int, segments.values()))
        steps = {
            str(step.id): str(activations.create_in(db, copy.id, step.name, step.content, now).id)
            for step in steps_of(db, source.id)
        }
        targets = {
            (str(source.id), str(old.id)): (str(copy.id), str(new.id))
            for old, new in zip(source.stages, copy.stages, strict=True)
        }
        mapped = map_content(source.content, segments, steps, targets)
        stages = tuple(
            Stage(new.id, old.name, old.content)
            for old, new in zip(mapped.stages, copy.stages, strict=True)
        )
        return msgspec.structs.replace(mapped, name=name, state="draft", stages=stages)

    return settle
